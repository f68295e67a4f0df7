// Acting: from a decision of the rules to a macro that is gone and an event that is recorded.
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <new>

#include "base/span.h"
#include "base/try.h"
#include "macros/service.h"

namespace gk::macros {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();  // null in the log

double ms_between(MonoTime from, MonoTime to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

// "fps", "pattern:commands".
std::string rule_name(const Decision& d) {
  const std::string name(trigger_name(d.rule.trigger));
  return d.rule.trigger == Trigger::pattern ? name + ":" + d.rule.signal : name;
}

}  // namespace

// Evaluates while something runs; otherwise neither timer nor fast sampling.
void MacroService::schedule() {
  active_gauge_.set(static_cast<double>(running_.size()));
  const bool busy = !running_.empty();
  if (busy == ticker_.active()) return;
  observer_.set_fast(busy);
  ticker_ = busy ? loop_.every(options_.period, [this] { (void)evaluate(); }) : net::Handle();
}

std::vector<CancellationEvent> MacroService::check() { return evaluate(); }

std::vector<CancellationEvent> MacroService::evaluate() {
  std::vector<CancellationEvent> begun;
  const Observer::Published snapshot = observer_.latest();
  last_check_ = clock_.wall();
  follow_windows();
  for (const Decision& decision : watch_.evaluate(snapshot.get(), clock_.mono())) {
    act(decision, begun);
  }
  for (auto& [id, macro] : running_) {
    if (macro->spawned.output) macro->output.drain(macro->spawned.output.get());
  }
  return begun;
}

bool MacroService::still_holds_now(const Decision& d) const {
  return watch_.still_holds(d, observer_.latest().get(), clock_.mono());
}

void MacroService::act(const Decision& d, std::vector<CancellationEvent>& begun) {
  RunningMacro* macro = find(d.macro_id);
  if (macro == nullptr || macro->ending) return;
  using Action = Decision::Action;
  switch (d.action) {
    case Action::warn:
      if (macro->state == MacroState::running) macro->state = MacroState::warned;
      return note(MacroNotice::Kind::warned, *macro, d.reason);
    case Action::clear:
      if (macro->state == MacroState::warned) macro->state = MacroState::running;
      return note(MacroNotice::Kind::cleared, *macro, d.reason);
    case Action::pause:
      if (still_holds_now(d)) (void)pause(d.macro_id, d.reason);
      return;
    case Action::throttle: return throttle(*macro, d);
    case Action::resume: (void)resume(d.macro_id); return;
    case Action::record: {
      if (macro->state == MacroState::running) macro->state = MacroState::warned;
      CancellationEvent event = make_event(*macro, d.reason, rule_name(d));
      event.outcome =
          options_.watch.dry_run || macro->profile.dry_run ? Outcome::dry_run : Outcome::watched;
      event.decision_ms = ms_between(d.breached_at, clock_.mono());
      record_event(event, make_file(*macro, &d));
      return note(MacroNotice::Kind::warned, *macro, d.reason);
    }
    case Action::cancel: break;
  }
  // The world may have changed since the snapshot that led here.
  if (!still_holds_now(d)) {
    watch_.retract(d.macro_id);
    return;
  }
  begin_end(*macro, Ending::Kind::cancelled);
  accuse(*macro, d.reason, rule_name(d), &d);
  begun.push_back(*macro->ending->event);
}

CancellationEvent MacroService::make_event(const RunningMacro& macro, std::string reason,
                                           std::string rule) {
  CancellationEvent e;
  e.timestamp = clock_.wall();
  e.id = uuid_v7(random_,
                 static_cast<std::uint64_t>(
                     std::chrono::duration_cast<Millis>(e.timestamp.time_since_epoch()).count()));
  e.macro_id = macro.id;
  e.macro_name = macro.name;
  e.reason = std::move(reason);
  e.rule = std::move(rule);
  e.metrics = metrics_of(observer_.latest().get(), clock_.mono());
  e.session_id = macro.session_id;
  e.correlation_id = macro.correlation_id;
  if (!macro.window.empty()) e.window = macro.window;
  e.discord_notify = macro.profile.discord_notify;
  return e;
}

CaseFile MacroService::make_file(const RunningMacro& macro, const Decision* decision) {
  CaseFile file;
  file.macro_id = macro.id;
  file.profile = macro.profile.macro_id;
  file.safety_level = macro.profile.safety_level;
  file.culprit_settings = watch_.settings().culprit;
  file.decided_at = clock_.mono();
  file.decided_wall = clock_.wall();
  if (decision != nullptr) {
    file.rule = decision->rule;
    file.value = decision->value;
    file.verdict = decision->verdict;
  }
  return file;
}

void MacroService::step(Ending& ending, std::string what, std::string result) {
  if (ending.file.steps.size() >= 32) return;
  ending.file.steps.push_back({clock_.mono(), clock_.wall(), std::move(what), std::move(result)});
}

// From here on nothing is written for it. No memory, no store.
void MacroService::fence(const RunningMacro& macro, Ending::Kind kind) {
  if (games_ != nullptr) (void)games_->fence(macro.subject);
  if (scripts_ != nullptr && macro.is_hosted()) scripts_->fence(macro.id);
  try {
    fenced_.publish({macro.id, kind});
  } catch (const std::bad_alloc&) {
    // A listener marks first and then takes away what the macro holds: that may need memory, the
    // kill that follows must not wait for it.
  }
}

// Fence, signal, and wait for the end. Both come before anything that may be slow or needs memory.
void MacroService::begin_end(RunningMacro& macro, Ending::Kind kind) {
  macro.state = MacroState::cancelling;
  macro.ending.emplace();
  macro.ending->kind = kind;
  macro.ending->decided_at = clock_.mono();
  fence(macro, kind);
  if (!macro.has_process()) {
    step(*macro.ending, "fence", "ok");
    if (macro.kind == MacroKind::external) step(*macro.ending, "notify", "ok");
    const std::string id = macro.id;
    loop_.post([this, id, alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired()) finish(id, true);
    });
    return;
  }
  send_end_signals(macro);
  macro.deadline = loop_.after(options_.end_deadline, [this, id = macro.id] { finish(id, false); });
}

