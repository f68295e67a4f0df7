#include "sessions/rules/session.h"

#include <array>

#include "base/clock.h"
#include "base/json.h"

namespace gk::sessions {
namespace {

constexpr std::array<std::string_view, 5> kStates{"created", "running", "paused", "stopped",
                                                  "interrupted"};  // Source: as the enum

std::optional<SessionState> parse_state(std::string_view text) {
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    if (kStates[i] == text) return static_cast<SessionState>(i);
  }
  return std::nullopt;
}

Error refuse(SessionState state, std::string_view wish, std::string_view possible) {
  return {Errc::failed_precondition, "the session is " + std::string(state_name(state)) +
                                         " and cannot " + std::string(wish) + "; it can " +
                                         std::string(possible)};
}

std::string_view possible_in(SessionState state) {
  switch (state) {
    case SessionState::created: return "start or be deleted";
    case SessionState::running: return "pause or stop";
    case SessionState::paused: return "start or stop";
    case SessionState::stopped: return "start or be deleted";
    case SessionState::interrupted: break;
  }
  return "start, stop or be deleted";
}

std::optional<WallTime> time_of(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.find(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  const auto time = parse_rfc3339(value->as_string());
  return time ? std::optional(*time) : std::nullopt;
}

std::uint64_t count_of(const JsonValue* object, std::string_view key) {
  const JsonValue* value = object == nullptr ? nullptr : object->find(key);
  return value != nullptr && value->is_int() ? static_cast<std::uint64_t>(value->as_int()) : 0;
}

}  // namespace

std::string_view state_name(SessionState state) { return kStates[static_cast<std::size_t>(state)]; }

Result<SessionState> next_state(SessionState state, SessionStep step) {
  const bool live = state == SessionState::running || state == SessionState::paused;
  switch (step) {
    case SessionStep::start:
      if (state != SessionState::running) return SessionState::running;
      return refuse(state, "start", possible_in(state));
    case SessionStep::pause:
      if (state == SessionState::running) return SessionState::paused;
      return refuse(state, "pause", possible_in(state));
    case SessionStep::stop:
      if (live || state == SessionState::interrupted) return SessionState::stopped;
      return refuse(state, "stop", possible_in(state));
    case SessionStep::remove: break;
  }
  if (!live) return state;
  return refuse(state, "be deleted", possible_in(state));
}

void enter_state(Session& session, SessionState state, std::string reason, MonoTime now,
                 WallTime wall) {
  if (session.state == SessionState::running) session.ran += now - session.running_since;
  if (state == SessionState::running) {
    session.running_since = now;
    if (session.state != SessionState::paused) session.started = wall;
    session.ended.reset();
  }
  if (state == SessionState::stopped || state == SessionState::interrupted) session.ended = wall;
  session.state = state;
  session.reason = std::move(reason);
}

std::string session_json(const Session& s, MonoTime now) {
  Nanos ran = s.ran;
  if (s.state == SessionState::running) ran += now - s.running_since;
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("id", s.id).field("character_name", s.character_name);
  w.key("game").value(s.game.empty() ? std::nullopt : std::optional(s.game));
  w.key("mode").value(s.mode.empty() ? std::nullopt : std::optional(s.mode));
  w.field("state", state_name(s.state)).key("reason");
  w.value(s.reason.empty() ? std::nullopt : std::optional(s.reason));
  w.field("created", s.created).field("started", s.started).field("ended", s.ended);
  w.field("updated", s.updated);
  w.key("stats").begin_object();
  w.field("running_s", std::chrono::duration<double>(ran).count());
  w.field("macros_started", s.stats.macros_started);
  w.field("macros_refused", s.stats.macros_refused);
  w.field("macros_cancelled", s.stats.macros_cancelled);
  w.field("commands", s.stats.commands).end_object().end_object();
  return out;
}

Result<Session> read_session(std::string_view json) {
  const auto parsed = parse_json(json);
  const auto broken = [&] {
    return Error{Errc::data_loss,
                 "a stored session is damaged: " + std::string(json.substr(0, 80))};
  };
  if (!parsed) return broken();
  const auto text = [&](std::string_view key) {
    const JsonValue* value = parsed->find(key);
    return value != nullptr && value->is_string() ? value->as_string() : std::string();
  };
  Session s;
  s.id = text("id");
  s.character_name = text("character_name");
  s.game = text("game");
  s.mode = text("mode");
  s.reason = text("reason");
  const auto state = parse_state(text("state"));
  const auto created = time_of(*parsed, "created");
  if (s.id.empty() || !state || !created) return broken();
  s.state = *state;
  s.created = *created;
  s.started = time_of(*parsed, "started");
  s.ended = time_of(*parsed, "ended");
  s.updated = time_of(*parsed, "updated").value_or(s.started.value_or(s.created));
  const JsonValue* stats = parsed->find("stats");
  s.stats = {.macros_started = count_of(stats, "macros_started"),
             .macros_refused = count_of(stats, "macros_refused"),
             .macros_cancelled = count_of(stats, "macros_cancelled"),
             .commands = count_of(stats, "commands")};
  const JsonValue* ran = stats == nullptr ? nullptr : stats->find("running_s");
  if (ran != nullptr && ran->is_number()) {
    s.ran = std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(ran->as_number()));
  }
  if (s.is_live()) {
    s.state = SessionState::interrupted;
    s.reason = "the daemon ended while it was " + text("state");
    s.ended = s.updated;
  }
  return s;
}

}  // namespace gk::sessions
