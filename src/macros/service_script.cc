// Macros of the library: from the launch by their host to their end by themselves.
#include "base/assert.h"
#include "macros/service.h"

namespace gk::macros {

void MacroService::set_script_host(ScriptHost* host) {
  GK_ASSERT(running_.empty());  // Set while the daemon starts.
  scripts_ = host;
  script_ended_ = {};
  script_activity_ = {};
  if (host == nullptr) return;
  script_ended_ =
      host->ended().subscribe([this](const ScriptEnded& ended) { on_script_ended(ended); });
  script_activity_ = host->activity().subscribe([this](const ScriptActivity& activity) {
    using Kind = ScriptActivity::Kind;
    const Deed deed = activity.kind == Kind::error  ? Deed::error
                      : activity.kind == Kind::chat ? Deed::chat
                                                    : Deed::command;
    observe(activity.macro_id, deed, activity.text);
  });
}

bool MacroService::is_straggler(std::string_view script_id) const {
  for (const auto& [pid, straggler] : stragglers_) {
    if (straggler.script_id == script_id) return true;
  }
  return false;
}

void MacroService::launch_script(std::unique_ptr<RunningMacro> macro, const std::string& by,
                                 Started done) {
  macro->state = MacroState::starting;
  macro->started = clock_.mono();
  const ScriptLaunch launch{macro->id, macro->script, macro->game, macro->args_json,
                            macro->correlation_id};
  running_[launch.macro_id] = std::move(macro);
  schedule();
  scripts_->start(
      launch, [this, id = launch.macro_id, by, done = std::move(done),
               alive = std::weak_ptr<int>(alive_)](Result<std::optional<sys::Spawned>> started) {
        if (!alive.expired()) on_script_started(id, by, done, std::move(started));
      });
}

void MacroService::on_script_started(const std::string& id, const std::string& by,
                                     const Started& done,
                                     Result<std::optional<sys::Spawned>> started) {
  RunningMacro* macro = find(id);
  GK_ASSERT(macro != nullptr);  // What is starting is taken out here only.
  if (!started) {
    running_.erase(id);
    schedule();
    return done(started.error());
  }
  if (*started) macro->spawned = std::move(**started);
  enter(*macro, by);
  if (macro->abandoned) {  // Everything was stopped meanwhile: it never runs.
    begin_end(*macro, Ending::Kind::emergency);
    return done(Error{Errc::cancelled, "everything was stopped while the macro started"});
  }
  const std::string active = active_item(*macro, observer_.latest().get(), clock_.mono());
  scripts_->run(id);  // May end it before this returns.
  done(active);
}

void MacroService::on_script_ended(const ScriptEnded& ended) {
  RunningMacro* macro = find(ended.macro_id);
  if (macro == nullptr || !macro->is_hosted() || macro->ending) return;
  if (macro->state == MacroState::starting) return;  // Its start fails, and says why.
  if (ended.ok) {
    log_.info("macros.ended", "A macro ended by itself", {{"macro_id", macro->id}});
  } else {
    log_.warn("macros.failed", ended.reason, {{"macro_id", macro->id}});
  }
  macro->reason = ended.ok ? "" : ended.reason;
  begin_end(*macro, Ending::Kind::ended);
}

}  // namespace gk::macros
