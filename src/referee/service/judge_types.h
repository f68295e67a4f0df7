// judge_types.h: the small values that go in and out of the judge.

#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "gamekeeper/referee.h"
#include "referee/service/baseline.h"
#include "referee/service/verdict_record.h"

namespace gk::referee {

/// The two clocks of the daemon at one moment. `us` is monotonic.
struct Now {
  std::int64_t us = 0;
  WallTime wall{};
};

/// A player's place in the judge's table.
struct Handle {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
};

/// One point of a path.
struct PathPoint {
  WallTime at{};
  Vec3 position, set_back;
  float allowed_radius = 0;  ///< How far from the last accepted point it might have been.
  bool accepted = true;
};

/// A player whose evidence passed the review threshold.
struct ReviewCase {
  std::string player;
  WallTime at{};
  float max_e = 1;
  Channel channel = Channel::needs_slack;
  std::uint32_t rejected = 0;  ///< Movements refused until then.
  std::string path_json;
};

/// What the loop is told, at most a few times a second.
struct Digest {
  std::vector<VerdictRecord> rejected;  ///< At most 256; the newest lose.
  std::vector<ReviewCase> cases;        ///< At most 256; the newest lose (they come again).
  std::vector<std::pair<std::string, PlayerBaseline>> baselines;  ///< At most 1,024, to be stored.
  bool changed = false;
};

/// Why credit was used.
enum class CreditReason : std::uint8_t { none, silence, rtt, overrun };
inline constexpr std::size_t kCreditReasons = 4;
const char* credit_reason_name(CreditReason reason);

/// Since the start.
struct JudgeStats {
  std::uint64_t events = 0;  ///< Movements judged.
  std::uint64_t stale = 0, duplicate = 0, invalid = 0;
  std::uint64_t usual_gaps = 0;  ///< Reviews not opened: the line is usually like that.
  std::array<std::uint64_t, kRefereeRules> rejections{};
  std::array<std::uint64_t, kCreditReasons> adjustments{};
};

/// Everything a page shows about one player.
struct PlayerView {
  std::string name;
  MoveProfile profile;
  PlayerStatus status;
  float max_e = 1;  ///< Highest so far, also before the options changed.
  std::uint64_t moves = 0;
  std::uint32_t rejected = 0;
  double rtt_ms = 0;  ///< 0: never measured.
  WallTime last_at{};
  double clock_60s = 0, clock_600s = 0, clock_session = 0;  ///< Client over server time; 0 unknown.
  PlayerBaseline baseline;
  std::deque<PathPoint> path;
};

/// The path as JSON: [{at, x, y, z, accepted, set_back_to, allowed_radius}].
std::string path_json(const std::deque<PathPoint>& path);
/// The player of the contract; with `detail` also ratios, path, channels and baseline.
void write_player(JsonWriter& json, const PlayerView& view, double base_credit_s, bool detail);

}  // namespace gk::referee
