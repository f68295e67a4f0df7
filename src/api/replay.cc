#include "api/replay.h"

namespace gk::api {

void Replay::add(std::uint64_t seq, Text text) {
  if (text == nullptr) {
    kept_.clear();
    bytes_ = 0;
    return;
  }
  bytes_ += text->size();
  kept_.emplace_back(seq, std::move(text));
  while (kept_.size() > limits_.max_frames || bytes_ > limits_.max_bytes) {
    bytes_ -= kept_.front().second->size();
    kept_.pop_front();
  }
}

Replay::Missed Replay::since(std::uint64_t seen, std::uint64_t last) const {
  Missed out;
  if (seen > last) {  // It saw another life of the daemon.
    if (last > 0) out.gap.emplace(1, last);
    return out;
  }
  if (seen == last) return out;
  const std::uint64_t first = kept_.empty() ? last + 1 : kept_.front().first;
  if (first > seen + 1) out.gap.emplace(seen + 1, first - 1);
  for (const auto& [seq, text] : kept_) {
    if (seq > seen) out.frames.emplace_back(seq, text);
  }
  return out;
}

}  // namespace gk::api
