// gamekeeper macro trends: what macros did by day, as tables of at most 80 columns.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <ostream>
#include <utility>

#include "base/json_writer.h"
#include "cli/commands.h"

namespace gk::cli {
namespace {

struct TrendOptions {
  int days = 7;
  std::string zone, macro, game;
};

std::string escaped(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '/') {
      out += c;
    } else {
      out.append("%").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    }
  }
  return out;
}

// At most `most` columns; the rest is one "…".
std::string cut(const std::string& text, std::size_t most) {
  return text.size() <= most ? text : text.substr(0, most - 1) + "…";
}

std::string rounded(std::optional<double> value) {
  if (!value) return "-";
  const double size = std::abs(*value);
  if (size >= 10'000) return format_number(std::round(*value / 1000)) + "k";
  return format_number(size >= 100 ? std::round(*value) : std::round(*value * 10) / 10);
}

// "45 s", "12 min", "3.1 h", "2.4 d": five columns and a unit.
std::string short_time(double seconds) {
  if (seconds < 60) return rounded(seconds) + " s";
  if (seconds < 3'600) return rounded(std::round(seconds / 60)) + " min";
  return seconds < 86'400 ? rounded(seconds / 3'600) + " h" : rounded(seconds / 86'400) + " d";
}

bool daemon_was_off(const JsonValue& report, std::size_t day) {
  const JsonValue::Array& ran = list_of(report, "daemon_ran");
  return day < ran.size() && ran[day].is_number() && ran[day].as_number() == 0;
}

// A column a day: the height of its value below the largest; "·" is a day without data, "×" one on
// which the daemon did not run.
std::string bars(const JsonValue& report, const JsonValue& row, std::string_view key) {
  const JsonValue::Array& days = list_of(row, "days");
  static const std::string kHeights[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  double most = 0;
  for (const JsonValue& day : days) most = std::max(most, number_of(day, key).value_or(0));
  std::string out;
  for (std::size_t i = 0; i < days.size(); ++i) {
    const auto value = days[i].is_object() ? number_of(days[i], key) : std::nullopt;
    if (!value) {
      out += daemon_was_off(report, i) ? "×" : "·";
      continue;
    }
    const double share = most > 0 ? std::max(0.0, *value) / most : 0;
    out += kHeights[std::min<std::size_t>(7, static_cast<std::size_t>(share * 8))];
  }
  return out;
}

std::string arrow(const JsonValue* trend) {
  if (trend == nullptr || !trend->is_object()) return "";
  const std::string direction = text_of(*trend, "direction");
  return direction == "rising" ? " ↗" : direction == "falling" ? " ↘" : " →";
}

const JsonValue* trend_of(const JsonValue& macro, std::string_view key) {
  const JsonValue* trends = macro.find("trend");
  return trends == nullptr ? nullptr : trends->find(key);
}

double sum_of(const JsonValue& macro, std::string_view key) {
  double sum = 0;
  for (const JsonValue& day : list_of(macro, "days")) {
    if (day.is_object()) sum += number_of(day, key).value_or(0);
  }
  return sum;
}

// The demand while it ran: each day's mean by how long it ran that day.
std::optional<double> mean_demand(const JsonValue& macro) {
  double weighted = 0, time = 0;
  for (const JsonValue& day : list_of(macro, "days")) {
    if (!day.is_object()) continue;
    const auto demand = number_of(day, "demand_pct");
    const double ran = number_of(day, "run_time_s").value_or(0);
    if (demand) weighted += *demand * ran;
    if (demand) time += ran;
  }
  return time > 0 ? std::optional(weighted / time) : std::nullopt;
}

void print_macros(Context& context, const JsonValue& report) {
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& macro : list_of(report, "macros")) {
    rows.push_back(
        {cut(text_of(macro, "macro_id"), 13), bars(report, macro, "run_time_s"),
         short_time(sum_of(macro, "run_time_s")) + arrow(trend_of(macro, "run_time_s")),
         rounded(sum_of(macro, "runs")),
         rounded(sum_of(macro, "cancellations")) + arrow(trend_of(macro, "cancellations")),
         rounded(mean_demand(macro)) + arrow(trend_of(macro, "demand_pct"))});
  }
  if (rows.empty()) context.out() << "no macro ran\n";
  if (!rows.empty()) {
    print_table(context.out(), {"MACRO", "BY DAY", "RAN FOR", "RUNS", "CANCELLED", "CPU %"}, rows);
  }
  if (text_of(report, "truncated") == "true") {
    context.out() << "those that ran least are left out\n";
  }
}

void print_metrics(Context& context, const JsonValue& report) {
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& metric : list_of(report, "metrics")) {
    double weighted = 0, count = 0;
    std::optional<double> least, most;
    for (const JsonValue& day : list_of(metric, "days")) {
      if (!day.is_object()) continue;
      const double share = std::max(number_of(day, "coverage").value_or(0), 1e-9);
      weighted += share * number_of(day, "mean").value_or(0);
      count += share;
      const double low = number_of(day, "min").value_or(0),
                   high = number_of(day, "max").value_or(0);
      least = std::min(least.value_or(low), low);
      most = std::max(most.value_or(high), high);
    }
    const std::string unit = text_of(metric, "unit");
    rows.push_back({text_of(metric, "metric"), cut(text_of(metric, "game"), 8),
                    bars(report, metric, "mean"),
                    rounded(count > 0 ? std::optional(weighted / count) : std::nullopt) +
                        arrow(metric.find("trend")),
                    rounded(least) + "–" + rounded(most) + (unit == "ratio" ? "" : " " + unit)});
  }
  if (rows.empty()) return;
  context.out() << "\n";
  print_table(context.out(), {"MEASURED", "GAME", "BY DAY", "MEAN", "RANGE"}, rows);
}

std::string rules_of(const JsonValue& day) {
  const JsonValue* rules = day.find("cancellations_by_rule");
  std::string out;
  if (rules == nullptr || !rules->is_object()) return out;
  for (const auto& [rule, count] : rules->as_object()) {
    out += (out.empty() ? "" : ", ") + to_json(count) + " " + rule;
  }
  return out;
}

void print_one(Context& context, const JsonValue& report, const JsonValue& macro) {
  const JsonValue::Array& names = list_of(report, "days");
  const JsonValue::Array& days = list_of(macro, "days");
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < std::min(names.size(), days.size()); ++i) {
    const JsonValue& d = days[i];
    if (!d.is_object()) {
      rows.push_back({names[i].as_string(), "-", "-", "-", "-", "-", "-",
                      daemon_was_off(report, i) ? "the daemon did not run" : "-"});
      continue;
    }
    const auto count = [&](std::string_view key) { return rounded(number_of(d, key)); };
    const double failed = number_of(d, "commands_failed").value_or(0);
    rows.push_back({names[i].as_string(), count("runs"),
                    short_time(number_of(d, "run_time_s").value_or(0)),
                    count("commands") + (failed > 0 ? " (" + rounded(failed) + " failed)" : ""),
                    count("warnings"), count("pauses"), count("demand_pct"), rules_of(d)});
  }
  print_table(context.out(),
              {"DAY", "RUNS", "RAN FOR", "COMMANDS", "WARNED", "PAUSED", "CPU %", "CANCELLED"},
              rows);
  constexpr std::pair<std::string_view, std::string_view> kTrends[] = {
      {"run_time_s", "run time"},     {"commands", "commands"}, {"warnings", "warnings"},
      {"cancellations", "cancelled"}, {"demand_pct", "CPU %"},  {"memory_peak_pct", "memory %"}};
  context.out() << "\n";
  for (const auto& [key, label] : kTrends) {
    const JsonValue* trend = trend_of(macro, key);
    if (trend == nullptr || !trend->is_object()) continue;
    const double slope = number_of(*trend, "per_day").value_or(0);
    const double size = std::abs(slope);
    context.out() << label << ": " << text_of(*trend, "direction") << ", "
                  << (slope < 0 ? "-" : "+")
                  << (key == "run_time_s" ? short_time(size) : rounded(size)) << " a day\n";
  }
}

