// baseline_book.h: the baselines of many players, bounded.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "referee/service/baseline.h"

namespace gk::referee {

/// At most kMax players; whose baseline was touched longest ago loses.
/// Thread: compatible.
class BaselineBook {
 public:
  static constexpr std::size_t kMax = 10'000;  // Source: chosen; about 1.5 MB.

  void put(const std::string& player, const PlayerBaseline& baseline) {
    if (!entries_.contains(player) && entries_.size() >= kMax) drop_oldest();
    entries_[player] = {baseline, ++touched_};
  }
  PlayerBaseline get(const std::string& player) const {
    const auto found = entries_.find(player);
    return found == entries_.end() ? PlayerBaseline{} : found->second.baseline;
  }
  bool erase(const std::string& player) { return entries_.erase(player) > 0; }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    PlayerBaseline baseline;
    std::uint64_t touched = 0;
  };
  void drop_oldest() {
    auto oldest = entries_.begin();
    for (auto it = entries_.begin(); it != entries_.end(); ++it)
      if (it->second.touched < oldest->second.touched) oldest = it;
    entries_.erase(oldest);
  }
  std::unordered_map<std::string, Entry> entries_;
  std::uint64_t touched_ = 0;
};

}  // namespace gk::referee
