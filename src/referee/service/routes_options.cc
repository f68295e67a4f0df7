// Options, reviews, sources and recordings over HTTP.
#include <arpa/inet.h>
#include <sodium.h>

#include <algorithm>
#include <array>

#include "referee/service/routes_detail.h"
#include "sys/files.h"

namespace gk::referee {
namespace {

using api::Call;
using api::Reply;
using net::Method;

constexpr double kDefaultRecordingMb = 64;  // Source: chosen.

std::string etag(const RefereeService& service) {
  return "\"" + std::to_string(service.version()) + "\"";
}

void answer_options(const RefereeService& service, const Reply& reply) {
  net::Response response;
  response.headers.emplace_back("ETag", etag(service));
  response.body = service_options_json(service.options());
  reply.response(std::move(response));
}

void put_options(RefereeService& service, Call& call, const Reply& reply) {
  Complaints complaints;
  const auto options = read_service_options(call.body, service.options(), complaints);
  if (!options) return reply.problem(invalid(std::move(complaints)));
  service.set_options(*options, call.principal->name, [&service, reply](const Result<void>& set) {
    if (!set) return reply.error(set.error());
    answer_options(service, reply);
  });
}

void write_history(const RefereeService& service, const Reply& reply) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("items").begin_array();
  for (auto it = service.history().rbegin(); it != service.history().rend(); ++it)
    json.begin_object()
        .field("version", it->version)
        .field("at", it->at)
        .field("by", it->by)
        .key("options")
        .raw(it->json)
        .end_object();
  json.end_array().key("next_cursor").null().end_object();
  reply.json(std::move(out));
}

/// Newest first; `cursor` is the id of the last item before.
void list_reviews(const RefereeService& service, const Call& call, const Reply& reply) {
  const auto limit = page_limit(call.request);
  if (!limit) return reply.problem(invalid({{"limit", "expected a number from 1 to 1000"}}));
  std::optional<ReviewState> wanted;
  if (const auto state = call.request.query_param("state")) {
    wanted = parse_review_state(*state);
    if (!wanted) return reply.problem(invalid({{"state", "expected open, accepted or dismissed"}}));
  }
  const auto& items = service.reviews().items();
  auto at = items.begin();
  if (const auto cursor = call.request.query_param("cursor")) {
    at = std::find_if(items.begin(), items.end(), [&](const Review& r) { return r.id == *cursor; });
    if (at == items.end()) return reply.problem(invalid({{"cursor", "no such review any more"}}));
    ++at;
  }
  std::string out;
  std::string last;
  JsonWriter json(out);
  json.begin_object().key("items").begin_array();
  const auto fits = [&](const Review& r) { return !wanted || r.state == *wanted; };
  for (std::size_t n = 0; n < *limit && at != items.end(); ++at) {
    if (!fits(*at)) continue;
    write_review(json, *at);
    last = at->id;
    ++n;
  }
  json.end_array().key("next_cursor");
  std::any_of(at, items.end(), fits) ? json.value(last) : json.null();
  json.end_object();
  reply.json(std::move(out));
}

void decide(RefereeService& service, Call& call, const Reply& reply, ReviewState state) {
  JsonReader reader(call.body, "");
  std::string note;
  reader.string("note", note, 1000);
  reader.refuse_unknown();
  if (!reader.complaints().empty()) return reply.problem(invalid(reader.complaints()));
  service.decide(call.param("id"), state, call.principal->name, note,
                 [reply](const Result<Review>& decided) {
                   if (!decided) return reply.error(decided.error());
                   std::string out;
                   JsonWriter json(out);
                   write_review(json, *decided);
                   reply.json(std::move(out));
                 });
}

bool is_address(const std::string& text) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

void write_source(JsonWriter& json, const Source& source, bool with_key) {
  json.begin_object()
      .field("name", source.name)
      .field("number", source.number)
      .field("address", source.address);
  if (with_key) {
    std::array<char, 65> hex{};
    sodium_bin2hex(hex.data(), hex.size(), source.key.data(), source.key.size());
    json.field("key", std::string_view(hex.data()));
  }
  json.end_object();
}

void add_source(RefereeService& service, Call& call, const Reply& reply) {
  JsonReader reader(call.body, "");
  std::string name;
  std::string address;
  for (const char* key : {"name", "address"}) reader.require(key);
  reader.string("name", name, 32);
  reader.string("address", address, 64);
  if (!name.empty() && !sys::is_safe_name(name))
    reader.complain("name", "expected a-z, 0-9, _ and -");
  if (name == "local") reader.complain("name", "is taken by the Unix socket");
  if (!address.empty() && !is_address(address))
    reader.complain("address", "expected an IPv4 or IPv6 address without port");
  reader.refuse_unknown();
  if (!reader.complaints().empty()) return reply.problem(invalid(reader.complaints()));
  service.add_source(name, address, call.principal->name, [reply](const Result<Source>& added) {
    if (!added) return reply.error(added.error());
    std::string out;
    JsonWriter json(out);
    write_source(json, *added, true);
    reply.json(std::move(out), 201);
  });
}

void list_sources(const RefereeService& service, const Reply& reply) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("items").begin_array();
  for (const Source& source : service.sources()) write_source(json, source, false);
  json.end_array().key("next_cursor").null().end_object();
  reply.json(std::move(out));
}

