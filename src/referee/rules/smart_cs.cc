#include <algorithm>
#include <cmath>
#include <set>

#include "referee/rules/smart.h"
#include "referee/rules/smart_parts.h"

// Source of every number in this file: KnutGame, AntiCheatService.cs, SmartAntiCheatService.cs.
namespace gk::referee {
namespace {

constexpr double kSpeed = 200;

/// Where the player was at `t`: between the first two moves around it, else at the last.
double player_x(const SmartRun& run, double t) {
  for (std::size_t i = 1; i < run.moves.size(); ++i) {
    const auto& a = run.moves[i - 1];
    const auto& b = run.moves[i];
    if (t < a.t || t > b.t) continue;
    const double span = b.t - a.t;
    return span <= 0 ? b.x : a.x + (b.x - a.x) * ((t - a.t) / span);
  }
  return run.moves.empty() ? run.width / 2 : run.moves.back().x;
}

template <class Range, class Time>
bool rising(const Range& range, Time time) {
  double last = -1;
  for (const auto& each : range) {
    if (time(each) < last) return false;
    last = time(each);
  }
  return true;
}

bool has_duplicate_item(const SmartRun& run) {
  std::set<std::string> seen;
  return std::any_of(run.items.begin(), run.items.end(),
                     [&](const SmartRun::Item& item) { return !seen.insert(item.id).second; });
}

bool too_fast(const SmartRun& run) {
  for (std::size_t i = 1; i < run.moves.size(); ++i) {
    const double dt = run.moves[i].t - run.moves[i - 1].t;
    if (dt <= 0) continue;
    if (std::fabs(run.moves[i].x - run.moves[i - 1].x) / dt * 1000 > kSpeed * 1.2) return true;
  }
  return false;
}

bool outside(const SmartRun& run) {
  return std::any_of(run.moves.begin(), run.moves.end(),
                     [&](const auto& m) { return m.x < 0 || m.x > run.width; }) ||
         std::any_of(run.items.begin(), run.items.end(), [&](const auto& i) {
           return i.x < 0 || i.x > run.width || i.y < 0 || i.y > run.height;
         });
}

}  // namespace

SmartAdjustment smart_cs_adjustment(const SmartContext& context, const SmartOptions& options) {
  if (!options.adjust) return {};
  const double pi = smart::pressure(context);
  const double stutters = std::min(1.0, smart::stutters(context) / 5.0);
  const double memory = std::min(1.0, context.memory_events / 3.0);
  SmartAdjustment a{options.stutter_tolerance_ms, 1, 1, 0};
  a.speed += pi * 0.5;
  a.proximity += pi * 0.3;
  if (context.average_fps < options.low_fps) {
    const double fi = (options.low_fps - context.average_fps) / options.low_fps;
    a.speed += fi * 0.4;
    a.proximity += fi * 0.2;
    a.time_extension += fi * 200;
  }
  a.stutter_tolerance += stutters * 100;
  a.speed += stutters * 0.3;
  a.proximity += stutters * 0.2;
  a.speed += memory * 0.2;
  a.proximity += memory * 0.1;
  a.speed = std::min(a.speed, 2.0);
  a.proximity = std::min(a.proximity, 1.8);
  a.time_extension = std::min(a.time_extension, 500.0);
  return a;
}

std::string smart_cs_base(const SmartRun& run) {
  if (run.duration < 1000) return "DurationTooShort";
  if (run.duration > 3'600'000) return "DurationTooLong";
  if (!rising(run.moves, [](const auto& m) { return m.t; }) ||
      !rising(run.hits, [](double t) { return t; }) ||
      !rising(run.items, [](const auto& i) { return i.t; }))
    return "NonMonotonicTime";
  if (has_duplicate_item(run)) return "DuplicateItem";
  double last = 0;
  if (!run.moves.empty()) last = std::max(last, run.moves.back().t);
  if (!run.hits.empty()) last = std::max(last, run.hits.back());
  if (!run.items.empty()) last = std::max(last, run.items.back().t);
  if (last > 0 && std::fabs(last - run.duration) > 500) return "DurationMismatch";
  if (too_fast(run)) return "SpeedExceeded";
  if (outside(run)) return "OutOfBounds";
  for (const auto& item : run.items) {
    if (std::fabs(player_x(run, item.t) - item.x) > 48) return "ItemPickupTooFar";
    const double lane = run.height * 0.9;
    if (item.y < lane - 64 || item.y > lane + 64) return "ItemPickupWrongLane";
  }
  if (run.moves.size() > 50'000) return "TooManyMoves";
  if (run.items.size() > 500) return "TooManyItems";
  return {};
}

SmartResult smart_cs_validate(const SmartRun& run, const SmartContext& context,
                              const SmartOptions& options) {
  const std::string base = smart_cs_base(run);
  const double confidence = smart::confidence(context, options, smart::stutters(context));
  const bool low = context.average_fps < options.low_fps;
  if (base.empty()) {
    const bool valid = confidence >= options.confidence_threshold;
    const bool adjusted = !context.issues.empty() || low;
    return {valid, valid ? "" : "LowConfidence", confidence, adjusted, adjusted};
  }
  const bool forgivable =
      base == "SpeedExceeded" || base == "ItemPickupTooFar" || base == "DurationMismatch";
  if (!options.adjust || !forgivable ||
      (context.issues.empty() && !low && context.memory_events == 0))
    return {false, base, confidence, false, false};
  const SmartAdjustment a = smart_cs_adjustment(context, options);
  const auto passes = [&](double t, double speed, double deviation, bool with_speed) {
    return !smart::stutter_rule(t, speed, deviation, kSpeed, a.stutter_tolerance, context, options,
                                a)
                .reason &&
           !(with_speed && smart::speed_rule(speed, kSpeed, context, options, a).reason) &&
           !smart::proximity_rule(t, deviation, context, options, a).reason;
  };
  bool all = true;
  for (std::size_t i = 1; i < run.moves.size(); ++i) {
    const double dt = run.moves[i].t - run.moves[i - 1].t;
    const double dx = std::fabs(run.moves[i].x - run.moves[i - 1].x);
    if (dt > 0) all = all && passes(run.moves[i].t, dx / dt * 1000, dx, true);
  }
  for (const auto& item : run.items)
    all = all && passes(item.t, 0, std::fabs(player_x(run, item.t) - item.x), false);
  return {all, all ? "" : base, confidence, true, true};
}

}  // namespace gk::referee
