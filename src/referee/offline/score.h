// score.h: how well the referee does on generated sessions: false refusals and detection.

#pragma once

#include <array>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "referee/offline/generate.h"

namespace gk::referee {

/// One judged session.
struct Outcome {
  std::uint32_t moves = 0, refused = 0;
  double first_refusal_ms = -1;  ///< Receive time of the first refusal; -1 never.
  double first_review_ms = -1;
  double found_ms = -1;  ///< Refusal or review after the cheat began; from its beginning.
  PlayerState state = PlayerState::ok;
  RefereeRule first_rule = RefereeRule::none;
  float max_e = 1;
};

/// Judges the session with `options`. An honest client obeys set-backs, a round trip later.
Outcome judge_session(const Session& session, const RefereeOptions& options);

/// Sessions of one class together.
struct ScoreRow {
  std::string name;
  std::uint32_t sessions = 0;
  std::uint32_t with_refusal = 0, watched = 0, reviewed = 0, found = 0;
  double median_ms = 0, p90_ms = 0, worst_ms = 0;             ///< Of found_ms; cheats only.
  std::uint32_t lag_pool = 0, time_margin = 0, per_step = 0;  ///< Sessions these refuse in.
  std::array<std::uint32_t, kRefereeRules> first_rule{};      ///< Of the sessions with a refusal.
  std::vector<std::uint64_t> bad_seeds;  ///< Honest ones accused, cheats not found; at most 8.
};

/// What to score.
struct ScoreOptions {
  std::uint64_t first_seed = 1'000'000;  ///< Tuning used 1..99'999.
  std::uint32_t sessions = 200;          ///< Of each class.
  bool cheats = true;
  bool baselines = true;
  RefereeOptions referee;
};

/// Honest sessions of every link class, then every cheat on wired and wifi links.
std::vector<ScoreRow> score(const ScoreOptions& options);

/// `score` and `generate` as programs: arguments without the program's name; exit code.
int score_main(std::span<const std::string> arguments, std::ostream& out, std::ostream& error);
int generate_main(std::span<const std::string> arguments, std::ostream& out, std::ostream& error);

}  // namespace gk::referee
