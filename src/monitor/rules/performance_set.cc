#include "monitor/rules/performance_set.h"

#include <algorithm>

namespace gk::monitor {

PerformanceContext* PerformanceSet::context(std::string_view subject, SampleSource source,
                                            MonoTime now) {
  std::pair key(std::string(subject), source);
  auto it = contexts_.find(key);
  if (it == contexts_.end()) {
    if (contexts_.size() >= kMaxContexts) return nullptr;
    if (source == SampleSource::claim && claims() >= kMaxClaims) return nullptr;
    Entry entry{.context = PerformanceContext(key.first, source), .last_seen = now};
    it = contexts_.emplace(std::move(key), std::move(entry)).first;
  }
  it->second.last_seen = now;
  return &it->second.context;
}

std::size_t PerformanceSet::claims() const {
  return static_cast<std::size_t>(
      std::count_if(contexts_.begin(), contexts_.end(),
                    [](const auto& item) { return item.first.second == SampleSource::claim; }));
}

const PerformanceContext* PerformanceSet::find(std::string_view subject,
                                               SampleSource source) const {
  const auto it = contexts_.find(std::pair(std::string(subject), source));
  return it == contexts_.end() ? nullptr : &it->second.context;
}

std::vector<PerformanceIssue> PerformanceSet::issues(MonoTime now) const {
  std::vector<PerformanceIssue> out;
  for (const auto& [key, entry] : contexts_) {
    const auto some = entry.context.issues(now);
    out.insert(out.end(), some.begin(), some.end());
  }
  std::stable_sort(
      out.begin(), out.end(),
      [](const PerformanceIssue& a, const PerformanceIssue& b) { return a.at < b.at; });
  return out;
}

bool PerformanceSet::forget(std::string_view subject) {
  return std::erase_if(contexts_, [&](const auto& item) { return item.first.first == subject; }) >
         0;
}

void PerformanceSet::drop_vanished(MonoTime now) {
  std::erase_if(contexts_,
                [&](const auto& item) { return now - item.second.last_seen > kVanishAfter; });
}

}  // namespace gk::monitor
