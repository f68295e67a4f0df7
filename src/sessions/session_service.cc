// Sessions: their steps, their store, their views. Modes are session_modes.cc.
#include "sessions/session_service.h"

#include <algorithm>

#include "base/try.h"

namespace gk::sessions {
namespace {

Error no_session(std::string_view id) {
  return {Errc::not_found, "there is no session " + std::string(id)};
}

std::uint64_t unix_ms(WallTime time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<Millis>(time.time_since_epoch()).count());
}

}  // namespace

SessionService::SessionService(SessionOptions options, const Clock& clock, Random& random, Log& log,
                               Metrics& metrics, MacroPort& macros, SessionStore& store)
    : options_(options),
      clock_(clock),
      random_(random),
      log_(log),
      metrics_(metrics),
      macros_(macros),
      store_(store),
      running_gauge_(
          metrics.gauge("gamekeeper_sessions", "Sessions by state", {{"state", "running"}})),
      paused_gauge_(
          metrics.gauge("gamekeeper_sessions", "Sessions by state", {{"state", "paused"}})) {
  ended_ = macros_.ended().subscribe([this](const MacroEnded& e) { on_ended(e.macro_id); });
  cancelled_ = macros_.cancelled().subscribe([this](const MacroCancelled& e) {
    Session* session = e.session_id ? find(*e.session_id) : nullptr;
    if (session == nullptr) return;
    ++session->stats.macros_cancelled;
    save(*session);
    changes_.publish({SessionChange::Kind::updated, session_json(*session, clock_.mono())});
  });
}

void SessionService::restore(const StoredSessions& stored) {
  for (const std::string& text : stored.sessions) {
    auto session = read_session(text);
    if (!session) {
      log_.warn("sessions.damaged_row", session.error().message);
      continue;
    }
    sessions_.push_back(std::move(*session));
  }
  for (const auto& [name, text] : stored.modes) {
    const auto parsed = parse_json(text);
    auto reading = read_mode(name, parsed ? *parsed : JsonValue());
    if (!reading.complaints.empty()) {
      log_.warn("sessions.damaged_row", "a stored mode is damaged", {{"mode", name}});
      continue;
    }
    modes_.emplace(name, std::move(reading.mode));
  }
  set_gauges();
}

Session* SessionService::find(std::string_view id) {
  const auto it = std::find_if(sessions_.begin(), sessions_.end(),
                               [&](const Session& s) { return s.id == id; });
  return it == sessions_.end() ? nullptr : &*it;
}

const Session* SessionService::find(std::string_view id) const {
  return const_cast<SessionService*>(this)->find(id);
}

// The oldest that neither runs nor pauses makes room. False: all of them live.
bool SessionService::make_room() {
  if (sessions_.size() < options_.max_sessions) return true;
  const auto oldest = std::find_if(sessions_.begin(), sessions_.end(),
                                   [](const Session& s) { return !s.is_live(); });
  if (oldest == sessions_.end()) return false;
  store_.delete_session(oldest->id, [](const Result<void>&) {});
  sessions_.erase(oldest);
  return true;
}

void SessionService::create(NewSession wanted, Done done) {
  if (!wanted.mode.empty() && modes_.find(wanted.mode) == modes_.end()) {
    return done(Error{Errc::not_found, "there is no mode " + wanted.mode});
  }
  if (!make_room()) {
    return done(Error{Errc::resource_exhausted, "all " + std::to_string(options_.max_sessions) +
                                                    " sessions run or pause; stop one"});
  }
  Session session;
  session.created = session.updated = clock_.wall();
  session.id = uuid_v7(random_, unix_ms(session.created));
  session.character_name = std::move(wanted.character_name);
  session.game = std::move(wanted.game);
  session.mode = std::move(wanted.mode);
  std::string json = session_json(session, clock_.mono());
  const std::string id = session.id;
  sessions_.push_back(std::move(session));
  store_.save_session(id, json,
                      [this, id, json, done = std::move(done),
                       alive = std::weak_ptr<int>(alive_)](const Result<void>& stored) {
                        if (alive.expired()) return;
                        if (!stored) {  // Nothing half-applied: what is not on disk is not there.
                          std::erase_if(sessions_, [&](const Session& s) {
                            return s.id == id && s.state == SessionState::created;
                          });
                          return done(stored.error());
                        }
                        changes_.publish({SessionChange::Kind::updated, json});
                        done(json);
                      });
}

Result<Session*> SessionService::step(const std::string& id, SessionStep step, SessionState& next) {
  Session* session = find(id);
  if (session == nullptr) return no_session(id);
  GK_TRY(next, next_state(session->state, step));
  return session;
}