// Writes who is ended and why into the ending that has begun.
void MacroService::accuse(RunningMacro& macro, std::string reason, std::string rule,
                          const Decision* decision) {
  Ending& ending = *macro.ending;
  ending.event = make_event(macro, std::move(reason), std::move(rule));
  if (decision != nullptr) {
    ending.event->decision_ms = ms_between(decision->breached_at, ending.decided_at);
  }
  if (!macro.has_process()) {
    ending.event->outcome = macro.kind == MacroKind::script ? Outcome::killed : Outcome::notified;
  }
  std::vector<Step> steps = std::move(ending.file.steps);
  ending.file = make_file(macro, decision);
  ending.file.steps = std::move(steps);
}

namespace {

// What the log of a macro says about an end that it did not choose; empty: it ended by itself.
std::string end_of(const RunningMacro& macro) {
  if (!macro.ending || macro.ending->kind == Ending::Kind::ended) return {};
  if (macro.ending->event) return "was cancelled: " + macro.ending->event->reason;
  return macro.ending->by.empty() ? "was stopped" : "was stopped by " + macro.ending->by;
}

std::string still_acting(const RunningMacro& macro) {
  const std::string who =
      macro.kind == MacroKind::external ? std::string() : name_survivors(macro.spawned);
  return who.empty() ? "still acting" : "still acting, " + who;
}

bool kill_now(const RunningMacro& macro) {
  if (macro.kind != MacroKind::external) return kill_process_macro(macro.spawned);
  return macro.spawned.process.try_signal(SIGKILL);
}

}  // namespace

void MacroService::send_end_signals(RunningMacro& macro) {
  using Kind = Ending::Kind;
  Ending& ending = *macro.ending;
  const bool at_once = ending.kind == Kind::emergency ||
                       (ending.kind == Kind::cancelled && macro.kind == MacroKind::process);
  bool sent = true;
  std::string_view what = "signal KILL";
  if (at_once) {
    sent = kill_now(macro);
  } else if (macro.kind == MacroKind::script) {
    what = "interrupt";
    if (ending.kind != Kind::ended) scripts_->interrupt(macro.id);
  } else if (macro.kind == MacroKind::process) {
    what = "signal TERM";
    if (macro.speaks && ending.kind != Kind::ended) scripts_->interrupt(macro.id);
    sent = ::write(macro.spawned.control.get(), &sys::control_byte::kTerminate, 1) == 1;
  } else {
    what = "signal TERM";
    sent = macro.spawned.process.try_signal(SIGTERM);
  }
  if (!at_once) kill_after_grace(macro);
  step(ending, "fence", "ok");
  step(ending, std::string(what), sent ? "ok" : "failed");
}

