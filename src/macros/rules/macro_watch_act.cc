// The ladder: observe, warn, throttle, pause, cancel; and the way back down.
#include <utility>

#include "macros/rules/macro_watch_tick.h"
#include "macros/rules/mutant.h"

namespace gk::macros {

using Action = Decision::Action;

bool MacroWatch::acts(const Entry& entry) const {
  const bool dry_run = entry.profile.dry_run && !GK_MACROS_MUTANT(profile_dry_run_acts);
  return entry.profile.auto_cancel_enabled && !dry_run && !settings_.dry_run;
}

// Takes the next step of the ladder.
std::optional<Decision> MacroWatch::climb(Entry& entry, const Tick& tick, Decision decision,
                                          bool one_at_a_time) {
  const bool at_once = decision.action == Action::cancel;
  if (!acts(entry)) {
    if (at_once) {  // A duration that is over stays over: one record says it.
      if (std::exchange(entry.duration_recorded, true)) return std::nullopt;
    } else if (entry.recorded_at && tick.now - *entry.recorded_at < settings_.cooldown) {
      return std::nullopt;
    } else {
      entry.recorded_at = tick.now;
    }
    // An overdue macro stays overdue: nothing will clear that.
    if (!at_once) entry.warned = true;
    decision.action = Action::record;
    return decision;
  }
  const bool continues =
      entry.warned_at &&
      (entry.warned || (entry.cleared_at && tick.now - *entry.cleared_at < settings_.cooldown));
  if (!continues) {
    entry.warned_at = tick.now;
    entry.breach_paused = false;
  }
  const bool grace_over = tick.now - *entry.warned_at >= grace(entry.profile.safety_level) ||
                          GK_MACROS_MUTANT(ladder_skips_warning);
  if (!at_once && !grace_over) return escalate(entry, tick, std::move(decision));
  if (one_at_a_time) {
    if (!shared_victim_.empty() || tick.now < shared_hold_until_) return std::nullopt;
    shared_victim_ = decision.macro_id;
  }
  entry.cancelling = true;
  decision.action = Action::cancel;
  return decision;
}

// The steps before the cancellation. A safe macro gets all that can be done to it; a risky one is
// warned only: two seconds are too short to see whether less pace helps.
std::optional<Decision> MacroWatch::escalate(Entry& entry, const Tick& tick, Decision decision) {
  if (!entry.warned_at) entry.warned_at = tick.now;
  if (!entry.warned) {
    entry.warned = true;
    decision.action = Action::warn;
    return decision;
  }
  if (entry.profile.safety_level != SafetyLevel::safe) return std::nullopt;
  const double part = std::chrono::duration<double>(tick.now - *entry.warned_at) /
                      std::chrono::duration<double>(settings_.safe_grace);
  if (entry.means.can_pause && !entry.breach_paused && !entry.pause && part >= settings_.pause_at) {
    entry.breach_paused = true;
    return pause(entry, std::move(decision), Pause::Cause::breach, tick.now);
  }
  if (entry.means.can_throttle && !entry.pause && part >= settings_.throttle_at) {
    const auto pace = entry.pacer.slow_down(command_rate(entry, tick.now), tick.now);
    if (!pace) return std::nullopt;
    decision.action = Action::throttle;
    decision.pace = *pace;
    return decision;
  }
  return std::nullopt;
}

std::optional<Decision> MacroWatch::pause(Entry& entry, Decision decision, Pause::Cause cause,
                                          MonoTime now) {
  if (GK_MACROS_MUTANT(ladder_no_pause)) return std::nullopt;
  entry.pause = Pause{cause, now};
  entry.quiet_since.reset();
  decision.action = Action::pause;
  return decision;
}

// Nothing acts against the macro now: ends pauses, gives pace back, takes warnings back.
std::optional<Decision> MacroWatch::ease(Entry& entry, const Tick& tick, bool any_active) {
  Decision d;
  d.macro_id = entry.profile.macro_id;
  if (any_active || !entry.quiet_since) entry.quiet_since = tick.now;
  if (entry.pause && entry.pause->cause != Pause::Cause::lost_signal) {
    const Nanos paused = tick.now - entry.pause->at;
    const bool is_pattern = entry.pause->cause == Pause::Cause::pattern;
    const bool over = is_pattern ? paused >= settings_.pattern_pause
                                 : tick.now - *entry.quiet_since >= settings_.pace.quiet;
    if ((over || paused >= settings_.max_pause) && !GK_MACROS_MUTANT(ladder_pause_for_ever)) {
      if (is_pattern) entry.pattern_pause_ended = tick.now;
      entry.pause.reset();
      d.action = Action::resume;
      d.reason = over && !is_pattern ? "All signals have been quiet" : "The pause is over";
      return d;
    }
  }
  if (any_active) return std::nullopt;
  const bool pattern_over =
      entry.pattern_warned_at && tick.now - *entry.pattern_warned_at >= settings_.cooldown;
  if (entry.warned || pattern_over) {
    if (entry.warned) entry.cleared_at = tick.now;
    entry.warned = false;
    if (pattern_over) entry.pattern_warned_at.reset();
    if (entry.pattern_warned_at) return std::nullopt;
    d.action = Action::clear;
    d.reason = "All signals are back within their limits";
    return d;
  }
  if (const auto pace = entry.pacer.relax(tick.now)) {
    d.action = Action::throttle;
    d.pace = *pace;
    d.reason = *pace == Nanos(0) ? "Quiet: its pace is its own again" : "Quiet: a step back";
    return d;
  }
  return std::nullopt;
}

std::optional<Decision> MacroWatch::observe(std::string_view macro_id, Deed deed,
                                            std::string_view text, MonoTime now) {
  const auto it = entries_.find(macro_id);
  if (it == entries_.end() || it->second.cancelling) return std::nullopt;
  Entry& entry = it->second;
  const auto count = [&](Matcher matcher) -> const PatternRule* {
    PatternCounter& counter = entry.patterns[static_cast<std::size_t>(matcher)];
    return counter.count(now, text) ? &counter.rule() : nullptr;
  };
  const PatternRule* complete = nullptr;
  if (deed == Deed::error) complete = count(Matcher::errors);
  if (deed == Deed::chat) complete = count(Matcher::chats);
  if (deed == Deed::command) {
    complete = count(Matcher::commands);
    const PatternRule* same = count(Matcher::identical_commands);
    if (same != nullptr && (complete == nullptr || same->action > complete->action)) {
      complete = same;
    }
  }
  return complete == nullptr ? std::nullopt : on_pattern(entry, *complete, now);
}

// A pattern is complete: its action, or what can be done instead.
std::optional<Decision> MacroWatch::on_pattern(Entry& entry, const PatternRule& rule,
                                               MonoTime now) {
  Decision d;
  d.macro_id = entry.profile.macro_id;
  d.reason = pattern_reason(rule);
  d.rule = {Trigger::pattern,
            std::string(matcher_name(rule.matcher)),
            static_cast<double>(rule.count),
            0,
            static_cast<double>(rule.window.count()) / 1000,
            rule.count,
            entry.window};
  d.value = rule.count;
  d.breached_at = now;
  PatternAction action = rule.action;
  if (action == PatternAction::warn || action == PatternAction::off) {
    entry.pattern_warned_at = now;
    return d;
  }
  if (!acts(entry)) {
    d.action = Action::record;
    return d;
  }
  const bool again =
      entry.pattern_pause_ended && now - *entry.pattern_pause_ended < settings_.cooldown;
  const bool strict = entry.profile.safety_level == SafetyLevel::dangerous;
  if (strict || (action == PatternAction::pause && again)) action = PatternAction::cancel;
  if (action == PatternAction::throttle && entry.means.can_throttle) {
    const auto pace = entry.pacer.slow_down(command_rate(entry, now), now);
    if (!pace) return std::nullopt;
    d.action = Action::throttle;
    d.pace = *pace;
    return d;
  }
  if (action == PatternAction::pause && entry.means.can_pause) {
    if (entry.pause) return std::nullopt;
    return pause(entry, std::move(d), Pause::Cause::pattern, now);
  }
  if (action == PatternAction::cancel) {
    entry.cancelling = true;
    d.action = Action::cancel;
    return d;
  }
  entry.pattern_warned_at = now;  // Neither its pace nor its run is in our hands.
  return d;
}

double MacroWatch::command_rate(const Entry& entry, MonoTime now) const {
  return commands_.rate(entry.means.game, entry.subject, now);
}

}  // namespace gk::macros
