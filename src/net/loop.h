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
/// its function is not called any more, also not when it was already due. The function and what it
/// captured are freed at once (after it returns, when it cancels itself).
/// Requires: destroyed before its Loop.
/// Thread: loop.
class Handle {
 public:
  Handle();
  Handle(Handle&&) noexcept;
  Handle& operator=(Handle&&) noexcept;
  ~Handle();
  void cancel();
  /// False once cancelled, and once a one-shot timer has begun to run.
  bool active() const;

  struct Impl;                                  // Opaque; made by Loop.
  explicit Handle(std::shared_ptr<Impl> impl);  // Shared with the pending Asio operation.

 private:
  std::shared_ptr<Impl> impl_;
};

/// An event loop.
/// Thread: loop, except post(), stop() and in_loop_thread(), which are safe. Before the first run
///         the constructing thread counts as the loop thread.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs until stop(). The calling thread becomes the loop thread.
  void run();
  /// Runs what becomes ready until `budget` has passed or stop(). For tests and start-up.
  void run_for(Nanos budget);
  /// Runs until `done` returns true (asked after each step, at least once a millisecond), at most
  /// for `budget`. For tests: no waiting longer than needed. Returns the last answer of `done`.
  bool run_until(const std::function<bool()>& done, Nanos budget);
  /// Makes run() and its kind return. Before run(): the next run returns at once.
  void stop();
  /// Runs `task` soon on the loop thread, in order of posting. Unbounded: whoever posts bounds how
  /// much it has in flight (a pool by its queue, a sampler by its period).
  /// Cost: O(1), one short lock; wakes the loop once for a batch.
  void post(std::function<void()> task);
  bool in_loop_thread() const;

  /// Calls `task` once after `delay`, or at absolute times start + k·`period` (no drift; ticks that
  /// were missed are skipped, not made up for).
  [[nodiscard]] Handle after(Nanos delay, std::function<void()> task);
  [[nodiscard]] Handle every(Nanos period, std::function<void()> task);
  /// Calls `task` each time `fd` is readable (pidfd, eventfd, signalfd, pipe). Borrows `fd`:
  /// destroy the handle before closing it. Makes `fd` non-blocking. The handle is inactive when
  /// `fd` cannot be watched (a regular file, or watched already).
  [[nodiscard]] Handle watch_readable(int fd, std::function<void()> task);

  struct Impl;
  Impl& impl() { return *impl_; }  // For src/net only.

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace gk::net
