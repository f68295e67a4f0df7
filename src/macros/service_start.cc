// Starting: who may start what, and the way of a process macro from launch to running.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "base/span.h"
#include "base/try.h"
#include "macros/service.h"

namespace gk::macros {

// It is one of external, process and script, and somebody can run it.
Result<void> MacroService::check_kind(const StartRequest& request) const {
  if (request.json_lines && request.command.empty()) {
    return Error{Errc::invalid_argument, "protocol: only a command speaks json-lines"};
  }
  if (request.json_lines && scripts_ == nullptr) {
    return Error{Errc::unavailable, "this daemon serves no programs"};
  }
  if (request.pid && !request.command.empty()) {
    return Error{Errc::invalid_argument, "pid and command exclude each other"};
  }
  if (!request.script.empty() && (request.pid || !request.command.empty())) {
    return Error{Errc::invalid_argument, "script excludes pid and command"};
  }
  if (!request.script.empty() && scripts_ == nullptr) {
    return Error{Errc::unavailable, "this daemon runs no scripts"};
  }
  if (!request.command.empty() && !request.is_admin) {
    return Error{Errc::permission_denied, "starting a command needs macros:admin"};
  }
  return {};
}

Result<std::unique_ptr<RunningMacro>> MacroService::admit(const StartRequest& request) const {
  if (!valid_macro_id(request.macro_id)) {
    return Error{Errc::invalid_argument,
                 "macro_id: expected a-z, 0-9, _ and -, 1 to 64 characters"};
  }
  if (!request.profile.empty() && !valid_macro_id(request.profile)) {
    return Error{Errc::invalid_argument, "profile: expected a macro id"};
  }
  GK_CHECK_OK(check_kind(request));
  if (running_.count(request.macro_id) > 0) {
    return Error{Errc::already_exists, "macro " + request.macro_id + " runs already"};
  }
  if (is_straggler(request.macro_id)) {
    return Error{Errc::already_exists, "macro " + request.macro_id + " has not ended yet"};
  }
  if (const auto* entry = quarantine_.blocked(request.macro_id, clock_.wall())) {
    return Error{Errc::failed_precondition, quarantine_text(*entry)};
  }
  GK_CHECK_OK(check_claims(request));
  if (running_.size() >= kMaxMacros) {
    return Error{Errc::resource_exhausted,
                 "at most " + std::to_string(kMaxMacros) + " macros run at a time"};
  }
  auto macro = std::make_unique<RunningMacro>();
  macro->base = profiles_.resolve(request.profile.empty() ? request.macro_id : request.profile);
  if (request.safety_level) {
    if (*request.safety_level < macro->base.safety_level && !request.is_admin) {
      return Error{Errc::permission_denied, "a level weaker than the profile's (" +
                                                std::string(level_name(macro->base.safety_level)) +
                                                ") needs macros:admin"};
    }
  }
  macro->base.macro_id = request.macro_id;
  macro->wanted_level = request.safety_level;
  hold_window(*macro, clock_.wall());
  macro->id = request.macro_id;
  macro->name = request.macro_name.empty() ? macro->profile.name : request.macro_name;
  macro->subject = "macro:" + request.macro_id;
  macro->kind = !request.script.empty()    ? MacroKind::script
                : !request.command.empty() ? MacroKind::process
                                           : MacroKind::external;
  macro->script = request.script;
  macro->game = request.game;
  macro->session_id = request.session_id;
  macro->command = request.command;
  macro->speaks = request.json_lines;
  macro->args_json = request.args_json;
  if (request.pid) GK_CHECK_OK(check_pid(request, *macro));
  return macro;
}

// The lists of the game hold for whoever acts on it, by hand or by a macro.
Result<void> MacroService::check_game(const StartRequest& request) const {
  if (!game_rights_ || request.game.empty() || request.any_game) return {};
  const auto may = game_rights_(request.game, request.by, request.role);
  // A game that is not linked has no lists.
  return may || may.error().code == Errc::not_found ? Result<void>() : may;
}

// The game, the profile and the name that it asks for. A profile that is named must exist: without
// it other limits would hold than were meant. And who may only run macros takes no name of others,
// which a stop would refuse its lanes.
Result<void> MacroService::check_claims(const StartRequest& request) const {
  GK_CHECK_OK(check_game(request));
  if (!request.profile.empty() && request.profile != request.macro_id) {
    GK_CHECK_OK(profiles_.check_known(request.profile));
  }
  // A macro of the library under its own name: who may write the library chose that.
  if (!name_rights_ || request.is_admin || request.script == request.macro_id) return {};
  return name_rights_(request);
}

// A registered pid is a pid that we may kill: it must be of the caller's or the daemon's user, and
// never the daemon or what started it.
Result<void> MacroService::check_pid(const StartRequest& request, RunningMacro& macro) const {
  const int pid = *request.pid;
  if (pid <= 1) return Error{Errc::invalid_argument, "pid: expected a process above 1"};
  GK_TRY(const sys::ProcessFacts facts, sys::process_facts(pid));
  for (int ancestor = ::getpid(), depth = 0; ancestor > 1 && depth < 64; ++depth) {
    if (ancestor == pid) {
      return Error{Errc::permission_denied, "pid: the daemon and its parents are no macros"};
    }
    const auto up = sys::process_facts(ancestor);
    ancestor = up ? up->parent : 0;
  }
  const bool of_caller = request.caller_uid && *request.caller_uid == facts.uid;
  // Root's processes are everybody's services: registering one needs more than macros:run.
  const bool of_daemon = facts.uid == ::geteuid() && (facts.uid != 0 || request.is_admin);
  if (!of_caller && !of_daemon) {
    return Error{Errc::permission_denied, "pid: process " + std::to_string(pid) +
                                              " belongs to user " + std::to_string(facts.uid)};
  }
  GK_TRY(macro.spawned.process, sys::ProcessHandle::open(pid, facts.start_ticks));
  return macro.spawned.process.send_signal(0);
}

void MacroService::start(StartRequest request, Started done) {
  // Rules and rights want to know the game that the macro's own text names.
  if (request.game.empty() && !request.script.empty() && scripts_ != nullptr) {
    request.game = scripts_->game_of(request.script);
  }
  done = [this, done = std::move(done),
          span = PendingSpan(clock_, "macros.start", request.correlation_id)](
             Result<std::string> started) {
    span.end_with(log_, clock_, started);
    done(std::move(started));
  };
  auto admitted = admit(request);
  if (!admitted) return done(admitted.error());
  std::unique_ptr<RunningMacro> macro = std::move(*admitted);
  macro->correlation_id = request.correlation_id;
  if (games_ != nullptr) games_->lift_fence(macro->subject);
  MacroEntry entry{MacroEntry::Kind::let_in, macro->id, request.pid, request.caller_pid,
                   request.caller_token};
  entries_.publish(entry);
  if (macro->kind != MacroKind::external) {
    done = [this, entry, done = std::move(done)](Result<std::string> started) mutable {
      entry.kind = MacroEntry::Kind::failed;
      if (!started) entries_.publish(entry);
      done(std::move(started));
    };
  }
  if (macro->kind == MacroKind::script) return launch_script(std::move(macro), request.by, done);
  if (macro->kind == MacroKind::process) return launch(std::move(macro), request.by, done);
  RunningMacro& entered = *macro;
  running_.emplace(entered.id, std::move(macro));
  enter(entered, request.by);
  done(active_item(entered, observer_.latest().get(), clock_.mono()));
}

void MacroService::launch(std::unique_ptr<RunningMacro> macro, const std::string& by,
                          Started done) {
  if (auto opened = open_program(*macro); !opened) return done(opened.error());
  auto spawned = launcher_.launch(macro->id, macro->command, macro->args_json,
                                  macro->speaks ? &macro->ends : nullptr);
  if (!spawned) {
    close_program(*macro);
    return done(spawned.error());
  }
  macro->spawned = std::move(*spawned);
  macro->state = MacroState::starting;
  macro->started = clock_.mono();
  const std::string id = macro->id;
  RunningMacro& entered = *macro;
  running_[id] = std::move(macro);
  entered.slot = take_slot(entered);
  schedule();
  entered.report_watch = loop_.watch_readable(entered.spawned.report.get(),
                                              [this, id, by, done] { on_report(id, by, done); });
  entered.deadline = loop_.after(options_.start_deadline, [this, id, done] {
    if (RunningMacro* late = find(id); late != nullptr && late->state == MacroState::starting) {
      (void)kill_process_macro(late->spawned);
      finish(id, true);
      done(Error{Errc::deadline_exceeded, "the worker did not start the program in time"});
    }
  });
}

// A program that speaks JSON lines is a run of the script host, from before it is started.
Result<void> MacroService::open_program(RunningMacro& macro) {
  if (!macro.speaks || macro.ends.input) return {};  // A second try has them already.
  auto ends = scripts_->open(
      {macro.id, "", macro.game, macro.args_json, macro.correlation_id},
      [this, id = macro.id, alive = std::weak_ptr<int>(alive_)](std::string_view text) {
        RunningMacro* speaker = alive.expired() ? nullptr : find(id);
        if (speaker != nullptr) speaker->output.add(text);
      });
  if (!ends) return ends.error();
  macro.ends = std::move(*ends);
  return {};
}

void MacroService::close_program(const RunningMacro& macro) {
  if (macro.speaks) scripts_->gone(macro.id, false, "");
}

// The worker reports lines, then closes: nothing bad in them means that the program runs.
void MacroService::on_report(const std::string& id, const std::string& by, const Started& done) {
  RunningMacro* macro = find(id);
  if (macro == nullptr || macro->state != MacroState::starting) return;
  char buffer[512];
  const ssize_t n = ::read(macro->spawned.report.get(), buffer, sizeof buffer);
  if (n > 0) {
    macro->report.append(buffer, static_cast<std::size_t>(n));
    return;
  }
  // Copies, because releasing the watch destroys the function that we are in.
  const std::string own_id = id, own_by = by;
  const Started answer = done;
  macro->report_watch = {};
  macro->deadline = {};
  const std::size_t failure = macro->report.find("E ");
  if (failure == std::string::npos) {
    macro->ends = {};
    enter(*macro, own_by);
    if (macro->speaks) scripts_->run(own_id);
    return answer(active_item(*macro, observer_.latest().get(), clock_.mono()));
  }
  const std::string why = macro->report.substr(failure + 2, macro->report.find('\n', failure) - 2);
  const bool is_command = why.starts_with("exec: ") || why.starts_with("directory: ");
  const sys::Confinement mode = macro->spawned.mode;
  // Take the macro out before the next try; its worker ends by itself.
  pollfd ended{macro->spawned.process.fd(), POLLIN, 0};
  (void)kill_process_macro(macro->spawned);
  (void)::poll(&ended, 1, 100);
  (void)macro->spawned.process.try_reap();
  slots_[macro->slot] = {};
  auto node = running_.extract(own_id);
  std::unique_ptr<RunningMacro> retry = std::move(node.mapped());
  if (is_command) {
    close_program(*retry);
    return answer(Error{Errc::invalid_argument, "command: " + retry->command[0] + ": " + why});
  }
  if (!launcher_.weaken(mode, why)) {
    close_program(*retry);
    return answer(Error{Errc::unavailable, "the program cannot be confined: " + why});
  }
  retry->spawned = {};
  retry->report.clear();
  launch(std::move(retry), own_by, answer);
}

std::size_t MacroService::take_slot(const RunningMacro& macro) {
  const auto free =
      std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.pidfd < 0; });
  GK_ASSERT(free != slots_.end());  // admit() lets in at most as many as there are slots.
  *free = {macro.spawned.process.fd(), macro.spawned.control.get(),
           macro.kind != MacroKind::external && macro.spawned.mode == sys::Confinement::session};
  return static_cast<std::size_t>(free - slots_.begin());
}

