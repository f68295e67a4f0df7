// routes.h: the monitor's HTTP routes and topics. All hot answers are made once a snapshot or once
// a refresh; a request costs a copy.

#pragma once

#include "api/hub.h"
#include "api/router.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "monitor/health.h"
#include "monitor/monitor.h"
#include "monitor/monitor_json.h"

namespace gk::monitor {

struct MonitorRouteOptions {
  /// GET /metrics without a credential from 127.0.0.0/8, ::1 and the Unix socket. Never with a
  /// reverse proxy in front: every visitor would come from there.
  bool metrics_public = false;
};

/// /health, /health/live, /health/ready, /health/{check}, /metrics, /metrics/prometheus,
/// /metrics/series, /macro-safety/performance, /samples, and the literal /metrics.
/// Requires: the references outlive the router.
void add_monitor_routes(api::Router& router, Monitor& monitor, Health& health, Metrics& metrics,
                        const Clock& clock, const MonitorRouteOptions& options);

/// Feeds metric:sample, frames:updated, health:changed and system:alert while it lives. The first
/// two are made only when somebody listens.
/// Thread: loop. Requires: the topics were registered by add_monitor_topics().
class MonitorTopics {
 public:
  MonitorTopics(api::Hub& hub, Monitor& monitor, Health& health, const Clock& clock);
  MonitorTopics(const MonitorTopics&) = delete;
  MonitorTopics& operator=(const MonitorTopics&) = delete;

 private:
  SubjectsFrame subjects_;
  Topic<Monitor::Published>::Subscription samples_, frames_;
  Topic<HealthChange>::Subscription health_;
  Topic<SystemAlert>::Subscription alerts_;
};

/// Registers metric:sample, frames:updated (both latest wins) and health:changed; system:alert when
/// `with_alerts`.
void add_monitor_topics(api::Hub& hub, Monitor& monitor, Health& health, const Clock& clock,
                        bool with_alerts = true);

}  // namespace gk::monitor
