// backup_times.h: the schedule of backups from its settings, by the rules that macros have too.

#pragma once

#include <string>

#include "backups/scheduler.h"

namespace gk::server {

/// `cron`: five fields; `time_zone`: "UTC", "Europe/Berlin".
/// Errors: invalid_argument (either is none).
Result<backups::NextTime> backup_times(const std::string& cron, const std::string& time_zone);

}  // namespace gk::server
