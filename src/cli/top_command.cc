#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <sstream>

#include "cli/commands.h"
#include "cli/frames_text.h"

namespace gk::cli {
namespace {

constexpr int kBarWidth = 24;

// Rows of frame rates: with the macros above they stay on a screen of 24 lines. Source: chosen.
constexpr std::size_t kMostSubjects = 8;

/// "[#########...............]" of 0..100, or dots with "unknown".
std::string bar(const JsonValue& signals, std::string_view name) {
  const JsonValue* signal = signals.find(name);
  const auto value = signal == nullptr ? std::nullopt : number_of(*signal, "value");
  const int filled =
      value ? static_cast<int>(std::lround(std::clamp(*value, 0.0, 100.0) * kBarWidth / 100)) : 0;
  std::string out = "[" + std::string(static_cast<std::size_t>(filled), '#') +
                    std::string(static_cast<std::size_t>(kBarWidth - filled), '.') + "] ";
  if (!value) return out + "unknown";
  char text[32];
  std::snprintf(text, sizeof text, "%5.1f %%", *value);
  return out + text + (text_of(*signal, "state") == "stale" ? " stale" : "");
}

std::string plain(const JsonValue& signals, std::string_view name, std::string_view unit) {
  const JsonValue* signal = signals.find(name);
  const auto value = signal == nullptr ? std::nullopt : number_of(*signal, "value");
  return value ? text_of(*signal, "value") + " " + std::string(unit) : "unknown";
}

/// One screen of text.
Result<std::string> screen(Context& context) {
  const auto performance = context.get("/macro-safety/performance");
  if (!performance) return performance.error();
  const auto macros = context.get("/macro-safety/active-macros");
  if (!macros) return macros.error();
  std::ostringstream out;
  const JsonValue& now = *performance->find("current");
  out << "cpu    " << bar(now, "cpu_usage") << "\n"
      << "memory " << bar(now, "memory_usage") << "\n"
      << "disk   " << bar(now, "disk_usage") << "\n"
      << "load " << plain(now, "load1", "") << "  fps " << plain(now, "fps", "1/s") << "  latency "
      << plain(now, "latency", "ms") << "  response " << plain(now, "response_time", "ms")
      << "\n\n";
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& item : items_of(*macros)) {
    const JsonValue* demand = item.find("demand_pct");
    rows.push_back({text_of(item, "macro_id"), text_of(item, "safety_level"),
                    text_of(item, "state"),
                    demand != nullptr ? text_of(*demand, "value") + " %" : "unknown",
                    human_duration(number_of(item, "time_left").value_or(0))});
  }
  print_table(out, {"MACRO", "LEVEL", "STATE", "DEMAND", "LEFT"}, rows);
  if (rows.empty()) out << "no macro runs; start one with: gamekeeper macro run --id ID -- CMD\n";
  print_frames(out, *performance, kMostSubjects);
  return out.str();
}

/// True when the user typed q or pressed Ctrl-D within a second.
bool quit_within_a_second() {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (::poll(&input, 1, 1000) <= 0) return false;
  char key = 0;
  return ::read(STDIN_FILENO, &key, 1) <= 0 || key == 'q';
}

int top(Context& context, bool once) {
  const bool live = !once && ::isatty(STDOUT_FILENO) == 1;
  for (;;) {
    const auto text = screen(context);
    if (!text) return context.fail(text.error());
    if (!live) {
      context.out() << *text;
      return 0;
    }
    // Home, text with each line cleared to its end, then clear what is below.
    std::string painted = "\x1b[H";
    for (const char c : *text) painted += c == '\n' ? std::string("\x1b[K\n") : std::string(1, c);
    context.out() << painted << "\x1b[K\nq and Enter quit\x1b[K\n\x1b[J" << std::flush;
    if (quit_within_a_second()) return 0;
  }
}

}  // namespace

void add_top_command(CommandLine app, Action& action) {
  auto command = app.add_subcommand("top", "Live view of the machine and the macros");
  auto once = std::make_shared<bool>(false);  // shared: the parser and the action use it
  command.add_flag("--once", *once, "Print one screen and end");
  command.callback(
      [&action, once] { action = [once](Context& context) { return top(context, *once); }; });
}

}  // namespace gk::cli
