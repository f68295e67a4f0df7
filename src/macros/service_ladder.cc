// What a macro does, its pace, and its quarantine.
#include "macros/service.h"

namespace gk::macros {

void MacroService::set_games(games::Port* games) {
  games_ = games;
  commands_ = {};
  if (games == nullptr) return;
  commands_ = games->commands().subscribe([this](const games::CommandSeen& seen) {
    watch_.note_command(seen.game, seen.sender, clock_.mono());
    constexpr std::string_view kMacro = "macro:";
    if (!seen.sender.starts_with(kMacro)) return;
    const RunningMacro* macro = find(std::string_view(seen.sender).substr(kMacro.size()));
    // Its host tells what it does, also what is not sent.
    if (macro == nullptr || macro->is_hosted()) return;
    observe(macro->id, seen.chat ? Deed::chat : Deed::command, seen.command);
    if (!seen.ok) observe(macro->id, Deed::error, seen.command);
  });
}

// A script's pace and run are its host's; a process macro can be stopped as a whole.
WatchedMacro MacroService::means_of(const RunningMacro& macro) const {
  const bool is_script = macro.kind == MacroKind::script;
  const bool stops =
      macro.kind == MacroKind::process && macro.spawned.mode != sys::Confinement::session;
  const bool is_supervised = macro.kind != MacroKind::external && macro.has_process();
  return {macro.game, macro.is_hosted(), is_script || stops, is_supervised};
}

void MacroService::observe(std::string_view macro_id, Deed deed, std::string_view text) {
  const auto decision = watch_.observe(macro_id, deed, text, clock_.mono());
  if (!decision) return;
  // Later: whoever publishes is in the middle of something.
  loop_.post([this, decision = *decision, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    std::vector<CancellationEvent> begun;
    act(decision, begun);
  });
}

void MacroService::throttle(RunningMacro& macro, const Decision& decision) {
  if (!macro.is_hosted()) return;
  scripts_->set_pace(macro.id, decision.pace);
  if (games_ != nullptr) games_->set_pace(macro.subject, decision.pace);
  log_.warn("macros.throttled", decision.reason,
            {{"macro_id", macro.id},
             {"interval_ms", std::chrono::duration<double, std::milli>(decision.pace).count()}});
  if (decision.pace > Nanos(0)) note(MacroNotice::Kind::throttled, macro, decision.reason);
}

// After an end: a cancellation by the rules is a strike; another end may close the breaker.
void MacroService::judge_end(const RunningMacro& macro, bool by_itself) {
  const auto report = [this, alive = std::weak_ptr<int>(alive_)](const Result<void>& saved) {
    if (saved || alive.expired()) return;
    log_.error("macros.quarantine_not_stored", saved.error().message);
  };
  if (macro.ending && macro.ending->kind == Ending::Kind::cancelled) {
    const auto* entry = quarantine_.cancelled(macro.id, macro.ending->event->reason, clock_.wall());
    if (entry == nullptr) return;
    log_.warn("macros.quarantined", quarantine_text(*entry), {{"macro_id", macro.id}});
    return store_.save_quarantine(*entry, report);
  }
  if (quarantine_.ended(macro.id, by_itself, clock_.mono() - macro.started)) {
    store_.delete_quarantine(macro.id, report);
  }
}

void MacroService::lift_quarantine(const std::string& macro_id, const std::string& by,
                                   std::function<void(Result<void>)> done) {
  if (quarantine_.entries().count(macro_id) == 0) {
    return done(Error{Errc::not_found, "macro " + macro_id + " is not in quarantine"});
  }
  store_.delete_quarantine(
      macro_id, [this, macro_id, by, done = std::move(done),
                 alive = std::weak_ptr<int>(alive_)](const Result<void>& saved) {
        if (alive.expired()) return;
        if (saved) {
          (void)quarantine_.lift(macro_id);
          log_.warn("macros.quarantine_lifted", "An admin lets a macro start again",
                    {{"macro_id", macro_id}, {"by", by}});
        }
        done(saved);
      });
}

}  // namespace gk::macros
