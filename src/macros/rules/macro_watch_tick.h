// macro_watch_tick.h: what one evaluation knows; used by macro_watch*.cc only.

#pragma once

#include <array>
#include <map>
#include <utility>

#include "macros/rules/macro_watch.h"

namespace gk::macros {

struct MacroWatch::Tick {
  const monitor::Snapshot* snapshot = nullptr;
  MonoTime now;
  std::vector<Suspect> suspects;
  MachineLoad load;
  std::array<std::optional<Verdict>, 3> verdicts;
  double top_demand = 0, second_demand = 0;  // Of the macros, % of one core.
  std::string top_macro;
  double macros_share = 0;  // Of all demand; 0 while the machine is unknown.
  Nanos since_last{0};
  std::map<std::string, Verdict, std::less<>> game_verdicts;  // By game.

  const monitor::ProcessSample* process(const std::string& subject) const {
    if (snapshot == nullptr) return nullptr;
    const auto it = snapshot->processes.find(subject);
    return it == snapshot->processes.end() ? nullptr : &it->second;
  }
  std::optional<double> known(const monitor::Signal& signal) const {
    return signal.is_known(now) ? std::optional(signal.value()) : std::nullopt;
  }
  void add_suspect(Suspect suspect) {
    const double demand = suspect.demand_pct.value_or(0);
    if (demand > top_demand) {
      second_demand = std::exchange(top_demand, demand);
      top_macro = suspect.macro_id;
    } else {
      second_demand = std::max(second_demand, demand);
    }
    macros_share += demand;
    suspects.push_back(std::move(suspect));
  }
  void finish_suspects() {
    const double all = load.cpu_usage_pct ? total_demand(suspects, load) : 0;
    macros_share = all > 0 ? macros_share / all : 0;
  }
  const Verdict& verdict(Blame blame, const CulpritSettings& settings) {
    auto& slot = verdicts[static_cast<std::size_t>(blame)];
    if (!slot) slot = find_culprit(blame, suspects, load, settings);
    return *slot;
  }
};

}  // namespace gk::macros
