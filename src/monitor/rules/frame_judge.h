// frame_judge.h: what a page of frames says, when whoever wrote it may lie.
//
// A page is judged against the reading before it and against our own clock: what cannot be is no
// frame rate but unknown, with the reason. A writer that is consistent can still invent frames,
// so what comes out is a claim all the same. Reading pages is frame_reader.h. docs/frames.md.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gamekeeper/frame_page.h"
#include "gamekeeper/time.h"

namespace gk::monitor {

/// What one reading told.
struct FrameNews {
  std::optional<double> fps;     ///< Over the time between two readings; none: see `trouble`.
  std::string trouble;           ///< Why it is unknown; empty without fps: the last one holds.
  bool lie = false;              ///< The trouble is something that no honest writer does.
  std::vector<double> frame_ms;  ///< New frames, oldest first; at most kFrameSlots.
};

/// Judges the pages of one writer, reading by reading.
/// Thread: compatible.
class FrameJudge {
 public:
  /// `page` was read at `now`; readings are `interval` apart.
  FrameNews judge(const FramePage& page, MonoTime now, Nanos interval);
  /// Something was written during every try to read it: no news, as of a game that hangs. A writer
  /// may have been put aside in the middle of a frame.
  FrameNews torn(MonoTime now, Nanos interval);
  /// The page could not be read: the same as a lie.
  FrameNews unreadable(std::string why, MonoTime now);

  static constexpr double kMaxFps = 10'000;           // Source: as the signal fps.
  static constexpr Nanos kLeastSilence = Seconds(1);  // Source: chosen; a game may draw at 1 fps.
  static constexpr Nanos kDistrust = Seconds(10);     // Source: chosen; after a lie.

 private:
  std::string lie_in(const FramePage& page, MonoTime now) const;
  FrameNews distrust(std::string why, MonoTime now);
  FrameNews silence(MonoTime now, Nanos interval) const;

  bool has_before_ = false;
  std::uint64_t frames_ = 0;
  std::int64_t last_ns_ = 0;
  std::optional<MonoTime> moved_;  // When a new frame, or the page itself, was seen first.
  MonoTime distrusted_until_ = MonoTime::min();
  std::string last_lie_;
};

}  // namespace gk::monitor
