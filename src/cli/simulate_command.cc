#include <ostream>

#include "base/clock.h"
#include "base/json_writer.h"
#include "cli/commands.h"

namespace gk::cli {
namespace {

struct SimulateOptions {
  std::string macro, profile, game, kind, from, to, level;
  double max_duration = 0, cpu = 0, memory = 0, fps = -1, latency = 0, response = 0;
};

std::string body_of(const SimulateOptions& o) {
  std::string body;
  JsonWriter w(body);
  w.begin_object().field("macro_id", o.macro);
  const auto text = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) w.field(key, value);
  };
  text("profile", o.profile);
  text("game", o.game);
  text("kind", o.kind);
  text("safety_level", o.level);
  text("from", o.from);
  text("to", o.to);
  w.key("patch").begin_object();
  if (o.max_duration > 0) w.field("max_duration", o.max_duration);
  w.key("thresholds").begin_object();
  const auto limit = [&](std::string_view key, double value) {
    if (value > 0) w.field(key, value);
  };
  limit("cpu_usage_max", o.cpu);
  limit("memory_usage_max", o.memory);
  if (o.fps >= 0) w.field("fps_min", o.fps);
  limit("latency_max", o.latency);
  limit("response_time_max", o.response);
  w.end_object().end_object().end_object();
  return body;
}

/// "4 min 10 s of 24 h 0 min recorded": a share hides that a young daemon has seen little.
std::string recorded_text(const JsonValue& answer, double unknown) {
  const auto from = parse_rfc3339(text_of(answer, "from")),
             to = parse_rfc3339(text_of(answer, "to"));
  if (!from || !to) return "-";
  const double asked = std::chrono::duration<double>(*to - *from).count();
  return human_duration(asked * (1 - unknown)) + " of " + human_duration(asked) + " recorded";
}

int simulate(Context& context, const SimulateOptions& options) {
  const auto answer = context.post("/macro-safety/simulate", body_of(options));
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& d : list_of(*answer, "decisions")) {
    rows.push_back(
        {text_of(d, "at"), text_of(d, "action"), text_of(d, "window"),
         text_of(d, "reason") + (text_of(d, "from_aggregate") == "true" ? " (a mean)" : "")});
  }
  if (rows.empty()) context.out() << "nothing would have been done\n";
  if (!rows.empty()) print_table(context.out(), {"WHEN", "STEP", "WINDOW", "REASON"}, rows);
  for (const JsonValue& p : list_of(*answer, "possible")) {
    context.out() << "possible: " << text_of(p, "signal") << " reached " << text_of(p, "worst")
                  << " (limit " << text_of(p, "limit") << ") between " << text_of(p, "from")
                  << " and " << text_of(p, "to") << "\n";
  }
  const std::string source = text_of(*answer, "level_from");
  context.out() << "level " << text_of(*answer, "safety_level")
                << (source == "last_run"  ? ", as at its last start\n"
                    : source == "request" ? ", as asked for\n"
                                          : ", of its profile\n");
  const double unknown = number_of(*answer, "unknown_share").value_or(1);
  context.out() << text_of(*answer, "samples_used") << " samples from " << text_of(*answer, "from")
                << " to " << text_of(*answer, "to") << ", " << text_of(*answer, "runs") << " runs"
                << (text_of(*answer, "runs_recorded") == "true" ? "" : " (assumed)") << ", "
                << text_of(*answer, "gaps") << " gaps, " << recorded_text(*answer, unknown) << "\n";
  if (text_of(*answer, "truncated") == "true") context.out() << "there is more than this\n";
  return 0;
}

}  // namespace

void add_simulate_command(CommandLine app, Action& action) {
  auto o = std::make_shared<SimulateOptions>();  // shared: the parser and the action use it
  auto command = app.add_subcommand(
      "simulate", "What a profile would have done to a macro over recorded history");
  command.add_option("macro", o->macro, "Id of the macro").required();
  command.add_option("--profile", o->profile, "Profile to try; without: its own");
  command.add_option("--from", o->from, "Such as 2026-03-29T01:00:00Z; without: a day before --to");
  command.add_option("--to", o->to, "Without: now");
  command.add_option("--game", o->game, "Where it acts");
  command.add_option("--kind", o->kind, "What could be done to it: script, process or external")
      .one_of({"script", "process", "external"});
  command.add_option("--level", o->level, "safe, risky or dangerous; without: as at its last start")
      .one_of({"safe", "risky", "dangerous"});
  command.add_option("--max-duration", o->max_duration, "Longest run, seconds");
  command.add_option("--cpu", o->cpu, "Limit of cpu_usage, %");
  command.add_option("--memory", o->memory, "Limit of memory_usage, %");
  command.add_option("--fps", o->fps, "Least fps");
  command.add_option("--latency", o->latency, "Limit of latency, ms");
  command.add_option("--response", o->response, "Limit of response_time, ms");
  command.callback(
      [&action, o] { action = [o](Context& context) { return simulate(context, *o); }; });
}

}  // namespace gk::cli
