#include "referee/rules/smart_parts.h"

#include <algorithm>
#include <cmath>

// Source of every number in this file: KnutGame, SmartAntiCheat.ts and PerformanceMonitor.ts.
namespace gk::referee {
namespace smart {

double pressure(const SmartContext& context) { return std::max(0.0, (100 - context.score) / 100); }

int stutters(const SmartContext& context) {
  return static_cast<int>(
      std::count_if(context.issues.begin(), context.issues.end(),
                    [](const SmartIssue& issue) { return issue.type == IssueType::stutter; }));
}

double confidence(const SmartContext& context, const SmartOptions& options, int stutter_count) {
  double c = 1;
  c -= pressure(context) * 0.3;
  if (context.average_fps < options.low_fps)
    c -= (options.low_fps - context.average_fps) / options.low_fps * 0.2;
  c -= std::min(0.4, stutter_count * 0.1);
  if (context.memory_events > 0) c -= std::min(0.2, context.memory_events * 0.05);
  return std::max(0.1, std::min(1.0, c));
}

Rule stutter_rule(double t, double speed, double deviation, double base_speed, double window,
                  const SmartContext& context, const SmartOptions& options,
                  const SmartAdjustment& adjustment) {
  int related = 0;
  int severity = 0;
  for (const SmartIssue& issue : context.issues) {
    if (issue.type != IssueType::stutter || std::fabs(t - issue.timestamp) > window) continue;
    ++related;
    severity = std::max(severity, issue.severity);
  }
  if (related == 0) return {};
  if (speed > base_speed * options.speed_tolerance * adjustment.speed * severity)
    return {"SpeedExceededDespiteStutter", 0.3};
  if (deviation > options.proximity_tolerance * adjustment.proximity * severity)
    return {"PositionDeviationDespiteStutter", 0.4};
  return {nullptr, std::max(0.5, 1 - related * 0.1)};
}

Rule speed_rule(double speed, double base_speed, const SmartContext& context,
                const SmartOptions& options, const SmartAdjustment& adjustment) {
  double k = adjustment.speed;
  if (context.average_fps < options.low_fps) k *= 2 - context.average_fps / options.low_fps;
  k *= 1.5 - context.score / 100 * 0.5;
  k = std::min(3.0, k);
  if (speed > base_speed * options.speed_tolerance * k)
    return {"DynamicSpeedExceeded", std::max(0.2, context.score / 100)};
  return {nullptr, std::min(1.0, 0.7 + context.score / 100 * 0.3)};
}

Rule proximity_rule(double t, double deviation, const SmartContext& context,
                    const SmartOptions& options, const SmartAdjustment& adjustment) {
  double k = adjustment.proximity;
  if (context.memory_events > 0) k *= std::min(2.0, 1 + context.memory_events * 0.2);
  const auto near =
      std::count_if(context.issues.begin(), context.issues.end(),
                    [t](const SmartIssue& issue) { return std::fabs(t - issue.timestamp) <= 500; });
  if (near > 0) k *= std::min(1.8, 1 + static_cast<double>(near) * 0.15);
  k = std::min(2.5, k);
  if (deviation > options.proximity_tolerance * k)
    return {"DynamicProximityExceeded", std::max(0.3, context.score / 100)};
  return {nullptr, std::min(1.0, 0.8 + context.score / 100 * 0.2)};
}

}  // namespace smart

void SmartContextBuilder::add(const SmartIssue& issue, double now) {
  issues_.push_back(issue);
  std::erase_if(issues_, [&](const SmartIssue& i) { return now - i.timestamp > window_ms_; });
  if (issues_.size() > kMaxIssues) issues_.erase(issues_.begin());
}

SmartContext SmartContextBuilder::build(double fps, double score, double now) const {
  SmartContext context{fps == 0 ? 60 : fps, score == 0 ? 100 : score, 0, {}};
  for (const SmartIssue& issue : issues_) {
    if (now - issue.timestamp > window_ms_) continue;
    context.issues.push_back(issue);
    context.memory_events += issue.type == IssueType::memory_pressure ? 1 : 0;
  }
  return context;
}

double smart_score(double fps, double frame_ms, double memory) {
  const double score = std::min(100.0, fps / 60 * 100) * 0.6 +
                       std::max(0.0, 100 - (frame_ms - 16.67) * 2) * 0.3 +
                       std::max(0.0, 100 - memory * 100) * 0.1;
  return std::floor(score + 0.5);  // Math.round
}

int smart_monitor_severity(IssueType type, double value) {
  switch (type) {
    case IssueType::stutter: return value >= 300 ? 3 : value >= 200 ? 2 : value > 100 ? 1 : 0;
    case IssueType::low_fps: return value < 15 ? 3 : value < 25 ? 2 : value < 30 ? 1 : 0;
    case IssueType::memory_pressure: return value >= 0.9 ? 3 : value >= 0.8 ? 2 : 0;
  }
  return 0;
}

int smart_detector_severity(IssueType type, double value) {
  switch (type) {
    case IssueType::stutter: return value > 500 ? 3 : value > 200 ? 2 : value > 100 ? 1 : 0;
    case IssueType::low_fps: return value < 15 ? 3 : value < 25 ? 2 : value < 30 ? 1 : 0;
    case IssueType::memory_pressure:
      return value > 0.95 ? 3 : value > 0.85 ? 2 : value > 0.8 ? 1 : 0;
  }
  return 0;
}

}  // namespace gk::referee
