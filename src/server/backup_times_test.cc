#include "server/backup_times.h"

#include <gtest/gtest.h>

namespace gk::server {
namespace {

/// The `count` moments after `from`, as "2026-03-29T01:00".
std::vector<std::string> moments(const std::string& cron, const std::string& zone,
                                 std::string_view from, int count) {
  std::vector<std::string> out;
  const auto next = backup_times(cron, zone).value();
  WallTime at = parse_rfc3339(from).value();
  for (int i = 0; i < count; ++i) {
    at = next(at).value();
    out.push_back(rfc3339(at).substr(0, 16));
  }
  return out;
}

using Moments = std::vector<std::string>;

TEST(BackupTimes, FollowTheZone) {
  EXPECT_EQ(moments("30 4 * * *", "Europe/Berlin", "2026-11-28T12:00:00Z", 2),
            (Moments{"2026-11-29T03:30", "2026-11-30T03:30"}));
}

TEST(BackupTimes, ANightWithoutThatHourHasOneBackupAtItsEnd) {
  EXPECT_EQ(moments("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2),
            (Moments{"2026-03-29T01:00", "2026-03-30T00:30"}));
}

TEST(BackupTimes, ANightWithThatHourTwiceHasOneBackup) {
  EXPECT_EQ(moments("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            (Moments{"2026-10-25T00:30", "2026-10-26T01:30"}));
}

TEST(BackupTimes, SayWhatIsWrong) {
  EXPECT_EQ(backup_times("61 * * * *", "UTC").error().code, Errc::invalid_argument);
  EXPECT_EQ(backup_times("1 * * * *", "Europe/Nowhere").error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace gk::server
