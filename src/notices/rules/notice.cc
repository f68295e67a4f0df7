#include "notices/rules/notice.h"

#include <array>
#include <cstdio>

#include "base/clock.h"
#include "base/json_writer.h"

namespace gk::notices {
namespace {

constexpr std::array<std::string_view, 4> kSeverities{"info", "warning", "error",
                                                      "critical"};  // Source: as the enum

std::string metric_text(std::optional<double> value, const char* unit) {
  if (!value) return "unknown";
  char text[48];
  std::snprintf(text, sizeof text, "%.1f%s", *value, unit);
  return text;
}

}  // namespace

std::string_view severity_name(Severity severity) {
  return kSeverities[static_cast<std::size_t>(severity)];
}

std::string notice_json(const Notice& n) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("id", n.id).field("kind", n.kind).field("title", n.title);
  w.field("text", n.text).field("subject", n.subject).field("severity", severity_name(n.severity));
  w.field("at", n.at).key("fields").begin_array();
  for (const NoticeField& field : n.fields) {
    w.begin_object().field("name", field.name).field("value", field.value).end_object();
  }
  w.end_array().end_object();
  return out;
}

Result<Notice> read_notice(std::string_view json) {
  const auto parsed = parse_json(json);
  const auto text = [](const JsonValue& from, std::string_view key) {
    const JsonValue* value = from.find(key);
    return value != nullptr && value->is_string() ? value->as_string() : std::string();
  };
  Notice n;
  const JsonValue none;
  const JsonValue& root = parsed ? *parsed : none;
  n.id = text(root, "id");
  const auto at = parse_rfc3339(text(root, "at"));
  if (n.id.empty() || !at) {
    return Error{Errc::data_loss, "a stored notice is damaged: " + std::string(json.substr(0, 80))};
  }
  n.at = *at;
  n.kind = text(root, "kind");
  n.title = text(root, "title");
  n.text = text(root, "text");
  n.subject = text(root, "subject");
  const std::string severity = text(root, "severity");
  for (std::size_t i = 0; i < kSeverities.size(); ++i) {
    if (kSeverities[i] == severity) n.severity = static_cast<Severity>(i);
  }
  const JsonValue* fields = root.find("fields");
  if (fields != nullptr && fields->is_array()) {
    for (const JsonValue& field : fields->as_array()) {
      n.fields.push_back({text(field, "name"), text(field, "value")});
    }
  }
  return n;
}

Notice cancellation_notice(const Cancellation& e) {
  Notice n;
  n.id = e.id;
  n.kind = "macro.cancelled";
  n.title = "🚨 Macro Auto-Cancelled: " + e.macro_name;
  n.text = e.reason;
  n.subject = e.macro_id;
  n.severity = Severity::error;
  n.at = e.at;
  n.fields = {{"CPU usage", metric_text(e.cpu_usage, " %")},
              {"Memory usage", metric_text(e.memory_usage, " %")},
              {"FPS", metric_text(e.fps, "")},
              {"Latency", metric_text(e.latency, " ms")},
              {"Response time", metric_text(e.response_time, " ms")},
              {"Macro", e.macro_id},
              {"Rule", e.rule}};
  if (e.session_id) n.fields.push_back({"Session", *e.session_id});
  return n;
}

}  // namespace gk::notices
