// culprit.h: which macro, if any, causes what the machine or the game suffers from.
//
// Totals of the machine only enable a rule; the victim is chosen here. Demand (run time plus
// run-queue wait) is used instead of CPU time, because on a busy machine the culprit's CPU time is
// low. What is not a macro counts in the denominator, so a compiler beside a macro takes its part
// of the blame. How the defaults were chosen: docs/decisions/0005-culprit-score.md.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gk::macros {

/// Source: docs/decisions/0005-culprit-score.md.
struct CulpritSettings {
  double demand_weight = 1.0;   ///< Of the share of all CPU demand. [0, 10]
  double command_weight = 1.0;  ///< Of the command share × slope of the game's slowing. [0, 10]
  double threshold = 0.40;      ///< Least score of a culprit. [0, 1]
  double margin = 1.50;         ///< Least ratio to the next macro's score. [1, 100]
};

/// What is suffering, and so which share is the blame.
enum class Blame : std::uint8_t {
  cpu,     ///< The machine's CPU: share of demand.
  memory,  ///< The machine's memory: share of what is used.
  game,    ///< fps, tick ratio, latency, response time: demand and commands.
};

/// One running macro. Absent values are unknown.
struct Suspect {
  std::string macro_id;
  std::optional<double> demand_pct;  ///< % of one core, whole tree.
  std::optional<double> cpu_pct;     ///< % of one core, whole tree.
  std::optional<double> rss_bytes;
  std::optional<double> command_share;  ///< Of all commands sent to the game; absent: even.
  std::optional<double> surge;          ///< Part of its command rate that is new, 0..1; absent: 0.
};

struct MachineLoad {
  std::optional<double> cpu_usage_pct;     ///< Of all cores.
  std::optional<double> cpu_pressure_pct;  ///< PSI "some avg10".
  std::optional<double> memory_usage_pct;
  double cores = 1;
  double memory_total_bytes = 0;  ///< 0: unknown.
  /// How far the game's tick ratio fell: 0 not at all, 1 past the limit. Absent: 1.
  std::optional<double> tick_slope;
};

struct SuspectScore {
  std::string macro_id;
  double score = 0;
  std::optional<double> demand_pct;
  double share = 0;  ///< Of demand or memory, non-macros included. 0..1
};

/// Who it was, and why; kept as evidence.
struct Verdict {
  std::optional<std::size_t> culprit;  ///< Index in `scores`.
  double margin = 0;                   ///< Best score / next score; 0 when there is no next.
  double threshold = 0;
  std::vector<SuspectScore> scores;  ///< In the order of the suspects.
};

/// Demand, in % of one core, of everything on the machine. Requires: `cpu_usage_pct` is known.
double total_demand(std::span<const Suspect> suspects, const MachineLoad& load);

/// Scores the suspects. There is no culprit when the machine's own load is unknown.
///   share  = demand / (demand of all macros + demand of everything else)
///   score  = demand_weight · share                                            (cpu)
///          = rss / memory in use                                              (memory)
///          = demand_weight · share + command_weight · command share · slope   (game)
///   slope  = tick slope · max(1 − max(CPU usage, CPU pressure), surge): what contention does not
///            explain, unless the macro's own commands have just become more
/// Demand of everything else = its CPU time × the macros' own ratio of demand to CPU time, since
/// all wait in the same queues.
/// Cost: O(n), allocates.
Verdict find_culprit(Blame blame, std::span<const Suspect> suspects, const MachineLoad& load,
                     const CulpritSettings& settings);

}  // namespace gk::macros
