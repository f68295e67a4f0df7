#include "macros/rules/culprit.h"

#include <algorithm>

namespace gk::macros {

double total_demand(std::span<const Suspect> suspects, const MachineLoad& load) {
  double demand = 0, cpu = 0;
  for (const Suspect& s : suspects) {
    demand += s.demand_pct.value_or(0);
    if (s.demand_pct) cpu += s.cpu_pct.value_or(*s.demand_pct);
  }
  const double others_cpu = std::max(0.0, *load.cpu_usage_pct * load.cores - cpu);
  const double wait_ratio = cpu > 0 ? std::max(1.0, demand / cpu) : 1.0;
  return demand + others_cpu * wait_ratio;
}

namespace {

// What a macro's commands may have to do with the slowing of the game.
double game_slope(const MachineLoad& load, const Suspect& suspect) {
  const double busy = std::max(*load.cpu_usage_pct, load.cpu_pressure_pct.value_or(0));
  const double unexplained = std::clamp(1 - busy / 100, 0.0, 1.0);
  return load.tick_slope.value_or(1) * std::max(unexplained, suspect.surge.value_or(0));
}

void pick_culprit(Verdict& verdict, const CulpritSettings& settings) {
  std::size_t best = 0;
  double next = 0;
  for (std::size_t i = 1; i < verdict.scores.size(); ++i) {
    if (verdict.scores[i].score > verdict.scores[best].score) {
      next = verdict.scores[best].score;
      best = i;
    } else {
      next = std::max(next, verdict.scores[i].score);
    }
  }
  const double score = verdict.scores[best].score;
  verdict.margin = next > 0 ? score / next : 0;
  if (score >= settings.threshold && score >= settings.margin * next) verdict.culprit = best;
}

}  // namespace

Verdict find_culprit(Blame blame, std::span<const Suspect> suspects, const MachineLoad& load,
                     const CulpritSettings& settings) {
  Verdict verdict;
  verdict.threshold = settings.threshold;
  if (suspects.empty()) return verdict;
  const bool memory = blame == Blame::memory;
  const double whole = memory ? load.memory_total_bytes * load.memory_usage_pct.value_or(0) / 100
                              : (load.cpu_usage_pct ? total_demand(suspects, load) : 0);
  const bool known = memory ? whole > 0 : load.cpu_usage_pct.has_value();
  const double even = 1.0 / static_cast<double>(suspects.size());
  for (const Suspect& s : suspects) {
    SuspectScore score{s.macro_id, 0, s.demand_pct, 0};
    const double part = (memory ? s.rss_bytes : s.demand_pct).value_or(0);
    score.share = whole > 0 ? std::min(1.0, part / whole) : 0;
    score.score = memory ? score.share : settings.demand_weight * score.share;
    if (blame == Blame::game && known) {
      score.score += settings.command_weight * s.command_share.value_or(even) * game_slope(load, s);
    }
    verdict.scores.push_back(std::move(score));
  }
  if (known) pick_culprit(verdict, settings);
  return verdict;
}

}  // namespace gk::macros
