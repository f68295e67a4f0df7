// script.h: what the steps of a script do to a World. Any list of steps is a valid script, so
// rapidcheck can shrink one.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arbiter/rules/trace_check.h"
#include "arbiter/rules/trace_replay.h"
#include "world.h"

namespace gk::arbiter {

inline void World::use_grant(const Step& step, GrantRef grant) {
  switch (step.b % 8) {
    case 0: (void)core_.renew(grant, now_); break;
    case 1: (void)core_.share(grant, now_); break;
    case 2: {
      const std::size_t before = core_.lanes()[grant.lane.value - 1].shares.size();
      const bool ended = core_.release(grant, ShareId(2), now_).ok();
      const auto& hold = core_.lanes()[grant.lane.value - 1].hold;
      const bool still = hold && hold->token == grant.token;
      if (ended && still != (before > 1)) fail("1 a share's end ended the root, or did not");
      break;
    }
    case 3:
      if (!core_.may_send(grant, now_)) fail("7 a live token was refused");
      break;
    case 4: {
      const GrantRef old =
          past_.empty() ? GrantRef{LaneId(1), Token(1)} : past_[step.a % past_.size()];
      const auto& hold = core_.lanes()[old.lane.value - 1].hold;
      const bool current = hold && hold->token == old.token;
      if (core_.may_send(old, now_) && !current) fail("7 a stale send was accepted");
      break;
    }
    case 5: (void)core_.foreign_hold(grant, 1U + step.a % 2, now_); break;
    case 6: (void)core_.foreign_wait(grant, 1U + step.a % 2, now_); break;
    default: (void)core_.foreign_end(grant, 1U + step.a % 2, now_); break;
  }
}

// LONG: one case a kind of step.
inline void World::apply(const Step& step) {
  const std::size_t lanes = core_.lanes().size(), actors = core_.actors().size();
  const LaneId one(1 + step.b % lanes), two(1 + (step.b + 1U) % lanes);
  const Nanos patience = step.a % 4 == 0 ? Nanos(Millis(100 + step.b)) : Nanos(1h);
  const auto grants = live();
  const auto tickets = waiting();
  const bool some = !grants.empty();
  const GrantRef grant = some ? grants[step.a % grants.size()] : GrantRef{};
  const auto holder = [&] { return core_.lanes()[grant.lane.value - 1].hold->actor; };
  const int what = step.what % 16;
  switch (!nesting_ && what >= 3 && what <= 6 ? 0 : what) {
    case 0:
    case 1:
    case 2: request(step.a % actors, {one}, patience); break;
    case 3: request(step.a % actors, {one, two}, patience); break;
    case 4:
    case 5:
      if (some) request(holder(), {one}, patience, grant);
      break;
    case 6:
      if (some) request(holder(), {one, two}, patience, grant);
      break;
    case 7:
    case 8:
      if (some) (void)core_.release(grant, ShareId(1), now_);
      break;
    case 9: pass(Millis(step.a)); break;
    case 10: pass(Millis(step.a * 3)); break;
    case 11:
      if (core_.next_event() < now_ + 1h) pass(std::max(Nanos(0), core_.next_event() - now_));
      break;
    case 12:
      if (!tickets.empty()) (void)core_.cancel(tickets[step.a % tickets.size()], now_);
      break;
    case 13:
      if (some) use_grant(step, grant);
      break;
    case 14: {
      const OwnerId owner(1 + step.a % 3);
      if (step.b % 4 != 0) break;  // rarely, or nothing lives long
      core_.drop_owner(owner, now_);
      for (const Lane& lane : core_.lanes()) {
        if (lane.hold && lane.hold->owner == owner) fail("7 a dead holder keeps its lane");
      }
      break;
    }
    default:
      if (step.b % 2 == 0) {
        request(step.a % actors, {one}, 1s, {}, Wait::no);
      } else if (step.b % 8 == 1) {
        const Lane& lane = core_.lanes()[one.value - 1];
        LaneOptions options{lane.options.switch_gap, lane.options.max_hold, lane.gcra.pacing()};
        options.pacing.interval = Millis(step.a);
        (void)core_.set_lane(one, options, now_);
      }
      break;
  }
  look();
}

/// Runs a script, then lets all holders go and checks that nobody waits for ever, and the trace.
/// Returns the first rule that was broken, or nothing.
inline std::optional<std::string> run_script(const std::vector<Step>& script,
                                             const WorldOptions& options,
                                             MutantForTest mutant = MutantForTest::none) {
  World world(options, mutant);
  for (const Step& step : script) {
    world.apply(step);
    if (world.violation()) return world.violation();
  }
  for (int i = 0; i < 80 && !world.waiting().empty(); ++i) {
    for (const GrantRef grant : world.live()) {
      for (std::uint64_t share = 1; share < 40; ++share) {
        if (!world.core().release(grant, ShareId(share), world.now())) continue;
      }
    }
    world.pass(500ms);
  }
  if (world.violation()) return world.violation();
  if (!world.waiting().empty()) return "rule 9 somebody waits for ever";
  const auto trace = world.trace();
  const auto checked = check_trace(trace);
  if (!checked) return "trace: " + checked.error().message;
  if (!checked->breaches.empty()) return checked->breaches[0];
  if (mutant != MutantForTest::none && mutant != MutantForTest::untraced_renewal) return {};
  const auto again = replay(trace, options.arbiter);
  if (!again) return "rule 12 replay: " + again.error().message;
  if (!again->same) return "rule 12 replay differs: " + again->explanation;
  if (again->digest != world.core().digest()) return "rule 12 replay ends in another state";
  return {};
}

}  // namespace gk::arbiter
