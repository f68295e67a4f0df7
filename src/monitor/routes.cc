#include "monitor/routes.h"

#include <charconv>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "base/json_writer.h"
#include "base/try.h"
#include "monitor/monitor_json.h"
#include "monitor/routes_schemas.h"

namespace gk::monitor {
namespace {

using net::Method;

constexpr std::size_t kMaxSamples = 500;    // Source: monitor specification, API.
constexpr std::size_t kMaxMetrics = 1'000;  // Source: monitor specification, Prometheus.
constexpr std::string_view kPrometheusText = "text/plain; version=0.0.4; charset=utf-8";

net::Response prometheus(const Metrics& metrics) {
  return {.content_type = std::string(kPrometheusText),
          .headers = {},
          .body = metrics.text(),
          .static_body = {}};
}

bool is_loopback(const net::Peer& peer) {
  return peer.transport == net::Transport::unix_socket || peer.address == "::1" ||
         peer.address.starts_with("127.");
}

/// The number in query parameter `name`; an error names it.
template <typename T>
Result<std::optional<T>> number_param(const net::Request& request, std::string_view name, T min,
                                      T max) {
  const auto text = request.query_param(name);
  if (!text) return std::optional<T>();
  T value{};
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (ec != std::errc() || end != text->data() + text->size() || !(value >= min && value <= max)) {
    return Error{Errc::invalid_argument, std::string(name) +
                                             ": expected a number within its range, got \"" +
                                             text->substr(0, 40) + "\""};
  }
  return std::optional<T>(value);
}

Result<std::optional<WallTime>> time_param(const net::Request& request, std::string_view name) {
  const auto text = request.query_param(name);
  if (!text) return std::optional<WallTime>();
  auto time = parse_rfc3339(*text);
  if (!time) return Error{Errc::invalid_argument, std::string(name) + ": " + time.error().message};
  return std::optional<WallTime>(*time);
}

Result<SeriesWindow> window_of(const net::Request& request, WallTime now) {
  GK_TRY(const auto from, time_param(request, "from"));
  GK_TRY(const auto to, time_param(request, "to"));
  GK_TRY(const auto seconds, (number_param<double>(request, "step", 0.001, 30 * 86'400.0)));
  std::optional<Micros> step;
  if (seconds) step = Micros(static_cast<Micros::rep>(std::llround(*seconds * 1e6)));
  return SeriesWindow::create(from, to, step, now);
}

// ---- health

void answer_health(Health& health, const api::Principal* principal, const api::Reply& reply) {
  const bool full = principal != nullptr && principal->has_scope("health:read");
  auto waiting = health.when_fresh([&health, full, reply] {
    const int status = health.overall() == HealthStatus::failed ? 503 : 200;
    reply.json(full ? health.full_json() : health.brief_json(), status);
  });
  if (!waiting) reply.error({Errc::unavailable, waiting.error().message});
}

void answer_check(Health& health, const std::string& name, const api::Reply& reply) {
  if (health.find(name) == nullptr) {
    reply.error({Errc::not_found, "no health check \"" + name + "\""});
    return;
  }
  auto waiting = health.when_fresh([&health, name, reply] {
    const CheckResult* result = health.find(name);
    const int status = result->status == HealthStatus::failed ? 503 : 200;
    reply.json(Health::check_json(*result), status);
  });
  if (!waiting) reply.error({Errc::unavailable, waiting.error().message});
}

void add_health_routes(api::Router& router, Health& health) {
  router.add(
      {.method = Method::get,
       .path = "/health/live",
       .scope = api::kOpen,
       .summary = "Answers while the process runs",
       .response = "Liveness",
       .handler = [](api::Call&, const api::Reply& reply) { reply.json(R"({"status":"ok"})"); },
       .no_setup_needed = true});
  router
      .add({.method = Method::get,
            .path = "/health/ready",
            .scope = api::kOpen,
            .summary = "200 when the daemon serves, 503 while it starts",
            .response = "Liveness",
            .handler =
                [&health](api::Call&, const api::Reply& reply) {
                  const bool ready = health.ready();
                  reply.json(ready ? R"({"status":"ok"})" : R"({"status":"starting"})",
                             ready ? 200 : 503);
                },
            .no_setup_needed = true})
      .answers({200, 503});
  router
      .add({.method = Method::get,
            .path = "/health",
            .scope = api::kOpen,
            .summary = "Health of the daemon; the checks with health:read; 503 when failed",
            .response = "Health",
            .handler =
                [&health](api::Call& call, const api::Reply& reply) {
                  answer_health(health, call.principal, reply);
                },
            .no_setup_needed = true})
      .answers({200, 503});
  router
      .add({.method = Method::get,
            .path = "/health/{check}",
            .scope = "health:read",
            .summary = "One health check",
            .response = "HealthCheck",
            .handler =
                [&health](api::Call& call, const api::Reply& reply) {
                  answer_check(health, call.param("check"), reply);
                }})
      .answers({200, 503});
}

// ---- metrics

void answer_metrics(const Metrics& metrics, const net::Request& request, const api::Reply& reply) {
  const auto* accept = request.header("accept");
  const bool text = accept != nullptr && (accept->starts_with("text/plain") ||
                                          accept->starts_with("application/openmetrics-text"));
  if (text) {
    reply.response(prometheus(metrics));
    return;
  }
  const auto limit = number_param<std::size_t>(request, "limit", 1, kMaxMetrics);
  const auto cursor = number_param<std::size_t>(request, "cursor", 0, 1'000'000'000);
  if (!limit || !cursor) {
    reply.error(!limit ? limit.error() : cursor.error());
    return;
  }
  const std::string type = request.query_param("type").value_or("");
  reply.json(metrics_json(metrics, type, cursor->value_or(0), limit->value_or(kMaxMetrics)));
}

void answer_series(Monitor& monitor, const net::Request& request, WallTime now,
                   const api::Reply& reply) {
  const auto name = request.query_param("name");
  if (!name || name->empty() || name->size() > 128) {
    reply.error({Errc::invalid_argument, "name: expected the name of a series"});
    return;
  }
  const auto window = window_of(request, now);
  if (!window) {
    reply.error(window.error());
    return;
  }
  const auto wanted = request.query_param("aggregates").value_or("false");
  if (wanted != "true" && wanted != "false") {
    reply.error({Errc::invalid_argument, "aggregates: expected true or false"});
    return;
  }
  const auto detail = wanted == "true" ? SeriesDetail::aggregates : SeriesDetail::points;
  monitor.query_series(*name, request.query_param("subject").value_or(""), *window,
                       [name = *name, detail, reply](Result<Monitor::SeriesAnswer> answer) {
                         if (!answer) return reply.error(answer.error());
                         reply.json(series_json(name, *answer, detail));
                       });
}

/// Every series that could be drawn, by name and subject.
void answer_series_list(const Monitor& monitor, const api::Reply& reply) {
  std::string body;
  JsonWriter w(body);
  w.begin_object().key("items").begin_array();
  for (const auto& [key, entry] : monitor.series().all()) {
    w.begin_object().field("name", key.name).field("subject", key.subject);
    w.field("unit", entry.unit).end_object();
  }
  w.end_array().key("next_cursor").null().end_object();
  reply.json(std::move(body));
}

void answer_public_metrics(const Metrics& metrics, const api::Call& call, const api::Reply& reply) {
  const bool allowed = call.principal != nullptr ? call.principal->has_scope("metrics:read")
                                                 : is_loopback(call.request.peer);
  if (!allowed) {
    reply.error({call.principal != nullptr ? Errc::permission_denied : Errc::unauthenticated,
                 "metrics are open to this machine only; elsewhere metrics:read is needed"});
    return;
  }
  reply.response(prometheus(metrics));
}

void add_metrics_routes(api::Router& router, Monitor& monitor, Metrics& metrics, const Clock& clock,
                        const MonitorRouteOptions& options) {
  router
      .add({.method = Method::get,
            .path = "/metrics",
            .scope = "metrics:read",
            .summary = "All metrics; Prometheus text by Accept",
            .response = "MetricList",
            .handler =
                [&metrics](api::Call& call, const api::Reply& reply) {
                  answer_metrics(metrics, call.request, reply);
                }})
      .media(kPrometheusText)
      .query({api::kLimit,
              {"cursor", "integer", "next_cursor of the page before"},
              {"type", "counter|gauge|histogram|", "Of the metric"}});
  router
      .add(
          {.method = Method::get,
           .path = "/metrics/prometheus",
           .scope = "metrics:read",
           .summary = "All metrics as Prometheus text",
           .handler = [&metrics](api::Call&,
                                 const api::Reply& reply) { reply.response(prometheus(metrics)); }})
      .media(kPrometheusText);
  router
      .add({.method = Method::get,
            .path = "/metrics/series",
            .scope = "metrics:read",
            .summary = "A series in even steps",
            .response = "SeriesPoints",
            .handler =
                [&monitor, &clock](api::Call& call, const api::Reply& reply) {
                  answer_series(monitor, call.request, clock.wall(), reply);
                }})
      .query({{"name", "string", "Of a series", true},
              {"subject", "string", "Whose, empty: the machine's"},
              {"from", "string", "RFC 3339"},
              {"to", "string", "RFC 3339, default now"},
              {"step", "number", "Seconds"},
              {"aggregates", "boolean", "Least, greatest and count a step"}});
  router.add({.method = Method::get,
              .path = "/metrics/series-list",
              .scope = "metrics:read",
              .summary = "Which series there are, with unit",
              .response = "SeriesList",
              .handler = [&monitor](api::Call&, const api::Reply& reply) {
                answer_series_list(monitor, reply);
              }});
  router
      .add_literal(
          {.method = Method::get,
           .path = "/metrics",
           .scope = options.metrics_public ? api::kOpen : "metrics:read",
           .summary = "All metrics as Prometheus text, for a scraper",
           .handler =
               [&metrics, open = options.metrics_public](api::Call& call, const api::Reply& reply) {
                 if (open) return answer_public_metrics(metrics, call, reply);
                 reply.response(prometheus(metrics));
               }})
      .media(kPrometheusText);
}

// ---- performance and samples

void answer_samples(Monitor& monitor, const JsonValue& body, const api::Reply& reply) {
  api::Problem problem{.type = "validation", .detail = "the samples were not taken", .errors = {}};
  const JsonValue* list = body.find("samples");
  if (list == nullptr || !list->is_array() || list->as_array().size() > kMaxSamples) {
    problem.errors.emplace_back("samples", "expected a list of at most 500 samples");
    reply.problem(problem);
    return;
  }
  JsonReader top(body, "");
  (void)top.member("samples");
  top.refuse_unknown();
  for (const auto& complaint : top.complaints()) problem.errors.push_back(complaint);
  struct Item {
    std::string signal, subject;
    double value = 0;
  };
  std::vector<Item> items;
  for (std::size_t i = 0; i < list->as_array().size(); ++i) {
    Item item;
    JsonReader reader(list->as_array()[i], "samples[" + std::to_string(i) + "]");
    reader.require("signal");
    reader.require("value");
    reader.string("signal", item.signal, 32);
    reader.string("subject", item.subject, 128);
    reader.number("value", item.value, 0, 1e9);
    reader.refuse_unknown();
    for (const auto& complaint : reader.complaints()) problem.errors.push_back(complaint);
    items.push_back(std::move(item));
  }
  if (!problem.errors.empty()) {
    reply.problem(problem);
    return;
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    // Whoever posts is a client: its word is a claim, never a measurement.
    const auto taken =
        monitor.submit_sample(item.signal, item.value, item.subject, SampleSource::claim);
    if (taken) continue;
    if (taken.error().code != Errc::invalid_argument) return reply.error(taken.error());
    problem.errors.emplace_back("samples[" + std::to_string(i) + "]", taken.error().message);
  }
  if (!problem.errors.empty()) {
    problem.detail = "samples that are not listed were taken";
    reply.problem(problem);
    return;
  }
  reply.json("{\"accepted\":" + std::to_string(items.size()) + "}");
}

void add_performance_routes(api::Router& router, Monitor& monitor, const Clock& clock) {
  // Shared: the handler is copied into the route table; all copies use the one cached body.
  auto body = std::make_shared<PerformanceBody>();
  router.add({.method = Method::get,
              .path = "/macro-safety/performance",
              .scope = "metrics:read",
              .summary = "Current signals, averages of 30 s and the last snapshots",
              .response = "Performance",
              .handler = [&monitor, &clock, body](api::Call&, const api::Reply& reply) {
                reply.json(body->get(monitor, clock.mono()));
              }});
  router.add({.method = Method::post,
              .path = "/samples",
              .scope = "samples:write",
              .summary = "Hands in up to 500 values measured by a client",
              .request = "Samples",
              .response = "SamplesAccepted",
              .handler = [&monitor](api::Call& call, const api::Reply& reply) {
                answer_samples(monitor, call.body, reply);
              }});
}

std::string alert_json(const SystemAlert& alert) {
  std::string out;
  JsonWriter(out)
      .begin_object()
      .field("event", alert.event)
      .field("message", alert.message)
      .field("active", alert.active)
      .end_object();
  return out;
}

}  // namespace

void add_monitor_routes(api::Router& router, Monitor& monitor, Health& health, Metrics& metrics,
                        const Clock& clock, const MonitorRouteOptions& options) {
  add_monitor_schemas(router);
  add_health_routes(router, health);
  add_metrics_routes(router, monitor, metrics, clock, options);
  add_performance_routes(router, monitor, clock);
}

MonitorTopics::MonitorTopics(api::Hub& hub, Monitor& monitor, Health& health, const Clock& clock)
    : samples_(monitor.snapshots().subscribe([&hub, &clock](const Monitor::Published& snapshot) {
        if (!hub.has_subscribers("metric:sample")) return;
        hub.publish("metric:sample", sample_json(*snapshot, clock.mono()));
      })),
      frames_(monitor.snapshots().subscribe([this, &hub, &monitor, &clock](const auto&) {
        if (!hub.has_subscribers("frames:updated")) return;
        const std::string* const body = subjects_.next(monitor, clock.mono());
        if (body != nullptr) hub.publish("frames:updated", *body);
      })),
      health_(health.changes().subscribe([&hub, &health](const HealthChange&) {
        hub.publish("health:changed", health.full_json());
      })),
      alerts_(monitor.alerts().subscribe(
          [&hub](const SystemAlert& alert) { hub.publish("system:alert", alert_json(alert)); })) {}

void add_monitor_topics(api::Hub& hub, Monitor& monitor, Health& health, const Clock& clock,
                        bool with_alerts) {
  hub.add_topic({.name = "metric:sample",
                 .scope = "metrics:read",
                 .summary = "Current signals and watched processes, at the sampling rate",
                 .schema = "MetricSample",
                 .delivery = api::Delivery::latest_wins,
                 .snapshot = [&monitor, &clock] {
                   const auto latest = monitor.history().latest();
                   return latest ? sample_json(*latest, clock.mono()) : std::string();
                 }});
  hub.add_topic(
      {.name = "frames:updated",
       .scope = "metrics:read",
       .summary = "Frame rates and issues of all subjects, when they change, at most each 500 ms",
       .schema = "SubjectPerformanceList",
       .delivery = api::Delivery::latest_wins,
       .snapshot = [&monitor, &clock] { return subjects_json(monitor, clock.mono()); }});
  hub.add_topic({.name = "health:changed",
                 .scope = "health:read",
                 .summary = "Health with all checks, when the status of a check changed",
                 .schema = "Health",
                 .delivery = api::Delivery::latest_wins,
                 .snapshot = [&health] { return health.has_results() ? health.full_json() : ""; }});
  if (!with_alerts) return;
  hub.add_topic({.name = "system:alert",
                 .scope = "dashboard:read",
                 .summary = "The daemon itself needs attention",
                 .schema = "SystemAlert",
                 .delivery = api::Delivery::every,
                 .snapshot = {}});
}

}  // namespace gk::monitor
