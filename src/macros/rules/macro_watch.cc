#include "macros/rules/macro_watch.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace gk::macros {

using monitor::ProcessSample;
using monitor::Signal;
using monitor::Snapshot;

struct MacroWatch::Tick {
  const Snapshot* snapshot = nullptr;
  MonoTime now;
  std::vector<Suspect> suspects;
  MachineLoad load;
  std::array<std::optional<Verdict>, 3> verdicts;
  double top_demand = 0, second_demand = 0;  // Of the macros, % of one core.
  std::string top_macro;
  double macros_share = 0;  // Of all demand; 0 while the machine is unknown.

  const ProcessSample* process(const std::string& subject) const {
    if (snapshot == nullptr) return nullptr;
    const auto it = snapshot->processes.find(subject);
    return it == snapshot->processes.end() ? nullptr : &it->second;
  }
  std::optional<double> known(const Signal& signal) const {
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

std::vector<MacroWatch::Rule> MacroWatch::make_rules(const MacroSafetyProfile& profile,
                                                     const WatchSettings& s) {
  const PerformanceThresholds& t = profile.thresholds;
  const auto above = [&](double limit) {
    return HysteresisTrigger(Direction::above, limit, s.trigger);
  };
  const auto below = [&](double limit) {
    return HysteresisTrigger(Direction::below, limit, s.trigger);
  };
  return {
      {Trigger::cpu_usage, Source::own_demand, Blame::cpu, "cpu_usage", nullptr,
       above(t.cpu_usage_max)},
      {Trigger::memory_usage, Source::own_memory, Blame::memory, "memory_usage", nullptr,
       above(t.memory_usage_max)},
      {Trigger::cpu_usage, Source::machine, Blame::cpu, "cpu_usage", &Snapshot::cpu_usage,
       above(t.cpu_usage_max)},
      {Trigger::memory_usage, Source::machine, Blame::memory, "memory_usage",
       &Snapshot::memory_usage, above(t.memory_usage_max)},
      {Trigger::fps, Source::game, Blame::game, "fps", &Snapshot::fps, below(t.fps_min)},
      {Trigger::fps, Source::game, Blame::game, "tick_ratio", &Snapshot::tick_ratio,
       below(s.tick_ratio_min)},
      {Trigger::latency, Source::game, Blame::game, "latency", &Snapshot::latency,
       above(t.latency_max)},
      {Trigger::response_time, Source::game, Blame::game, "response_time", &Snapshot::response_time,
       above(t.response_time_max)},
  };
}

void MacroWatch::add(const MacroSafetyProfile& profile, MonoTime started, const Snapshot* first) {
  Entry entry;
  entry.profile = profile;
  entry.subject = "macro:" + profile.macro_id;
  entry.started = started;
  entry.rules = make_rules(profile, settings_);
  for (const Rule& rule : entry.rules) {
    if (rule.field == nullptr || profile.safety_level != SafetyLevel::dangerous) continue;
    Lifeline line;
    line.signal = rule.signal;
    line.field = rule.field;
    line.known_at_start = first != nullptr && (first->*rule.field).is_known(started);
    if (!line.known_at_start) continue;
    line.period = (first->*rule.field).period();
    entry.lifelines.push_back(line);
  }
  const bool inserted = entries_.emplace(profile.macro_id, std::move(entry)).second;
  GK_ASSERT(inserted);  // The service refuses a second start of a running macro id.
}

void MacroWatch::remove(std::string_view macro_id, MonoTime now) {
  const auto it = entries_.find(macro_id);
  if (it == entries_.end()) return;
  if (shared_victim_ == macro_id) {
    shared_victim_.clear();
    shared_hold_until_ = now + settings_.settle;
  }
  entries_.erase(it);
}

Millis MacroWatch::grace(SafetyLevel level) const {
  switch (level) {
    case SafetyLevel::safe: return settings_.safe_grace;
    case SafetyLevel::risky: return settings_.risky_grace;
    case SafetyLevel::dangerous: break;
  }
  return Millis(0);
}

std::vector<Decision> MacroWatch::evaluate(const Snapshot* snapshot, MonoTime now) {
  Tick tick;
  tick.snapshot = snapshot;
  tick.now = now;
  tick.load.cores = settings_.cores;
  tick.load.memory_total_bytes = settings_.memory_total_bytes;
  if (snapshot != nullptr) {
    tick.load.cpu_usage_pct = tick.known(snapshot->cpu_usage);
    tick.load.cpu_pressure_pct = tick.known(snapshot->psi_cpu);
    tick.load.memory_usage_pct = tick.known(snapshot->memory_usage);
    if (!snapshot->cpu_cores.empty()) {
      tick.load.cores = static_cast<double>(snapshot->cpu_cores.size());
    }
  }
  for (auto& [id, entry] : entries_) {
    Suspect suspect{id, {}, {}, {}, {}};
    if (const ProcessSample* process = tick.process(entry.subject)) {
      suspect.demand_pct = tick.known(process->demand_pct);
      suspect.cpu_pct = tick.known(process->cpu_pct);
      suspect.rss_bytes = tick.known(process->rss_bytes);
    }
    tick.add_suspect(std::move(suspect));
    learn_quiet_cpu(entry, tick);
  }
  tick.finish_suspects();
  std::vector<Decision> decisions;
  for (auto& [id, entry] : entries_) {
    feed(entry, tick);
    if (entry.cancelling) continue;
    if (auto decision = judge(entry, tick)) decisions.push_back(std::move(*decision));
  }
  return decisions;
}

// The mean of the macro's CPU while the machine had room: what it needs when nothing holds it up.
// Source: chosen; a running mean over the last 100 samples (10 s at 10 Hz), below 80 % usage.
void MacroWatch::learn_quiet_cpu(Entry& entry, const Tick& tick) {
  const ProcessSample* process = tick.process(entry.subject);
  if (process == nullptr || !process->cpu_pct.is_known(tick.now)) return;
  if (!tick.load.cpu_usage_pct || *tick.load.cpu_usage_pct >= 80) return;
  if (process->cpu_pct.at() == entry.last_cpu_sample) return;
  entry.last_cpu_sample = process->cpu_pct.at();
  if (entry.quiet_samples < 100) ++entry.quiet_samples;
  entry.quiet_cpu_pct +=
      (process->cpu_pct.value() - entry.quiet_cpu_pct) / static_cast<double>(entry.quiet_samples);
}

// True when the macro's demand is past its limit but its CPU time is not: it waits for CPU.
bool MacroWatch::is_queueing(const Entry& entry, const Tick& tick) const {
  const ProcessSample* process = tick.process(entry.subject);
  const double limit = entry.profile.thresholds.cpu_usage_max;
  return process != nullptr && process->cpu_pct.is_known(tick.now) &&
         process->cpu_pct.value() <= limit && process->demand_pct.is_known(tick.now) &&
         process->demand_pct.value() > limit;
}

// A macro that waits for CPU may be a culprit or a victim of the others. It is blamed only if it
// takes more than it took while the machine had room, and stands out from the other macros; or if
// the macros are the load themselves, then the greediest, one after another.
// Source: chosen; docs/decisions/0005-culprit-score.md.
bool MacroWatch::may_blame_queueing(const Entry& entry, const ProcessSample& process,
                                    const Tick& tick) const {
  constexpr std::uint32_t kMinQuietSamples = 20;  // Source: chosen, 2 s at 10 Hz.
  constexpr double kLeastCpu = 15;                // Source: chosen, % of one core.
  constexpr double kStandsOut = 3;                // Source: chosen, scenario_test.cc.
  constexpr double kMacrosAreTheLoad = 0.75;      // Source: chosen, of all demand.
  const double cpu = process.cpu_pct.value();
  const bool as_ever =
      entry.quiet_samples >= kMinQuietSamples && cpu <= 1.5 * entry.quiet_cpu_pct + 2;
  if (cpu < kLeastCpu || as_ever || tick.top_macro != entry.profile.macro_id) return false;
  if (tick.top_demand >= kStandsOut * tick.second_demand) return true;
  return tick.macros_share >= kMacrosAreTheLoad &&
         cpu >= entry.profile.thresholds.cpu_usage_max / 2;
}

Signal MacroWatch::raw_own_signal(const Entry& entry, Source source, const Snapshot& snapshot,
                                  MonoTime now) const {
  const auto it = snapshot.processes.find(entry.subject);
  if (it == snapshot.processes.end()) return Signal::unknown("not watched");
  if (source == Source::own_demand) return it->second.demand_pct;
  const Signal& rss = it->second.rss_bytes;
  if (!rss.is_known(now) || settings_.memory_total_bytes <= 0) return Signal::unknown("rss");
  return Signal::known(100 * rss.value() / settings_.memory_total_bytes, rss.at(), rss.wall_at(),
                       rss.period());
}

Signal MacroWatch::own_signal(const Entry& entry, Source source, const Tick& tick) const {
  if (source == Source::own_demand && is_queueing(entry, tick) &&
      !may_blame_queueing(entry, *tick.process(entry.subject), tick)) {
    return Signal::unknown("waits for a CPU that others use");
  }
  return raw_own_signal(entry, source, *tick.snapshot, tick.now);
}

void MacroWatch::feed(Entry& entry, const Tick& tick) {
  if (tick.snapshot == nullptr) return;
  for (Rule& rule : entry.rules) {
    if (rule.field != nullptr) {
      (void)rule.test.update(tick.snapshot->*rule.field, tick.now);
    } else {
      (void)rule.test.update(own_signal(entry, rule.source, tick), tick.now);
    }
  }
}

std::optional<Decision> MacroWatch::judge(Entry& entry, Tick& tick) {
  const Nanos elapsed = tick.now - entry.started;
  const auto limit = std::chrono::duration_cast<Nanos>(
      std::chrono::duration<double>(entry.profile.max_duration_s));
  if (elapsed > limit) {
    Decision d;
    d.macro_id = entry.profile.macro_id;
    d.reason = duration_reason(elapsed, entry.profile.max_duration_s);
    d.rule = {Trigger::duration,
              "duration",
              entry.profile.max_duration_s,
              entry.profile.max_duration_s,
              0,
              1};
    d.value = std::chrono::duration<double>(elapsed).count();
    d.breached_at = entry.started + limit;
    d.action = Decision::Action::cancel;  // Duration is "at once" at every level.
    // With auto-cancel off there may be nothing to say, and the other rules go on.
    if (auto over = climb(entry, tick, std::move(d), false)) return over;
  }
  if (auto lost = judge_lifelines(entry, tick)) return lost;
  return judge_rules(entry, tick);
}

std::optional<Decision> MacroWatch::judge_rules(Entry& entry, Tick& tick) {
  bool any_active = false;
  std::optional<Decision> best;
  for (Rule& rule : entry.rules) {
    if (!rule.test.active()) rule.named_at.reset();
    if (!rule.test.active()) continue;
    any_active = true;
    const bool shared = rule.field != nullptr;
    const Signal signal =
        shared ? tick.snapshot->*rule.field : own_signal(entry, rule.source, tick);
    // Acting needs a value that is known now and past the limit itself, not merely the hysteresis.
    if (best || !signal.is_known(tick.now) || !rule.test.is_past(signal.value())) continue;
    Decision d;
    d.macro_id = entry.profile.macro_id;
    d.rule = {rule.trigger,
              std::string(rule.signal),
              rule.test.limit(),
              rule.test.leave(),
              std::chrono::duration<double>(settings_.trigger.hold).count(),
              settings_.trigger.min_samples};
    d.value = signal.value();
    d.breached_at = rule.test.breached_at();
    d.reason = threshold_reason(rule.signal, d.value, rule.test.direction(), rule.test.limit());
    if (shared) {
      const Verdict& verdict = tick.verdict(rule.blame, settings_.culprit);
      const bool is_culprit =
          verdict.culprit && verdict.scores[*verdict.culprit].macro_id == d.macro_id;
      if (!is_culprit) rule.named_at.reset();
      if (!is_culprit) continue;
      // The machine may have been busy for long: the breach of *this* macro began when the samples
      // first named it.
      if (!rule.named_at) rule.named_at = signal.at();
      d.breached_at = std::max(d.breached_at, *rule.named_at);
      d.verdict = verdict;
    } else if (rule.source == Source::own_demand && is_queueing(entry, tick)) {
      d.verdict = tick.verdict(Blame::cpu, settings_.culprit);
    }
    d.own = !shared;
    d.action = Decision::Action::warn;
    best = std::move(d);
  }
  if (best) {
    const bool one_at_a_time = best->verdict.has_value();
    return climb(entry, tick, std::move(*best), one_at_a_time);
  }
  if (!any_active && entry.warned) {
    entry.warned = false;
    entry.cleared_at = tick.now;
    Decision d;
    d.action = Decision::Action::clear;
    d.macro_id = entry.profile.macro_id;
    d.reason = "All signals are back within their limits";
    return d;
  }
  return std::nullopt;
}

// Takes the next step of the ladder: observe, warn, cancel.
std::optional<Decision> MacroWatch::climb(Entry& entry, const Tick& tick, Decision decision,
                                          bool one_at_a_time) {
  const bool at_once = decision.action == Decision::Action::cancel;
  if (!entry.profile.auto_cancel_enabled) {
    if (at_once) {  // A duration that is over stays over: one record says it.
      if (std::exchange(entry.duration_recorded, true)) return std::nullopt;
    } else if (entry.recorded_at && tick.now - *entry.recorded_at < settings_.cooldown) {
      return std::nullopt;
    } else {
      entry.recorded_at = tick.now;
    }
    // An overdue macro stays overdue: nothing will clear that.
    if (!at_once) entry.warned = true;
    decision.action = Decision::Action::record;
    return decision;
  }
  const bool continues =
      entry.warned_at &&
      (entry.warned || (entry.cleared_at && tick.now - *entry.cleared_at < settings_.cooldown));
  if (!continues) entry.warned_at = tick.now;
  const bool grace_over = tick.now - *entry.warned_at >= grace(entry.profile.safety_level);
  if (!at_once && !grace_over) {
    if (entry.warned) return std::nullopt;
    entry.warned = true;
    decision.action = Decision::Action::warn;
    return decision;
  }
  if (one_at_a_time) {
    if (!shared_victim_.empty() || tick.now < shared_hold_until_) return std::nullopt;
    shared_victim_ = decision.macro_id;
  }
  entry.cancelling = true;
  decision.action = Decision::Action::cancel;
  return decision;
}

std::optional<Decision> MacroWatch::judge_lifelines(Entry& entry, const Tick& tick) {
  if (tick.snapshot == nullptr || !entry.profile.auto_cancel_enabled) return std::nullopt;
  bool all_known = true;
  for (Lifeline& line : entry.lifelines) {
    const Signal& signal = tick.snapshot->*line.field;
    if (signal.is_known(tick.now)) {
      line.period = signal.period();
      line.lost_at.reset();
      line.spent = false;
      continue;
    }
    all_known = false;
    if (!line.lost_at) line.lost_at = tick.now;
    const Nanos lost_for = tick.now - *line.lost_at;
    const auto patience =
        std::chrono::duration_cast<Nanos>(line.period * settings_.unknown_periods);
    if (line.spent || entry.paused_at || lost_for < patience) continue;
    line.spent = true;
    entry.paused_at = tick.now;
    Decision d;
    d.action = Decision::Action::pause;
    d.macro_id = entry.profile.macro_id;
    d.reason =
        "Signal lost: " + std::string(line.signal) + " has been unknown for 5 of its periods";
    d.rule.signal = std::string(line.signal);
    d.breached_at = tick.now;
    return d;
  }
  if (!entry.paused_at) return std::nullopt;
  const bool too_long = tick.now - *entry.paused_at >= settings_.max_pause;
  if (!all_known && !too_long) return std::nullopt;
  entry.paused_at.reset();
  Decision d;
  d.action = Decision::Action::resume;
  d.macro_id = entry.profile.macro_id;
  d.reason = all_known ? "All signals are known again" : "The longest pause is over";
  return d;
}

bool MacroWatch::still_holds(const Decision& decision, const Snapshot* newest, MonoTime now) const {
  if (decision.rule.trigger == Trigger::duration || newest == nullptr) return true;
  const auto it = entries_.find(decision.macro_id);
  if (it == entries_.end()) return false;
  for (const Rule& rule : it->second.rules) {
    const bool own = rule.field == nullptr;
    if (rule.signal != decision.rule.signal || own != decision.own) continue;
    const Signal signal =
        own ? raw_own_signal(it->second, rule.source, *newest, now) : newest->*rule.field;
    if (signal.is_known(now) && rule.test.is_past(signal.value())) return true;
  }
  return false;
}

void MacroWatch::retract(std::string_view macro_id) {
  const auto it = entries_.find(macro_id);
  if (it == entries_.end()) return;
  it->second.cancelling = false;
  if (shared_victim_ == macro_id) shared_victim_.clear();
}

}  // namespace gk::macros
