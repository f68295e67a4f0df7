#include "base/worker_pool.h"

#include <pthread.h>

#include <utility>

namespace gk {

WorkerPool::WorkerPool(WorkerPoolOptions options) : options_(std::move(options)) {}

WorkerPool::~WorkerPool() {
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mu_);
    stopping_ = true;
    threads = std::move(threads_);
  }
  ready_.notify_all();
  for (auto& thread : threads) thread.join();
}

Result<void> WorkerPool::post(std::function<void()> task) {
  {
    const MutexLock lock(mu_);
    if (stopping_) return Error{Errc::cancelled, options_.name + " is stopping"};
    if (queue_.size() >= options_.max_queue) {
      return Error{Errc::resource_exhausted,
                   options_.name + " has " + std::to_string(queue_.size()) + " tasks waiting"};
    }
    queue_.push_back(std::move(task));
    if (threads_.empty()) start_locked();
  }
  ready_.notify_one();
  return {};
}

void WorkerPool::start_locked() {
  for (std::size_t i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { work(); });
    ::pthread_setname_np(threads_.back().native_handle(), options_.name.substr(0, 15).c_str());
  }
}

void WorkerPool::work() {
  for (;;) {
    std::function<void()> task;
    {
      const MutexLock lock(mu_);
      while (queue_.empty() && !stopping_) ready_.wait(mu_);
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

}  // namespace gk
