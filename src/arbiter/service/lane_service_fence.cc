// lane_service_fence.cc: a macro that asks like any other program is ended.

#include <algorithm>
#include <vector>

#include "arbiter/service/lane_service.h"
#include "arbiter/service/lane_state.h"

namespace gk::arbiter {

void LaneService::enter_macro(const std::string& macro, const std::string& process,
                              const std::vector<std::string>& others) {
  fences_.enter(macro, process, others);
}

void LaneService::fence_macro(std::string_view macro, FenceReach reach) {
  fences_.fence(macro, reach);  // First, and without memory: from here on it is refused.
  for (auto& [name, lane] : lanes_) {
    if (!lane->held || fences_.check(lane->held->actor, lane->held->party.identities)) continue;
    log_.warn("lanes.macro_fenced", "a lane was taken from a macro that is being ended",
              {{"lane", name}, {"actor", lane->held->actor}, {"macro_id", macro}});
    (void)gate_->revoke(lane->id);
  }
  std::vector<TicketId> waits;
  for (const auto& [id, waiting] : waiting_) {
    if (!fences_.check(waiting->actor, waiting->party.identities)) waits.push_back(waiting->ticket);
  }
  for (const TicketId ticket : waits) (void)gate_->cancel(ticket);
  drain();
}

bool LaneService::is_used_by_others(std::string_view actor,
                                    const std::vector<std::string>& identities) const {
  const auto is_other = [&](const std::string& as, const Party& party) {
    if (as != actor) return false;
    return std::none_of(identities.begin(), identities.end(), [&](const std::string& identity) {
      const auto& its = party.identities;
      return std::find(its.begin(), its.end(), identity) != its.end();
    });
  };
  for (const auto& [name, lane] : lanes_) {
    if (lane->held && is_other(lane->held->actor, lane->held->party)) return true;
  }
  for (const auto& [id, waiting] : waiting_) {
    if (is_other(waiting->actor, waiting->party)) return true;
  }
  return false;
}

}  // namespace gk::arbiter
