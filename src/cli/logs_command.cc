// logs_command.cc: the daemon's log, past and live.

#include <poll.h>

#include <ostream>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/users.h"

namespace gk::cli {
namespace {

constexpr std::chrono::milliseconds kAskEvery{1'000};  // Source: the log reaches the file in 1 s

struct LogsOptions {
  int lines = 50;
  bool follow = false;
  std::string level, event, correlation, since, text;
};

std::string query_of(const LogsOptions& options) {
  std::string out;
  const auto add = [&out](const char* name, const std::string& value) {
    if (!value.empty()) out += std::string("&") + name + "=" + path_segment(value);
  };
  // As on the page: news. A story is told whole.
  const bool story = !options.correlation.empty();
  add("level", options.level.empty() && !story ? "info" : options.level);
  add("event", options.event);
  add("correlation_id", options.correlation);
  add("since", options.since);
  add("q", options.text);
  return out;
}

/// "07:00:00.123 warn  event message  key=value …": what people read.
void print(Context& context, const JsonValue& line) {
  if (context.printed_json(line)) return;
  std::string text = text_of(line, "ts") + " " + text_of(line, "level");
  text.append(text_of(line, "level").size() < 6 ? 6 - text_of(line, "level").size() : 1, ' ');
  text += text_of(line, "event") + ": " + text_of(line, "message");
  for (const auto& [key, value] : line.as_object()) {
    if (key == "ts" || key == "level" || key == "event" || key == "message") continue;
    text += "  " + key + "=" + (value.is_string() ? value.as_string() : to_json(value));
  }
  context.out() << printable(text) << "\n";
}

/// Where the next page begins; empty when there is none.
std::string next_cursor(const JsonValue& page) {
  const JsonValue* cursor = page.find("next_cursor");
  return cursor != nullptr && cursor->is_string() ? cursor->as_string() : "";
}

/// The line of a request for the log: at level debug each question would be followed by its own.
bool is_own_question(const JsonValue& line) {
  return text_of(line, "event") == "http.request" && text_of(line, "route") == "/logs";
}

int follow(Context& context, const std::string& query) {
  std::string after;
  for (;;) {
    const auto page = context.get("/logs?limit=1000&after=" + path_segment(after) + query);
    if (!page) return context.fail(page.error());
    for (const JsonValue& line : items_of(*page)) {
      if (!is_own_question(line)) print(context, line);
    }
    context.out() << std::flush;
    after = next_cursor(*page);
    (void)::poll(nullptr, 0, static_cast<int>(kAskEvery.count()));
  }
}

int logs(Context& context, const LogsOptions& options) {
  const std::string query = query_of(options);
  std::vector<JsonValue> lines;
  std::string cursor;
  const auto wanted = static_cast<std::size_t>(options.lines);
  do {
    const std::string limit = std::to_string(wanted - lines.size());
    const auto page =
        context.get("/logs?limit=" + limit + "&cursor=" + path_segment(cursor) + query);
    if (!page) return context.fail(page.error());
    for (const JsonValue& line : items_of(*page)) lines.push_back(line);
    cursor = next_cursor(*page);
  } while (!cursor.empty() && lines.size() < wanted);
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) print(context, *line);
  return options.follow ? follow(context, query) : 0;
}

}  // namespace

void add_logs_command(CommandLine app, Action& action) {
  auto options = std::make_shared<LogsOptions>();  // shared: the parser and the action use it
  auto command = app.add_subcommand("logs", "The daemon's log, oldest first");
  command.add_option("--lines,-n", options->lines, "The last so many")
      .range(1, 1000)
      .show_default();
  command.add_flag("--follow,-f", options->follow, "Go on with what comes, until Ctrl-C");
  command
      .add_option("--level", options->level,
                  "At least this; else info, and with --correlation everything")
      .one_of({"debug", "info", "warn", "error"});
  command.add_option("--event", options->event, "This event, or with * those that begin so");
  command.add_option("--correlation", options->correlation, "Of this request");
  command.add_option("--since", options->since, "From this time on, RFC 3339");
  command.add_option("--text", options->text, "With this text anywhere");
  command.callback([&action, options] {
    action = [options](Context& context) { return logs(context, *options); };
  });
}

}  // namespace gk::cli
