// scenario_sim_test.h: a toy machine for the culprit test and the sweep of its settings: cores, a
// fair scheduler, a compiler, a game server and 21 macros, at most one of them guilty. For tests
// and bench/macros_rules_bench.cc only.

#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "macros/rules/macro_watch.h"
#include "testing/seeded_random.h"

namespace gk::macros::sim {

enum class Guilt : std::uint8_t {
  none,         ///< Nobody; a compiler makes the machine suffer.
  starved,      ///< Nobody; the macros need more than a compiler leaves them.
  spin,         ///< 1..cores threads that never sleep, beside a compiler.
  quiet_spin,   ///< Below its own limit, no compiler, the game suffers.
  memory,       ///< Takes memory until the machine is short.
  flood,        ///< Floods the game with commands, uses no CPU; beside a compiler.
  sole_sender,  ///< Nobody; one macro alone sends, steadily, and a compiler slows the game.
};

struct Outcome {
  bool guilty_cancelled = false;
  int innocent_cancelled = 0;
};

inline constexpr int kInnocents = 20;  // Source: macros specification, must show.

/// One random machine. Thread: compatible.
class Scenario {
 public:
  Scenario(std::uint64_t seed, Guilt guilt) : random_(seed), guilt_(guilt) {
    cores_ = static_cast<double>(2U << random_.below(4));
    compiler_threads_ =
        guilt == Guilt::quiet_spin
            ? 0
            : 1 + static_cast<double>(random_.below(static_cast<std::uint64_t>(2 * cores_)));
    if (guilt == Guilt::quiet_spin) cores_ = 2;
    guilty_threads_ =
        guilt == Guilt::spin
            ? 1 + static_cast<double>(random_.below(static_cast<std::uint64_t>(cores_)))
            : 1;
    const double most = guilt == Guilt::quiet_spin ? 3 : guilt == Guilt::starved ? 15 : 6;
    for (int i = 0; i < kInnocents; ++i) needs_.push_back(0.2 + (most - 0.2) * random_.uniform());
    for (int i = 0; i <= kInnocents; ++i)
      names_.push_back(i == kInnocents ? "guilty" : "m" + std::to_string(i));
    for (const auto& n : names_) subjects_.push_back("macro:" + n);
    gone_.resize(names_.size());
    guilty_need_ = guilt == Guilt::quiet_spin ? 60 + 18 * random_.uniform() : 100;
    base_memory_pct_ = 20 + 25 * random_.uniform();
    flood_rate_ = 30 + 170 * random_.uniform();
    flood_slows_ = 0.2 + 0.5 * random_.uniform();
    guilty_from_ = 20 + static_cast<int>(random_.below(40));
  }

  Outcome run(const WatchSettings& settings) {
    WatchSettings with_machine = settings;
    with_machine.memory_total_bytes = kMemory;
    with_machine.cores = cores_;
    MacroWatch watch(with_machine);
    MonoTime now{std::chrono::hours(1)};
    measure(now, 0);
    for (int i = 0; i <= kInnocents; ++i) watch.add(profile(i), now, &snapshot_, {.game = "world"});
    Outcome outcome;
    int last_tick = 200;
    for (int tick = 1; tick <= last_tick; ++tick) {
      now += std::chrono::milliseconds(100);
      measure(now, tick);
      send_commands(watch, now, tick);
      for (const Decision& d : watch.evaluate(&snapshot_, now)) {
        if (d.action != Decision::Action::cancel) continue;
        watch.remove(d.macro_id, now);
        const auto at = std::find(names_.begin(), names_.end(), d.macro_id) - names_.begin();
        gone_[static_cast<std::size_t>(at)] = true;
        changed_ = true;
        if (at == kInnocents) {
          outcome.guilty_cancelled = true;
          last_tick = std::min(last_tick, tick + 20);  // Long enough to see a second victim.
        } else {
          ++outcome.innocent_cancelled;
        }
      }
    }
    return outcome;
  }

 private:
  static constexpr double kMemory = 16e9;  // Source: chosen, bytes.

  bool is_gone(int i) const { return gone_[static_cast<std::size_t>(i)]; }
  MacroSafetyProfile profile(int i) {
    MacroSafetyProfile p;
    p.macro_id = names_[static_cast<std::size_t>(i)];
    p.safety_level = static_cast<SafetyLevel>(random_.below(3));
    if (guilt_ != Guilt::quiet_spin) p.thresholds = level_thresholds(p.safety_level);
    return p;
  }
  bool acts_at(int tick) const {
    const bool never =
        guilt_ == Guilt::none || guilt_ == Guilt::starved || guilt_ == Guilt::sole_sender;
    return !never && tick >= guilty_from_ && !is_gone(kInnocents);
  }
  // Innocents send 0.1 to 2 a second, 21 together, the flooder 30 to 200; a sole sender 3, from the
  // start.
  void send_commands(MacroWatch& watch, MonoTime now, int tick) {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (gone_[i]) continue;
      const bool guilty = i + 1 == names_.size();
      double rate = guilt_ == Guilt::sole_sender ? (i == 0 ? 3 : 0) : 0.1 + 0.3 * needs_[i % 20];
      if (guilty) rate = guilt_ == Guilt::flood && acts_at(tick) ? flood_rate_ : 0.5;
      double due = rate / 10;
      for (; due >= 1; --due) watch.note_command("world", subjects_[i], now);
      if (random_.uniform() < due) watch.note_command("world", subjects_[i], now);
    }
  }
  double noise(double share) { return 1 + share * (2 * random_.uniform() - 1); }

