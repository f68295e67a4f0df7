#include "macros/event.h"

#include <array>

#include "base/clock.h"

namespace gk::macros {

EventMetrics metrics_of(const monitor::Snapshot* snapshot, MonoTime now) {
  EventMetrics m;
  if (snapshot == nullptr) return m;
  const auto known = [&](const monitor::Signal& s) {
    return s.is_known(now) ? std::optional(s.value()) : std::nullopt;
  };
  m.cpu_usage = known(snapshot->cpu_usage);
  m.memory_usage = known(snapshot->memory_usage);
  m.fps = known(snapshot->fps);
  m.latency = known(snapshot->latency);
  m.response_time = known(snapshot->response_time);
  return m;
}

void write_metrics(JsonWriter& w, const EventMetrics& m) {
  w.begin_object();
  w.field("cpu_usage", m.cpu_usage).field("memory_usage", m.memory_usage).field("fps", m.fps);
  w.field("latency", m.latency).field("response_time", m.response_time);
  w.end_object();
}

namespace {
constexpr std::array<std::string_view, 6> kOutcomes{"killed",       "signalled", "notified",
                                                    "still_acting", "watched",   "dry_run"};
}  // namespace

std::string_view outcome_name(Outcome outcome) {
  return kOutcomes[static_cast<std::size_t>(outcome)];
}

std::string event_json(const CancellationEvent& e) {
  std::string out;
  JsonWriter w(out);
  w.begin_object();
  w.field("id", e.id).field("macro_id", e.macro_id).field("macro_name", e.macro_name);
  w.field("cancellation_reason", e.reason).field("rule", e.rule);
  w.field("window", e.window).key("performance_metrics");
  write_metrics(w, e.metrics);
  w.field("timestamp", e.timestamp).field("session_id", e.session_id);
  w.field("evidence_id", e.id).field("outcome", outcome_name(e.outcome));
  w.field("decision_ms", e.decision_ms).field("gone_ms", e.gone_ms);
  w.end_object();
  return out;
}

Result<CancellationEvent> read_event(std::string_view json) {
  const auto document = parse_json(json);
  if (!document) return Error{Errc::data_loss, "stored cancellation: " + document.error().message};
  CancellationEvent e;
  const auto text = [&](std::string_view key) {
    const JsonValue* v = document->find(key);
    return v != nullptr && v->is_string() ? v->as_string() : std::string();
  };
  const auto number = [](const JsonValue& object, std::string_view key) {
    const JsonValue* v = object.find(key);
    return v != nullptr && v->is_number() ? std::optional(v->as_number()) : std::nullopt;
  };
  e.id = text("id");
  e.macro_id = text("macro_id");
  e.macro_name = text("macro_name");
  e.reason = text("cancellation_reason");
  e.rule = text("rule");
  if (const std::string window = text("window"); !window.empty()) e.window = window;
  const auto at = parse_rfc3339(text("timestamp"));
  if (e.id.empty() || !at) return Error{Errc::data_loss, "stored cancellation without id or time"};
  e.timestamp = *at;
  if (const std::string session = text("session_id"); !session.empty()) e.session_id = session;
  for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
    if (text("outcome") == kOutcomes[i]) e.outcome = static_cast<Outcome>(i);
  }
  e.decision_ms = number(*document, "decision_ms");
  e.gone_ms = number(*document, "gone_ms");
  if (const JsonValue* m = document->find("performance_metrics")) {
    e.metrics = {number(*m, "cpu_usage"), number(*m, "memory_usage"), number(*m, "fps"),
                 number(*m, "latency"), number(*m, "response_time")};
  }
  return e;
}

}  // namespace gk::macros
