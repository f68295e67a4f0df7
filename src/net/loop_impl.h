// loop_impl.h: the Asio side of Loop, for the files of src/net that open sockets.

#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "net/loop.h"

namespace gk::net {

/// The type of executor of every socket here: not type-erased, so Asio calls it directly.
using Executor = boost::asio::io_context::executor_type;

/// Thread: as Loop.
struct Loop::Impl {
  Impl() : work(context.get_executor()), owner(std::this_thread::get_id()) {}

  MonoTime now() const { return clock.mono(); }
  /// Takes over the calling thread; clears an earlier stop() afterwards.
  template <typename Run>
  void as_owner(Run run) {
    owner.store(std::this_thread::get_id(), std::memory_order_relaxed);
    run();
    if (context.stopped()) context.restart();
  }
  void run_posted();

  // Before the context, whose end frees handlers that may post.
  Mutex mu{MutexRank::leaf};
  std::vector<std::function<void()>> posted GK_GUARDED_BY(mu);
  bool ending GK_GUARDED_BY(mu) = false;  // post() drops its task.

  boost::asio::io_context context{1};  // One thread runs it.
  boost::asio::executor_work_guard<Executor> work;
  SystemClock clock;
  std::atomic<std::thread::id> owner;
};

}  // namespace gk::net
