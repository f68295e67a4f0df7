// Modes: starting their macros, ending them, keeping the list.
#include <algorithm>

#include "sessions/session_service.h"

namespace gk::sessions {
namespace {

constexpr std::size_t kMaxIdAttempts = 9;  // Source: chosen; one id in nine sessions

Error no_mode(std::string_view name) {
  return {Errc::not_found, "there is no mode " + std::string(name)};
}

// Another session may run the same macro: "heal", then "heal-2" and so on.
std::string running_id(const std::string& base, std::size_t attempt) {
  if (attempt == 0) return base;
  constexpr std::size_t kMaxName = 64;  // Source: macros specification, names
  const std::string suffix = "-" + std::to_string(attempt + 1);
  return base.substr(0, kMaxName - suffix.size()) + suffix;
}

}  // namespace

/// A mode whose macros are being started.
struct SessionService::Execution {
  struct Outcome {
    std::string running_id;
    std::optional<Error> error;
    bool already = false;
  };
  Mode mode;
  std::string session_id, character, game;
  Asker by;
  Done done;
  std::vector<Outcome> outcomes;
  std::size_t missing = 0;
};

std::vector<std::string> SessionService::macros_of(std::string_view session_id,
                                                   std::string_view mode) const {
  std::vector<std::string> out;
  for (const auto& [id, run] : runs_) {
    if (run.session_id == session_id && (mode.empty() || run.mode == mode)) out.push_back(id);
  }
  return out;
}

void SessionService::execute_mode(const std::string& name, const std::string& session_id,
                                  const Asker& by, Done done) {
  const auto mode = modes_.find(name);
  if (mode == modes_.end()) return done(no_mode(name));
  auto execution = std::make_shared<Execution>();  // Shared by the answers of all its macros.
  execution->mode = mode->second;
  execution->session_id = session_id;
  execution->by = by;
  execution->done = std::move(done);
  std::vector<std::string> others;
  if (!session_id.empty()) {
    Session* session = find(session_id);
    if (session == nullptr) {
      return execution->done(Error{Errc::not_found, "there is no session " + session_id});
    }
    if (session->state != SessionState::running) {
      return execution->done(Error{Errc::failed_precondition,
                                   "the session is " + std::string(state_name(session->state)) +
                                       "; start it before a mode is executed in it"});
    }
    execution->character = session->character_name;
    execution->game = session->game;
    for (const auto& id : macros_of(session_id, "")) {
      if (runs_.at(id).mode != name) others.push_back(id);
    }
    if (session->mode != name) {
      session->mode = name;
      save(*session);
      changes_.publish({SessionChange::Kind::updated, session_json(*session, clock_.mono())});
    }
  }
  metrics_
      .counter("gamekeeper_mode_executions_total", "Modes executed, by mode and character",
               {{"mode", name}, {"character", execution->character}})
      .inc();
  end_macros(std::move(others), "its session", [this, execution] { begin_execution(execution); });
}

void SessionService::begin_execution(const std::shared_ptr<Execution>& execution) {
  const Session* session = find(execution->session_id);
  if (!execution->session_id.empty() &&
      (session == nullptr || session->state != SessionState::running)) {
    return execution->done(Error{Errc::cancelled, "the session stopped meanwhile"});
  }
  const std::size_t count = execution->mode.macros.size();
  execution->outcomes.resize(count);
  execution->missing = count;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& base = execution->mode.macros[i].macro_id;
    const auto running = std::find_if(runs_.begin(), runs_.end(), [&](const auto& entry) {
      return entry.second.session_id == execution->session_id && entry.second.base_id == base;
    });
    if (running == runs_.end()) {
      start_macro(execution, i, 0);
      continue;
    }
    execution->outcomes[i] = {running->first, std::nullopt, true};
    if (--execution->missing == 0) finish_execution(*execution);
  }
}

