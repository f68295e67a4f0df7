// writer.h: the one thread that writes to a database file, with group commit.
//
// Jobs of many callers share one transaction and one disk sync; each job runs inside its own
// savepoint, so that one that fails undoes itself alone. `done` runs after the commit: for
// Durability::full an acknowledged change is on disk. What the savepoints cost, and what linger
// buys, is in README.md.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "gamekeeper/result.h"
#include "store/database.h"

namespace gk::store {

struct WriterOptions {
  std::string name{};              ///< "state" or "telemetry": thread, metric and log label.
  std::size_t max_queue = 65'536;  ///< Jobs not yet begun; on overflow the newest is refused.
  std::size_t max_batch = 4'096;   ///< Jobs a transaction.
  /// Longest wait for company before a commit. It ends early when as many jobs are there as the
  /// last round had, so a lone caller never waits. [0, 10 ms]
  Micros linger{0};
  /// A planted bug: acknowledges before the commit. Tests show with it that they would notice.
  bool ack_before_commit_for_test = false;
};

/// Thread: safe.
class Writer {
 public:
  /// A change. Runs once, on the writer thread; may run statements and must not begin, commit or
  /// keep the Database. An error undoes this job alone.
  using Job = std::function<Result<void>(Database&)>;
  /// Runs on the writer thread after the commit (or with the error). Post to the loop from here;
  /// do not block, and do not call run().
  using Done = std::function<void(Result<void>)>;

  /// Takes the writing connection and starts the thread.
  Writer(std::unique_ptr<Database> database, WriterOptions options, const Clock& clock, Log& log,
         Metrics& metrics);
  ~Writer();  ///< Commits what is queued, then joins and closes the file.
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Queues a change. Never blocks on the disk.
  /// Errors: resource_exhausted (queue full), cancelled (stopping). Then `done` is not called.
  ///         To `done`: the job's own error; or, for every job of the transaction, why it could
  ///         not be committed: data_loss (the file is damaged), else unavailable (disk full,
  ///         read-only, I/O). Such a change is undone in this process; if a sync failed and the
  ///         power goes before the next commit, the disk may still have it. The next change is
  ///         tried like any other: when the disk works again, so does this.
  Result<void> submit(Job job, Done done = nullptr);
  /// Queues a change and waits for its commit. Not on the loop thread, nor in a job.
  /// Errors: as submit() and `done`.
  Result<void> run(Job job);

  /// Since the start. commits: transactions, also those of jobs that changed nothing.
  struct Stats {
    std::uint64_t jobs = 0;  ///< Acknowledged or failed; refused ones are not counted.
    std::uint64_t commits = 0;
    std::uint64_t failed_commits = 0;
    std::size_t queued = 0;
    bool failing = false;  ///< The last commit failed.
  };
  Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gk::store
