// routes.h: /config and what is below it, and the topic config:changed.

#pragma once

#include "api/hub.h"
#include "api/router.h"
#include "settings/service.h"

namespace gk::settings {

/// One key in words, for forms and the document of keys.
struct Described {
  std::string key, type, fallback, range, meaning;
  bool live = false;
};

/// Requires: all outlive router and hub. `described` has the keys in the order of Schema::check().
void add_settings_routes(api::Router& router, SettingsService& service,
                         std::vector<Described> described);

/// Thread: loop.
class SettingsTopics {
 public:
  SettingsTopics(api::Hub& hub, SettingsService& service);

 private:
  Topic<ConfigChanged>::Subscription changed_;
};

/// {"revision","changed","changes","restart_required"}: of what took effect.
std::string outcome_json(const Outcome& outcome);

}  // namespace gk::settings
