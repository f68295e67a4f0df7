// The sentence of an explanation, and the names of the public enums.
#include <cstdio>

#include "referee/rules/core.h"

namespace gk {

const char* referee_rule_name(RefereeRule rule) {
  switch (rule) {
    case RefereeRule::none: return "none";
    case RefereeRule::speed: return "speed";
    case RefereeRule::clock: return "clock";
    case RefereeRule::teleport: return "teleport";
    case RefereeRule::rise: return "rise";
    case RefereeRule::airborne: return "airborne";
    case RefereeRule::bounds: return "bounds";
    case RefereeRule::rate: return "rate";
    case RefereeRule::target: return "target";
    case RefereeRule::reach: return "reach";
    case RefereeRule::item: return "item";
    case RefereeRule::lane: return "lane";
  }
  return "unknown";
}

const char* player_state_name(PlayerState state) {
  switch (state) {
    case PlayerState::ok: return "ok";
    case PlayerState::watch: return "watch";
    case PlayerState::review: return "review";
  }
  return "unknown";
}

const char* channel_name(Channel channel) {
  switch (channel) {
    case Channel::needs_slack: return "needs_slack";
    case Channel::stolen_time: return "stolen_time";
    case Channel::airborne: return "airborne";
    case Channel::reach: return "reach";
    case Channel::rate: return "rate";
    case Channel::claim_mismatch: return "claim_mismatch";
    case Channel::gap: return "gap";
    case Channel::reject: return "reject";
  }
  return "unknown";
}

namespace referee {

void write_sentence(Explanation& why) {
  char reason[56] = "no lag seen";
  const auto ms = [](std::uint32_t us) { return us / 1000; };
  if (why.overrun_us > why.silence_us && why.overrun_us > why.rtt_rise_us)
    std::snprintf(reason, sizeof reason, "server late %u ms", ms(why.overrun_us));
  else if (why.rtt_rise_us > 0)
    std::snprintf(reason, sizeof reason, "RTT +%u ms", ms(why.rtt_rise_us));
  else if (why.silence_us > 0)
    std::snprintf(reason, sizeof reason, "silence %u ms seen by server", ms(why.silence_us));
  const char* hint = why.undeclared_teleport_hint ? "; undeclared teleport?" : "";
  const int wrote = std::snprintf(
      why.sentence, sizeof why.sentence, "%s: %.4g units in %u ms, %.4g allowed, %s%s",
      referee_rule_name(why.rule), static_cast<double>(why.distance), ms(why.claimed_us),
      static_cast<double>(why.allowed), reason, hint);
  if (wrote < 0) why.sentence[0] = 0;  // Cut off at the end is fine: it is for people.
}

}  // namespace referee
}  // namespace gk
