// Movements, declarations, round trips and claims over HTTP.
#include "referee/service/routes_detail.h"

namespace gk::referee {
namespace {

using api::Call;
using api::Reply;
using net::Method;

/// Reads a body with `read`, then applies its events on the judge's thread.
void add_events(api::Router& router, RefereeService& service, std::string_view path,
                std::string_view summary, std::string_view schema,
                std::function<std::vector<ReportedEvent>(const JsonValue&, Complaints&)> read) {
  router.add({Method::post, path, "anticheat:write", summary, schema, "MovementApplied",
              [&service, read = std::move(read)](Call& call, const Reply& reply) {
                Complaints complaints;
                auto events = read(call.body, complaints);
                if (!complaints.empty()) return reply.problem(invalid(std::move(complaints)));
                answer_from_judge(
                    service, reply,
                    [events = std::move(events)](Bench& bench, Now now) -> Result<std::string> {
                      return apply_events(bench.judge, events, now);
                    });
              }});
}

}  // namespace

void add_judging_routes(api::Router& router, RefereeService& service) {
  router.add({Method::post, "/movement/validate", "anticheat:write",
              "Judge one or many movements, in order", "MovementValidate", "MovementValidated",
              [&service](Call& call, const Reply& reply) {
                Complaints complaints;
                auto body = read_validate(call.body, service.options(), complaints);
                if (!complaints.empty()) return reply.problem(invalid(std::move(complaints)));
                answer_from_judge(
                    service, reply,
                    [body = std::move(body)](Bench& bench, Now now) -> Result<std::string> {
                      return validate(bench.judge, body, now);
                    });
              }});
  add_events(router, service, "/movement/declare",
             "What the game did to players: teleport, respawn, speed, knockback, vehicle, free, "
             "frozen, leave",
             "MovementDeclare", [&service](const JsonValue& body, Complaints& complaints) {
               return read_declarations(body, service.options(), complaints);
             });
  add_events(router, service, "/movement/rtt", "Round trips that the game server measured",
             "MovementRtt", read_round_trips);
  add_events(router, service, "/movement/claims",
             "What clients say about their own performance; never widens what is accepted",
             "MovementClaims", read_claims);
}

}  // namespace gk::referee
