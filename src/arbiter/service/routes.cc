#include "arbiter/service/routes.h"

#include <algorithm>
#include <charconv>

#include "arbiter/service/lane_identity.h"
#include "arbiter/service/routes_detail.h"
#include "base/json_writer.h"

namespace gk::arbiter {
namespace {

using api::Call;
using api::Reply;
using net::Method;

constexpr double kLongPoll = 30;      // Source: specification, seconds
constexpr Millis kUpdatePeriod{250};  // Source: specification, at most 4 a second
constexpr std::int64_t kMaxToken = std::int64_t{1} << 53;  // Source: exact in a JSON number

double seconds(Nanos time) { return std::chrono::duration<double>(time).count(); }
Nanos nanos(double value) {
  return std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(value));
}

/// A wait that ended without the lane is a problem of its own.
void fail(const Reply& reply, const Error& error) {
  if (error.code != Errc::deadline_exceeded) return reply.error(error);
  reply.problem({.type = "lock-timeout", .detail = error.message, .errors = {}});
}

Party party_of(const Call& call) {
  Party party;
  party.kind = PartyKind::http;
  party.user = call.principal->name;
  party.admin = call.principal->has_scope("locks:admin");
  party.pid = call.request.peer.pid;
  party.uid = call.request.peer.uid;
  return party;
}

std::string lease_json(const Lease& lease) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("lane", lease.lane).field("actor", lease.actor);
  w.field("ticket", lease.ticket.value).field("token", lease.token.value);
  w.field("expires_in_s", seconds(lease.expires_in)).end_object();
  return out;
}

void acquire(LaneService& service, const Call& call, const Reply& reply) {
  AcquireRequest request;
  request.lane = call.param("lane");
  JsonReader reader(call.body, "");
  reader.require("actor");
  reader.string("actor", request.actor, 64);
  const LaneSettings* settings = service.settings(request.lane);
  double timeout = settings == nullptr ? kLongPoll : std::min(kLongPoll, settings->timeout_s);
  double lease = 0;
  reader.number("timeout_s", timeout, 0.001, kLongPoll);
  reader.number("lease_s", lease, 0.001, 600);
  reader.refuse_unknown();
  if (!reader.complaints().empty()) return reply.problem(invalid(reader.complaints()));
  request.timeout = nanos(timeout);
  if (lease > 0) request.lease = nanos(lease);
  request.party = party_of(call);
  request.party.identities = identities_of(*call.principal, call.request.peer);
  const Module* module = service.module(request.actor);
  if (module != nullptr && module->bound() && !request.party.admin) {
    return reply.problem({.type = "forbidden",
                          .detail = "the module \"" + request.actor +
                                    "\" is for the processes it names, over the socket of lanes",
                          .errors = {}});
  }
  const auto wait = service.acquire(request, [reply](const Result<Lease>& lease_or_error) {
    if (!lease_or_error) return fail(reply, lease_or_error.error());
    reply.json(lease_json(*lease_or_error));
  });
  if (!wait) return fail(reply, wait.error());
  if (call.request.on_disconnect) {
    call.request.on_disconnect([&service, id = *wait] { service.cancel(id); });
  }
}

/// The token of a body that has nothing else.
bool read_token(const Call& call, const Reply& reply, Token& token) {
  JsonReader reader(call.body, "");
  std::int64_t number = 0;
  reader.require("token");
  reader.integer("token", number, 0, kMaxToken);
  reader.refuse_unknown();
  token = Token(static_cast<std::uint64_t>(number));
  if (reader.complaints().empty()) return true;
  reply.problem(invalid(reader.complaints()));
  return false;
}

void renew(LaneService& service, const Call& call, const Reply& reply) {
  Token token;
  if (!read_token(call, reply, token)) return;
  const auto lease = service.renew(call.param("lane"), token, party_of(call));
  if (!lease) return reply.error(lease.error());
  reply.json(lease_json(*lease));
}

void release(LaneService& service, const Call& call, const Reply& reply) {
  Token token;
  if (!read_token(call, reply, token)) return;
  const auto released = service.release(call.param("lane"), token, party_of(call));
  if (!released) return reply.error(released.error());
  reply.json("{\"released\":true}");
}

void check(LaneService& service, const Call& call, const Reply& reply) {
  Token token;
  if (!read_token(call, reply, token)) return;
  const auto valid = service.may_act(call.param("lane"), token);
  if (!valid) return reply.error(valid.error());
  reply.json(*valid ? "{\"valid\":true}" : "{\"valid\":false}");
}

void revoke(LaneService& service, const Call& call, const Reply& reply) {
  JsonReader reader(call.body, "");
  std::string reason;
  reader.require("reason");
  reader.string("reason", reason, 256);
  reader.refuse_unknown();
  if (!reader.complaints().empty()) return reply.problem(invalid(reader.complaints()));
  const auto revoked = service.revoke(call.param("lane"), reason, call.principal->name);
  if (!revoked) return reply.error(revoked.error());
  reply.json(*revoked ? "{\"revoked\":true}" : "{\"revoked\":false}");
}