void SessionService::start_macro(const std::shared_ptr<Execution>& execution, std::size_t index,
                                 std::size_t attempt) {
  const ModeMacro& macro = execution->mode.macros[index];
  MacroStart start;
  start.macro_id = running_id(macro.macro_id, attempt);
  start.base_id = macro.macro_id;
  start.script = macro.script;
  start.macro_name = macro.macro_name;
  start.profile = macro.profile.empty() ? macro.macro_id : macro.profile;
  start.safety_level = macro.safety_level;
  start.game = macro.game.empty() ? execution->game : macro.game;
  start.args_json = macro_args(execution->mode, macro);
  if (!execution->session_id.empty()) start.session_id = execution->session_id;
  start.by = execution->by.name;
  start.correlation_id = execution->by.correlation_id;
  start.is_admin = execution->by.is_admin;
  start.role = execution->by.role;
  start.any_game = execution->by.any_game;
  const std::string id = start.macro_id;
  macros_.start(
      std::move(start), [this, execution, index, attempt, id,
                         alive = std::weak_ptr<int>(alive_)](const Result<std::string>& started) {
        if (alive.expired()) return;
        const bool taken = !started && started.error().code == Errc::already_exists;
        const bool may_retry = !execution->session_id.empty() && attempt + 1 < kMaxIdAttempts;
        if (taken && may_retry) return start_macro(execution, index, attempt + 1);
        note_outcome(execution, index, id, started);
      });
}

void SessionService::note_outcome(const std::shared_ptr<Execution>& execution, std::size_t index,
                                  const std::string& running_id,
                                  const Result<std::string>& outcome) {
  Session* session = find(execution->session_id);
  if (outcome) {
    execution->outcomes[index].running_id = running_id;
    runs_[running_id] = {execution->mode.name, execution->session_id,
                         execution->mode.macros[index].macro_id};
    if (session != nullptr) ++session->stats.macros_started;
    // The session may have stopped while the program was being started.
    const bool unwanted = !execution->session_id.empty() &&
                          (session == nullptr || session->state == SessionState::stopped);
    if (unwanted) (void)macros_.stop(running_id, "its session", [](bool) {});
  } else {
    execution->outcomes[index].error = outcome.error();
    if (session != nullptr) ++session->stats.macros_refused;
  }
  if (--execution->missing == 0) finish_execution(*execution);
}

void SessionService::finish_execution(Execution& execution) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("mode", execution.mode.name).key("session_id");
  w.value(execution.session_id.empty() ? std::nullopt : std::optional(execution.session_id));
  w.key("macros").begin_array();
  std::size_t running = 0, fresh = 0;
  const Error* first_error = nullptr;
  for (std::size_t i = 0; i < execution.outcomes.size(); ++i) {
    const auto& outcome = execution.outcomes[i];
    if (!outcome.error) ++running;
    if (!outcome.error && !outcome.already) ++fresh;
    if (outcome.error && first_error == nullptr) first_error = &*outcome.error;
    w.begin_object().field("macro_id", execution.mode.macros[i].macro_id).key("running_as");
    w.value(outcome.error ? std::nullopt : std::optional(outcome.running_id));
    w.field("outcome", outcome.error ? "refused" : outcome.already ? "already_running" : "started");
    w.key("reason").value(outcome.error ? std::optional(outcome.error->message) : std::nullopt);
    w.end_object();
  }
  w.end_array().end_object();
  if (fresh > 0) {
    publish_mode(true, {execution.mode.name, execution.session_id, ""}, running, "");
  }
  if (Session* session = find(execution.session_id)) {
    save(*session);
    changes_.publish({SessionChange::Kind::updated, session_json(*session, clock_.mono())});
  }
  if (running == 0 && first_error != nullptr) {
    return execution.done(Error{first_error->code, "no macro of mode " + execution.mode.name +
                                                       " runs: " + first_error->message});
  }
  execution.done(std::move(out));
}

