// gamekeeper db: looks after the database files themselves, with or without a daemon.
#include <filesystem>
#include <ostream>

#include "base/clock.h"
#include "base/error_codes.h"
#include "base/try.h"
#include "cli/commands.h"
#include "store/backup.h"
#include "store/backup_folder.h"
#include "store/check.h"
#include "store/database.h"
#include "sys/file_lock.h"
#include "sys/files.h"
#include "sys/ownership.h"

namespace gk::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto& kFiles = store::kBackupDatabases;

std::string below(const std::string& folder, std::string_view name) {
  return folder + "/" + std::string(name);
}

Result<std::unique_ptr<store::Database>> open_existing(const std::string& path, bool read_only) {
  if (!fs::exists(path)) return Error{Errc::not_found, path + " does not exist"};
  return store::Database::open(
      {.path = path, .read_only = read_only, .after_crash = store::AfterCrash::skip});
}

Result<void> check_file(const std::string& path, bool full) {
  GK_TRY(auto database, open_existing(path, true));
  return full ? store::integrity_check(*database) : store::quick_check(*database);
}

/// Checks the files of `folder`; prints a line for each. Returns the first failure.
Result<void> check_folder(Context& context, const std::string& folder, bool full) {
  Result<void> worst;
  for (const auto name : kFiles) {
    const std::string path = below(folder, name);
    const auto checked = check_file(path, full);
    if (!checked && worst) worst = checked;
    const bool missing = !checked && checked.error().code == Errc::not_found;
    context.out() << (checked ? "ok      " : missing ? "MISSING " : "DAMAGED ") << path;
    if (!checked) context.out() << ": " << checked.error().message;
    context.out() << "\n";
  }
  return worst;
}

int check(Context& context, const std::string& folder, bool full) {
  const auto sound =
      check_folder(context, folder.empty() ? context.options().data_dir : folder, full);
  return sound ? 0 : error_code(sound.error().code).exit_code;
}

int backup(Context& context, const std::string& folder) {
  const auto made = store::backup_folder(context.options().data_dir, folder, SystemClock().wall());
  if (!made) return context.fail(made.error());
  context.out() << "backed up " << context.options().data_dir << " to " << folder << "\n";
  return 0;
}

/// Moves what is in `data` into a folder of its own beside it; returns that folder.
Result<std::string> set_aside(const std::string& data, bool with_key) {
  std::string stamp = rfc3339(SystemClock().wall());
  for (char& c : stamp) {
    if (c == ':') c = '-';
  }
  const std::string aside = data + "/before-restore-" + stamp;
  GK_CHECK_OK(sys::make_private_dir(aside));
  std::vector<std::string> names{std::string(store::kBackupConfig)};
  if (with_key) names.emplace_back(store::kBackupKey);
  for (const auto name : kFiles) {
    for (const auto* suffix : {"", "-wal", "-shm"}) names.push_back(std::string(name) + suffix);
  }
  for (const auto& name : names) {
    if (!fs::exists(below(data, name))) continue;
    std::error_code failed;
    fs::rename(below(data, name), below(aside, name), failed);
    if (failed) return Error{Errc::unavailable, "cannot move " + name + ": " + failed.message()};
  }
  GK_CHECK_OK(sys::sync_dir(aside));
  GK_CHECK_OK(sys::sync_dir(data));
  return aside;
}

Result<std::string> put_back(Context& context, const std::string& folder) {
  const std::string& data = context.options().data_dir;
  if (!fs::exists(below(folder, store::kBackupManifest))) {
    return Error{Errc::not_found,
                 folder + " is no backup: it has no " + std::string(store::kBackupManifest)};
  }
  for (const auto name : kFiles) GK_CHECK_OK(check_file(below(folder, name), true));
  GK_CHECK_OK(sys::make_private_dir(data));
  GK_TRY(const auto lock, sys::DirLock::acquire(data));  // No daemon runs on it meanwhile.
  GK_TRY(const std::string aside, set_aside(data, fs::exists(below(folder, store::kBackupKey))));
  for (const auto name : kFiles) {
    GK_TRY(auto database, open_existing(below(folder, name), true));
    GK_CHECK_OK(store::backup_to(*database, below(data, name)));
  }
  GK_CHECK_OK(store::copy_config_and_key(folder, data));
  GK_CHECK_OK(sys::give_to_owner_of(data));  // root restores what the service must open.
  return aside;
}

int restore(Context& context, const std::string& folder) {
  const auto aside = put_back(context, folder);
  if (!aside) return context.fail(aside.error());
  context.out() << "restored " << folder << "; what was there before is in " << *aside << "\n";
  return 0;
}

}  // namespace

void add_db_command(CommandLine app, Action& action) {
  auto db = app.add_subcommand("db", "Check, back up and restore the database files");
  db.require_subcommand();
  // Shared with the callbacks, which run after this function has returned.
  auto folder = std::make_shared<std::string>();
  auto full = std::make_shared<bool>(false);

  auto check_command = db.add_subcommand("check", "Look for damage; the daemon may run");
  check_command.add_option("FOLDER", *folder, "A data folder or a backup (default: --data)");
  check_command.add_flag("--full", *full, "Compare every index with its table too");
  check_command.callback([&action, folder, full] {
    action = [folder, full](Context& context) { return check(context, *folder, *full); };
  });

  auto backup_command = db.add_subcommand("backup", "Make a consistent copy; the daemon may run");
  backup_command.add_option("FOLDER", *folder, "A new folder").required();
  backup_command.callback([&action, folder] {
    action = [folder](Context& context) { return backup(context, *folder); };
  });

  auto restore_command =
      db.add_subcommand("restore", "Put a backup in place; the daemon must not run");
  restore_command.add_option("FOLDER", *folder, "A backup").required();
  restore_command.callback([&action, folder] {
    action = [folder](Context& context) { return restore(context, *folder); };
  });
}

}  // namespace gk::cli
