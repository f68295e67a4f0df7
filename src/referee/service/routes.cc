#include "referee/service/routes.h"

#include <charconv>

#include "referee/offline/options_text.h"
#include "referee/service/replay_body.h"
#include "referee/service/routes_detail.h"

namespace gk::referee {
namespace {

using api::Call;
using api::Reply;
using net::Method;

constexpr std::size_t kWorstShown = 50;  // Source: contract of movement:updated.

/// The route's options from its query; a complaint when one is wrong.
std::optional<std::string> read_replay_query(const net::Request& request, ReplayOptions& out) {
  out.events = request.query_param("events").value_or("0") == "1";
  const std::string mode = request.query_param("mode").value_or("bounded");
  if (mode == "bounded")
    out.mode = ReplayMode::bounded;
  else if (mode == "shadow")
    out.mode = ReplayMode::shadow;
  else if (mode == "smart_ts")
    out.mode = ReplayMode::smart_ts;
  else if (mode == "smart_cs")
    out.mode = ReplayMode::smart_cs;
  else
    return "expected bounded, shadow, smart_ts or smart_cs";
  return std::nullopt;
}

void add_replay(api::Router& router, WorkerPool& pool,
                std::function<void(std::function<void()>)> post) {
  router
      .add({Method::post, "/movement/replay", "anticheat:read",
            "Judge a pasted trace (application/x-ndjson, at most 16 MiB) on its own", "",
            "MovementReplay",
            [&pool, post](Call& call, const Reply& reply) {
              ReplayOptions options;
              if (const auto wrong = read_replay_query(call.request, options))
                return reply.problem(invalid({{"mode", *wrong}}));
              const auto queued = pool.post([post, reply, options, body = call.request.body] {
                // Shared: std::function needs a copyable closure.
                auto answer = std::make_shared<Result<std::string>>(replay_body(body, options));
                post([reply, answer] {
                  if (!*answer) return reply.error(answer->error());
                  reply.json(std::move(**answer));
                });
              });
              if (!queued) reply.error(queued.error());
            }})
      .import_body()
      .request_media("application/x-ndjson")
      .query({{"events", "0|1", "1: with an event a movement"},
              {"mode", "bounded|shadow|smart_ts|smart_cs", "Default bounded"}});
}

Counted counted_of(Bench& bench) {
  return {bench.judge.stats(), bench.ingest.stats(), bench.judge.names().size()};
}

struct Update {
  Counted counted;
  std::string players;  // JSON array.
};

Update update_of(Bench& bench, Now now) {
  Update update{counted_of(bench), ""};
  const double base_s = static_cast<double>(bench.judge.options().referee.base_credit_us) / 1e6;
  JsonWriter json(update.players);
  json.begin_array();
  bench.judge.each_worst(kWorstShown, now,
                         [&](const PlayerView& view) { write_player(json, view, base_s, false); });
  json.end_array();
  return update;
}

void add_stats(api::Router& router, RefereeService& service) {
  router.add({Method::get, "/movement/stats", "anticheat:read",
              "Counts, the false-positive ratio and how often adjustments were applied", "",
              "MovementStats", [&service](Call&, const Reply& reply) {
                service.ask<Counted>([](Bench& bench, Now) { return counted_of(bench); },
                                     [&service, reply](const Result<Counted>& counted) {
                                       if (!counted) return reply.error(counted.error());
                                       reply.json(service.stats_json(*counted));
                                     });
              }});
}

}  // namespace

std::optional<std::size_t> page_limit(const net::Request& request) {
  const auto text = request.query_param("limit");
  if (!text) return 100;
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc() || end != text->data() + text->size() || limit < 1 || limit > 1000)
    return std::nullopt;
  return limit;
}

void add_referee_routes(api::Router& router, RefereeService& service, WorkerPool& pool,
                        std::function<void(std::function<void()>)> post) {
  add_schemas(router);
  add_judging_routes(router, service);
  add_view_routes(router, service);
  add_stats(router, service);
  add_option_routes(router, service);
  add_review_routes(router, service);
  add_admin_routes(router, service);
  add_replay(router, pool, std::move(post));
}

MovementTopics::MovementTopics(api::Hub& hub, RefereeService& service)
    : hub_(hub), service_(service) {
  hub.add_topic({.name = "movement:rejected",
                 .scope = "anticheat:read",
                 .summary = "A movement was refused (in shadow mode: would have been)",
                 .schema = "MovementVerdict",
                 .delivery = api::Delivery::every,
                 .snapshot = {}});
  latest_ = "{\"players\":[],\"stats\":" + service.stats_json({}) + "}";
  hub.add_topic({.name = "movement:updated",
                 .scope = "anticheat:read",
                 .summary = "The 50 worst players and the counts; at most 4 a second",
                 .schema = "MovementUpdate",
                 .delivery = api::Delivery::latest_wins,
                 .snapshot = [this] {
                   refresh();  // What it finds is published to the new subscriber as well.
                   return latest_;
                 }});
  rejected_ = service.rejected().subscribe([&hub](const VerdictRecord& record) {
    if (hub.has_subscribers("movement:rejected"))
      hub.publish("movement:rejected", verdict_json(record));
  });
  changed_ = service.changed().subscribe([this](bool) {
    if (hub_.has_subscribers("movement:updated")) refresh();
  });
}

void MovementTopics::refresh() {
  if (asking_) return;
  asking_ = true;
  service_.ask<Update>(update_of, [this](const Result<Update>& update) {
    asking_ = false;
    if (!update) return;
    latest_ = "{\"players\":" + update->players +
              ",\"stats\":" + service_.stats_json(update->counted) + "}";
    hub_.publish("movement:updated", latest_);
  });
}

}  // namespace gk::referee
