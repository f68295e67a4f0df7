// frame_ticker.h: tells the daemon how fast a game draws, for some 30 ns a frame.
//
// A game calls tick() once a frame. It writes to shared memory only: no system call, no lock, no
// wait, whether or not a daemon runs. What the daemon makes of it is a claim, never a measurement:
// it is shown and macros yield to it, the referee does not believe it. Not here: other values
// (POST /api/samples). Protocol and checks: docs/frames.md.
//
//   auto ticker = gk::FrameTicker::create("arena").value();
//   (void)ticker.connect("/home/me/.local/share/gamekeeper/frames.sock");  // now and then
//   for (;;) { draw(); ticker.tick(); }

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk {

/// Counts the frames of one game. The daemon knows it as subject "frames:NAME".
///
/// Thread: compatible; tick() and connect() may be called by different threads at once.
class FrameTicker {
 public:
  /// Errors: invalid_argument (a name has 1 to 64 of a-z, 0-9, _ and -), resource_exhausted (no
  ///         memory or descriptor).
  static Result<FrameTicker> create(std::string_view name);
  FrameTicker(FrameTicker&&) noexcept;
  FrameTicker& operator=(FrameTicker&&) noexcept;
  ~FrameTicker();  ///< The daemon lets go of it.

  /// Hands the memory to the daemon at `socket`, unless it has it. Call it at the start, and every
  /// few seconds to find a daemon that was started, or restarted, later.
  /// Errors: unavailable (nobody listens, or no answer in time), permission_denied, already_exists
  ///         (another program has the name), others as the daemon says.  Blocks: at most 1 s.
  Result<void> connect(const std::string& socket);
  /// Whether the daemon had it when last asked: a restart of the daemon makes it false.
  bool connected() const;

  /// A frame has ended, now. The first call ends none.  Cost: one clock reading, some 10 stores.
  void tick();
  /// The same for a caller that has the time already. Requires: `now` is of CLOCK_MONOTONIC and
  /// never decreases.
  void tick(MonoTime now);

  /// The memory, for tests. Valid while it lives.
  int fd_for_test() const;

 private:
  struct Impl;
  explicit FrameTicker(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gk