// From here on it is watched.
void MacroService::enter(RunningMacro& macro, const std::string& by) {
  macro.state = MacroState::running;
  macro.started = clock_.mono();
  macro.started_wall = clock_.wall();
  memory_.started(macro.id, macro.wanted_level);
  hold_window(macro, macro.started_wall);
  watch_.add(macro.profile, macro.started, observer_.latest().get(), means_of(macro));
  watch_.set_profile(macro.profile, macro.window);
  if (macro.has_process()) {
    if (macro.kind != MacroKind::process) macro.slot = take_slot(macro);
    const auto watched = observer_.watch(macro.subject, macro.spawned.process.pid());
    if (!watched) {
      log_.warn("macros.not_measured", watched.error().message, {{"macro_id", macro.id}});
    }
    macro.exit_watch =
        loop_.watch_readable(macro.spawned.process.fd(), [this, id = macro.id] { on_exit(id); });
  }
  schedule();
  started_total_.inc();
  log_.info("macros.started", "A macro runs",
            {{"macro_id", macro.id},
             {"kind", kind_name(macro.kind)},
             {"safety_level", level_name(macro.profile.safety_level)},
             {"pid", macro.has_process() ? macro.spawned.process.pid() : 0},
             {"by", by},
             {"correlation_id", macro.correlation_id}});
  note(MacroNotice::Kind::started, macro, "");
}

}  // namespace gk::macros
