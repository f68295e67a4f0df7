#include "referee/offline/score.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <vector>

#include "referee/offline/baselines.h"

namespace gk::referee {
namespace {

struct CheatClass {
  const char* name;
  double from;
};
constexpr std::array<CheatClass, 21> kCheatClasses = {{{"speed-1.02", 10},
                                                       {"speed-1.03", 10},
                                                       {"speed-1.05", 10},
                                                       {"speed-1.2", 10},
                                                       {"speed-2", 10},
                                                       {"speed-5", 10},
                                                       {"speed-1.05", 0},
                                                       {"duty_speed-1.2", 10},
                                                       {"duty_speed-2", 10},
                                                       {"teleport", 10},
                                                       {"clock-1.02", 10},
                                                       {"clock-1.05", 10},
                                                       {"clock-1.5", 10},
                                                       {"clock-1.05", 0},
                                                       {"speed-1.05+forged", 10},
                                                       {"clock-1.05+forged", 10},
                                                       {"flood", 10},
                                                       {"flight", 10},
                                                       {"hover", 10},
                                                       {"lag_switch", 10},
                                                       {"lag_switch+forged", 10}}};

Scenario vary(Scenario scenario, std::uint64_t seed) {
  Dice dice(seed ^ 0xabcdefU);
  scenario.seed = seed;
  scenario.machine = static_cast<MachineClass>(dice.below(kMachineClasses));
  return scenario;
}

void judge_baselines(const Session& session, double from_ms, ScoreRow& row) {
  const double speed = session.events.front()[Num::vmax];
  PerStep per_step(speed);
  LagPool lag_pool(speed);
  TimeMargin time_margin(speed);
  bool refused[3] = {};
  for (const TraceEvent& event : session.events) {
    if (event.kind != TraceKind::move) continue;
    const bool counts = event[Num::r] >= from_ms;
    refused[0] |= lag_pool.refuses(event) && counts;
    refused[1] |= time_margin.refuses(event) && counts;
    refused[2] |= per_step.refuses(event) && counts;
  }
  row.lag_pool += refused[0] ? 1 : 0;
  row.time_margin += refused[1] ? 1 : 0;
  row.per_step += refused[2] ? 1 : 0;
}

double quantile(std::vector<double>& values, double q) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

void add_outcome(ScoreRow& row, const Outcome& outcome, std::uint64_t seed, bool honest) {
  ++row.sessions;
  row.with_refusal += outcome.refused > 0 ? 1 : 0;
  if (outcome.refused > 0) ++row.first_rule[static_cast<std::size_t>(outcome.first_rule)];
  row.watched += outcome.state >= PlayerState::watch ? 1 : 0;
  row.reviewed += outcome.state == PlayerState::review ? 1 : 0;
  const bool bad = outcome.refused > 0 || outcome.state == PlayerState::review;
  if (honest && bad && row.bad_seeds.size() < 8) row.bad_seeds.push_back(seed);
}

ScoreRow score_honest(LinkClass link, const ScoreOptions& options) {
  ScoreRow row;
  row.name = std::string("honest ") + link_name(link);
  for (std::uint32_t i = 0; i < options.sessions; ++i) {
    const std::uint64_t seed = options.first_seed + i;
    Scenario scenario = vary({}, seed);
    scenario.link = link;
    scenario.space = i % 2 == 0 ? Space::flat_2d : Space::solid_3d;
    scenario.clock = i % 8 < 6;
    const Session session = generate(scenario);
    add_outcome(row, judge_session(session, options.referee), seed, true);
    if (options.baselines) {
      scenario.declared = false;  // The three do not know declared events: do not count those.
      judge_baselines(generate(scenario), 0, row);
    }
  }
  return row;
}

ScoreRow score_cheat(const CheatClass& cheat, const ScoreOptions& options) {
  ScoreRow row;
  row.name = std::string(cheat.name) + (cheat.from == 0 ? " from the start" : "");
  std::vector<double> found;
  for (std::uint32_t i = 0; i < options.sessions; ++i) {
    const std::uint64_t seed = options.first_seed + 500'000 + i;
    Scenario scenario = vary(scenario_of(cheat.name).value(), seed);
    scenario.link = static_cast<LinkClass>(i % 3);
    scenario.cheat_from = cheat.from;
    scenario.declared = false;
    const Session session = generate(scenario);
    const Outcome outcome = judge_session(session, options.referee);
    add_outcome(row, outcome, seed, false);
    if (outcome.found_ms >= 0)
      found.push_back(outcome.found_ms);
    else if (row.bad_seeds.size() < 8)
      row.bad_seeds.push_back(seed);
    if (options.baselines) judge_baselines(session, session.cheat_at_ms, row);
  }
  row.found = static_cast<std::uint32_t>(found.size());
  row.median_ms = quantile(found, 0.5);
  row.p90_ms = quantile(found, 0.9);
  row.worst_ms = quantile(found, 1);
  return row;
}

float between(Vec3 a, Vec3 b) { return std::hypot(a.x - b.x, a.y - b.y, a.z - b.z); }

/// An honest client that was refused goes where it was set back, a round trip later, and plays on
/// from there; a trace alone would go on from where the refused movement led, for ever. A declared
/// teleport puts it at its target as before.
class Obedience {
 public:
  Move played(Move move) {
    const Vec3 raw = move.position;
    for (const Vec3& target : targets_)
      if (between(raw, target) < kNear && between(last_, target) >= kNear) shift_ = {}, told_ = {};
    if (told_ && move.received_us >= learns_us_) {
      shift_ = {told_->x - raw.x, told_->y - raw.y, told_->z - raw.z};
      told_.reset();
    }
    last_ = raw;
    move.position = {raw.x + shift_.x, raw.y + shift_.y, raw.z + shift_.z};
    return move;
  }
  void refused(const Verdict& verdict, std::int64_t now_us) {
    if (!told_) learns_us_ = now_us + rtt_us_;
    told_ = verdict.set_back;
  }
  void note(const TraceEvent& event) {
    if (event.kind == TraceKind::rtt) rtt_us_ = std::llround(event[Num::rtt] * 1000);
    if (event.kind == TraceKind::declared && event[Text::type] == "teleport")
      targets_.push_back({static_cast<float>(event[Num::x]), static_cast<float>(event[Num::y]),
                          static_cast<float>(event[Num::z])});
  }

