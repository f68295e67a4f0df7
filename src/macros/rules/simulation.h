// simulation.h: what a profile would have decided, had it held while a stretch of history was
// recorded. It runs the very rules of macro_watch.h over samples instead of snapshots, and never
// acts: a macro that it "cancels" is gone until the next run in the history.
//
// What history has not: commands, so patterns are silent and every macro has an even share of them;
// single samples of what is folded into aggregates, so there the mean counts, and where only the
// largest or smallest sample passed a limit it says "possible" instead. Design: docs/macros.md.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "macros/rules/macro_watch.h"
#include "monitor/rules/series.h"

namespace gk::macros {

/// One signal of the history, in order of time. `subject`: empty, "game:NAME" or "macro:ID".
struct RecordedSeries {
  std::string signal;
  std::string subject;
  std::vector<monitor::Sample> raw;
  std::vector<monitor::Aggregate> aggregates;
};

struct SimulationInput {
  MacroSafetyProfile profile;  ///< Its macro_id is the subject.
  std::vector<Zone> zones;     ///< Of its windows, in their order.
  WatchSettings watch;
  WatchedMacro means;  ///< What could be done to it, and its game.
  WallTime from{}, to{};
  std::vector<RecordedSeries> series;
};

/// Source: chosen.
struct SimulationLimits {
  std::size_t decisions = 1'000;  ///< The newest are left out, and `truncated` says so.
  std::size_t possible = 100;     ///< The same.
  std::size_t points_of_aggregate = 60;
  Seconds run_gap{30};        ///< Without a sample of its process a run is over.
  bool mutant_holds = false;  ///< The planted bug of a test: a missing sample keeps its value.
};

struct SimulatedDecision {
  WallTime at{};
  Decision decision;
  bool from_aggregate = false;  ///< The value is a mean.
};

/// A limit that a folded sample passed, but its mean did not: it may have been broken.
struct PossibleBreach {
  WallTime from{}, to{};
  std::string signal;
  double worst = 0, limit = 0;
};

/// How much of one signal was there.
struct SignalCoverage {
  std::string signal, subject;
  std::uint64_t samples = 0;  ///< Raw.
  std::uint64_t folded = 0;   ///< Behind aggregates.
  double known_share = 0;     ///< Of the evaluations, 0..1.
};

struct SimulationResult {
  std::vector<SimulatedDecision> decisions;
  std::vector<PossibleBreach> possible;
  std::vector<SignalCoverage> coverage;
  std::uint64_t samples_used = 0;
  std::uint64_t evaluations = 0;
  std::uint64_t gaps = 0;      ///< Stretches of more than run_gap without any sample.
  double unknown_share = 1;    ///< Of the time asked for, without any known signal.
  std::uint32_t runs = 0;      ///< Of the macro.
  bool runs_recorded = false;  ///< False: its process was never measured. One run is assumed, its
                               ///< duration is not judged, and it goes on after a cancellation.
  bool truncated = false;
};

/// Cost: O(samples · log signals + evaluations · macros); some 2 µs an evaluation.
SimulationResult simulate(const SimulationInput& input, const SimulationLimits& limits = {});

}  // namespace gk::macros
