#include <ostream>

#include "cli/commands.h"
#include "cli/frames_text.h"

namespace gk::cli {
namespace {

/// "12.3 %" of a signal, or "unknown (reason)".
std::string signal_text(const JsonValue& signals, std::string_view name, std::string_view unit) {
  const JsonValue* signal = signals.find(name);
  if (signal == nullptr) return "unknown";
  const std::string state = text_of(*signal, "state");
  if (state == "unknown") return "unknown (" + text_of(*signal, "reason") + ")";
  return text_of(*signal, "value") + " " + std::string(unit) + (state == "stale" ? " (stale)" : "");
}

int status(Context& context) {
  const auto health = context.get("/health");
  if (!health) return context.fail(health.error());
  const auto performance = context.get("/macro-safety/performance");
  const auto macros = context.get("/macro-safety/status");
  if (context.options().json) {
    JsonValue::Object all{{"health", *health}};
    if (performance) all.emplace_back("performance", *performance->find("current"));
    if (macros) all.emplace_back("macro_safety", *macros);
    context.printed_json(JsonValue(std::move(all)));
    return 0;
  }
  auto& out = context.out();
  out << "Gamekeeper " << text_of(*health, "version") << ": " << text_of(*health, "status")
      << ", up " << human_duration(number_of(*health, "uptime_s").value_or(0)) << "\n";
  if (performance) {
    const JsonValue& now = *performance->find("current");
    out << "  cpu     " << signal_text(now, "cpu_usage", "%") << "\n"
        << "  memory  " << signal_text(now, "memory_usage", "%") << "\n"
        << "  fps     " << signal_text(now, "fps", "1/s") << "\n"
        << "  latency " << signal_text(now, "latency", "ms") << "\n";
  }
  if (macros) {
    out << "  macros  " << text_of(*macros, "active_macros") << " active, "
        << text_of(*macros, "total_cancellations") << " cancelled so far\n";
  }
  if (performance) print_frames(out, *performance);
  return 0;
}

int health(Context& context) {
  const auto answer = context.get("/health");
  if (!answer) return context.fail(answer.error());
  const std::string overall = text_of(*answer, "status");
  if (!context.printed_json(*answer)) {
    std::vector<std::vector<std::string>> rows;
    const JsonValue* checks = answer->find("checks");
    if (checks != nullptr && checks->is_array()) {
      for (const JsonValue& check : checks->as_array()) {
        rows.push_back({text_of(check, "name"), text_of(check, "status"),
                        text_of(check, "latency_ms"), text_of(check, "detail")});
      }
    }
    print_table(context.out(), {"CHECK", "STATUS", "MS", "DETAIL"}, rows);
    context.out() << "overall: " << overall << "\n";
  }
  return overall == "failed" ? 1 : 0;
}

int metrics(Context& context, bool prometheus) {
  const std::string path = prometheus ? "/api/v1/metrics/prometheus" : "/api/v1/metrics?limit=1000";
  if (!prometheus && !context.options().json) {
    const auto answer = context.get("/metrics?limit=1000");
    if (!answer) return context.fail(answer.error());
    std::vector<std::vector<std::string>> rows;
    for (const JsonValue& item : items_of(*answer)) {
      const JsonValue* labels = item.find("labels");
      std::string text;
      if (labels != nullptr && labels->is_object()) {
        for (const auto& [key, value] : labels->as_object()) {
          text +=
              (text.empty() ? "" : ",") + key + "=" + (value.is_string() ? value.as_string() : "");
        }
      }
      rows.push_back({text_of(item, "name"), text, text_of(item, "value")});
    }
    print_table(context.out(), {"METRIC", "LABELS", "VALUE"}, rows);
    return 0;
  }
  const auto response = context.raw({.path_and_query = path});
  if (!response) return context.fail(response.error());
  context.out() << response->body << (prometheus ? "" : "\n");
  return response->status == 200 ? 0 : 1;
}

}  // namespace

void add_status_command(CommandLine app, Action& action) {
  app.add_subcommand("status", "One look at the daemon, the machine and the macros")
      .callback([&action] { action = status; });
}

void add_health_command(CommandLine app, Action& action) {
  app.add_subcommand("health", "Health checks; exit code 1 when one has failed")
      .callback([&action] { action = health; });
}

void add_metrics_command(CommandLine app, Action& action) {
  auto command = app.add_subcommand("metrics", "Metrics of the daemon");
  auto prometheus = std::make_shared<bool>(false);  // shared: the parser and the action use it
  command.add_flag("--prometheus", *prometheus, "Prometheus text format");
  command.callback([&action, prometheus] {
    action = [prometheus](Context& context) { return metrics(context, *prometheus); };
  });
}

}  // namespace gk::cli
