#include "server/backup_times.h"

#include "base/try.h"
#include "macros/rules/schedule.h"
#include "macros/time_zone.h"

namespace gk::server {

Result<backups::NextTime> backup_times(const std::string& cron, const std::string& time_zone) {
  macros::Schedule schedule;
  GK_TRY(schedule.cron, macros::Cron::parse(cron));
  schedule.cron_text = cron;
  schedule.time_zone = time_zone;
  GK_TRY(macros::Zone zone, macros::load_zone(time_zone));
  return backups::NextTime(
      [schedule = std::move(schedule), zone = std::move(zone)](WallTime after) {
        return macros::next_time(schedule, zone, after);
      });
}

}  // namespace gk::server