void trace(LaneService& service, const Call& call, const Reply& reply) {
  std::size_t limit = 100;
  if (const auto text = call.request.query_param("limit")) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
    if (error != std::errc() || end != text->data() + text->size() || limit < 1 || limit > 1000) {
      return reply.problem(invalid({{"limit", "expected a whole number from 1 to 1000"}}));
    }
  }
  const auto found = service.trace_json(call.param("lane"), limit);
  if (!found) return reply.error(found.error());
  reply.json(*found);
}

void add_views(api::Router& router, LaneService& service) {
  router.add({Method::get, "/locks", "locks:read", "All lanes with holders and queues", "",
              "LaneList",
              [&service](Call&, const Reply& reply) { reply.json(service.lanes_json()); }});
  router.add({Method::get, "/locks/graph", "locks:read", "Who waits for whom", "", "LaneGraph",
              [&service](Call&, const Reply& reply) { reply.json(service.graph_json()); }});
  router
      .add({Method::get, "/locks/{lane}/trace", "locks:read",
            "What happened on a lane, newest first", "", "LaneTrace",
            [&service](Call& call, const Reply& reply) { trace(service, call, reply); }})
      .query({api::kLimit});
  router.add({Method::get, "/lock-trace", "locks:read",
              "All records of the trace as numbers, for a replay", "", "LaneRawTrace",
              [&service](Call&, const Reply& reply) { reply.json(service.raw_trace_json()); }});
}

void add_use(api::Router& router, LaneService& service) {
  router.add({Method::post, "/locks/{lane}/acquire", "locks:use",
              "Long poll: answers with a grant, or after timeout_s", "LaneAcquire", "LaneLease",
              [&service](Call& call, const Reply& reply) { acquire(service, call, reply); }});
  router.add({Method::post, "/locks/{lane}/renew", "locks:use", "Move the end of a lease",
              "LaneToken", "LaneLease",
              [&service](Call& call, const Reply& reply) { renew(service, call, reply); }});
  router.add({Method::post, "/locks/{lane}/release", "locks:use", "End a grant", "LaneToken",
              "LaneReleased",
              [&service](Call& call, const Reply& reply) { release(service, call, reply); }});
  router.add({Method::post, "/locks/{lane}/check", "locks:use",
              "Whether an act under a token may happen now", "LaneToken", "LaneValid",
              [&service](Call& call, const Reply& reply) { check(service, call, reply); }});
  router.add({Method::post, "/locks/{lane}/revoke", "locks:admin", "Take a lane from its holder",
              "LaneRevoke", "LaneRevoked",
              [&service](Call& call, const Reply& reply) { revoke(service, call, reply); }});
}

std::string notice_json(const LaneNotice& notice) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("lane", notice.lane).field("actor", notice.actor);
  w.field("ticket", notice.ticket.value);
  if (notice.kind == LaneNotice::Kind::granted) w.field("token", notice.token.value);
  w.field("waited_s", seconds(notice.waited)).end_object();
  return out;
}

}  // namespace

void add_lane_routes(api::Router& router, LaneService& service) {
  add_lane_schemas(router);
  add_views(router, service);
  add_use(router, service);
  add_lane_settings_routes(router, service);
}

LaneTopics::LaneTopics(api::Hub& hub, LaneService& service, net::Loop& loop, const Clock& clock)
    : hub_(hub), service_(service), loop_(loop), clock_(clock) {
  using api::Delivery;
  hub.add_topic(
      {"lock:granted", "locks:read", "A lane was granted", "LaneGranted", Delivery::every, {}});
  hub.add_topic({"lock:timeout",
                 "locks:read",
                 "A request for a lane timed out",
                 "LaneTimeout",
                 Delivery::every,
                 {}});
  hub.add_topic({"lock:updated", "locks:read", "All lanes", "LaneList", Delivery::latest_wins,
                 [&service] { return service.lanes_json(); }});
  notices_ = service.notices().subscribe([this](const LaneNotice& notice) { on_notice(notice); });
}

void LaneTopics::on_notice(const LaneNotice& notice) {
  if (notice.kind == LaneNotice::Kind::granted) hub_.publish("lock:granted", notice_json(notice));
  if (notice.kind == LaneNotice::Kind::timeout) hub_.publish("lock:timeout", notice_json(notice));
  if (later_.active() || !hub_.has_subscribers("lock:updated")) return;
  // Later also when it could be now: a notice comes in the middle of a change.
  const Nanos since =
      published_ == MonoTime::min() ? Nanos(kUpdatePeriod) : clock_.mono() - published_;
  later_ =
      loop_.after(std::max(Nanos(0), Nanos(kUpdatePeriod) - since), [this] { publish_state(); });
}

void LaneTopics::publish_state() {
  published_ = clock_.mono();
  if (hub_.has_subscribers("lock:updated")) hub_.publish("lock:updated", service_.lanes_json());
}

}  // namespace gk::arbiter