void SessionService::publish_mode(bool started, const Run& run, std::size_t macros,
                                  const std::string& reason) {
  const Session* session = find(run.session_id);
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("mode", run.mode).key("session_id");
  w.value(run.session_id.empty() ? std::nullopt : std::optional(run.session_id));
  w.key("character_name");
  w.value(session == nullptr ? std::nullopt : std::optional(session->character_name));
  w.field("macros", macros).key("reason");
  w.value(reason.empty() ? std::nullopt : std::optional(reason)).end_object();
  mode_changes_.publish({started, std::move(out)});
}

void SessionService::on_ended(const std::string& macro_id) {
  const auto it = runs_.find(macro_id);
  if (it == runs_.end()) return;
  const Run run = it->second;
  runs_.erase(it);
  if (macros_of(run.session_id, run.mode).empty()) {
    publish_mode(false, run, 0, "its last macro, " + macro_id + ", ended");
  }
}

/// Calls `done` when each of `ids` has ended or could not be ended in time.
void SessionService::end_macros(std::vector<std::string> ids, const std::string& by,
                                std::function<void()> done) {
  // Shared by the answers; one more than the macros, so that `done` comes after the loop.
  auto missing = std::make_shared<std::size_t>(ids.size() + 1);
  const auto one_less = [missing, done = std::move(done), alive = std::weak_ptr<int>(alive_)] {
    if (--*missing == 0 && !alive.expired()) done();
  };
  for (const std::string& id : ids) {
    if (!macros_.stop(id, by, [one_less](bool) { one_less(); })) one_less();
  }
  one_less();
}

void SessionService::stop_mode(const std::string& name, Done done) {
  if (modes_.find(name) == modes_.end()) return done(no_mode(name));
  std::vector<std::string> ids;
  for (const auto& [id, run] : runs_) {
    if (run.mode == name) ids.push_back(id);
  }
  end_macros(ids, "its session", [name, ids, done = std::move(done)] {
    std::string out;
    JsonWriter w(out);
    w.begin_object().field("mode", name).key("stopped_macros").begin_array();
    for (const auto& id : ids) w.value(id);
    w.end_array().end_object();
    done(std::move(out));
  });
}

void SessionService::put_mode(Mode mode, Done done) {
  const bool known = modes_.find(mode.name) != modes_.end();
  if (!known && modes_.size() >= options_.max_modes) {
    return done(Error{Errc::resource_exhausted,
                      "there are " + std::to_string(modes_.size()) + " modes already"});
  }
  const std::string name = mode.name;
  const std::string json = sessions::mode_json(mode);
  store_.save_mode(name, json,
                   [this, json, mode = std::move(mode), done = std::move(done),
                    alive = std::weak_ptr<int>(alive_)](const Result<void>& stored) {
                     if (alive.expired()) return;
                     if (!stored) return done(stored.error());
                     modes_[mode.name] = mode;
                     done(json);
                   });
}

void SessionService::delete_mode(const std::string& name, Done done) {
  if (modes_.find(name) == modes_.end()) return done(no_mode(name));
  const auto user = std::find_if(sessions_.begin(), sessions_.end(),
                                 [&](const Session& s) { return s.is_live() && s.mode == name; });
  if (user != sessions_.end()) {
    return done(Error{Errc::failed_precondition,
                      "the session of " + user->character_name + " (" + user->id + ") uses it"});
  }
  store_.delete_mode(name, [this, name, done = std::move(done),
                            alive = std::weak_ptr<int>(alive_)](const Result<void>& gone) {
    if (alive.expired()) return;
    if (!gone) return done(gone.error());
    modes_.erase(name);
    done(R"({"deleted":")" + name + "\"}");
  });
}

std::string SessionService::modes_json() const {
  std::string out = "{\"items\":[";
  bool first = true;
  for (const auto& [name, mode] : modes_) {
    if (!std::exchange(first, false)) out += ',';
    out += sessions::mode_json(mode);
  }
  return out + "],\"next_cursor\":null}";
}

Result<std::string> SessionService::mode_json(std::string_view name) const {
  const auto it = modes_.find(name);
  if (it == modes_.end()) return no_mode(name);
  return sessions::mode_json(it->second);
}

}  // namespace gk::sessions
