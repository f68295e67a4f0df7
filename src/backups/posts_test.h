// posts_test.h: what the tests of this room share. Not for other rooms.

#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "backups/service.h"
#include "store/database.h"

namespace gk::backups {

/// What threads post, run by the test.
class Posts {
 public:
  BackupService::Post post() {
    return [this](std::function<void()> task) {
      const std::lock_guard lock(mu_);
      tasks_.push_back(std::move(task));
      ready_.notify_all();
    };
  }
  void run_one() {
    std::unique_lock lock(mu_);
    ready_.wait(lock, [this] { return !tasks_.empty(); });
    auto task = std::move(tasks_.front());
    tasks_.erase(tasks_.begin());
    lock.unlock();
    task();
  }

 private:
  std::mutex mu_;
  std::condition_variable ready_;
  std::vector<std::function<void()>> tasks_;
};

inline void make_database(const std::string& path) {
  auto database = store::Database::open({.path = path});
  ASSERT_TRUE(database) << database.error().message;
  ASSERT_TRUE((*database)->execute("CREATE TABLE t (a INTEGER) STRICT"));
}

}  // namespace gk::backups
