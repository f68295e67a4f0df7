// judge_player.h: what the judge remembers of one player beside the referee's own state. For
// judge*.cc only.

#pragma once

#include <deque>
#include <memory>
#include <string>

#include "referee/service/judge.h"

namespace gk::referee {

/// Client time over server time in one tumbling window.
struct ClockWindow {
  std::int64_t from_us = 0;
  std::int64_t drift_us = 0;
  double last = 0;  ///< Of the window before; 0 = not yet.
};

/// The metrics, asked for once.
struct Judge::Counters {
  explicit Counters(Metrics& metrics)
      : events(metrics.counter("gamekeeper_referee_events_total", "Movements judged")),
        players(metrics.gauge("gamekeeper_referee_players", "Players in the table")) {
    for (std::size_t i = 1; i < kRefereeRules; ++i)
      rejections.push_back(
          metrics.counter("gamekeeper_referee_rejections_total", "Movements refused, by rule",
                          {{"rule", referee_rule_name(static_cast<RefereeRule>(i))}}));
    for (std::size_t i = 1; i < kCreditReasons; ++i)
      adjustments.push_back(metrics.counter(
          "gamekeeper_referee_adjustments_total",
          "Movements accepted with credit for lag that the server saw, by what it saw",
          {{"reason", credit_reason_name(static_cast<CreditReason>(i))}}));
  }
  Counter events;
  Gauge players;
  std::vector<Counter> rejections, adjustments;  // Without "none".
};

struct Judge::Player {
  static constexpr std::size_t kMaxPath = 64;  // Source: chosen; 25 s at one point in 400 ms.

  std::string name;
  MoveProfile profile;
  std::deque<PathPoint> path;  ///< The oldest point loses.
  std::unique_ptr<SmartReplay> smart;
  Vec3 last_accepted;  ///< For the smart modes, which keep no position.
  WallTime last_at{};
  std::int64_t joined_us = 0;
  std::int64_t first_received_us = 0, last_received_us = 0, status_due_us = 0;
  std::int64_t caller_offset_us = 0;
  std::int64_t client_offset_us = 0;  ///< Client's clock minus ours; for the smart modes only.
  bool has_offset = false, placed = false;
  std::uint64_t moves = 0;  ///< Without HotSlot::moves, which are added with each sample.
  std::uint32_t rejected = 0;
  float reported_e = 0, status_e = 1, past_max_e = 1;
  double rtt_ms = 0, rtt_sum_ms = 0;
  std::uint32_t rtts = 0;
  ClockWindow minute, ten_minutes;
  double clock_session = 0;
  PlayerBaseline baseline;  ///< Before this session, plus what was learnt of it.
  std::int64_t learned_us = 0;
  std::uint64_t learned_moves = 0;
  std::uint32_t learned_gaps = 0;

  float max_e() const { return std::max(status_e, past_max_e); }
  void add_point(PathPoint point) {
    if (path.size() >= kMaxPath) path.pop_front();
    path.push_back(point);
  }
  void note_smart(const EventRecord& event, std::int64_t at_us);
};

}  // namespace gk::referee