 private:
  static constexpr float kNear = 20;  // Metres: a stall's distance; targets are hundreds apart.
  std::vector<Vec3> targets_;
  std::optional<Vec3> told_;
  Vec3 shift_, last_;
  std::int64_t learns_us_ = 0, rtt_us_ = 100'000;
};

}  // namespace

Outcome judge_session(const Session& session, const RefereeOptions& base) {
  RefereeOptions options = base;
  options.max_players = 1;
  options.max_profiles = 1;
  options.max_explanations = 1;
  options.max_items = 1;
  Referee referee = Referee::create(options).value();
  const PlayerId player =
      referee.add_player(referee.add_profile(profile_of(session.events.front())).value(), 0)
          .value();
  Outcome outcome;
  Obedience obedience;
  const bool honest = session.cheat_at_ms <= 0;
  double last_ms = 0;
  const auto found = [&](double at_ms) {
    if (session.cheat_at_ms > 0 && at_ms >= session.cheat_at_ms && outcome.found_ms < 0)
      outcome.found_ms = at_ms - session.cheat_at_ms;
  };
  for (const TraceEvent& event : session.events) {
    if (event.kind == TraceKind::session || event.kind == TraceKind::end) continue;
    last_ms = event[Num::r];
    if (event.kind != TraceKind::move) {
      (void)apply_event(referee, player, event);
      obedience.note(event);
      continue;
    }
    const Move raw = move_of(event, player);
    const Verdict verdict = referee.move(honest ? obedience.played(raw) : raw);
    ++outcome.moves;
    if (verdict.outcome == MoveOutcome::rejected) obedience.refused(verdict, raw.received_us);
    if (verdict.outcome == MoveOutcome::rejected && outcome.refused++ == 0) {
      outcome.first_refusal_ms = last_ms;
      outcome.first_rule = verdict.rule;
    }
    if (verdict.outcome == MoveOutcome::rejected) found(last_ms);
    outcome.state = std::max(outcome.state, verdict.state);
    if (verdict.state == PlayerState::review && outcome.first_review_ms < 0)
      outcome.first_review_ms = last_ms;
    if (verdict.state == PlayerState::review) found(last_ms);
  }
  const auto now = static_cast<std::int64_t>(last_ms * 1000);
  (void)referee.close(player, now);
  const PlayerStatus status = referee.status(player, now).value();
  outcome.state = std::max(outcome.state, status.state);
  if (status.state == PlayerState::review) found(last_ms);
  outcome.max_e = status.max_e;
  return outcome;
}

std::vector<ScoreRow> score(const ScoreOptions& options) {
  std::vector<ScoreRow> rows;
  for (std::size_t i = 0; i < kLinkClasses; ++i)
    rows.push_back(score_honest(static_cast<LinkClass>(i), options));
  if (options.cheats)
    for (const CheatClass& cheat : kCheatClasses) rows.push_back(score_cheat(cheat, options));
  return rows;
}

}  // namespace gk::referee