void MacroService::kill_after_grace(RunningMacro& macro) {
  macro.escalation = loop_.after(options_.term_grace, [this, id = macro.id] {
    RunningMacro* late = find(id);
    if (late == nullptr || !late->ending) return;
    const bool killed = kill_now(*late);
    step(*late->ending, "signal KILL", killed ? "ok" : "failed");
  });
}

void MacroService::on_exit(const std::string& id) {
  const std::string own_id = id;  // finish() destroys the function that holds `id`.
  RunningMacro* macro = find(own_id);
  if (macro == nullptr || !macro->spawned.process.has_ended()) return;
  if (macro->is_hosted() && !macro->drained) {
    macro->drained = true;
    scripts_->drain(own_id);
    if (!macro->ending) {
      // What it said last may tell its end, which its host passes on in the loop's next turn.
      macro->exit_watch = {};
      loop_.post([this, own_id, alive = std::weak_ptr<int>(alive_)] {
        if (!alive.expired()) on_exit(own_id);
      });
      return;
    }
  }
  const auto status = macro->spawned.process.try_reap();
  if (macro->spawned.output) macro->output.drain(macro->spawned.output.get());
  if (status) macro->status = *status;
  if (macro->ending) {
    const bool certain =
        !status || macro->kind == MacroKind::external || proves_end(macro->spawned, *status);
    step(*macro->ending, "gone", certain ? "ok" : "worker killed: processes may be left");
    macro->ending->certain = certain;
  } else {
    log_.info("macros.ended", "A macro ended by itself",
              {{"macro_id", own_id},
               {"exit_code", status ? status->code : -1},
               {"signal", status ? status->signal : 0}});
  }
  finish(own_id, true);
}

// The macro is gone, or its deadline is over: forget it, then tell and record.
void MacroService::finish(const std::string& id, bool gone) {
  auto node = running_.extract(id);
  if (node.empty()) return;
  const std::unique_ptr<RunningMacro> macro = std::move(node.mapped());
  const MonoTime now = clock_.mono();
  if (macro->has_process()) {
    slots_[macro->slot] = {};
    observer_.unwatch(macro->subject);
  }
  watch_.remove(macro->id, now);
  schedule();

  const bool was_cancelled = macro->ending && macro->ending->event;
  using Kind = Ending::Kind;
  const bool by_itself = !macro->ending || macro->ending->kind == Kind::ended;
  const std::string_view state = was_cancelled ? "cancelled" : by_itself ? "ended" : "stopped";
  const bool emergency = macro->ending && macro->ending->kind == Kind::emergency;
  if (was_cancelled) {
    CancellationEvent& event = *macro->ending->event;
    if (macro->has_process()) {
      event.gone_ms =
          gone ? std::optional(ms_between(macro->ending->decided_at, now)) : std::nullopt;
      event.outcome = !gone || !macro->ending->certain     ? Outcome::still_acting
                      : macro->kind == MacroKind::external ? Outcome::signalled
                                                           : Outcome::killed;
    }
    if (!gone) step(*macro->ending, "deadline", still_acting(*macro));
    macro->reason = event.reason;
    record_event(event, macro->ending->file);
    write_span(log_, "macros.cancel", now - macro->ending->decided_at,
               gone ? "done" : "still acting", event.correlation_id);
  }
  judge_end(*macro, by_itself);
  if (macro->kind == MacroKind::process) {
    memory_.keep({macro->id, macro->output.text(), macro->status, clock_.wall()});
  }
  // An emergency sends nothing more, not even what a macro declares to clean up with.
  const bool runs_on_cancel = !by_itself && !emergency;
  const std::string why = end_of(*macro);
  if (!gone && macro->kind != MacroKind::external) reap_later(*macro, runs_on_cancel, why);
  if (gone && macro->is_hosted()) scripts_->gone(macro->id, runs_on_cancel, why);
  ended_.push_back({macro->id, std::string(state), macro->reason});
  if (ended_.size() > options_.max_ended) ended_.pop_front();
  answer_waiters(macro->id, state, macro->reason);
  notices_.publish({MacroNotice::Kind::ended, macro->id, macro->reason, {}, {}});
  if (!macro->ending) return;
  for (const auto& waiting : macro->ending->waiting) waiting(gone);
}

