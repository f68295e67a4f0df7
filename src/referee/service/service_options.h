// service_options.h: how the daemon's referee judges, as an operator sets it over the API.

#pragma once

#include <string>

#include "base/json.h"
#include "base/json_writer.h"
#include "gamekeeper/referee.h"

namespace gk::referee {

/// The two smart sets are the published SmartAntiCheat rules: unsafe, for migration and comparison.
enum class ServiceMode : std::uint8_t { bounded, shadow, smart_ts, smart_cs };
const char* service_mode_name(ServiceMode mode);
inline bool is_unsafe(ServiceMode mode) {
  return mode == ServiceMode::smart_ts || mode == ServiceMode::smart_cs;
}

struct ServiceOptions {
  ServiceMode mode = ServiceMode::bounded;
  bool competitive = false;  ///< Which preset the numbers started from.
  RefereeOptions referee;    ///< Its mode follows `mode`.
  MoveProfile session;       ///< Of players that arrive without a profile of their own.
};

/// Reads the members of `session` (max_speed, max_rise_speed, gravity, nominal_ms,
/// units_per_metre, mode) over `profile`; complaints go to `reader`'s owner as "session.…".
void read_session(const JsonValue& object, const std::string& path, MoveProfile& profile,
                  std::vector<std::pair<std::string, std::string>>& complaints);

/// Reads a body over `current`: absent members stay. Choosing another preset first takes all of its
/// numbers. Every complaint is collected.
/// Errors: invalid_argument (all complaints in the message and in `complaints`).
Result<ServiceOptions> read_service_options(
    const JsonValue& body, const ServiceOptions& current,
    std::vector<std::pair<std::string, std::string>>& complaints);

/// The JSON of the contract, as an open object's members.
void write_service_options(JsonWriter& json, const ServiceOptions& options);
std::string service_options_json(const ServiceOptions& options);

}  // namespace gk::referee