int trends(Context& context, const TrendOptions& options) {
  std::string path = "/macro-safety/trends?days=" + std::to_string(options.days);
  if (!options.zone.empty()) path += "&time_zone=" + escaped(options.zone);
  if (!options.macro.empty()) path += "&macro_id=" + escaped(options.macro);
  if (!options.game.empty()) path += "&game=" + escaped(options.game);
  const auto report = context.get(path);
  if (!report) return context.fail(report.error());
  if (context.printed_json(*report)) return 0;
  const JsonValue::Array& days = list_of(*report, "days");
  if (!days.empty()) {
    context.out() << days.front().as_string() << " to " << days.back().as_string() << " in "
                  << text_of(*report, "time_zone") << "\n\n";
  }
  const JsonValue::Array& macros = list_of(*report, "macros");
  if (!options.macro.empty() && macros.empty()) {
    context.out() << options.macro << " did not run on these days\n";
    return 0;
  }
  if (!options.macro.empty()) {
    print_one(context, *report, macros[0]);
    return 0;
  }
  print_macros(context, *report);
  print_metrics(context, *report);
  context.out() << "\n↗ rising, → steady, ↘ falling, all without today; · no data, "
                   "× no daemon\n";
  return 0;
}

}  // namespace

void add_macro_trends_command(CommandLine macro, Action& action) {
  auto options = std::make_shared<TrendOptions>();  // shared: the parser and the action use it
  auto command =
      macro.add_subcommand("trends", "What macros did and what was measured, day by day");
  command.add_option("--days", options->days, "How many, with today").show_default().range(1, 30);
  command.add_option("--time-zone", options->zone,
                     "Whose days, as Europe/Berlin; without: the daemon's");
  command.add_option("--macro", options->macro, "Of one macro alone, with its rules");
  command.add_option("--game", options->game, "Of one game alone");
  command.callback(
      [&action, options] { action = [options](Context& c) { return trends(c, *options); }; });
}

}  // namespace gk::cli