void MacroService::reap_later(RunningMacro& macro, bool runs_on_cancel, std::string why) {
  const int pid = macro.spawned.process.pid();
  macro.exit_watch = {};  // A descriptor is watched once only.
  Straggler& straggler = stragglers_[pid];
  straggler.process = std::move(macro.spawned.process);
  if (macro.is_hosted()) straggler.script_id = macro.id;
  straggler.runs_on_cancel = runs_on_cancel;
  straggler.why = std::move(why);
  const ProgramOutput* kept = memory_.output(macro.id);  // Of this run: finish() has kept it.
  if (macro.kind == MacroKind::process && kept != nullptr && kept->ended_at) {
    straggler.program.emplace(macro.id, *kept->ended_at);
  }
  straggler.exit_watch = loop_.watch_readable(straggler.process.fd(), [this, pid] {
    const auto it = stragglers_.find(pid);
    if (it == stragglers_.end() || !it->second.process.has_ended()) return;
    const auto status = it->second.process.try_reap();
    const Straggler ended = std::move(it->second);
    stragglers_.erase(it);
    if (status && ended.program) {
      memory_.ended(ended.program->first, ended.program->second, *status, clock_.wall());
    }
    if (!ended.script_id.empty()) {
      scripts_->gone(ended.script_id, ended.runs_on_cancel, ended.why);
    }
  });
}

void MacroService::record_event(const CancellationEvent& event, const CaseFile& file) {
  events_.push(event);
  if (was_done(event.outcome)) {
    ++total_cancellations_;
    metrics_
        .counter("gamekeeper_macro_cancellations_total", "Cancelled macros by macro and rule",
                 {{"macro", event.macro_id}, {"reason", event.rule}})
        .inc();
  }
  log_.warn(was_done(event.outcome) ? "macros.cancelled" : "macros.only_watched", event.reason,
            {{"macro_id", event.macro_id},
             {"outcome", outcome_name(event.outcome)},
             {"decision_ms", event.decision_ms.value_or(kUnknown)},
             {"gone_ms", event.gone_ms.value_or(kUnknown)},
             {"event_id", event.id},
             {"correlation_id", event.correlation_id}});
  cancelled_.publish(event);
  const auto report = [this, id = event.id,
                       alive = std::weak_ptr<int>(alive_)](const Result<void>& saved) {
    if (saved || alive.expired()) return;
    log_.error("macros.event_not_stored", saved.error().message, {{"event_id", id}});
  };
  store_.save_event(event, report);
  CaseFile complete = file;
  complete.event_id = event.id;
  // Once now, in case we do not live until the second half of the evidence.
  store_.save_evidence(event.id, recorder_.write(complete), report);
  if (evidence_timers_.size() >= options_.max_events) return write_log_later();
  evidence_timers_[event.id] =
      loop_.after(options_.evidence.after, [this, complete, report, id = event.id] {
        store_.save_evidence(id, recorder_.write(complete), report);
        loop_.post([this, id, alive = std::weak_ptr<int>(alive_)] {
          if (!alive.expired()) evidence_timers_.erase(id);
        });
      });
  write_log_later();
}

Result<void> MacroService::stop(std::string_view macro_id, std::function<void(bool)> done,
                                std::string by, std::optional<int> caller_pid) {
  RunningMacro* macro = find(macro_id);
  if (macro == nullptr || macro->state == MacroState::starting) {
    return Error{Errc::not_found, "macro " + std::string(macro_id) + " does not run"};
  }
  const bool own = macro->kind == MacroKind::external && macro->has_process() &&
                   macro->spawned.process.pid() == caller_pid;
  if (own && !macro->ending) {
    const std::string id = macro->id;
    log_.info("macros.ended", "A program took its macro back", {{"macro_id", id}});
    finish(id, true);
    done(true);
    return {};
  }
  if (!macro->ending) {
    begin_end(*macro, Ending::Kind::stopped);
    macro->ending->by = std::move(by);
  }
  macro->ending->waiting.push_back(std::move(done));
  return {};
}

