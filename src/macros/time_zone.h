// time_zone.h: time zones of the system, as data for the rules.

#pragma once

#include <string>

#include "gamekeeper/result.h"
#include "macros/rules/zone.h"

namespace gk::macros {

/// The zone `name` ("Europe/Berlin", "UTC") with its changes from 2000 to 2100, as far as the
/// system's table knows them. The first call reads the system's list of zones.
/// Errors: invalid_argument (no such zone), unavailable (the system has no zones).
/// Thread: safe. Blocks.
Result<Zone> load_zone(const std::string& name);

/// The zone of this machine: what TZ names, else /etc/localtime; "UTC" where neither names one that
/// the system knows.
/// Thread: safe. Blocks.
std::string local_zone_name();

}  // namespace gk::macros
