// performance_set.h: the performance contexts of all subjects, a bounded number of them.

#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "monitor/rules/performance.h"

namespace gk::monitor {

/// Thread: compatible.
class PerformanceSet {
 public:
  /// The context of a subject as one source tells it, made when new; null pointer at the limit.
  /// Claims have a limit of their own, so that no client can keep out what we measure.
  PerformanceContext* context(std::string_view subject, SampleSource source, MonoTime now);
  /// The same, or null pointer when nothing was told yet.
  const PerformanceContext* find(std::string_view subject, SampleSource source) const;
  /// Issues of the last 5 s of all subjects, oldest first.
  std::vector<PerformanceIssue> issues(MonoTime now) const;
  /// Forgets subjects without a word for an hour.
  void drop_vanished(MonoTime now);
  /// Forgets a subject. True: something was known of it.
  bool forget(std::string_view subject);
  /// Calls `each` with every context, by subject, measured before claimed. They stay where they are
  /// until drop_vanished() or forget().
  void each(const std::function<void(const PerformanceContext&)>& each) const {
    for (const auto& [key, entry] : contexts_) each(entry.context);
  }
  std::size_t size() const { return contexts_.size(); }

  static constexpr std::size_t kMaxContexts = 256;  // Source: chosen; as ExternalLimits.
  static constexpr std::size_t kMaxClaims = 192;    // Of those. Source: chosen, three quarters.
  static constexpr Nanos kVanishAfter = std::chrono::hours(1);  // Source: as series.

 private:
  struct Entry {
    PerformanceContext context;
    MonoTime last_seen{};
  };
  std::size_t claims() const;
  std::map<std::pair<std::string, SampleSource>, Entry> contexts_;
};

}  // namespace gk::monitor
