// review_queue.h: players whose evidence passed the review threshold, for an operator.
//
// Bounded: when full, the entry with the least evidence goes. What operators decide feeds back
// into the honest block rate of the channel, by counts and in bounded steps.

#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "gamekeeper/referee_types.h"

namespace gk::referee {

/// One case. `e` is the evidence of `channel`, the strongest.
struct ReviewItem {
  PlayerId player;
  Channel channel = Channel::needs_slack;
  float e = 1;
  std::int64_t at_us = 0;
};

/// How operators decided cases of one channel.
struct ReviewCount {
  std::uint32_t accepted = 0, dismissed = 0;
};

/// The honest block rate that decisions so far suggest for a channel, from `initial`: a dismissed
/// case raises it by a tenth, an accepted one lowers it by a fiftieth, within [initial / 2, most].
/// Source: chosen; false alarms weigh more than late ones. `most`: what Referee::set_honest_rate()
/// takes, 0.12 and for the gap channel 0.45.
inline double honest_rate_after(const ReviewCount& count, double initial, double most = 0.12) {
  double rate = initial;
  for (std::uint32_t i = 0; i < std::min(count.dismissed, 32U); ++i) rate *= 1.1;
  for (std::uint32_t i = 0; i < std::min(count.accepted, 64U); ++i) rate *= 0.98;
  return std::clamp(rate, std::min(initial / 2, most), most);
}

/// Thread: compatible. Cost: O(n) per call, n <= limit; allocates at birth only.
class ReviewQueue {
 public:
  /// Source of the limit: referee specification.
  explicit ReviewQueue(std::size_t limit = 1000) : limit_(std::max<std::size_t>(1, limit)) {
    items_.reserve(limit_);
  }

  /// Adds, or raises the evidence of a waiting case of the same player. The case that was dropped
  /// for lack of room, if any (it may be the new one).
  std::optional<ReviewItem> add(const ReviewItem& item) {
    for (ReviewItem& waiting : items_) {
      if (waiting.player != item.player) continue;
      if (item.e > waiting.e) waiting = item;
      return std::nullopt;
    }
    if (items_.size() < limit_) {
      items_.push_back(item);
      return std::nullopt;
    }
    const auto least =
        std::min_element(items_.begin(), items_.end(),
                         [](const ReviewItem& a, const ReviewItem& b) { return a.e < b.e; });
    if (least->e >= item.e) return item;
    const ReviewItem dropped = *least;
    *least = item;
    return dropped;
  }

  /// Takes the case of `player` out: `guilty` as the operator decided. Nothing when none waits.
  std::optional<ReviewItem> decide(PlayerId player, bool guilty) {
    const auto found = std::find_if(items_.begin(), items_.end(),
                                    [&](const ReviewItem& item) { return item.player == player; });
    if (found == items_.end()) return std::nullopt;
    const ReviewItem item = *found;
    items_.erase(found);
    ReviewCount& count = counts_[static_cast<std::size_t>(item.channel)];
    ++(guilty ? count.accepted : count.dismissed);
    return item;
  }

  /// honest_rate_after() of the decisions on `channel`.
  double honest_rate(Channel channel, double initial) const {
    return honest_rate_after(counts_[static_cast<std::size_t>(channel)], initial,
                             channel == Channel::gap ? 0.45 : 0.12);
  }
  /// Dismissed over decided cases; nothing before the first decision.
  std::optional<double> false_positive_ratio() const {
    double dismissed = 0;
    double all = 0;
    for (const ReviewCount& count : counts_) {
      dismissed += count.dismissed;
      all += count.dismissed + count.accepted;
    }
    if (all == 0) return std::nullopt;
    return dismissed / all;
  }
  const std::vector<ReviewItem>& items() const { return items_; }

 private:
  std::size_t limit_;
  std::vector<ReviewItem> items_;
  std::array<ReviewCount, kChannels> counts_{};
};

}  // namespace gk::referee
