#include <ostream>

#include "base/json_writer.h"
#include "base/try.h"
#include "base/utf8.h"
#include "cli/commands.h"

namespace gk::cli {
namespace {

struct ScheduleOptions {
  std::string name, cron, zone;
  std::vector<std::string> windows;
  bool clear = false;
  std::optional<std::string> resume, profile, game, args;

  bool has_moments() const { return !cron.empty() || !windows.empty(); }
  bool changes() const { return clear || has_moments() || resume || profile || game || args; }
};

std::string path_of(const std::string& name, const std::string& rest = "") {
  return "/macro-scripts/" + name + rest;
}

/// "22:00-02:00" or "22:00-02:00 fri,sat"; whether those are times and days the daemon says.
Result<void> write_window(JsonWriter& w, const std::string& text) {
  const std::size_t dash = text.find('-');
  const std::size_t space = std::min(text.find(' '), text.size());
  if (dash == std::string::npos || dash == 0 || dash + 1 >= space) {
    return Error{Errc::invalid_argument,
                 "expected --window \"22:00-02:00\" or \"22:00-02:00 fri,sat\", got \"" +
                     printable(text) + "\""};
  }
  w.begin_object().field("start", text.substr(0, dash));
  w.field("end", text.substr(dash + 1, space - dash - 1));
  if (space + 1 < text.size()) w.field("days", text.substr(space + 1));
  w.end_object();
  return {};
}

Result<void> write_schedule(JsonWriter& w, const ScheduleOptions& options) {
  w.key("schedule");
  if (options.clear) {
    w.null();
    return {};
  }
  w.begin_object();
  if (!options.cron.empty()) w.field("cron", options.cron);
  w.field("time_zone", options.zone.empty() ? "UTC" : options.zone);
  if (!options.windows.empty()) {
    w.key("windows").begin_array();
    for (const std::string& window : options.windows) GK_CHECK_OK(write_window(w, window));
    w.end_array();
  }
  w.end_object();
  return {};
}

Result<std::string> body_of(const ScheduleOptions& options) {
  std::string body;
  JsonWriter w(body);
  w.begin_object();
  if (options.clear || options.has_moments()) GK_CHECK_OK(write_schedule(w, options));
  if (options.resume) w.field("resume", *options.resume == "yes");
  if (options.profile) w.field("profile", *options.profile);
  if (options.game) w.field("game", *options.game);
  if (options.args) {
    auto args = options.args->empty() ? Result<JsonValue>(JsonValue()) : parse_json(*options.args);
    if (!args) return Error{Errc::invalid_argument, "--args: " + args.error().message};
    w.key("args").value(*args);
  }
  w.end_object();
  return body;
}

Result<void> check_options(const ScheduleOptions& options) {
  GK_CHECK_OK(check_name(options.name));
  if (options.clear && options.has_moments()) {
    return Error{Errc::invalid_argument,
                 "expected either --clear or --cron and --window: the one takes the schedule away"};
  }
  if (!options.zone.empty() && !options.has_moments()) {
    return Error{Errc::invalid_argument,
                 "expected --cron or --window beside --zone: a schedule is replaced as a whole"};
  }
  return {};
}

/// "0 4 * * *, only 22:00 to 02:00 (fri,sat), Europe/Berlin".
std::string schedule_text(const JsonValue& schedule) {
  const JsonValue* windows = schedule.find("windows");
  std::string inside;
  for (const JsonValue& window :
       windows != nullptr && windows->is_array() ? windows->as_array() : JsonValue::Array{}) {
    inside +=
        (inside.empty() ? "" : ", ") + text_of(window, "start") + " to " + text_of(window, "end");
    if (window.find("days") != nullptr) inside += " (" + text_of(window, "days") + ")";
  }
  const bool has_cron = schedule.find("cron") != nullptr;
  std::string out = has_cron ? text_of(schedule, "cron") : "at the start of " + inside;
  if (has_cron && !inside.empty()) out += ", only " + inside;
  return out + ", " +
         (schedule.find("time_zone") == nullptr ? "UTC" : text_of(schedule, "time_zone"));
}

/// What decides when and how it starts by itself, then the next starts.
int print_schedule(Context& context, const JsonValue& script) {
  const std::string name = text_of(script, "name");
  const JsonValue* schedule = script.find("schedule");
  const bool by_itself = schedule != nullptr && schedule->is_object();
  const auto or_else = [&script](const char* key, const char* nothing) {
    const std::string text = text_of(script, key);
    return text.empty() || text == "-" ? std::string(nothing) : text;
  };
  auto& out = context.out();
  out << name
      << (by_itself ? " starts by itself: " + schedule_text(*schedule) : " starts by hand only")
      << "\n";
  out << "after a restart of the daemon  "
      << (text_of(script, "resume") == "true" ? "resumes" : "does not resume") << "\n";
  out << "profile    " << or_else("profile", "its own") << "\n";
  out << "game       " << or_else("runs_on", "none") << "\n";
  out << "arguments  " << or_else("args", "none") << "\n";
  if (!by_itself) return 0;
  if (text_of(script, "enabled") != "true") {
    out << "it is disabled and will not start; gamekeeper macro enable " << name << "\n";
  }
  const auto next = context.get(path_of(name, "/schedule/next?n=5"));
  if (!next) return context.fail(next.error());
  const JsonValue* moments = next->find("next");
  for (const JsonValue& moment :
       moments != nullptr && moments->is_array() ? moments->as_array() : JsonValue::Array{}) {
    if (moment.is_string()) out << "next       " << printable(moment.as_string()) << "\n";
  }
  return 0;
}

int schedule(Context& context, const ScheduleOptions& options) {
  if (const auto fit = check_options(options); !fit) return context.fail(fit.error());
  Result<JsonValue> script = JsonValue();
  if (options.changes()) {
    const auto body = body_of(options);
    if (!body) return context.fail(body.error());
    script = context.send(net::Method::put, path_of(options.name), *body);
  } else {
    script = context.get(path_of(options.name));
  }
  if (!script) return context.fail(script.error());
  return context.printed_json(*script) ? 0 : print_schedule(context, *script);
}

}  // namespace

void add_macro_schedule_command(CommandLine macro, Action& action) {
  auto options = std::make_shared<ScheduleOptions>();  // shared: the parser and the action use it
  auto command =
      macro.add_subcommand("schedule", "Show or set when and how a macro starts by itself");
  command.add_option("name", options->name, "Of the macro").required();
  command.add_option("--cron", options->cron, "minute hour day month weekday");
  command.add_option("--zone", options->zone, "Time zone, as Europe/Berlin; without: UTC");
  command.add_option("--window", options->windows,
                     "Only then, as \"22:00-02:00 fri,sat\", and stopped at its end; without "
                     "--cron it starts when one begins; repeatable");
  command.add_flag("--clear", options->clear, "It starts by hand only");
  command.add_option("--resume", options->resume, "Start again after a restart of the daemon")
      .one_of({"yes", "no"});
  command.add_option("--profile", options->profile, "Whose limits hold; empty: its own");
  command.add_option("--game", options->game, "Where it acts; empty: what its text names");
  command.add_option("--args", options->args,
                     "A JSON object for starts that bring none; empty: none");
  command.callback([&action, options] {
    action = [options](Context& context) { return schedule(context, *options); };
  });
}

}  // namespace gk::cli
