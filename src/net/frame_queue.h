// frame_queue.h: the bounded queue of frames for one WebSocket client. Pure: who loses when it is
// full is decided here and tested without a socket.

#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "net/web_socket.h"

namespace gk::net {

/// Sequence numbers of one topic that were dropped.
struct DroppedRange {
  std::uint32_t topic = 0;
  std::uint64_t from = 0;
  std::uint64_t to = 0;

  friend bool operator==(const DroppedRange&, const DroppedRange&) = default;
};

/// A queue that never holds more than its limits.
///
/// A latest-wins frame takes the place of a waiting frame of its topic. When a frame does not fit,
/// the oldest waiting frames of topics are dropped; frames of topic 0 and the frame in flight are
/// never dropped. A topic frame that does not fit even then is dropped itself.
/// Thread: compatible.     Cost: push O(1) amortised; O(n) for latest-wins and when full.
class FrameQueue {
 public:
  explicit FrameQueue(const WebSocketLimits& limits) : limits_(limits) {}

  /// False when a frame of topic 0 does not fit: the connection must end.
  bool push(OutFrame frame);

  /// Takes the oldest frame into flight; null when there is none. It counts until landed().
  const OutFrame* take_off();
  bool flying() const { return flying_.has_value(); }
  /// The frame in flight is sent.
  void landed();

  /// What was dropped since the last call, in order; drops of a topic are one range unless a frame
  /// of the topic was sent between them.
  /// Latest-wins frames are state, not history: they are counted but not listed.
  std::vector<DroppedRange> take_dropped();
  bool has_dropped() const { return !dropped_.empty(); }
  std::uint64_t dropped_frames() const { return dropped_frames_; }

  /// Drops all that waits, without listing it.
  void clear();
  std::size_t bytes() const { return bytes_; }
  std::size_t frames() const { return waiting_.size() + (flying_ ? 1 : 0); }

 private:
  bool fits(const OutFrame& frame) const;
  bool replace_older(OutFrame& frame);
  bool drop_oldest();
  void note_dropped(const OutFrame& frame);

  const WebSocketLimits limits_;
  std::deque<OutFrame> waiting_;  // Oldest first.
  std::optional<OutFrame> flying_;
  struct Gap {
    DroppedRange range;
    bool over;  // A later frame of the topic was sent: further drops are another gap.
  };
  std::vector<Gap> dropped_;  // At most two a topic between two calls of landed().
  std::size_t bytes_ = 0;     // Of waiting_ and flying_.
  std::uint64_t dropped_frames_ = 0;
};

}  // namespace gk::net
