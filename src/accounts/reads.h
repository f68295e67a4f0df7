// reads.h: reads of state.db that are too long or too rare for memory: the audit, preferences. They
// run on a thread and a connection of their own, so neither loop nor writer waits.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "accounts/changes.h"
#include "base/worker_pool.h"
#include "store/database.h"

namespace gk::accounts {

/// Thread: loop. After destruction no `done` is called any more.
class Reads {
 public:
  /// `path`: of the database; opened at the first read.
  Reads(std::string path, Post post);

  /// Runs `job` on the reading thread, then `done` on the loop thread.
  /// Errors (to `done`): resource_exhausted (queue full), those of open() and of `job`.
  template <typename T>
  void run(std::function<Result<T>(store::Database&)> job, std::function<void(Result<T>)> done) {
    auto finish = [post = post_, alive = std::weak_ptr(alive_), done](Result<T> result) {
      // shared: std::function wants copyable closures
      auto held = std::make_shared<Result<T>>(std::move(result));
      post([alive, done, held] {
        if (alive.lock() != nullptr) done(std::move(*held));
      });
    };
    auto posted = pool_.post([this_connection = connection_, job = std::move(job), finish] {
      store::Database* database = nullptr;
      if (auto opened = this_connection->open(database); !opened) return finish(opened.error());
      auto result = job(*database);
      database->reset_statements();  // An early end must not keep its snapshot.
      finish(std::move(result));
    });
    if (!posted) finish(posted.error());
  }

 private:
  /// Used on the reading thread only.
  struct Connection {
    std::string path;
    std::unique_ptr<store::Database> database;
    Result<void> open(store::Database*& out);
  };

  Post post_;
  std::shared_ptr<Connection> connection_;  // shared: tasks on their way hold it
  std::shared_ptr<const char> alive_;       // shared: closures on their way hold a weak one
  WorkerPool pool_;
};

}  // namespace gk::accounts
