#include "base/gcra.h"

#include <algorithm>

#include "base/assert.h"

namespace gk {

GcraTable::GcraTable(GcraRate rate, std::size_t max_keys) : rate_(rate), max_keys_(max_keys) {
  GK_ASSERT(rate.burst > 0 && rate.period > Nanos(0) && max_keys > 0);  // options, not user input
}

GcraDecision GcraTable::take(std::string_view key, MonoTime now) {
  const std::string owned(key);
  const auto found = spent_until_.find(owned);
  const MonoTime spent = found == spent_until_.end() ? now : std::max(found->second, now);
  const Nanos ahead = spent - now;
  const Nanos tolerance = rate_.period * (rate_.burst - 1);
  if (ahead > tolerance) return {.allowed = false, .retry_after = ahead - tolerance};
  if (found != spent_until_.end()) {
    found->second = spent + rate_.period;
    return {};
  }
  if (spent_until_.size() >= max_keys_) make_room(now);
  spent_until_.emplace(owned, spent + rate_.period);
  return {};
}

void GcraTable::give_back(std::string_view key, MonoTime now) {
  const auto found = spent_until_.find(std::string(key));
  if (found == spent_until_.end()) return;
  found->second -= rate_.period;
  if (found->second <= now) spent_until_.erase(found);
}

void GcraTable::make_room(MonoTime now) {
  boost::unordered::erase_if(spent_until_, [&](const auto& entry) { return entry.second <= now; });
  if (spent_until_.size() < max_keys_) return;
  const auto least =
      std::min_element(spent_until_.begin(), spent_until_.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  spent_until_.erase(least);
}

}  // namespace gk
