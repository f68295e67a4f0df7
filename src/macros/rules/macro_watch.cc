#include "macros/rules/macro_watch.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "macros/rules/macro_watch_tick.h"
#include "macros/rules/mutant.h"

namespace gk::macros {

using monitor::ProcessSample;
using monitor::Signal;
using monitor::Snapshot;

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

void MacroWatch::add(const MacroSafetyProfile& profile, MonoTime started, const Snapshot* first,
                     const WatchedMacro& means) {
  Entry entry;
  entry.profile = profile;
  entry.subject = "macro:" + profile.macro_id;
  entry.started = started;
  entry.rules = make_rules(profile, settings_);
  for (Rule& rule : entry.rules) rule.trend = HoltTrend(settings_.trend);
  entry.means = means;
  entry.pacer = Pacer(settings_.pace);
  for (const PatternRule& rule : profile.patterns) entry.patterns.emplace_back(rule);
  for (const Rule& rule : entry.rules) {
    if (rule.field == nullptr) continue;
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

void MacroWatch::set_profile(const MacroSafetyProfile& profile, std::string window) {
  const auto it = entries_.find(profile.macro_id);
  if (it == entries_.end()) return;
  Entry& entry = it->second;
  const std::vector<Rule> fresh = make_rules(profile, settings_);  // In the order of the rules.
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    if (GK_MACROS_MUTANT(window_keeps_limits)) break;
    entry.rules[i].test.set_limit(fresh[i].test.limit());
  }
  if (GK_MACROS_MUTANT(window_restarts_grace)) entry.warned_at.reset();
  if (profile.max_duration_s != entry.profile.max_duration_s) entry.duration_recorded = false;
  entry.profile = profile;
  entry.window = std::move(window);
}

void MacroWatch::remove(std::string_view macro_id, MonoTime now) {
  const auto it = entries_.find(macro_id);
  if (it == entries_.end()) return;
  if (shared_victim_ == macro_id) {
    shared_victim_.clear();
    shared_hold_until_ = now + settings_.settle;
  }
  const std::string game = std::move(it->second.means.game);
  entries_.erase(it);
  const bool played = std::any_of(entries_.begin(), entries_.end(), [&](const auto& entry) {
    return entry.second.means.game == game;
  });
  if (!played) games_.erase(game);
}

Millis MacroWatch::grace(SafetyLevel level) const {
  switch (level) {
    case SafetyLevel::safe: return settings_.safe_grace;
    case SafetyLevel::risky: return settings_.risky_grace;
    case SafetyLevel::dangerous: break;
  }
  return GK_MACROS_MUTANT(ladder_dangerous_waits) ? settings_.risky_grace : Millis(0);
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
    Suspect suspect{id, {}, {}, {}, {}, {}};
    if (const ProcessSample* process = tick.process(entry.subject)) {
      suspect.demand_pct = tick.known(process->demand_pct);
      suspect.cpu_pct = tick.known(process->cpu_pct);
      suspect.rss_bytes = tick.known(process->rss_bytes);
    }
    tick.add_suspect(std::move(suspect));
    learn_quiet_cpu(entry, tick);
  }
  tick.finish_suspects();
  tick.since_last = last_tick_ ? now - *last_tick_ : Nanos(0);
  last_tick_ = now;
  learn_games(tick);
  std::vector<Decision> decisions;
  for (auto& [id, entry] : entries_) {
    feed(entry, tick);
    learn_usual_rate(entry, tick);
    if (entry.cancelling) continue;
    auto decision = judge(entry, tick);
    if (!decision) continue;
    if (!GK_MACROS_MUTANT(window_unnamed)) decision->rule.window = entry.window;
    decisions.push_back(std::move(*decision));
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
    const Signal signal = rule.source == Source::game ? game_signal(entry, rule, tick)
                          : rule.field != nullptr     ? tick.snapshot->*rule.field
                                                      : own_signal(entry, rule.source, tick);
    (void)rule.test.update(signal, tick.now);
    if (signal.is_known(tick.now)) rule.trend.update(signal.value(), signal.at());
  }
}

std::optional<Decision> MacroWatch::judge(Entry& entry, Tick& tick) {
  if (auto bomb = judge_processes(entry, tick)) return bomb;
  if (auto over = judge_duration(entry, tick)) return over;
  if (auto lost = judge_lifelines(entry, tick)) return lost;
  if (auto grows = judge_growth(entry, tick)) return grows;
  return judge_rules(entry, tick);
}

std::optional<Decision> MacroWatch::judge_duration(Entry& entry, const Tick& tick) {
  const Nanos elapsed = tick.now - entry.started;
  const double limit_s = entry.profile.max_duration_s;
  const auto limit = std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(limit_s));
  if (elapsed <= limit) return std::nullopt;
  Decision d;
  d.macro_id = entry.profile.macro_id;
  d.reason = duration_reason(elapsed, limit_s);
  d.rule = {Trigger::duration, "duration", limit_s, limit_s, 0, 1};
  d.value = std::chrono::duration<double>(elapsed).count();
  d.breached_at = entry.started + limit;
  d.action = Decision::Action::cancel;  // Duration is "at once" at every level.
  // With auto-cancel off there may be nothing to say, and the other rules go on.
  return climb(entry, tick, std::move(d), false);
}

