// worker_pool.h: a few threads for work that blocks (argon2id, disk checks), with a bounded queue.
// The loop thread never blocks: it posts here, and the task posts its result back to the loop.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "gamekeeper/result.h"

namespace gk {

struct WorkerPoolOptions {
  std::size_t threads = 1;       ///< [1, 16]
  std::size_t max_queue = 64;    ///< Waiting tasks; on overflow the newest is refused. [1, 4096]
  std::string name = "gk-pool";  ///< Thread name, at most 15 bytes.
};

/// A fixed pool of threads over one bounded FIFO queue. Threads start at the first task.
/// Thread: safe.
class WorkerPool {
 public:
  explicit WorkerPool(WorkerPoolOptions options);
  ~WorkerPool();  ///< Runs what is queued, then joins.
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Errors: resource_exhausted (queue full), cancelled (stopping). The task did not run.
  Result<void> post(std::function<void()> task);

 private:
  void start_locked() GK_REQUIRES(mu_);
  void work();

  const WorkerPoolOptions options_;
  Mutex mu_{MutexRank::pool};
  std::condition_variable_any ready_;
  std::deque<std::function<void()>> queue_ GK_GUARDED_BY(mu_);
  std::vector<std::thread> threads_ GK_GUARDED_BY(mu_);
  bool stopping_ GK_GUARDED_BY(mu_) = false;
};

}  // namespace gk
