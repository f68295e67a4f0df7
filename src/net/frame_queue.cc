#include "net/frame_queue.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace gk::net {

bool FrameQueue::fits(const OutFrame& frame) const {
  return frames() < limits_.max_queued_frames &&
         bytes_ + frame.text->size() <= limits_.max_queued_bytes;
}

bool FrameQueue::push(OutFrame frame) {
  GK_ASSERT(frame.text != nullptr);  // A frame without text is our bug.
  if (frame.latest_wins && frame.topic != 0 && replace_older(frame)) return true;
  while (!fits(frame)) {
    if (drop_oldest()) continue;
    if (frame.topic == 0) return false;
    note_dropped(frame);
    return true;
  }
  bytes_ += frame.text->size();
  waiting_.push_back(std::move(frame));
  return true;
}

/// Puts `frame` where an older one of its topic waits, if the larger text fits.
bool FrameQueue::replace_older(OutFrame& frame) {
  const auto older = std::find_if(waiting_.begin(), waiting_.end(), [&](const OutFrame& waiting) {
    return waiting.topic == frame.topic && waiting.latest_wins;
  });
  if (older == waiting_.end()) return false;
  bytes_ -= older->text->size();
  if (bytes_ + frame.text->size() > limits_.max_queued_bytes) {
    waiting_.erase(older);  // It would be replaced anyway; push() makes room for the new one.
    return false;
  }
  bytes_ += frame.text->size();
  *older = std::move(frame);
  return true;
}

bool FrameQueue::drop_oldest() {
  const auto oldest = std::find_if(waiting_.begin(), waiting_.end(),
                                   [](const OutFrame& frame) { return frame.topic != 0; });
  if (oldest == waiting_.end()) return false;
  note_dropped(*oldest);
  bytes_ -= oldest->text->size();
  waiting_.erase(oldest);
  return true;
}

void FrameQueue::note_dropped(const OutFrame& frame) {
  ++dropped_frames_;
  if (frame.latest_wins) return;
  const auto known = std::find_if(dropped_.begin(), dropped_.end(), [&](const Gap& gap) {
    return !gap.over && gap.range.topic == frame.topic;
  });
  if (known == dropped_.end()) {
    dropped_.push_back({{frame.topic, frame.seq, frame.seq}, false});
  } else {
    known->range.to = frame.seq;
  }
}

const OutFrame* FrameQueue::take_off() {
  GK_ASSERT(!flying_);  // One write at a time.
  if (waiting_.empty()) return nullptr;
  flying_ = std::move(waiting_.front());
  waiting_.pop_front();
  for (Gap& gap : dropped_) gap.over |= gap.range.topic == flying_->topic;
  return &*flying_;
}

void FrameQueue::landed() {
  GK_ASSERT(flying_.has_value());  // landed() follows take_off().
  bytes_ -= flying_->text->size();
  flying_.reset();
}

std::vector<DroppedRange> FrameQueue::take_dropped() {
  std::vector<DroppedRange> out;
  for (const Gap& gap : std::exchange(dropped_, {})) out.push_back(gap.range);
  return out;
}

void FrameQueue::clear() {
  for (const OutFrame& frame : waiting_) bytes_ -= frame.text->size();
  waiting_.clear();
  dropped_.clear();
}

}  // namespace gk::net
