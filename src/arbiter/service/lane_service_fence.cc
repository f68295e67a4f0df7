// lane_service_fence.cc: a macro that asks like any other program is ended.

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

}  // namespace gk::arbiter
