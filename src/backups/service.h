// service.h: backups of the data folder while the daemon runs: made, listed, removed.
//
// A backup is a folder below <data>/backups, as `gamekeeper db backup` makes one; restoring it is
// a command with the daemon stopped. Guide: docs/storage.md.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/worker_pool.h"
#include "gamekeeper/result.h"

namespace gk::backups {

struct BackupOptions {
  std::string folder;  ///< Holds the backups, a folder each; made when it is missing.
  /// Of those that people made. Beyond, a new one is refused: only a person knows which old one may
  /// go. [1, 1000]
  std::size_t max_backups = 20;  // Source: chosen
};

/// Who makes a backup. Those of the schedule are kept and removed by scheduler.h.
enum class Maker : std::uint8_t { person, schedule };

struct Backup {
  std::string name;  ///< "2026-11-28-105959": when it was begun, UTC; "-scheduled" may follow.
  WallTime created_at{};
  std::uint64_t bytes = 0;  ///< Of the databases.
  bool ready = true;        ///< False: it is being made.
  bool scheduled = false;   ///< By the schedule.
};

/// Makes one backup at a time on a thread of its own, so that a long copy delays nothing else.
/// Thread: loop. Late answers of the threads are ignored after destruction, which waits for a
///         copy that runs.
class BackupService {
 public:
  using Post = std::function<void(std::function<void()>)>;
  /// Fills the new folder `to`; runs on the thread. After an error `to` does not exist.
  using Copy = std::function<Result<void>(const std::string& to)>;

  BackupService(BackupOptions options, Copy copy, Post post, const Clock& clock, Log& log);

  /// Newest first. Errors: unavailable (the folder cannot be read).
  void list(std::function<void(Result<std::vector<Backup>>)> done);
  /// Answers when the backup is whole and checked.
  /// Errors: failed_precondition (one is being made; as many as are kept), unavailable (disk full
  ///         or failing: nothing of it is left).
  void make(std::function<void(Result<Backup>)> done, Maker by = Maker::person,
            std::string correlation_id = {});
  /// Errors: invalid_argument (no name of a backup), not_found, failed_precondition (it is being
  ///         made), unavailable.
  void remove(const std::string& name, std::function<void(Result<void>)> done);

  const std::string& folder() const { return options_.folder; }
  std::size_t max_backups() const { return options_.max_backups; }
  bool busy() const { return running_.has_value(); }  ///< One is being made.

 private:
  template <typename T>
  void run(WorkerPool& pool, std::function<Result<T>()> work, std::function<void(Result<T>)> done);

  const BackupOptions options_;
  const Copy copy_;
  const Post post_;
  const Clock& clock_;
  Log& log_;
  std::optional<Backup> running_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // shared: weak copies in late answers
  WorkerPool looking_{{.max_queue = 16, .name = "gk-backups"}};
  WorkerPool copying_{{.max_queue = 1, .name = "gk-backup"}};  // Last: it ends first.
};

}  // namespace gk::backups