void MacroService::emergency_stop_signal() noexcept {
  for (const Slot& slot : slots_) {
    if (slot.pidfd < 0) continue;
    if (slot.session) {
      (void)!::write(slot.control, &sys::control_byte::kKill, 1);
      continue;
    }
    (void)::syscall(SYS_pidfd_send_signal, slot.pidfd, SIGKILL, nullptr, 0);
  }
}

std::size_t MacroService::stop_all(const std::string& reason) {
  // All are dead and fenced before anything needs memory.
  emergency_stop_signal();
  for (auto& [id, macro] : running_) {
    fence(*macro, Ending::Kind::emergency);
    macro->abandoned = macro->state == MacroState::starting;
  }
  std::vector<std::string> ids;
  for (const auto& [id, macro] : running_) {
    if (!macro->ending && macro->state != MacroState::starting) ids.push_back(id);
  }
  for (const auto& id : ids) {
    RunningMacro& macro = *find(id);
    begin_end(macro, Ending::Kind::emergency);
    accuse(macro, reason, "emergency_stop", nullptr);
  }
  log_.warn("macros.emergency_stop", reason, {{"stopped", ids.size()}});
  return ids.size();
}

Result<void> MacroService::pause(std::string_view macro_id, const std::string& reason) {
  RunningMacro* macro = find(macro_id);
  if (macro == nullptr) {
    return Error{Errc::not_found, "macro " + std::string(macro_id) + " does not run"};
  }
  if (macro->state != MacroState::running && macro->state != MacroState::warned) {
    return Error{Errc::failed_precondition,
                 "macro " + macro->id + " is " + std::string(state_name(macro->state))};
  }
  if (macro->kind == MacroKind::external) {
    return Error{Errc::failed_precondition,
                 "macro " + macro->id + " runs in another program: it can only be told to stop"};
  }
  if (macro->kind == MacroKind::process) {
    if (macro->spawned.mode == sys::Confinement::session) {
      return Error{Errc::failed_precondition,
                   "only a macro in a namespace can be stopped as a whole"};
    }
    if (::write(macro->spawned.control.get(), &sys::control_byte::kPause, 1) != 1) {
      return Error{Errc::failed_precondition, "the worker of " + macro->id + " does not listen"};
    }
  }
  if (macro->is_hosted()) scripts_->pause(macro_id);
  macro->state = MacroState::paused;
  note(MacroNotice::Kind::paused, *macro, reason);
  return {};
}

Result<void> MacroService::resume(std::string_view macro_id) {
  RunningMacro* macro = find(macro_id);
  if (macro == nullptr) {
    return Error{Errc::not_found, "macro " + std::string(macro_id) + " does not run"};
  }
  if (macro->state != MacroState::paused) {
    return Error{Errc::failed_precondition, "macro " + macro->id + " is not paused"};
  }
  if (macro->kind == MacroKind::process &&
      ::write(macro->spawned.control.get(), &sys::control_byte::kResume, 1) != 1) {
    return Error{Errc::failed_precondition, "the worker of " + macro->id + " does not listen"};
  }
  if (macro->is_hosted()) scripts_->resume(macro_id);
  macro->state = MacroState::running;
  note(MacroNotice::Kind::resumed, *macro, "");
  return {};
}

void MacroService::note(MacroNotice::Kind kind, RunningMacro& macro, const std::string& reason) {
  macro.reason = reason;
  if (kind == MacroNotice::Kind::warned || kind == MacroNotice::Kind::paused) {
    log_.warn(kind == MacroNotice::Kind::paused ? "macro_paused" : "macro_warned", reason,
              {{"macro_id", macro.id}});
  }
  answer_waiters(macro.id, state_name(macro.state), reason);
  MacroNotice notice{kind, macro.id, reason, {}, {}};
  if (kind == MacroNotice::Kind::started) {
    notice.macro_name = macro.name;
    notice.game = macro.game;
  }
  notices_.publish(notice);
}

}  // namespace gk::macros