void answer_recording(const Reply& reply, const Result<RecordingState>& state, int status) {
  if (!state) return reply.error(state.error());
  std::string out;
  JsonWriter json(out);
  json.begin_object()
      .field("running", state->running)
      .field("name", state->name.empty() ? std::nullopt : std::optional(state->name))
      .field("file", state->name.empty() ? std::nullopt
                                         : std::optional("movement/" + state->name + ".jsonl"))
      .field("bytes", state->bytes)
      .field("max_bytes", state->max_bytes)
      .field("lines", state->lines)
      .field("ended", state->ended.empty() ? std::nullopt : std::optional(state->ended))
      .end_object();
  reply.json(std::move(out), status);
}

void start_recording(RefereeService& service, Call& call, const Reply& reply) {
  JsonReader reader(call.body, "");
  std::string name;
  double max_mb = kDefaultRecordingMb;
  reader.require("name");
  reader.string("name", name, 64);
  reader.number("max_mb", max_mb, 0.01, 1024);
  if (!name.empty() && !sys::is_safe_name(name))
    reader.complain("name", "expected a-z, 0-9, _ and -, 1 to 64 characters");
  reader.refuse_unknown();
  if (!reader.complaints().empty()) return reply.problem(invalid(reader.complaints()));
  service.start_recording(
      name, static_cast<std::uint64_t>(max_mb * 1e6),
      [reply](const Result<RecordingState>& state) { answer_recording(reply, state, 201); });
}

}  // namespace

void add_option_routes(api::Router& router, RefereeService& service) {
  router.add({Method::get, "/movement/options", "anticheat:read", "How movements are judged", "",
              "MovementOptions",
              [&service](Call&, const Reply& reply) { answer_options(service, reply); }, false,
              false, api::Versions::required});
  router.add({Method::put, "/movement/options", "anticheat:admin",
              "Change how movements are judged; absent members stay; needs If-Match",
              "MovementOptions", "MovementOptions",
              [&service](Call& call, const Reply& reply) { put_options(service, call, reply); }});
  router.add({Method::get, "/movement/options/history", "anticheat:read",
              "Versions of the options, newest first, at most 100", "", "MovementOptionsPage",
              [&service](Call&, const Reply& reply) { write_history(service, reply); }});
}

void add_review_routes(api::Router& router, RefereeService& service) {
  router
      .add({Method::get, "/movement/review", "anticheat:read",
            "Players whose evidence needs a look, newest first; ?state=open", "",
            "MovementReviewPage",
            [&service](Call& call, const Reply& reply) { list_reviews(service, call, reply); }})
      .query({api::kLimit, api::kCursor, {"state", "open|accepted|dismissed", ""}});
  router.add({Method::post, "/movement/review/{id}/accept", "anticheat:write", "The player cheated",
              "MovementDecision", "MovementReview", [&service](Call& call, const Reply& reply) {
                decide(service, call, reply, ReviewState::accepted);
              }});
  router.add({Method::post, "/movement/review/{id}/dismiss", "anticheat:write",
              "The player did nothing wrong", "MovementDecision", "MovementReview",
              [&service](Call& call, const Reply& reply) {
                decide(service, call, reply, ReviewState::dismissed);
              }});
}

void add_admin_routes(api::Router& router, RefereeService& service) {
  router.add({Method::get, "/movement/sources", "anticheat:admin",
              "Game servers that may send over UDP", "", "MovementSourcePage",
              [&service](Call&, const Reply& reply) { list_sources(service, reply); }});
  router
      .add({Method::post, "/movement/sources", "anticheat:admin",
            "Let a game server send over UDP; the key is shown this once", "MovementSourceNew",
            "MovementSource",
            [&service](Call& call, const Reply& reply) { add_source(service, call, reply); }})
      .answers({201});
  router
      .add({Method::del, "/movement/sources/{name}", "anticheat:admin", "Revoke a source's key", "",
            "",
            [&service](Call& call, const Reply& reply) {
              service.remove_source(call.param("name"), [reply](const Result<void>& gone) {
                if (!gone) return reply.error(gone.error());
                net::Response response;
                response.status = 204;
                reply.response(std::move(response));
              });
            }})
      .answers({204});
  router.add({Method::get, "/movement/recording", "anticheat:admin",
              "The recording that runs, or the last", "", "MovementRecording",
              [&service](Call&, const Reply& reply) {
                service.ask<RecordingState>(
                    [](Bench& bench, Now) { return bench.judge.recorder().state(); },
                    [reply](const Result<RecordingState>& s) { answer_recording(reply, s, 200); });
              }});
  router
      .add({Method::post, "/movement/recording/start", "anticheat:admin",
            "Record what arrives as a trace below the data folder", "MovementRecordingStart",
            "MovementRecording",
            [&service](Call& call, const Reply& reply) { start_recording(service, call, reply); }})
      .answers({201});
  router.add({Method::post, "/movement/recording/stop", "anticheat:admin", "End the recording", "",
              "MovementRecording", [&service](Call&, const Reply& reply) {
                service.stop_recording([reply](const Result<RecordingState>& state) {
                  answer_recording(reply, state, 200);
                });
              }});
}

}  // namespace gk::referee
