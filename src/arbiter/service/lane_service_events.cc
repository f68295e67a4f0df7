// lane_service_events.cc: what the gate and the store say to a LaneService, in order, on the loop.

#include <algorithm>

#include "arbiter/service/lane_service.h"
#include "arbiter/service/lane_state.h"
#include "base/span.h"

namespace gk::arbiter {

void LaneService::drain() {
  if (draining_) return;  // Whoever drains takes what came meanwhile, too.
  draining_ = true;
  for (auto items = inbox_->take(); !items.empty(); items = inbox_->take()) {
    for (Inbox::Item& item : items) {
      if (item.wait == 0) {
        on_ended(item.ended);
      } else {
        on_decision(item.wait, std::move(item.result));
      }
    }
  }
  draining_ = false;
}

void LaneService::on_decision(WaitId id, Result<Grant> result) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;  // The grant ends here.
  if (!result) return on_refused(id, result.error());
  Waiting waiting = std::move(*found->second);
  waiting_.erase(found);
  tickets_.erase(waiting.ticket.value);
  on_granted(id, std::move(waiting), std::move(*result));
}

void LaneService::on_refused(WaitId id, const Error& error) {
  const auto found = waiting_.find(id);
  const Waiting waiting = std::move(*found->second);
  waiting_.erase(found);
  tickets_.erase(waiting.ticket.value);
  const LaneState* lane = find(waiting.lane);
  const std::string name = lane == nullptr ? "" : lane->name;
  const bool timeout = error.code == Errc::deadline_exceeded;
  if (timeout) timed_out_.inc();
  notify({.kind = timeout ? LaneNotice::Kind::timeout : LaneNotice::Kind::changed,
          .lane = name,
          .actor = waiting.actor,
          .ticket = waiting.ticket,
          .token = {},
          .waited = clock_.mono() - waiting.since});
  write_span(log_, "lane.wait", clock_.mono() - waiting.since, error.message,
             waiting.correlation_id, name);
  waiting.granted(error);
}

void LaneService::on_granted(WaitId id, Waiting waiting, Grant grant) {
  LaneState* lane = find(waiting.lane);
  if (lane == nullptr || lane->ended_upto >= grant.token()) {
    return waiting.granted(Error{Errc::cancelled, "the grant ended before it was handed over"});
  }
  if (lane->held) lose(*lane, Reason::lease);  // Its end is on its way.
  const MonoTime now = clock_.mono();
  write_span(log_, "lane.wait", now - waiting.since, "done", waiting.correlation_id, lane->name);
  const LaneStatus status = gate_->status(lane->id);
  Nanos left = status.token == grant.token() ? status.lease_left : Nanos(0);
  if (waiting.lease) left = std::min(left, *waiting.lease);
  Held& held = lane->held.emplace();
  held.grant = std::move(grant);
  held.wait = id;
  held.granted = std::move(waiting.granted);
  held.party = std::move(waiting.party);
  held.actor = std::move(waiting.actor);
  held.ticket = waiting.ticket;
  held.since = waiting.since;
  held.ends = now + left;
  held.lease = waiting.lease;
  if (held.lease) {
    held.lease_end = loop_.after(left, [this, lane] { lose(*lane, Reason::lease); });
  }
  reserve(*lane);
  deliver(*lane);
}

/// Hands the grant to its holder, once its token may be shown.
void LaneService::deliver(LaneState& lane) {
  if (!lane.held || !lane.held->granted || !lane.reserve.may_show(lane.held->grant.token())) {
    return;
  }
  Held& held = *lane.held;
  const Granted granted = std::move(held.granted);
  held.granted = nullptr;
  const Nanos waited = clock_.mono() - held.since;
  Share& share = lane.shares[held.actor];
  ++share.granted;
  share.waited_sum += waited;
  share.waited_max = std::max(share.waited_max, waited);
  granted_.inc();
  waited_.observe(std::chrono::duration<double>(waited).count());
  const Lease lease{lane.name, held.actor, held.ticket, held.grant.token(), lease_left(lane, held)};
  notify({.kind = LaneNotice::Kind::granted,
          .lane = lane.name,
          .actor = held.actor,
          .ticket = held.ticket,
          .token = lease.token,
          .waited = waited});
  granted(lease);
}

/// Reserves the next block of tokens when half of the last one is used.
void LaneService::reserve(LaneState& lane) {
  const auto ceiling = lane.reserve.next(gate_->high_water(lane.id));
  if (!ceiling) return;
  store_.save_ceiling(lane.name, *ceiling, [this, name = lane.name](const Result<void>& stored) {
    on_stored(name, stored);
  });
}

void LaneService::on_stored(const std::string& name, const Result<void>& stored) {
  LaneState* lane = find(name);
  if (lane == nullptr) return;
  if (stored) {
    lane->reserve.stored();
    deliver(*lane);
    reserve(*lane);
    return drain();
  }
  lane->reserve.failed();
  log_.error("lanes.reserve_failed", stored.error().message, {{"lane", name}});
  if (lane->held && lane->held->granted && !lane->reserve.may_show(lane->held->grant.token())) {
    const Granted granted = std::move(lane->held->granted);
    lane->held.reset();
    granted(Error{Errc::unavailable, "the token could not be stored: " + stored.error().message});
  }
  lane->retry = loop_.after(options_.store_retry, [this, name] {
    if (LaneState* still = find(name); still != nullptr) reserve(*still);
  });
  drain();
}

void LaneService::on_ended(const Ended& ended) {
  LaneState* lane = find(ended.grant.lane);
  if (lane == nullptr) return;
  lane->ended_upto = std::max(lane->ended_upto, ended.grant.token);
  if (lane->held && lane->held->grant.token() == ended.grant.token) lose(*lane, ended.reason);
}

/// The holder has lost the lane, by whatever but its own release.
void LaneService::lose(LaneState& lane, Reason reason) {
  if (!lane.held) return;
  Held held = std::move(*lane.held);
  lane.held.reset();
  lane.ended_upto = std::max(lane.ended_upto, held.grant.token());
  const Token token = held.grant.token();
  held.grant.release();
  lost_.inc();
  log_.info("lanes.lost", "a grant ended without its holder's doing",
            {{"lane", lane.name}, {"actor", held.actor}, {"reason", reason_name(reason)}});
  notify({.kind = LaneNotice::Kind::lost,
          .lane = lane.name,
          .actor = held.actor,
          .ticket = held.ticket,
          .token = token,
          .waited = {},
          .owner = held.party.owner,
          .reason = reason});
  if (held.granted)
    held.granted(Error{Errc::cancelled, "the grant ended before it was handed over"});
  drain();
}

}  // namespace gk::arbiter
