// Trend reports over HTTP.
#include <charconv>

#include "macros/routes.h"
#include "macros/routes_detail.h"
#include "macros/rules/safety_profile.h"

namespace gk::macros {
namespace {

using api::Call;
using api::Reply;

constexpr std::size_t kMaxDays = 30;      // Source: how long signals are kept, monitor.
constexpr std::size_t kMaxZoneName = 64;  // Source: chosen; the longest name has 32 characters.

void trends_route(TrendReports& reports, const Call& call, const Reply& reply) {
  TrendRequest request;
  std::vector<std::pair<std::string, std::string>> errors;
  if (const auto text = call.request.query_param("days")) {
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, request.days);
    if (error != std::errc() || stop != end || request.days < 1 || request.days > kMaxDays) {
      errors.emplace_back("days", "expected a whole number from 1 to 30, got \"" + *text + "\"");
    }
  }
  request.time_zone = call.request.query_param("time_zone").value_or("");
  if (request.time_zone.size() > kMaxZoneName) {
    errors.emplace_back("time_zone", "expected an IANA time zone, as Europe/Berlin");
  }
  request.macro_id = call.request.query_param("macro_id").value_or("");
  if (!request.macro_id.empty() && !valid_macro_id(request.macro_id)) {
    errors.emplace_back("macro_id", "expected a-z, 0-9, _ and -, 1 to 64 characters");
  }
  request.game = call.request.query_param("game").value_or("");
  if (request.game.size() > 64) {
    errors.emplace_back("game", "expected the name of a game link, at most 64 characters");
  }
  if (!errors.empty()) return reply.problem(invalid(std::move(errors)));
  const std::string zone = request.time_zone;
  reports.run(std::move(request), [reply, zone](const Result<std::string>& report) {
    if (!report && report.error().code == Errc::invalid_argument) {
      return reply.problem(invalid({{"time_zone",
                                     "expected an IANA time zone, as Europe/Berlin; "
                                     "this system has no \"" +
                                         zone + "\""}}));
    }
    if (!report) return reply.error(report.error());
    reply.json(*report);
  });
}

void add_schemas(api::Router& router) {
  router.add_schema({"MacroTrendLine",
                     {{"direction", "falling|steady|rising", "", true},
                      {"per_day", "number", "Slope, in the unit of the values a day", true}}});
  router.add_schema({"MacroTrendDay",
                     {{"runs", "integer", "That began on it", true},
                      {"run_time_s", "number", "s", true},
                      {"commands", "integer", "Given to a game, those that failed too", true},
                      {"commands_failed", "integer", "Refused, or without an answer", true},
                      {"warnings", "integer", "", true},
                      {"throttles", "integer", "", true},
                      {"pauses", "integer", "By rules and by people", true},
                      {"cancellations", "integer", "", true},
                      {"cancellations_by_rule", "map:integer", "Rule as in an event", true},
                      {"demand_pct", "number", "Mean over time, % of one core", true, true},
                      {"demand_peak_pct", "number", "% of one core", true, true},
                      {"memory_peak_pct", "number", "% of the machine's memory", true, true}}});
  router.add_schema({"MacroTrendLines",
                     {{"run_time_s", "#MacroTrendLine", "", true, true},
                      {"commands", "#MacroTrendLine", "", true, true},
                      {"warnings", "#MacroTrendLine", "", true, true},
                      {"cancellations", "#MacroTrendLine", "", true, true},
                      {"demand_pct", "#MacroTrendLine", "", true, true},
                      {"memory_peak_pct", "#MacroTrendLine", "", true, true}}});
  router.add_schema({"MacroTrend",
                     {{"macro_id", "string", "", true},
                      {"macro_name", "string", "The newest", true},
                      {"days", "#MacroTrendDay?[]", "One a day; null: it did not run", true},
                      {"trend", "#MacroTrendLines",
                       "Over the days that it ran on, without today; null: fewer than 3", true}}});
  router.add_schema({"MetricTrendDay",
                     {{"count", "integer", "Samples", true},
                      {"mean", "number", "Over time", true},
                      {"min", "number", "", true},
                      {"max", "number", "", true},
                      {"coverage", "number", "Share of the day that was measured, 0..1", true}}});
  router.add_schema(
      {"MetricTrend",
       {{"metric", "cpu_usage|memory_usage|fps|tick_ratio|latency|response_time", "", true},
        {"game", "string", "null: the machine", true, true},
        {"unit", "string", "", true},
        {"days", "#MetricTrendDay?[]", "One a day; null: nothing was measured", true},
        {"trend", "#MacroTrendLine", "Of the means; as of a macro", true, true}}});
  router.add_schema(
      {"MacroTrends",
       {{"from", "time", "Begin of the first day", true},
        {"to", "time", "Now", true},
        {"time_zone", "string", "Whose days", true},
        {"days", "string[]", "YYYY-MM-DD, oldest first; the last is today", true},
        {"daemon_ran", "number?[]",
         "Share of each day that the daemon ran, 0..1; null: it was not counted yet", true},
        {"truncated", "boolean", "Those that ran least are left out", true},
        {"macros", "#MacroTrend[]", "Those that ran longest first", true},
        {"metrics", "#MetricTrend[]", "The machine's, then by game", true}}});
}

}  // namespace

void add_trends_route(api::Router& router, TrendReports& reports) {
  add_schemas(router);
  router
      .add({net::Method::get, "/macro-safety/trends", "macros:read",
            "What macros did and what was measured, by day", "", "MacroTrends",
            [&reports](Call& call, const Reply& reply) { trends_route(reports, call, reply); }})
      .query({{"days", "integer", "1 to 30, default 7"},
              {"time_zone", "string", "IANA name; default that of the daemon"},
              {"macro_id", "string", "This macro only"},
              {"game", "string", "This game link only"}});
}

}  // namespace gk::macros
