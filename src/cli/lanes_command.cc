#include <poll.h>
#include <unistd.h>

#include <ostream>
#include <sstream>

#include "cli/commands.h"

namespace gk::cli {
namespace {

std::string short_seconds(const JsonValue& object, std::string_view key) {
  const auto value = number_of(object, key);
  if (!value) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", *value);
  return text;
}

void print_lanes(std::ostream& out, const JsonValue::Array& lanes) {
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& lane : lanes) {
    const JsonValue& holder = *lane.find("holder");
    const JsonValue& counters = *lane.find("counters");
    rows.push_back({text_of(lane, "lane"), text_of(holder, "actor"), text_of(holder, "kind"),
                    text_of(holder, "pid"), short_seconds(holder, "age_s"),
                    short_seconds(holder, "lease_left_s"), text_of(lane, "last_token"),
                    std::to_string(lane.find("queue")->as_array().size()),
                    text_of(counters, "granted"), text_of(counters, "timeout"),
                    text_of(counters, "expired")});
  }
  print_table(out,
              {"LANE", "HOLDER", "VIA", "PID", "HELD", "LEFT", "TOKEN", "WAITING", "GRANTED",
               "TIMEOUTS", "EXPIRED"},
              rows);
}

void print_lane(std::ostream& out, const JsonValue& lane) {
  print_lanes(out, {lane});
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& ticket : lane.find("queue")->as_array()) {
    const JsonValue* ready = ticket.find("ready");
    rows.push_back({text_of(ticket, "actor"), text_of(ticket, "priority"),
                    text_of(ticket, "effective_priority"), short_seconds(ticket, "waited_s"),
                    short_seconds(ticket, "bound_s"),
                    ready != nullptr && ready->is_bool() && ready->as_bool() ? "ready" : "paced"});
  }
  if (!rows.empty()) {
    out << "\n";
    print_table(out, {"WAITS", "PRIORITY", "NOW", "WAITED", "AT MOST", "STATE"}, rows);
  }
  rows.clear();
  for (const JsonValue& share : lane.find("fairness")->as_array()) {
    rows.push_back({text_of(share, "actor"), text_of(share, "granted"),
                    short_seconds(share, "waited_mean_s"), short_seconds(share, "waited_max_s")});
  }
  if (rows.empty()) return;
  out << "\n";
  print_table(out, {"GOT", "GRANTS", "WAITED, MEAN", "WAITED, MOST"}, rows);
}

/// Whether it was shown; else the exit code is set.
bool show(Context& context, const std::string& name, std::string& text, int& code) {
  const auto answer = context.get(name.empty() ? "/locks" : "/locks/" + name);
  if (!answer) {
    code = context.fail(answer.error());
    return false;
  }
  if (context.printed_json(*answer)) return true;
  std::ostringstream out;
  if (name.empty()) {
    print_lanes(out, items_of(*answer));
  } else {
    print_lane(out, *answer);
  }
  text = out.str();
  return true;
}

/// True when the user typed q or pressed Ctrl-D within a second.
bool quit_within_a_second() {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (::poll(&input, 1, 1000) <= 0) return false;
  char key = 0;
  return ::read(STDIN_FILENO, &key, 1) <= 0 || key == 'q';
}

int lanes(Context& context, const std::string& name, bool watch) {
  const bool live = watch && ::isatty(STDOUT_FILENO) == 1;
  for (;;) {
    std::string text;
    int code = 0;
    if (!show(context, name, text, code)) return code;
    if (!live) {
      context.out() << text;
      if (!watch) return 0;
      context.out() << std::flush;
    } else {
      std::string painted = "\x1b[H";
      for (const char c : text) painted += c == '\n' ? std::string("\x1b[K\n") : std::string(1, c);
      context.out() << painted << "\x1b[K\nq and Enter quit\x1b[K\n\x1b[J" << std::flush;
    }
    if (quit_within_a_second()) return 0;
  }
}

}  // namespace

void add_lanes_command(CommandLine app, Action& action) {
  struct Options {
    std::string lane;
    bool watch = false;
  };
  auto options = std::make_shared<Options>();  // shared: the parser and the action use it
  auto command = app.add_subcommand("lanes", "Lanes: who holds them and who waits");
  command.add_option("lane", options->lane, "One lane in detail");
  command.add_flag("--watch", options->watch, "Again each second, until q");
  command.callback([&action, options] {
    action = [options](Context& context) { return lanes(context, options->lane, options->watch); };
  });
}

}  // namespace gk::cli
