// lane_views.cc: a LaneService as JSON.

#include <algorithm>

#include "arbiter/service/lane_service.h"
#include "arbiter/service/lane_state.h"
#include "base/json_writer.h"

namespace gk::arbiter {
namespace {

double seconds(Nanos time) { return std::chrono::duration<double>(time).count(); }

std::string_view kind_name(PartyKind kind) {
  if (kind == PartyKind::http) return "http";
  if (kind == PartyKind::child) return "child";
  return kind == PartyKind::socket ? "socket" : "local";
}

void write_counters(JsonWriter& w, const LaneCounters& counters) {
  w.key("counters").begin_object();
  w.field("granted", counters.granted).field("timeout", counters.timed_out);
  w.field("cancelled", counters.cancelled).field("rejected", counters.rejected);
  w.field("expired", counters.expired).field("revoked", counters.revoked);
  w.field("stale_sends", counters.stale_sends).end_object();
}

void write_record(JsonWriter& w, const TraceRecord& r) {
  w.begin_array().value(r.ticket).value(r.token).value(r.time.time_since_epoch().count());
  w.value(r.value).value(r.until).value(r.lane).value(r.parent_lane).value(r.eff).value(r.depth);
  w.value(r.actor).value(r.flags).value(static_cast<unsigned>(r.event));
  w.value(static_cast<unsigned>(r.reason)).end_array();
}

}  // namespace

void LaneService::write_queue(JsonWriter& w, LaneState& lane) {
  const MonoTime now = clock_.mono();
  w.key("queue").begin_array();
  for (const WaitingStatus& status : gate_->queue(lane.id)) {
    const auto wait = tickets_.find(status.ticket.value);
    if (wait == tickets_.end()) continue;  // Its end is on its way.
    const Waiting& waiting = *waiting_.find(wait->second)->second;
    const Module* known = module(waiting.actor);
    w.begin_object().field("ticket", status.ticket.value).field("actor", waiting.actor);
    w.key("group").value(known == nullptr ? std::nullopt : known->group);
    w.field("priority", known == nullptr ? ActorOptions{}.priority : known->priority);
    w.field("effective_priority", status.effective_priority);
    w.field("waited_s", seconds(status.waited));
    w.field("deadline_in_s", seconds(std::max(Nanos(0), waiting.deadline - now)));
    w.field("bound_s", seconds(std::max(Nanos(0), status.bound - now)));
    w.field("ready", status.ready).end_object();
  }
  w.end_array();
}

void LaneService::write_holder(JsonWriter& w, LaneState& lane, const LaneStatus& status) {
  const bool held =
      lane.held && !lane.held->granted && status.holder && status.token == lane.held->grant.token();
  w.key("holder");
  if (!held) {
    w.null();
    return;
  }
  const Held& holder = *lane.held;
  const Module* known = module(holder.actor);
  w.begin_object().field("actor", holder.actor);
  w.key("group").value(known == nullptr ? std::nullopt : known->group);
  w.field("ticket", holder.ticket.value).field("token", status.token.value);
  w.field("kind", kind_name(holder.party.kind));
  w.key("pid").value(holder.party.pid).key("uid").value(holder.party.uid);
  w.field("age_s", seconds(status.held));
  w.field("lease_left_s", seconds(lease_left(lane, holder)));
  w.field("effective_priority", status.effective_priority);
  w.field("sub_grants", status.shares > 0 ? status.shares - 1 : 0).end_object();
}

void LaneService::write_lane(JsonWriter& w, LaneState& lane) {
  const LaneStatus status = gate_->status(lane.id);
  w.begin_object().field("lane", lane.name);
  write_holder(w, lane, status);
  write_queue(w, lane);
  w.field("cooldown_left_s", seconds(status.cooldown_left));
  w.field("min_valid_token", status.token.value + (status.holder ? 0 : 1));
  w.field("last_token", status.token.value);
  write_counters(w, status.counters);
  std::uint64_t all = 0;
  for (const auto& [actor, share] : lane.shares) all += share.granted;
  w.key("fairness").begin_array();
  for (const auto& [actor, share] : lane.shares) {
    const auto granted = static_cast<double>(share.granted);
    w.begin_object().field("actor", actor).field("granted", share.granted);
    w.field("share", granted / static_cast<double>(all));
    w.field("waited_mean_s", seconds(share.waited_sum) / granted);
    w.field("waited_max_s", seconds(share.waited_max)).end_object();
  }
  w.end_array().key("options").raw(lane.settings.json()).end_object();
}

std::string LaneService::lanes_json() {
  drain();
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("items").begin_array();
  for (auto& [name, lane] : lanes_) write_lane(w, *lane);
  w.end_array().key("next_cursor").null().end_object();
  return out;
}

Result<std::string> LaneService::lane_json(const std::string& name) {
  drain();
  LaneState* lane = find(name);
  if (lane == nullptr) return Error{Errc::not_found, "there is no lane \"" + name + "\""};
  std::string out;
  JsonWriter w(out);
  write_lane(w, *lane);
  return out;
}

Result<std::string> LaneService::brief_json(const std::string& name) {
  drain();
  LaneState* lane = find(name);
  if (lane == nullptr) return Error{Errc::not_found, "there is no lane \"" + name + "\""};
  const LaneStatus status = gate_->status(lane->id);
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("lane", name);
  w.key("holder").value(lane->held ? std::optional(lane->held->actor) : std::nullopt);
  w.field("last_token", status.token.value).field("depth", status.depth);
  w.field("lease_left_s", seconds(status.lease_left));
  w.field("cooldown_left_s", seconds(status.cooldown_left)).end_object();
  return out;
}

std::string LaneService::graph_json() {
  drain();
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("waits").begin_array();
  for (const auto& [id, waiting] : waiting_) {
    const LaneState* lane = find(waiting->lane);
    if (lane == nullptr || !lane->held) continue;  // Nobody is in its way but the clock.
    w.begin_object().field("ticket", waiting->ticket.value).field("actor", waiting->actor);
    w.field("waits_for_actor", lane->held->actor).field("lane", lane->name).end_object();
  }
  w.end_array().end_object();
  return out;
}

std::string LaneService::modules_json() const {
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("items").begin_array();
  for (const auto& [name, module] : modules_) w.raw(module.json());
  w.end_array().key("next_cursor").null().end_object();
  return out;
}

Result<std::string> LaneService::trace_json(const std::string& name, std::size_t limit) const {
  const auto found = lanes_.find(name);
  if (found == lanes_.end()) {
    return Error{Errc::not_found, "there is no lane \"" + name + "\""};
  }
  const auto trace = gate_->trace();
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("items").begin_array();
  std::size_t n = 0;
  for (auto r = trace.rbegin(); r != trace.rend() && n < limit; ++r) {
    if (r->lane != found->second->id.value) continue;
    ++n;
    const bool ticket = r->event == TraceEvent::granted || r->event == TraceEvent::timed_out ||
                        r->event == TraceEvent::cancelled;
    w.begin_object().field("at_s", seconds(r->time - started_));
    w.field("event", trace_event_name(r->event));
    w.key("reason").value(r->reason == Reason::none ? std::nullopt
                                                    : std::optional(reason_name(r->reason)));
    const std::string actor = actor_name(ActorId(r->actor));
    w.key("actor").value(actor.empty() ? std::nullopt : std::optional(actor));
    w.field("ticket", r->ticket).field("token", r->token);
    w.field("effective_priority", r->eff);
    w.field("waited_s", ticket ? seconds(Nanos(r->value)) : 0.0);
    w.field("depth", r->depth).end_object();
  }
  w.end_array().key("next_cursor").null().end_object();
  return out;
}

std::string LaneService::raw_trace_json() const {
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("lanes").begin_array();
  for (const auto& [name, lane] : lanes_) {
    w.begin_object().field("id", lane->id.value).field("name", name).end_object();
  }
  w.end_array().key("actors").begin_array();
  for (const auto& [name, id] : actors_) {
    w.begin_object().field("id", id.value).field("name", name).end_object();
  }
  const ArbiterOptions& options = gate_->options();
  w.end_array().key("options").begin_object();
  w.field("max_lanes", options.max_lanes).field("max_actors", options.max_actors);
  w.field("max_tickets", options.max_tickets).field("max_waiting", options.max_waiting);
  w.field("max_shares", options.max_shares).field("trace_records", options.trace_records);
  w.end_object().key("records").begin_array();
  for (const TraceRecord& record : gate_->trace()) write_record(w, record);
  w.end_array().end_object();
  return out;
}

}  // namespace gk::arbiter