// How many processes it has of its own, if these are too many.
std::optional<std::uint32_t> MacroWatch::excess_processes(const Entry& entry,
                                                          const Snapshot* snapshot,
                                                          MonoTime now) const {
  const bool is_ours = entry.means.is_supervised || GK_MACROS_MUTANT(processes_of_others);
  if (snapshot == nullptr || !is_ours || settings_.max_processes == 0) return std::nullopt;
  const auto it = snapshot->processes.find(entry.subject);
  if (it == snapshot->processes.end()) return std::nullopt;
  // The threads are counted in the same reading and know how old it is.
  const ProcessSample& process = it->second;
  if (!process.threads.is_known(now) || process.processes == 0) return std::nullopt;
  const std::uint32_t own = process.processes - 1;  // Not the worker.
  if (GK_MACROS_MUTANT(processes_unlimited)) return std::nullopt;
  const std::uint32_t most =
      settings_.max_processes - (GK_MACROS_MUTANT(processes_off_by_one) ? 1 : 0);
  return own > most ? std::optional(own) : std::nullopt;
}

// One sample is enough and no level has a grace: a count has no noise, and a fork bomb doubles in
// milliseconds.
std::optional<Decision> MacroWatch::judge_processes(Entry& entry, const Tick& tick) {
  const auto own = excess_processes(entry, tick.snapshot, tick.now);
  if (!own) return std::nullopt;
  if (!acts(entry)) {
    // A macro that goes over and under the limit must not fill the records.
    const auto last = std::exchange(entry.processes_recorded, tick.now);
    if (last && tick.now - *last < settings_.cooldown) return std::nullopt;
  }
  const double limit = settings_.max_processes;
  Decision d;
  d.macro_id = entry.profile.macro_id;
  d.reason = processes_reason(*own, settings_.max_processes);
  d.rule = {Trigger::processes, "processes", limit, limit, 0, 1, {}, "processes"};
  d.value = *own;
  d.breached_at = tick.process(entry.subject)->threads.at();
  d.action = acts(entry) ? Decision::Action::cancel : Decision::Action::record;
  entry.cancelling = acts(entry);
  return d;
}

std::optional<Decision> MacroWatch::judge_growth(Entry& entry, const Tick& tick) {
  const ProcessSample* process = tick.process(entry.subject);
  if (process == nullptr || !process->rss_bytes.is_known(tick.now)) return std::nullopt;
  if (!entry.growth.update(process->rss_bytes.value(), process->rss_bytes.at())) {
    return std::nullopt;
  }
  PatternCounter& counter = entry.patterns[static_cast<std::size_t>(Matcher::memory_growth)];
  if (!counter.count(process->rss_bytes.at())) return std::nullopt;
  return on_pattern(entry, counter.rule(), tick.now);
}

Decision MacroWatch::make_decision(const Entry& entry, const Rule& rule, double value) const {
  Decision d;
  d.macro_id = entry.profile.macro_id;
  const bool own = rule.source == Source::own_demand || rule.source == Source::own_memory;
  d.rule = {rule.trigger,
            std::string(rule.signal),
            rule.test.limit(),
            rule.test.leave(),
            std::chrono::duration<double>(settings_.trigger.hold).count(),
            settings_.trigger.min_samples,
            {},
            std::string(!own                                ? rule.signal
                        : rule.source == Source::own_demand ? "demand_pct"
                                                            : "memory_share_pct")};
  d.value = value;
  d.breached_at = rule.test.breached_at();
  d.own = rule.field == nullptr;
  return d;
}

