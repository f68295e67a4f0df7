// `score` and `generate` as programs.
#include <charconv>
#include <cstdio>

#include "base/json_writer.h"
#include "referee/offline/options_text.h"
#include "referee/offline/score.h"

namespace gk::referee {
namespace {

bool read_number(const std::string& text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

std::string percent(std::uint32_t part, std::uint32_t all) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f %%", all ? 100.0 * part / all : 0.0);
  return text;
}

void print_table(const std::vector<ScoreRow>& rows, std::ostream& out) {
  char line[256];
  std::snprintf(line, sizeof line, "%-28s %8s %9s %8s %8s %8s %8s %8s | %8s %8s %8s\n", "class",
                "sessions", "refused", "watched", "review", "found", "median", "worst", "lagpool",
                "margin", "per-step");
  out << line;
  for (const ScoreRow& row : rows) {
    std::snprintf(line, sizeof line, "%-28s %8u %9s %8u %8u %8s %6.1f s %6.1f s | %8s %8s %8s\n",
                  row.name.c_str(), row.sessions, percent(row.with_refusal, row.sessions).c_str(),
                  row.watched, row.reviewed, percent(row.found, row.sessions).c_str(),
                  row.median_ms / 1000, row.worst_ms / 1000,
                  percent(row.lag_pool, row.sessions).c_str(),
                  percent(row.time_margin, row.sessions).c_str(),
                  percent(row.per_step, row.sessions).c_str());
    out << line;
    if (row.bad_seeds.empty()) continue;
    out << "    first rules:";
    for (std::size_t i = 0; i < kRefereeRules; ++i)
      if (row.first_rule[i] > 0)
        out << ' ' << referee_rule_name(static_cast<RefereeRule>(i)) << ' ' << row.first_rule[i];
    out << "; seeds:";
    for (const std::uint64_t seed : row.bad_seeds) out << ' ' << seed;
    out << '\n';
  }
}

void print_json(const std::vector<ScoreRow>& rows, const ScoreOptions& options, std::ostream& out) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("first_seed", options.first_seed).key("classes").begin_array();
  for (const ScoreRow& row : rows) {
    json.begin_object()
        .field("class", row.name)
        .field("sessions", row.sessions)
        .field("sessions_with_rejection", row.with_refusal)
        .field("watched", row.watched)
        .field("reviewed", row.reviewed)
        .field("found", row.found)
        .field("found_median_ms", row.median_ms)
        .field("found_p90_ms", row.p90_ms)
        .field("found_worst_ms", row.worst_ms)
        .field("lag_pool", row.lag_pool)
        .field("time_margin", row.time_margin)
        .field("per_step", row.per_step)
        .end_object();
  }
  json.end_array().end_object();
  out << text << '\n';
}

int usage(std::ostream& error, const std::string& what) {
  error << what << '\n';
  return 2;
}

}  // namespace

int score_main(std::span<const std::string> arguments, std::ostream& out, std::ostream& error) {
  ScoreOptions options;
  bool json = false;
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    const std::string value = i + 1 < arguments.size() ? arguments[i + 1] : "";
    if (name == "--json") {
      json = true;
    } else if (name == "--honest") {
      options.cheats = false;
    } else if (name == "--no-baselines") {
      options.baselines = false;
    } else if (name == "--sessions" && read_number(value, number) && number <= 1'000'000) {
      options.sessions = static_cast<std::uint32_t>(number);
      ++i;
    } else if (name == "--seed" && read_number(value, number)) {
      options.first_seed = number;
      ++i;
    } else if (name == "--set") {
      if (auto set = set_option(options.referee, value); !set)
        return usage(error, set.error().message);
      ++i;
    } else {
      return usage(error,
                   "usage: score [--sessions N] [--seed N] [--honest] [--no-baselines] "
                   "[--set NAME=VALUE] [--json]; got \"" +
                       name + "\"");
    }
  }
  if (auto valid = Referee::create(options.referee); !valid)
    return usage(error, valid.error().message);
  const auto rows = score(options);
  if (json)
    print_json(rows, options, out);
  else
    print_table(rows, out);
  return 0;
}

// LONG: one branch an option of the command line.
int generate_main(std::span<const std::string> arguments, std::ostream& out, std::ostream& error) {
  constexpr const char* kUsage =
      "usage: generate [--class NAME] [--link lan|cable|wifi|mobile|awful] [--machine "
      "fast|normal|slow|poor] [--seed N] [--sessions N] [--seconds N] [--3d] [--no-clock]";
  Scenario scenario;
  std::uint64_t sessions = 1;
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    const std::string value = i + 1 < arguments.size() ? arguments[i + 1] : "";
    bool known = true;
    if (name == "--3d") {
      scenario.space = Space::solid_3d;
      continue;
    }
    if (name == "--no-clock") {
      scenario.clock = false;
      continue;
    }
    if (name == "--class") {
      const auto wanted = scenario_of(value);
      if (!wanted) return usage(error, wanted.error().message);
      scenario.cheat = wanted->cheat;
      scenario.strength = wanted->strength;
      scenario.forged = wanted->forged;
      if (wanted->space == Space::solid_3d) scenario.space = Space::solid_3d;
    } else if (name == "--link") {
      known = false;
      for (std::size_t k = 0; k < kLinkClasses; ++k)
        if (value == link_name(static_cast<LinkClass>(k))) {
          scenario.link = static_cast<LinkClass>(k);
          known = true;
        }
    } else if (name == "--machine") {
      known = false;
      for (std::size_t k = 0; k < kMachineClasses; ++k)
        if (value == machine_name(static_cast<MachineClass>(k))) {
          scenario.machine = static_cast<MachineClass>(k);
          known = true;
        }
    } else if (name == "--seed" && read_number(value, number)) {
      scenario.seed = number;
    } else if (name == "--sessions" && read_number(value, number)) {
      sessions = number;
    } else if (name == "--seconds" && read_number(value, number) && number <= 86'400) {
      scenario.seconds = static_cast<double>(number);
    } else {
      known = false;
    }
    if (!known) return usage(error, kUsage);
    ++i;
  }
  std::string text;
  for (std::uint64_t i = 0; i < sessions; ++i, ++scenario.seed) {
    Session session = generate(scenario);
    session.events.front().set(Text::cheat, session.cheat_label);
    for (TraceEvent& event : session.events) {
      event.set(Text::id, session.id);
      write_trace_line(event, text);
      if (text.size() > 1 << 16) {
        out << text;
        text.clear();
      }
    }
  }
  out << text;
  return out ? 0 : 1;
}

}  // namespace gk::referee
