// routes.h: the HTTP routes and topics of this room: /api/macro-safety/…, macro:….

#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "api/hub.h"
#include "api/router.h"
#include "macros/profile_book.h"
#include "macros/service.h"
#include "macros/simulations.h"
#include "macros/trend_reports.h"

namespace gk::macros {

/// Adds the routes. Requires: service, profiles and clock outlive the router.
void add_macros_routes(api::Router& router, MacroService& service, ProfileBook& profiles,
                       const Clock& clock);

/// The level that the last start of a macro asked for; nothing: its profile's, or not known.
using LastLevel = std::function<std::optional<SafetyLevel>(std::string_view macro_id)>;

/// POST /api/macro-safety/simulate. Requires: all outlive the router.
void add_simulate_route(api::Router& router, Simulations& simulations, const ProfileBook& profiles,
                        const Clock& clock, LastLevel last_level);

/// GET /api/macro-safety/trends. Requires: both outlive the router.
void add_trends_route(api::Router& router, TrendReports& reports);

/// Registers macro:started, macro:paused, macro:cancelled and macro:updated and feeds them from the
/// service.
/// Thread: loop.
class MacroTopics {
 public:
  /// Requires: hub and service outlive this.
  MacroTopics(api::Hub& hub, MacroService& service);

 private:
  Topic<CancellationEvent>::Subscription cancelled_;
  Topic<MacroNotice>::Subscription notices_;
};

}  // namespace gk::macros
