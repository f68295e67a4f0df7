// replay.h: the last frames of one topic, for a client that was away for a moment. Pure.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gk::api {

/// Source: chosen; a minute of a busy topic, and 3 MiB with all topics full.
struct ReplayLimits {
  std::size_t max_frames = 128;       ///< The oldest loses.
  std::size_t max_bytes = 64 * 1024;  ///< The oldest loses.
};

/// Frames without a hole up to the newest.
/// Thread: compatible.
class Replay {
 public:
  using Text = std::shared_ptr<const std::string>;  // shared: with the queues of clients

  Replay() : Replay(ReplayLimits{}) {}
  explicit Replay(ReplayLimits limits) : limits_(limits) {}

  /// The frame `seq` was published. An empty `text`: nobody made one; what was kept is useless.
  void add(std::uint64_t seq, Text text);

  /// What a client missed that saw everything up to `seen`, when `last` is the newest.
  struct Missed {
    /// Lost for good: read the resource again.
    std::optional<std::pair<std::uint64_t, std::uint64_t>> gap;
    std::vector<std::pair<std::uint64_t, Text>> frames;  ///< Oldest first.
  };
  Missed since(std::uint64_t seen, std::uint64_t last) const;

  std::size_t frames() const { return kept_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  const ReplayLimits limits_;
  std::deque<std::pair<std::uint64_t, Text>> kept_;  // Oldest first.
  std::size_t bytes_ = 0;
};

}  // namespace gk::api