std::optional<Decision> MacroWatch::judge_rules(Entry& entry, Tick& tick) {
  bool any_active = false;
  std::optional<Decision> best;
  for (Rule& rule : entry.rules) {
    if (!rule.test.active()) rule.named_at.reset();
    if (!rule.test.active()) continue;
    any_active = true;
    const bool shared = rule.field != nullptr;
    const Signal signal = rule.source == Source::game ? game_signal(entry, rule, tick)
                          : shared                    ? tick.snapshot->*rule.field
                                                      : own_signal(entry, rule.source, tick);
    // Acting needs a value that is known now and past the limit itself, not merely the hysteresis.
    if (best || !signal.is_known(tick.now) || !rule.test.is_past(signal.value())) continue;
    Decision d = make_decision(entry, rule, signal.value());
    d.reason = threshold_reason(rule.signal, d.value, rule.test.direction(), rule.test.limit());
    if (shared) {
      const Verdict& verdict = verdict_of(entry, rule.blame, tick);
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
    best = std::move(d);
  }
  if (any_active) entry.pacer.disturb(tick.now);
  if (best) {
    const bool one_at_a_time = best->verdict.has_value();
    return climb(entry, tick, std::move(*best), one_at_a_time);
  }
  if (auto eased = ease(entry, tick, any_active)) return eased;
  return any_active ? std::nullopt : judge_trends(entry, tick);
}

// Warns before a limit is reached. The grace does not begin: a forecast never cancels alone.
std::optional<Decision> MacroWatch::judge_trends(Entry& entry, Tick& tick) {
  if (entry.forecast_at && tick.now - *entry.forecast_at < settings_.cooldown) return std::nullopt;
  for (Rule& rule : entry.rules) {
    const auto in = rule.trend.crosses(rule.test.limit(), rule.test.direction());
    if (!in) continue;
    if (rule.field != nullptr) {
      const Verdict& verdict = verdict_of(entry, rule.blame, tick);
      if (!verdict.culprit || verdict.scores[*verdict.culprit].macro_id != entry.profile.macro_id) {
        continue;
      }
    }
    entry.forecast_at = tick.now;
    Decision d = make_decision(entry, rule, rule.trend.level());
    d.forecast = true;
    d.action = Decision::Action::warn;
    d.breached_at = tick.now;
    d.reason = forecast_reason(rule.signal, rule.trend.level(), rule.test.limit(), *in);
    if (GK_MACROS_MUTANT(trend_cancels)) return escalate(entry, tick, std::move(d));
    return d;
  }
  return std::nullopt;
}

const Verdict& MacroWatch::verdict_of(const Entry& entry, Blame blame, Tick& tick) const {
  if (blame == Blame::game) return game_verdict(entry, tick);
  return tick.verdict(blame, settings_.culprit);
}

std::optional<Decision> MacroWatch::judge_lifelines(Entry& entry, const Tick& tick) {
  // A window may have made it stricter or milder since its start.
  const bool must_know = entry.profile.safety_level == SafetyLevel::dangerous;
  if (tick.snapshot == nullptr || !acts(entry)) return std::nullopt;
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
    if (!must_know || line.spent || entry.pause || lost_for < patience) continue;
    line.spent = true;
    entry.pause = Pause{Pause::Cause::lost_signal, tick.now};
    Decision d;
    d.action = Decision::Action::pause;
    d.macro_id = entry.profile.macro_id;
    d.reason =
        "Signal lost: " + std::string(line.signal) + " has been unknown for 5 of its periods";
    d.rule.signal = std::string(line.signal);
    d.breached_at = tick.now;
    return d;
  }
  if (!entry.pause || entry.pause->cause != Pause::Cause::lost_signal) return std::nullopt;
  const bool too_long = tick.now - entry.pause->at >= settings_.max_pause;
  if (!all_known && !too_long && must_know) return std::nullopt;
  entry.pause.reset();
  Decision d;
  d.action = Decision::Action::resume;
  d.macro_id = entry.profile.macro_id;
  d.reason = all_known    ? "All signals are known again"
             : !must_know ? "Its level does not need the signal now"
                          : "The longest pause is over";
  return d;
}

bool MacroWatch::still_holds(const Decision& decision, const Snapshot* newest, MonoTime now) const {
  const Trigger trigger = decision.rule.trigger;
  if (trigger == Trigger::duration || trigger == Trigger::pattern) return true;
  if (newest == nullptr) return true;
  const auto it = entries_.find(decision.macro_id);
  if (it == entries_.end()) return false;
  if (trigger == Trigger::processes) return excess_processes(it->second, newest, now).has_value();
  for (const Rule& rule : it->second.rules) {
    const bool own = rule.field == nullptr;
    if (rule.signal != decision.rule.signal || own != decision.own) continue;
    const Signal signal = own ? raw_own_signal(it->second, rule.source, *newest, now)
                          : rule.source == Source::game
                              ? game_signal(it->second, rule, *newest, now)
                              : newest->*rule.field;
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
