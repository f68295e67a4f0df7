// loop.h: the one thread that owns the daemon's state. Nothing blocks on it.
//
// Asio is behind it (loop.cc). Other rooms see functions, timers and file descriptors only.

#pragma once

#include <functional>
#include <memory>

#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk::net {

/// A pending timer or descriptor watch; cancelled when destroyed. After cancel() or destruction
/// its function is not called any more, also not when it was already due.
/// Thread: loop.
class Handle {
 public:
  Handle();
  Handle(Handle&&) noexcept;
  Handle& operator=(Handle&&) noexcept;
  ~Handle();
  void cancel();
  bool active() const;

  struct Impl;  // Opaque; made by Loop.
  explicit Handle(std::shared_ptr<Impl> impl);  // Shared with the pending Asio operation.

 private:
  std::shared_ptr<Impl> impl_;
};

/// An event loop.
/// Thread: loop, except post(), stop() and in_loop_thread(), which are safe.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs until stop(). The calling thread becomes the loop thread.
  void run();
  /// Runs what is ready, at most until `budget` has passed. For tests and start-up.
  void run_for(Nanos budget);
  void stop();
  /// Runs `task` soon on the loop thread, in order of posting.
  void post(std::function<void()> task);
  bool in_loop_thread() const;

  /// Calls `task` once after `delay`, or at absolute times start + k·`period` (no drift; ticks that
  /// were missed are skipped, not made up for).
  [[nodiscard]] Handle after(Nanos delay, std::function<void()> task);
  [[nodiscard]] Handle every(Nanos period, std::function<void()> task);
  /// Calls `task` each time `fd` is readable (pidfd, eventfd, signalfd, pipe). Borrows `fd`:
  /// destroy the handle before closing it.
  [[nodiscard]] Handle watch_readable(int fd, std::function<void()> task);

  struct Impl;
  Impl& impl() { return *impl_; }  // For src/net only.

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace gk::net
