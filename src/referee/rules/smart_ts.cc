#include <algorithm>
#include <cmath>

#include "referee/rules/smart.h"
#include "referee/rules/smart_parts.h"

namespace gk::referee {
namespace {

constexpr double kSpeed = 200;  // Source: KnutGame, literal in SmartAntiCheat.ts.

struct TimeRule {
  double confidence = 1, extension = 0;
};

TimeRule time_rule(double t, const SmartContext& context, const SmartAdjustment& adjustment) {
  int overlapping = 0;
  double extension = adjustment.time_extension;
  for (const SmartIssue& issue : context.issues) {
    if (t < issue.timestamp - adjustment.stutter_tolerance ||
        t > issue.timestamp + issue.duration + adjustment.stutter_tolerance)
      continue;
    ++overlapping;
    extension += 50 * (issue.severity == 3 ? 2 : issue.severity == 2 ? 1.5 : 1);
  }
  if (overlapping == 0) return {1, adjustment.time_extension};
  return {std::max(0.4, 1 - 0.15 * overlapping), std::min(extension, 1000.0)};
}

bool near_issue(double t, const SmartContext& context, const SmartOptions& options,
                double extension) {
  return std::any_of(context.issues.begin(), context.issues.end(), [&](const SmartIssue& issue) {
    return std::fabs(t - issue.timestamp) <= options.stutter_tolerance_ms + extension ||
           (issue.duration > 0 && issue.timestamp <= t &&
            t <= issue.timestamp + issue.duration + extension);
  });
}

}  // namespace

SmartAdjustment smart_ts_adjustment(const SmartContext& context, const SmartOptions& options) {
  if (!options.adjust) return {};
  const double pi = smart::pressure(context);
  const double stutters = std::min(1.0, smart::stutters(context) / 2.0);
  const double memory = std::min(1.0, context.memory_events / 3.0);
  SmartAdjustment a{options.stutter_tolerance_ms, 1, 1, 0};
  a.speed += pi * 1.2;
  a.proximity += pi * 0.8;
  if (context.average_fps < options.low_fps) {
    const double fi = (options.low_fps - context.average_fps) / options.low_fps;
    a.speed += fi * 0.4;
    a.proximity += fi * 0.2;
    a.time_extension += fi * 200;
  }
  a.stutter_tolerance += stutters * 200;
  a.speed += stutters * 0.8;
  a.proximity += stutters * 0.6;
  a.speed += memory * 0.2;
  a.proximity += memory * 0.1;
  a.speed = std::min(a.speed, 3.0);
  a.proximity = std::min(a.proximity, 2.5);
  a.time_extension = std::min(a.time_extension, 500.0);
  return a;
}

double smart_ts_confidence(const SmartContext& context, const SmartOptions& options, double now) {
  int recent = 0;
  for (const SmartIssue& issue : context.issues)
    recent += issue.type == IssueType::stutter && now - issue.timestamp <= 1000 ? 1 : 0;
  return smart::confidence(context, options, recent);
}

SmartResult smart_ts_validate(std::span<const SmartMove> moves, const SmartContext& context,
                              const SmartOptions& options, double now) {
  if (moves.empty()) return {};
  const SmartAdjustment adjustment = smart_ts_adjustment(context, options);
  const double window = std::max(adjustment.stutter_tolerance, options.stutter_tolerance_ms);
  double sum = 0;
  bool adjusted = false;
  for (const SmartMove& move : moves) {
    const double speed = move.deviation * 2;
    double confidence = smart_ts_confidence(context, options, now);
    double least = 1;
    for (const smart::Rule& rule :
         {smart::stutter_rule(move.timestamp, speed, move.deviation, kSpeed, window, context,
                              options, adjustment),
          smart::speed_rule(speed, kSpeed, context, options, adjustment),
          smart::proximity_rule(move.timestamp, move.deviation, context, options, adjustment)}) {
      if (rule.reason) return {false, rule.reason, rule.confidence, true, true};
      least = std::min(least, rule.confidence);
    }
    const TimeRule time = time_rule(move.timestamp, context, adjustment);
    adjusted = adjusted || least < 1 || time.extension > 0 ||
               near_issue(move.timestamp, context, options, adjustment.time_extension);
    confidence = std::min({confidence, least, time.confidence});
    sum += confidence;
  }
  SmartResult result;
  result.confidence = sum / static_cast<double>(moves.size());
  result.valid = result.confidence >= options.confidence_threshold;
  const bool trouble =
      !context.issues.empty() || context.average_fps < options.low_fps || context.memory_events > 0;
  result.adjusted = result.details = adjusted || (trouble && adjustment.speed > 1);
  return result;
}

}  // namespace gk::referee
