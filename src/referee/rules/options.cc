// Checks and derived values of the referee's options.
#include <cmath>
#include <string>

#include "referee/rules/core.h"

namespace gk::referee {
namespace {

Error out_of_range(const char* name, double got, double low, double high) {
  return {Errc::invalid_argument, std::string(name) + ": expected " + std::to_string(low) + " to " +
                                      std::to_string(high) + ", got " + std::to_string(got)};
}

struct Range {
  const char* name;
  double value, low, high;
};

}  // namespace

Result<void> check_options(const RefereeOptions& o) {
  const auto number = [](auto v) { return static_cast<double>(v); };
  const double most = number(o.max_credit_us);
  const Range ranges[] = {
      {"max_credit_us", most, 0, 10e6},
      {"base_credit_us", number(o.base_credit_us), 0, most},
      {"min_base_credit_us", number(o.min_base_credit_us), 0, number(o.base_credit_us)},
      {"join_credit_us", number(o.join_credit_us), number(o.base_credit_us), most},
      {"loose_us", number(o.loose_us), 0, 10e6},
      {"min_loose_us", number(o.min_loose_us), 0, number(o.loose_us)},
      {"slack_us", number(o.slack_us), 0, 2e6},
      {"carry_us", number(o.carry_us), 0, number(o.slack_us)},
      {"credit_leak", o.credit_leak, 0, 1},
      {"speed_tolerance", o.speed_tolerance, 0, 1},
      {"pool_leak", o.pool_leak, 0, 1},
      {"evidence_hold_us", number(o.evidence_hold_us), 0, 60e6},
      {"evidence_decay", o.evidence_decay, 0, 10},
      {"block_us", number(o.block_us), 100'000, 60e6},
      {"bet", o.bet, 0, 8},
      {"honest_block_rate", o.honest_block_rate, 0.001, 0.12},
      {"watch_at", o.watch_at, 1, 1e30},
      {"review_at", o.review_at, o.watch_at, 1e30},
      {"max_move_rate", o.max_move_rate, 1, 1000},
      {"claims_per_second", number(o.claims_per_second), 1, 255},
      {"max_players", number(o.max_players), 1, 4 << 20},
      {"max_profiles", number(o.max_profiles), 1, 65535},
      {"max_items", number(o.max_items), 1, 1 << 20},
      {"max_explanations", number(o.max_explanations), 1, 1 << 20},
  };
  for (const Range& r : ranges)
    if (!(r.value >= r.low && r.value <= r.high))
      return out_of_range(r.name, r.value, r.low, r.high);
  for (const ActionLimit& action : o.actions)
    if (!((action.per_second == 0 || action.per_second >= 1e-6F) && action.per_second <= 1e6F &&
          action.burst >= 1 && action.burst <= 1e6F))
      return out_of_range("actions", action.per_second, 0, 1e6);
  return {};
}

Result<void> check_profile(const MoveProfile& p) {
  const Range ranges[] = {
      {"max_speed", p.max_speed, 1e-6, 1e6},
      {"max_rise_speed", p.max_rise_speed, 0, 1e6},
      {"gravity", p.gravity, 0, 1e6},
      {"max_fall_speed", p.max_fall_speed, 0, 1e6},
      {"units_per_metre", p.units_per_metre, 1e-6, 1e5},
      {"step_m", p.step_m, 0, 100},
      {"tolerance_m", p.tolerance_m, 0, 100},
      {"nominal_us", static_cast<double>(p.nominal_us), 1'000, 10e6},
  };
  for (const Range& r : ranges)
    if (!(r.value >= r.low && r.value <= r.high))
      return out_of_range(r.name, r.value, r.low, r.high);
  if (!in_world(p.low) || !in_world(p.high))
    return Error{Errc::invalid_argument, "low, high: expected numbers below 1e9"};
  return {};
}

Limits make_limits(const RefereeOptions& o) {
  Limits limits{};
  limits.base_us = o.base_credit_us;
  limits.min_base_us = o.min_base_credit_us;
  limits.join_us = o.join_credit_us;
  limits.max_us = o.max_credit_us;
  limits.hold_us = o.evidence_hold_us;
  limits.block_us = o.block_us;
  limits.min_loose_us = o.min_loose_us;
  const std::int64_t span = o.base_credit_us - o.min_base_credit_us;
  limits.loose_ppm = span > 0 ? (o.loose_us - o.min_loose_us) * 1'000'000 / span : 0;
  if (span == 0) limits.min_loose_us = o.loose_us;  // Not adaptive: always the wide one.
  limits.leak_ppm = std::llround(o.credit_leak * 1e6);
  limits.decay_ppm = std::llround(o.evidence_decay * 1e6);
  limits.tolerance = static_cast<float>(1 + o.speed_tolerance);
  limits.shadow = o.mode == RefereeMode::shadow;
  return limits;
}

ProfileLimits make_profile_limits(const MoveProfile& profile, const RefereeOptions& o) {
  constexpr float kRisePoolM = 2.2F;  // Source: referee specification.
  constexpr double kAirStep = 1.1;    // Source: referee specification, nominal intervals.
  ProfileLimits limits;
  limits.profile = profile;
  limits.slack_d = profile.max_speed * static_cast<float>(o.slack_us - o.carry_us) * 1e-6F;
  limits.carry_d = profile.max_speed * static_cast<float>(o.carry_us) * 1e-6F;
  limits.leak_d_per_us = profile.max_speed * static_cast<float>(o.pool_leak) * 1e-6F;
  limits.envelope_d = (profile.step_m + profile.tolerance_m) * profile.units_per_metre;
  limits.rise_pool_d = kRisePoolM * profile.units_per_metre;
  limits.move_cost_us =
      static_cast<std::uint32_t>(static_cast<double>(profile.nominal_us) / o.max_move_rate);
  limits.air_step_us =
      static_cast<std::uint32_t>(static_cast<double>(profile.nominal_us) * kAirStep);
  return limits;
}

}  // namespace gk::referee
