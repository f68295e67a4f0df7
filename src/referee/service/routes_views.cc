// Verdicts and players over HTTP.
#include <algorithm>

#include "api/list_page.h"
#include "referee/service/routes_detail.h"

namespace gk::referee {
namespace {

using api::Call;
using api::Reply;
using net::Method;

double base_s(const Judge& judge) {
  return static_cast<double>(judge.options().referee.base_credit_us) / 1e6;
}

struct VerdictQuery {
  std::size_t limit = 100;
  std::uint64_t before = ~std::uint64_t{0};  // Numbers below it.
  std::string player;
  bool only_rejected = false;
};

/// Newest first, from the ring.
std::string list_verdicts(const Judge& judge, const VerdictQuery& query) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("items").begin_array();
  const auto& ring = judge.verdicts();
  std::size_t shown = 0;
  std::uint64_t last = 0;
  bool more = false;
  for (std::size_t i = ring.size(); i > 0; --i) {
    const VerdictRecord& record = ring[i - 1];
    if (record.number == 0 || record.number >= query.before) continue;
    if (!query.player.empty() && record.player != query.player) continue;
    if (query.only_rejected && !record.refused()) continue;
    if (shown == query.limit) {
      more = true;
      break;
    }
    write_verdict_json(json, record);
    last = record.number;
    ++shown;
  }
  json.end_array().key("next_cursor");
  more ? json.value(verdict_id(last)) : json.null();
  json.end_object();
  return out;
}

Result<std::string> one_verdict(const Judge& judge, const std::string& id) {
  const auto number = verdict_number(id);
  const auto& ring = judge.verdicts();
  for (std::size_t i = 0; number && *number > 0 && i < ring.size(); ++i)
    if (ring[i].number == *number) return verdict_json(ring[i]);
  return Error{Errc::not_found, "no verdict " + id + " is kept (the newest 2,000 are)"};
}

std::string list_players(const Judge& judge, std::size_t limit, const std::string& cursor,
                         Now now) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("items").begin_array();
  const auto names = judge.names();
  auto at = std::upper_bound(names.begin(), names.end(), cursor);
  for (std::size_t n = 0; n < limit && at != names.end(); ++n, ++at)
    if (const auto view = judge.view(*at, now)) write_player(json, *view, base_s(judge), false);
  json.end_array().key("next_cursor");
  at == names.end() ? json.null() : json.value(api::seal_cursor(*(at - 1)));
  json.end_object();
  return out;
}

Result<std::string> one_player(const Judge& judge, const std::string& name, Now now) {
  const auto view = judge.view(name, now);
  if (!view) return Error{Errc::not_found, "no player " + name + " is in the table"};
  std::string out;
  JsonWriter json(out);
  write_player(json, *view, base_s(judge), true);
  return out;
}

void add_verdicts(api::Router& router, RefereeService& service) {
  router
      .add({Method::get, "/movement/verdicts", "anticheat:read",
            "Verdicts, newest first: every refusal and a sample of the accepted", "",
            "MovementVerdictPage",
            [&service](Call& call, const Reply& reply) {
              VerdictQuery query;
              const auto limit = page_limit(call.request);
              if (!limit)
                return reply.problem(invalid({{"limit", "expected a number from 1 to 1000"}}));
              query.limit = *limit;
              if (const auto cursor = call.request.query_param("cursor")) {
                const auto number = verdict_number(*cursor);
                if (!number) return reply.problem(invalid({{"cursor", "expected a verdict id"}}));
                query.before = *number;
              }
              query.player = call.request.query_param("player").value_or("");
              const std::string only = call.request.query_param("only").value_or("");
              if (!only.empty() && only != "rejected")
                return reply.problem(invalid({{"only", "expected rejected"}}));
              query.only_rejected = !only.empty();
              answer_from_judge(service, reply, [query](Bench& bench, Now) -> Result<std::string> {
                return list_verdicts(bench.judge, query);
              });
            }})
      .query({api::kLimit,
              api::kCursor,
              {"player", "string", "One player only"},
              {"only", "rejected|", "Refusals only"}});
  router.add({Method::get, "/movement/verdicts/{id}", "anticheat:read", "One verdict", "",
              "MovementVerdict", [&service](Call& call, const Reply& reply) {
                answer_from_judge(service, reply, [id = call.param("id")](Bench& bench, Now) {
                  return one_verdict(bench.judge, id);
                });
              }});
}

}  // namespace

void add_view_routes(api::Router& router, RefereeService& service) {
  add_verdicts(router, service);
  router
      .add({Method::get, "/movement/players", "anticheat:read", "Players in the table, by name", "",
            "MovementPlayerPage",
            [&service](Call& call, const Reply& reply) {
              const auto limit = page_limit(call.request);
              if (!limit)
                return reply.problem(invalid({{"limit", "expected a number from 1 to 1000"}}));
              const auto cursor = api::read_cursor(call.request);
              if (!cursor) return reply.error(cursor.error());
              answer_from_judge(
                  service, reply,
                  [limit = *limit, cursor = *cursor](Bench& bench, Now now) -> Result<std::string> {
                    return list_players(bench.judge, limit, cursor, now);
                  });
            }})
      .query({api::kLimit, api::kCursor});
  router.add({Method::get, "/movement/players/{id}", "anticheat:read",
              "One player with ratios, path, channels and baseline", "", "MovementPlayer",
              [&service](Call& call, const Reply& reply) {
                answer_from_judge(service, reply, [id = call.param("id")](Bench& bench, Now now) {
                  return one_player(bench.judge, id, now);
                });
              }});
  router.add({Method::get, "/movement/players/{id}/data", "anticheat:admin",
              "Everything that is kept about a player", "", "MovementPlayerData",
              [&service](Call& call, const Reply& reply) {
                service.export_player(call.param("id"), [reply](Result<std::string> data) {
                  if (!data) return reply.error(data.error());
                  reply.json(std::move(*data));
                });
              }});
  router
      .add({Method::del, "/movement/players/{id}/data", "anticheat:admin",
            "Forget a player: verdicts, path, reviews, baseline", "", "",
            [&service](Call& call, const Reply& reply) {
              service.delete_player(call.param("id"), [reply](const Result<void>& gone) {
                if (!gone) return reply.error(gone.error());
                net::Response response;
                response.status = 204;
                reply.response(std::move(response));
              });
            }})
      .answers({204});
}

}  // namespace gk::referee
