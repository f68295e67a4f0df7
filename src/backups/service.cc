#include "backups/service.h"

#include <algorithm>
#include <filesystem>

#include "base/span.h"
#include "base/try.h"
#include "store/backup_folder.h"
#include "sys/files.h"

namespace gk::backups {
namespace {

namespace fs = std::filesystem;

/// Entries of the folder that are looked at; others may lie there too. Source: chosen.
constexpr std::size_t kMaxEntries = 10'000;
/// Ends the name of a backup that the schedule made.
constexpr std::string_view kScheduled = "-scheduled";

/// "2026-11-28T10:59:59.123Z" as a name.
std::string name_at(WallTime now) {
  std::string name = rfc3339(now).substr(0, 19);
  std::replace(name.begin(), name.end(), 'T', '-');
  std::erase(name, ':');
  return name;
}

/// As name_at() gives: nothing else below the folder is listed or removed.
bool is_backup_name(std::string_view name) {
  if (name.ends_with(kScheduled)) name.remove_suffix(kScheduled.size());
  constexpr std::string_view kShape = "dddd-dd-dd-dddddd";
  return name.size() == kShape.size() &&
         std::equal(name.begin(), name.end(), kShape.begin(), [](char c, char shape) {
           return shape == 'd' ? c >= '0' && c <= '9' : c == shape;
         });
}

Result<std::vector<Backup>> backups_in(const std::string& folder) {
  std::error_code ignored;
  std::vector<Backup> out;
  if (!fs::exists(folder, ignored)) return out;
  GK_TRY(const auto names, sys::list_dir(folder, kMaxEntries));
  for (const std::string& name : names) {
    if (!is_backup_name(name)) continue;
    const auto manifest = store::read_manifest(folder + "/" + name);
    if (!manifest) continue;
    out.push_back({name, manifest->created_at, manifest->bytes, true, name.ends_with(kScheduled)});
  }
  std::reverse(out.begin(), out.end());  // The names are sorted by time.
  return out;
}

/// Of a daemon that was killed while it copied: it keeps the room of a backup and is none.
void remove_leftovers(const std::string& folder) {
  const auto names = sys::list_dir(folder, kMaxEntries);
  if (!names) return;
  for (const std::string& name : *names) {
    const std::string_view text = name;
    if (!text.ends_with(store::kPartial)) continue;
    if (!is_backup_name(text.substr(0, text.size() - store::kPartial.size()))) continue;
    std::error_code ignored;
    fs::remove_all(folder + "/" + name, ignored);
  }
}

/// A disk that is full or failing is not the caller's fault: 503, not 429.
Error as_unavailable(const Error& error) {
  if (error.code == Errc::failed_precondition || error.code == Errc::already_exists) return error;
  return {Errc::unavailable, "the backup could not be made: " + error.message};
}

Result<Backup> make_in(const BackupOptions& options, const BackupService::Copy& copy,
                       Backup backup) {
  GK_TRY(const auto present, backups_in(options.folder));
  const auto by_people = static_cast<std::size_t>(std::count_if(
      present.begin(), present.end(), [](const Backup& one) { return !one.scheduled; }));
  if (!backup.scheduled && by_people >= options.max_backups) {
    return Error{Errc::failed_precondition, "there are " + std::to_string(by_people) +
                                                " backups already, as many as are kept; delete "
                                                "one first"};
  }
  GK_CHECK_OK(sys::make_private_dir(options.folder));
  remove_leftovers(options.folder);
  const std::string folder = options.folder + "/" + backup.name;
  GK_CHECK_OK(copy(folder));
  GK_TRY(const auto manifest, store::read_manifest(folder));
  backup.bytes = manifest.bytes;
  backup.ready = true;
  return backup;
}

Result<void> remove_from(const std::string& folder, const std::string& name) {
  if (!fs::exists(folder + "/" + name)) {
    return Error{Errc::not_found, "there is no backup " + name};
  }
  std::error_code failed;
  fs::remove_all(folder + "/" + name, failed);
  if (failed) return Error{Errc::unavailable, "cannot delete " + name + ": " + failed.message()};
  return sys::sync_dir(folder);
}

}  // namespace

BackupService::BackupService(BackupOptions options, Copy copy, Post post, const Clock& clock,
                             Log& log)
    : options_(std::move(options)),
      copy_(std::move(copy)),
      post_(std::move(post)),
      clock_(clock),
      log_(log) {}

template <typename T>
void BackupService::run(WorkerPool& pool, std::function<Result<T>()> work,
                        std::function<void(Result<T>)> done) {
  const std::weak_ptr<int> alive = alive_;
  auto queued = pool.post([work = std::move(work), done, alive, post = post_] {
    auto result = std::make_shared<Result<T>>(work());
    post([result, done, alive] {
      if (!alive.expired()) done(std::move(*result));
    });
  });
  if (!queued) done(queued.error());
}

void BackupService::list(std::function<void(Result<std::vector<Backup>>)> done) {
  run<std::vector<Backup>>(
      looking_, [folder = options_.folder] { return backups_in(folder); },
      [this, done = std::move(done)](Result<std::vector<Backup>> found) {
        if (found && running_) found->insert(found->begin(), *running_);
        done(std::move(found));
      });
}

void BackupService::make(std::function<void(Result<Backup>)> done, Maker by,
                         std::string correlation_id) {
  if (running_) return done(Error{Errc::failed_precondition, "a backup is being made already"});
  const WallTime now = clock_.wall();
  const bool scheduled = by == Maker::schedule;
  running_ =
      Backup{name_at(now) + std::string(scheduled ? kScheduled : ""), now, 0, false, scheduled};
  const MonoTime begun = clock_.mono();
  run<Backup>(
      copying_,
      [options = options_, copy = copy_, backup = *running_] {
        return make_in(options, copy, backup);
      },
      [this, begun, done = std::move(done),
       request = std::move(correlation_id)](Result<Backup> made) {
        running_.reset();
        write_span(log_, "backup.make", clock_.mono() - begun,
                   made ? "done" : std::string_view(made.error().message), request);
        const auto took = std::chrono::duration_cast<Millis>(clock_.mono() - begun);
        if (!made) {
          log_.error("backup.failed", made.error().message, {{"correlation_id", request}});
          return done(as_unavailable(made.error()));
        }
        log_.info("backup.made", "a backup is there",
                  {{"name", made->name},
                   {"bytes", made->bytes},
                   {"duration_ms", static_cast<std::int64_t>(took.count())},
                   {"correlation_id", request}});
        done(std::move(made));
      });
}

void BackupService::remove(const std::string& name, std::function<void(Result<void>)> done) {
  if (!is_backup_name(name)) {
    return done(
        Error{Errc::invalid_argument, "name: expected one of the list, as 2026-11-28-105959"});
  }
  if (running_ && running_->name == name) {
    return done(Error{Errc::failed_precondition, "this backup is being made"});
  }
  run<void>(
      looking_, [folder = options_.folder, name] { return remove_from(folder, name); },
      std::move(done));
}

}  // namespace gk::backups