void SessionService::keep_books() {
  for (Session& session : sessions_) {
    if (session.is_live()) save(session);
  }
}

void SessionService::interrupt_all() {
  for (Session& session : sessions_) {
    if (!session.is_live()) continue;
    const std::string was(state_name(session.state));
    move_to(session, SessionState::interrupted, "the daemon ended while it was " + was);
  }
}

void SessionService::save(Session& session) {
  session.updated = clock_.wall();
  store_.save_session(session.id, session_json(session, clock_.mono()),
                      [&log = log_](const Result<void>& stored) {
                        if (!stored) log.warn("sessions.not_stored", stored.error().message);
                      });
}

void SessionService::move_to(Session& session, SessionState state, const std::string& reason) {
  const bool was_live = session.is_live();
  enter_state(session, state, reason, clock_.mono(), clock_.wall());
  save(session);
  set_gauges();
  const std::string json = session_json(session, clock_.mono());
  if (state == SessionState::running && !was_live) {
    changes_.publish({SessionChange::Kind::started, json});
  }
  if (state == SessionState::stopped) changes_.publish({SessionChange::Kind::stopped, json});
  changes_.publish({SessionChange::Kind::updated, json});
}

void SessionService::set_gauges() {
  const auto count = [&](SessionState state) {
    return static_cast<double>(std::count_if(sessions_.begin(), sessions_.end(),
                                             [&](const Session& s) { return s.state == state; }));
  };
  running_gauge_.set(count(SessionState::running));
  paused_gauge_.set(count(SessionState::paused));
}

namespace {

/// {session, macros[], …}: what a step of a session answers.
std::string step_answer(const std::string& session, std::string_view name,
                        const std::string& list) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("session").raw(session).key(name).raw(list).end_object();
  return out;
}

std::string macros_in(const std::string& execution) {
  const auto parsed = parse_json(execution);
  const JsonValue* macros = parsed ? parsed->find("macros") : nullptr;
  return macros == nullptr ? "[]" : to_json(*macros);
}

}  // namespace

void SessionService::start(const std::string& id, const Asker& by, Done done) {
  SessionState next{};
  const auto found = step(id, SessionStep::start, next);
  if (!found) return done(found.error());
  Session& session = **found;
  if (!session.mode.empty() && modes_.find(session.mode) == modes_.end()) {
    return done(Error{Errc::failed_precondition,
                      "its mode " + session.mode + " is gone; set another one or none first"});
  }
  if (session.state == SessionState::paused) {
    for (const std::string& macro : macros_of(id, "")) {
      if (const auto resumed = macros_.resume(macro); !resumed) {
        log_.info("sessions.not_resumed", resumed.error().message, {{"session_id", id}});
      }
    }
    move_to(session, next, "");
    return done(step_answer(session_json(session, clock_.mono()), "macros", "[]"));
  }
  move_to(session, next, "");
  log_.info("sessions.started", "a session started",
            {{"session_id", id},
             {"character", session.character_name},
             {"by", by.name},
             {"correlation_id", by.correlation_id}});
  if (session.mode.empty()) {
    return done(step_answer(session_json(session, clock_.mono()), "macros", "[]"));
  }
  execute_mode(session.mode, id, by, [this, id, done](const Result<std::string>& executed) {
    const Session* now = find(id);
    if (now == nullptr) return done(no_session(id));
    if (!executed)
      return done(Error{executed.error().code,
                        "the session runs, but its mode does "
                        "not: " +
                            executed.error().message});
    done(step_answer(session_json(*now, clock_.mono()), "macros", macros_in(*executed)));
  });
}

void SessionService::pause(const std::string& id, const Asker& by, Done done) {
  SessionState next{};
  const auto found = step(id, SessionStep::pause, next);
  if (!found) return done(found.error());
  std::string refused;
  JsonWriter w(refused);
  w.begin_array();
  for (const std::string& macro : macros_of(id, "")) {
    const auto paused = macros_.pause(macro, "its session is paused by " + by.name);
    if (paused) continue;
    w.begin_object().field("macro_id", macro).field("reason", paused.error().message).end_object();
  }
  w.end_array();
  move_to(**found, next, "by " + by.name);
  done(step_answer(session_json(**found, clock_.mono()), "not_paused", refused));
}

