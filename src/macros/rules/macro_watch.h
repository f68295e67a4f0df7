// macro_watch.h: decides, from one snapshot after another, which macro to warn, pause or cancel.
//
// Each running macro has the six triggers of its profile. A trigger on the macro's own behaviour
// (its duration, its demand, its memory) convicts by itself; one on the machine or the game only
// enables, and culprit.h must name this macro. Acting on a decision, time-outs of the act and the
// record of it are the service's work. Design: docs/macros.md.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/time.h"
#include "macros/rules/command_share.h"
#include "macros/rules/culprit.h"
#include "macros/rules/pacer.h"
#include "macros/rules/pattern.h"
#include "macros/rules/safety_profile.h"
#include "macros/rules/trend.h"
#include "macros/rules/trigger.h"
#include "monitor/rules/snapshot.h"

namespace gk::macros {

/// Source: macros specification (cooldown, 5 periods, 300 s, 0.75); the graces and the settle time
/// are chosen, docs/decisions/0005-culprit-score.md.
struct WatchSettings {
  TriggerSettings trigger;
  CulpritSettings culprit;
  double tick_ratio_min = 0.75;   ///< A server slower than this breaks the fps trigger.
  Millis safe_grace{10'000};      ///< Warned for so long before a safe macro is cancelled.
  Millis risky_grace{2'000};      ///< The same for a risky one. A dangerous one has none.
  Millis cooldown{30'000};        ///< A breach so soon after the last continues it.
  Millis settle{3'000};           ///< After a shared victim is gone, before the next.
  double unknown_periods = 5;     ///< A dangerous macro's lost signal, then pause.
  Millis max_pause{300'000};      ///< Then it runs on.
  double memory_total_bytes = 0;  ///< Of the machine; 0: memory shares stay unknown.
  double cores = 1;               ///< Used while the snapshot names no cores.
  PaceSettings pace;
  TrendSettings trend;
  double throttle_at = 0.3;      ///< Part of the grace after which a safe macro is throttled.
  double pause_at = 0.6;         ///< The same for its pause.
  Millis pattern_pause{30'000};  ///< A pause that a pattern causes. At most max_pause.
  double least_surge_rate = 4;   ///< Commands a second below which nothing is a surge.
  bool dry_run = false;          ///< Decisions are recorded; nothing acts.
  /// Most processes at once of a macro that we started, without the worker; more is a fork bomb.
  /// [1, 4096], 0: any number. Source: chosen.
  std::uint32_t max_processes = 64;
};

/// The rule behind a decision, as evidence.
struct RuleFacts {
  Trigger trigger = Trigger::duration;
  std::string signal;  ///< "cpu_usage", "tick_ratio", …
  double enter = 0;
  double leave = 0;
  double for_s = 0;
  std::uint32_t min_samples = 1;
  std::string window;  ///< Of the profile, which was open; empty: none.
  /// The series that was judged: "demand_pct" or "memory_share_pct" for the macro's own, else as
  /// `signal`; empty: none was.
  std::string measured;
};

/// What to do about one macro.
struct Decision {
  enum class Action : std::uint8_t {
    warn,      ///< Tell; the macro runs on.
    clear,     ///< The warning is over.
    throttle,  ///< At most one command in `pace`; zero: no limit any more.
    pause,     ///< Stop it for now.
    resume,    ///< End of a pause that the rules made.
    cancel,    ///< End it.
    record,    ///< It would be cancelled, but its profile only watches.
  };
  Action action = Action::warn;
  std::string macro_id;
  std::string reason;
  RuleFacts rule;
  double value = 0;
  std::optional<Verdict> verdict;  ///< Who else was suspected; absent when nobody else could be.
  bool own = true;                 ///< A rule on the macro's own behaviour, not on a total.
  bool forecast = false;           ///< A warning of what will be; never leads to more.
  Nanos pace{0};                   ///< Of `throttle`.
  MonoTime breached_at{};          ///< When the breach was complete.
};

/// What can be done to a macro short of ending it, and where it acts.
struct WatchedMacro {
  std::string game;           ///< Scope of its rules; empty: not known, so any game is its game.
  bool can_throttle = false;  ///< Its pace is in our hands.
  bool can_pause = false;     ///< So is whether it runs.
  /// We started it: its tree begins with one worker of ours, and max_processes holds for the rest.
  bool is_supervised = false;
};

/// What a macro did.
enum class Deed : std::uint8_t { command, chat, error };

/// The watch over all running macros.
///
/// Thread:     compatible.
/// Invariants: after a cancel decision for a macro there is no other for it until remove();
///             between a shared victim and the next lie its remove() and `settle`.
/// Cost:       evaluate() is O(macros); 100 macros take 106 µs (bench/macros_rules_bench.cc).
class MacroWatch {
 public:
  explicit MacroWatch(WatchSettings settings) : settings_(settings) {}

  /// Starts watching. `first`: what was known at the start; may be null.
  /// Requires: `macro_id` is not watched yet (assert).
  void add(const MacroSafetyProfile& profile, MonoTime started, const monitor::Snapshot* first,
           const WatchedMacro& means = {});
  /// Other limits from now on: a window of the profile opened or closed. `window`: its name, empty
  /// for none. What changes is counted anew; a warning and its grace go on. Patterns stay.
  void set_profile(const MacroSafetyProfile& profile, std::string window);
  /// Stops watching: it ended, or it is gone after a decision.
  void remove(std::string_view macro_id, MonoTime now);

  /// Decides. `snapshot` may be null (nothing measured yet: only durations count) and may be the
  /// same as before. Requires: `now` never decreases.
  std::vector<Decision> evaluate(const monitor::Snapshot* snapshot, MonoTime now);

  /// The macro did something. Returns what follows at once, if a pattern is complete.
  std::optional<Decision> observe(std::string_view macro_id, Deed deed, std::string_view text,
                                  MonoTime now);
  /// Somebody ("macro:ID", "user:NAME", …) sent a command to a game: for the command shares.
  void note_command(std::string_view game, std::string_view sender, MonoTime now) {
    commands_.add(game, sender, now);
  }

  /// The re-check right before a destructive step: true while the newest value is known and still
  /// breaks the limit of `decision`.
  bool still_holds(const Decision& decision, const monitor::Snapshot* newest, MonoTime now) const;
  /// Takes a cancel decision back, because it does not hold any more.
  void retract(std::string_view macro_id);

  void set_culprit(const CulpritSettings& settings) { settings_.culprit = settings; }
  std::size_t size() const { return entries_.size(); }
  const WatchSettings& settings() const { return settings_; }

 private:
  enum class Source : std::uint8_t { own_demand, own_memory, machine, game };
  struct Rule {
    Trigger trigger;
    Source source;
    Blame blame;
    std::string_view signal;
    monitor::Signal monitor::Snapshot::* field;  // Null for own rules.
    HysteresisTrigger test;
    HoltTrend trend;
    std::optional<MonoTime> named_at;  // Since when the culprit test names this macro.
  };
  // A signal that a dangerous macro must not lose.
  struct Lifeline {
    std::string_view signal;
    monitor::Signal monitor::Snapshot::* field;
    bool known_at_start = false;
    bool spent = false;  // Its loss has caused a pause already.
    Nanos period{Seconds(1)};
    std::optional<MonoTime> lost_at;
  };
  struct Pause {
    enum class Cause : std::uint8_t { lost_signal, breach, pattern };
    Cause cause = Cause::breach;
    MonoTime at{};
  };
  // How well one game does, against its own best.
  struct Game {
    double best_tick = 0;
    std::optional<double> slope;  // culprit.h, tick_slope.
    bool is_well = false;
    MonoTime at{};
  };
  struct Entry {
    MacroSafetyProfile profile;
    std::string window;  // The open one.
    std::string subject;
    MonoTime started{};
    std::vector<Rule> rules;
    std::vector<Lifeline> lifelines;
    bool cancelling = false;
    bool warned = false;
    bool duration_recorded = false;
    std::optional<MonoTime> processes_recorded;  // Where nothing acts.
    std::optional<Pause> pause;                  // Only pauses that the rules made.
    std::optional<MonoTime> quiet_since;
    std::optional<MonoTime> pattern_pause_ended;
    std::optional<MonoTime> pattern_warned_at;
    std::optional<MonoTime> forecast_at;
    bool breach_paused = false;  // This breach has had its pause.
    WatchedMacro means;
    std::vector<PatternCounter> patterns;  // By matcher.
    GrowthSteps growth;
    Pacer pacer{PaceSettings{}};
    double usual_rate = 0;  // Commands a second while its game was well.
    Nanos usual_time{0};    // How long that has been learned.
    std::optional<MonoTime> warned_at;
    std::optional<MonoTime> cleared_at;
    std::optional<MonoTime> recorded_at;
    double quiet_cpu_pct = 0;  // Mean CPU while the machine had room.
    std::uint32_t quiet_samples = 0;
    MonoTime last_cpu_sample = MonoTime::min();
  };
  struct Tick;  // One evaluation: snapshot, time, suspects and lazily made verdicts.

  static std::vector<Rule> make_rules(const MacroSafetyProfile& profile, const WatchSettings& s);
  std::optional<Decision> judge(Entry& entry, Tick& tick);
  std::optional<Decision> judge_duration(Entry& entry, const Tick& tick);
  std::optional<std::uint32_t> excess_processes(const Entry& entry,
                                                const monitor::Snapshot* snapshot,
                                                MonoTime now) const;
  std::optional<Decision> judge_processes(Entry& entry, const Tick& tick);
  std::optional<Decision> judge_lifelines(Entry& entry, const Tick& tick);
  std::optional<Decision> judge_growth(Entry& entry, const Tick& tick);
  std::optional<Decision> judge_trends(Entry& entry, Tick& tick);
  Decision make_decision(const Entry& entry, const Rule& rule, double value) const;
  // macro_watch_act.cc
  bool acts(const Entry& entry) const;
  std::optional<Decision> on_pattern(Entry& entry, const PatternRule& rule, MonoTime now);
  std::optional<Decision> escalate(Entry& entry, const Tick& tick, Decision decision);
  std::optional<Decision> ease(Entry& entry, const Tick& tick, bool any_active);
  std::optional<Decision> pause(Entry& entry, Decision decision, Pause::Cause cause, MonoTime now);
  double command_rate(const Entry& entry, MonoTime now) const;
  // macro_watch_game.cc
  void learn_games(const Tick& tick);
  void learn_usual_rate(Entry& entry, const Tick& tick);
  monitor::Signal game_signal(const Entry& entry, const Rule& rule, const Tick& tick) const;
  monitor::Signal game_signal(const Entry& entry, const Rule& rule,
                              const monitor::Snapshot& snapshot, MonoTime now) const;
  const Verdict& verdict_of(const Entry& entry, Blame blame, Tick& tick) const;
  const Verdict& game_verdict(const Entry& entry, Tick& tick) const;
  std::optional<Decision> judge_rules(Entry& entry, Tick& tick);
  std::optional<Decision> climb(Entry& entry, const Tick& tick, Decision decision,
                                bool one_at_a_time);
  void feed(Entry& entry, const Tick& tick);
  monitor::Signal own_signal(const Entry& entry, Source source, const Tick& tick) const;
  monitor::Signal raw_own_signal(const Entry& entry, Source source,
                                 const monitor::Snapshot& snapshot, MonoTime now) const;
  bool is_queueing(const Entry& entry, const Tick& tick) const;
  bool may_blame_queueing(const Entry& entry, const monitor::ProcessSample& process,
                          const Tick& tick) const;
  void learn_quiet_cpu(Entry& entry, const Tick& tick);
  Millis grace(SafetyLevel level) const;

  WatchSettings settings_;
  std::map<std::string, Entry, std::less<>> entries_;
  CommandShares commands_;
  std::map<std::string, Game, std::less<>> games_;  // Of the macros that run.
  std::optional<MonoTime> last_tick_;
  std::string shared_victim_;  // Decided, not removed yet.
  MonoTime shared_hold_until_ = MonoTime::min();
};

}  // namespace gk::macros
