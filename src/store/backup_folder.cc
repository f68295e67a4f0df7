#include "store/backup_folder.h"

#include <filesystem>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/try.h"
#include "store/backup.h"
#include "store/check.h"
#include "store/database.h"
#include "sys/files.h"

namespace gk::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxKey = 4096;
constexpr std::size_t kMaxManifest = 4096;

std::string below(const std::string& folder, std::string_view name) {
  return folder + "/" + std::string(name);
}

Result<void> copy_database(const std::string& from, const std::string& to) {
  if (!fs::exists(from)) return Error{Errc::not_found, from + " does not exist"};
  GK_TRY(auto database, Database::open({.path = from, .after_crash = AfterCrash::skip}));
  GK_CHECK_OK(backup_to(*database, to));
  GK_TRY(auto copy,
         Database::open({.path = to, .read_only = true, .after_crash = AfterCrash::skip}));
  return quick_check(*copy);
}

Result<void> fill(const std::string& data, const std::string& partial, WallTime now) {
  GK_CHECK_OK(sys::make_private_dir(partial));
  std::string manifest;
  JsonWriter w(manifest);
  w.begin_object().field("created_at", now).key("files").begin_object();
  for (const auto name : kBackupDatabases) {
    GK_CHECK_OK(copy_database(below(data, name), below(partial, name)));
    std::error_code failed;
    w.field(name, static_cast<std::uint64_t>(fs::file_size(below(partial, name), failed)));
    if (failed) return Error{Errc::unavailable, below(partial, name) + ": " + failed.message()};
  }
  w.end_object().end_object();
  GK_CHECK_OK(copy_config_and_key(data, partial));
  return sys::replace_file(below(partial, kBackupManifest), manifest + "\n");
}

}  // namespace

Result<void> copy_config_and_key(const std::string& from, const std::string& to) {
  std::error_code failed;
  if (fs::exists(below(from, kBackupConfig), failed)) {
    fs::copy(below(from, kBackupConfig), below(to, kBackupConfig), fs::copy_options::recursive,
             failed);
  }
  if (failed) {
    return Error{Errc::unavailable,
                 "cannot copy " + below(from, kBackupConfig) + ": " + failed.message()};
  }
  if (!fs::exists(below(from, kBackupKey), failed)) return {};
  GK_TRY(const std::string key, sys::read_file(below(from, kBackupKey), kMaxKey));
  return sys::replace_file(below(to, kBackupKey), key);
}

Result<void> backup_folder(const std::string& data, const std::string& folder, WallTime now) {
  std::error_code failed;
  if (fs::exists(folder, failed)) return Error{Errc::already_exists, folder + " exists already"};
  const std::string partial = folder + std::string(kPartial);
  fs::remove_all(partial, failed);  // Of a run that was cut short.
  auto made = fill(data, partial, now);
  if (made) {
    fs::rename(partial, folder, failed);
    if (failed) made = Error{Errc::unavailable, "cannot name " + folder + ": " + failed.message()};
  }
  if (made) return sys::sync_dir(sys::parent_dir(folder));
  fs::remove_all(partial, failed);
  return made;
}

Result<BackupManifest> read_manifest(const std::string& folder) {
  const std::string path = below(folder, kBackupManifest);
  GK_TRY(const std::string text, sys::read_file(path, kMaxManifest));
  const Error wrong{Errc::data_loss, path + " is not the manifest of a backup"};
  const auto parsed = parse_json(text);
  if (!parsed || !parsed->is_object()) return wrong;
  const JsonValue* at = parsed->find("created_at");
  const JsonValue* files = parsed->find("files");
  if (at == nullptr || !at->is_string() || files == nullptr || !files->is_object()) return wrong;
  BackupManifest out;
  GK_TRY(out.created_at, parse_rfc3339(at->as_string()));
  for (const auto& [name, size] : files->as_object()) {
    if (!size.is_number() || size.as_number() < 0) return wrong;
    out.bytes += static_cast<std::uint64_t>(size.as_number());
  }
  return out;
}

}  // namespace gk::store