void SessionService::stop(const std::string& id, const Asker& by, Done done) {
  SessionState next{};
  const auto found = step(id, SessionStep::stop, next);
  if (!found) return done(found.error());
  const auto macros = macros_of(id, "");
  move_to(**found, next, "by " + by.name);  // At once: nothing starts for it any more.
  log_.info("sessions.stopped", "a session stopped",
            {{"session_id", id}, {"by", by.name}, {"correlation_id", by.correlation_id}});
  end_macros(macros, by.name, [this, id, macros, done] {
    const Session* session = find(id);
    if (session == nullptr) return done(no_session(id));
    std::string list;
    JsonWriter w(list);
    w.begin_array();
    for (const auto& macro : macros) w.value(macro);
    w.end_array();
    done(step_answer(session_json(*session, clock_.mono()), "stopped_macros", list));
  });
}

void SessionService::change(const std::string& id, std::optional<std::string> game,
                            std::optional<std::string> mode, Done done) {
  Session* session = find(id);
  if (session == nullptr) return done(no_session(id));
  if (session->is_live()) {
    return done(Error{Errc::failed_precondition,
                      "the session is " + std::string(state_name(session->state)) +
                          "; stop it before it is changed, or execute a mode in it"});
  }
  if (mode && !mode->empty() && modes_.find(*mode) == modes_.end()) {
    return done(Error{Errc::not_found, "there is no mode " + *mode});
  }
  Session changed = *session;
  if (game) changed.game = *game;
  if (mode) changed.mode = *mode;
  const std::string json = session_json(changed, clock_.mono());
  store_.save_session(id, json,
                      [this, id, json, changed, done = std::move(done),
                       alive = std::weak_ptr<int>(alive_)](const Result<void>& stored) {
                        if (alive.expired()) return;
                        if (!stored) return done(stored.error());
                        if (Session* now = find(id)) {
                          now->game = changed.game;
                          now->mode = changed.mode;
                        }
                        changes_.publish({SessionChange::Kind::updated, json});
                        done(json);
                      });
}

void SessionService::remove(const std::string& id, Done done) {
  SessionState next{};
  const auto found = step(id, SessionStep::remove, next);
  if (!found) return done(found.error());
  store_.delete_session(id, [this, id, done = std::move(done),
                             alive = std::weak_ptr<int>(alive_)](const Result<void>& gone) {
    if (alive.expired()) return;
    if (!gone) return done(gone.error());
    std::erase_if(sessions_, [&](const Session& s) { return s.id == id && !s.is_live(); });
    done(R"({"deleted":")" + id + "\"}");
  });
}

std::size_t SessionService::emergency_stop(const Asker& by) {
  const std::string reason = "Emergency stop by " + by.name;
  const std::size_t stopped = macros_.stop_all(reason);
  for (Session& session : sessions_) {
    if (session.is_live()) move_to(session, SessionState::stopped, reason);
  }
  return stopped;
}

Result<std::string> SessionService::meant(const std::string& session_id,
                                          const std::string& character) const {
  if (!session_id.empty()) {
    if (find(session_id) == nullptr) return no_session(session_id);
    return session_id;
  }
  std::vector<const Session*> live;
  for (const Session& session : sessions_) {
    const bool named = character.empty() || session.character_name == character;
    if (named && session.is_live()) live.push_back(&session);
  }
  if (live.size() == 1) return live[0]->id;
  if (live.empty()) {
    if (character.empty()) return std::string();
    return Error{Errc::not_found, "no session of " + character + " runs or pauses"};
  }
  std::string names;
  constexpr std::size_t kShown = 8;  // Source: chosen; a message, not a list
  for (std::size_t i = 0; i < live.size() && i < kShown; ++i) {
    names += (names.empty() ? "" : ", ") + live[i]->character_name + " (" + live[i]->id + ")";
  }
  return Error{Errc::failed_precondition, std::to_string(live.size()) +
                                              " sessions could be meant; say session_id or "
                                              "character_name, of: " +
                                              names};
}

void SessionService::count_command(const std::string& session_id) {
  if (Session* session = find(session_id)) ++session->stats.commands;
}

std::string SessionService::list_json(std::string_view state) const {
  std::string out = "{\"items\":[";
  bool first = true;
  for (auto it = sessions_.rbegin(); it != sessions_.rend(); ++it) {
    if (!state.empty() && state_name(it->state) != state) continue;
    if (!std::exchange(first, false)) out += ',';
    out += session_json(*it, clock_.mono());
  }
  return out + "],\"next_cursor\":null}";
}

Result<std::string> SessionService::one_json(std::string_view id) const {
  const Session* session = find(id);
  if (session == nullptr) return no_session(id);
  return session_json(*session, clock_.mono());
}

}  // namespace gk::sessions
