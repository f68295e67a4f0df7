// writer.h: the one thread that writes to a database file, with group commit.
//
// Jobs of many callers share one transaction and one fsync; each job runs inside its own savepoint,
// so that one that fails undoes itself alone. `done` runs after the commit: for Durability::full an
// acknowledged change is on disk.

#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "gamekeeper/result.h"
#include "store/database.h"

namespace gk::store {

struct WriterOptions {
  std::string name;                   ///< "state" or "telemetry": thread, metric and log label.
  std::size_t max_queue = 65'536;     ///< Jobs; on overflow the newest is refused.
  std::size_t max_batch = 4'096;      ///< Jobs a transaction.
  Micros linger{0};                   ///< Wait for company before a commit. [0, 10 ms]
};

/// Thread: safe.
class Writer {
 public:
  /// A change. Runs on the writer thread; may run statements and must not begin, commit or keep
  /// the Database. An error undoes this job alone.
  using Job = std::function<Result<void>(Database&)>;
  /// Runs on the writer thread after the commit (or with the error). Post to the loop from here.
  using Done = std::function<void(Result<void>)>;

  /// Takes the writing connection and starts the thread.
  Writer(std::unique_ptr<Database> database, WriterOptions options, const Clock& clock, Log& log,
         Metrics& metrics);
  ~Writer();  ///< Commits what is queued, then joins.
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Queues a change. Never blocks.
  /// Errors: resource_exhausted (queue full), cancelled (stopping). Then `done` is not called.
  Result<void> submit(Job job, Done done = nullptr);
  /// Queues a change and waits. Not on the loop thread.
  Result<void> run(Job job);

  struct Stats {
    std::uint64_t jobs = 0;
    std::uint64_t commits = 0;
    std::uint64_t failed_commits = 0;
    std::size_t queued = 0;
  };
  Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gk::store