  // The fair level: every thread gets min(need, level), together at most all cores.
  double water_level(const std::vector<double>& thread_needs) const {
    double low = 0, high = 100;
    for (int i = 0; i < 14; ++i) {
      const double level = (low + high) / 2;
      double sum = 0;
      for (const double need : thread_needs) sum += std::min(need, level);
      (sum > 100 * cores_ ? high : low) = level;
    }
    return high;
  }

  void share_cores(bool spins, double game_need) {
    std::vector<double> threads(static_cast<std::size_t>(compiler_threads_), 100.0);
    threads.push_back(game_need);
    for (int i = 0; i < kInnocents; ++i) {
      if (!is_gone(i)) threads.push_back(needs_[static_cast<std::size_t>(i)]);
    }
    if (spins) {
      threads.insert(threads.end(), static_cast<std::size_t>(guilty_threads_), guilty_need_);
    }
    level_ = water_level(threads);
    used_ = 0;
    for (const double need : threads) used_ += std::min(need, level_);
  }

  void measure(MonoTime now, int tick) {
    const bool acts = acts_at(tick);
    const bool spins = acts && (guilt_ == Guilt::spin || guilt_ == Guilt::quiet_spin);
    constexpr double kGameNeed = 40;  // Source: chosen, % of one core.
    if (std::exchange(spun_, spins ? 1 : 0) != (spins ? 1 : 0) || std::exchange(changed_, false)) {
      share_cores(spins, kGameNeed);
    }
    const double level = level_;
    const double usage = std::min(100.0, used_ / cores_);
    const bool saturated = usage > 98;

    const auto set = [&](monitor::Signal& s, double v) {
      s = monitor::Signal::known(v, now, {}, std::chrono::milliseconds(100));
    };
    snapshot_.at = now;
    set(snapshot_.cpu_usage, usage);
    for (int i = 0; i <= kInnocents; ++i) {
      const bool guilty = i == kInnocents;
      const bool busy = guilty && spins;
      const double count = busy ? guilty_threads_ : 1;
      const double need = busy ? guilty_need_ : (guilty ? 3 : needs_[static_cast<std::size_t>(i)]);
      const double cpu = std::min(need, level);
      // A thread that gets what it needs still queues on a saturated machine; one that does not
      // is runnable all the time.
      const double wait = saturated ? 1 + 2 * random_.uniform() : 1 + 0.1 * random_.uniform();
      const double demand = need > level ? 100 : std::min(100.0, cpu * wait);
      auto& process = snapshot_.processes[subjects_[static_cast<std::size_t>(i)]];
      set(process.cpu_pct, count * cpu * noise(0.05));
      set(process.demand_pct, count * demand * noise(0.02));
      const double grown = guilt_ == Guilt::memory && acts && guilty
                               ? std::min(94 - base_memory_pct_, 2.0 * (tick - guilty_from_))
                               : 0.2;
      set(process.rss_bytes, kMemory * grown / 100);
      if (guilty) set(snapshot_.memory_usage, base_memory_pct_ + grown + 2);
    }
    const bool contended = saturated || (guilt_ == Guilt::quiet_spin && spins);
    const double served = std::min(1.0, level / kGameNeed) * (contended ? 0.2 : 1.0);
    set(snapshot_.fps, 60 * served * noise(0.1));
    set(snapshot_.latency, 40 / served * noise(0.2) * (contended ? 4 : 1));
    const double flooded = guilt_ == Guilt::flood && acts ? flood_slows_ : 1.0;
    snapshot_.external.resize(1);
    snapshot_.external[0].signal = "tick_ratio";
    snapshot_.external[0].subject = "game:world";
    set(snapshot_.external[0].value, served * flooded * noise(0.02));
    snapshot_.tick_ratio = snapshot_.external[0].value;
    set(snapshot_.response_time, 80 / served * noise(0.2) * (contended ? 4 : 1));
  }

  SeededRandom random_;
  Guilt guilt_;
  double cores_ = 2, compiler_threads_ = 0, guilty_threads_ = 1, guilty_need_ = 100;
  double base_memory_pct_ = 30, flood_rate_ = 100, flood_slows_ = 0.5;
  int guilty_from_ = 0;
  int spun_ = -1;         // Whether the guilty one spun at the last tick.
  bool changed_ = false;  // A macro is gone since the last tick.
  double level_ = 100, used_ = 0;
  std::vector<double> needs_;
  std::vector<std::string> names_, subjects_;
  std::vector<bool> gone_;
  monitor::Snapshot snapshot_;
};

/// Sum over `n` scenarios from seed `first`.
struct Tally {
  int guilty_cancelled = 0;
  int scenarios_with_an_innocent_cancelled = 0;
};

inline Tally run_many(int n, std::uint64_t first, Guilt guilt, const WatchSettings& settings) {
  Tally tally;
  for (int i = 0; i < n; ++i) {
    const Outcome o = Scenario(first + static_cast<std::uint64_t>(i), guilt).run(settings);
    tally.guilty_cancelled += o.guilty_cancelled ? 1 : 0;
    tally.scenarios_with_an_innocent_cancelled += o.innocent_cancelled > 0 ? 1 : 0;
  }
  return tally;
}

}  // namespace gk::macros::sim
