// session_service.h: sessions and modes. A session starts the macros of its mode with its id, so
// that their cancellations carry it; pausing and stopping it reaches all of them.
//
// Rules are in rules/, commands in command_service.h, HTTP in routes.h. Design: docs/sessions.md.

#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/topic.h"
#include "sessions/macro_port.h"
#include "sessions/rules/mode.h"
#include "sessions/rules/session.h"
#include "sessions/session_store.h"

namespace gk::sessions {

/// Source: chosen.
struct SessionOptions {
  std::size_t max_sessions = 1'000;  ///< The one that ended first loses; all alive: refused.
  std::size_t max_modes = 256;       ///< The newest is refused.
};

/// Who wants something.
struct Asker {
  std::string name;
  bool is_admin = false;  ///< May weaken the level of a macro.
  std::string role;       ///< Of the caller, for the lists of a game.
  bool any_game = false;  ///< games:write; or nobody asks: a schedule, a resume.
  std::string correlation_id = {};
};

struct NewSession {
  std::string character_name, game, mode;
};

/// A session that changed.
struct SessionChange {
  enum class Kind : std::uint8_t { started, stopped, updated };
  Kind kind = Kind::updated;
  std::string json;
};

/// A mode that began or ended, in a session or without one.
struct ModeChange {
  bool started = true;
  std::string json;
};

/// Thread:     loop.
/// Invariants: a macro id that runs for us belongs to one mode of one session; what is stored of a
///             session may lag by one commit, and what ran is interrupted after a restart anyway.
class SessionService {
 public:
  /// The JSON of what was done.
  using Done = std::function<void(Result<std::string>)>;

  /// Requires: all references outlive the service.
  SessionService(SessionOptions options, const Clock& clock, Random& random, Log& log,
                 Metrics& metrics, MacroPort& macros, SessionStore& store);

  /// Takes over what the store had; damaged rows are logged and skipped.
  void restore(const StoredSessions& stored);

  /// Creates a session; `done` after it is on disk.
  /// Errors: not_found (mode), resource_exhausted (all sessions are alive).
  void create(NewSession wanted, Done done);
  /// Starts or resumes, and executes its mode. `done` gets {session, macros[]}.
  /// Errors: not_found, failed_precondition, as execute_mode() for its mode.
  void start(const std::string& id, const Asker& by, Done done);
  /// Pauses the session with its macros; those that cannot be paused are in the answer.
  void pause(const std::string& id, const Asker& by, Done done);
  /// Ends its macros, then the session.
  void stop(const std::string& id, const Asker& by, Done done);
  /// Changes game or mode of a session that does not run; nothing: leaves it.
  void change(const std::string& id, std::optional<std::string> game,
              std::optional<std::string> mode, Done done);
  void remove(const std::string& id, Done done);

  /// Starts the macros of a mode; those of another mode of the same session end first.
  /// `session_id` empty: without a session. `done` gets {mode, session_id, macros[]}.
  /// Errors: not_found, failed_precondition (the session does not run), the error of the first
  ///         macro when none of them runs.
  void execute_mode(const std::string& name, const std::string& session_id, const Asker& by,
                    Done done);
  /// Ends the macros of a mode in all sessions. Errors: not_found.
  void stop_mode(const std::string& name, Done done);
  void put_mode(Mode mode, Done done);
  void delete_mode(const std::string& name, Done done);

  /// Ends every macro, then every session that lives. Needs no store. Returns the count of macros.
  std::size_t emergency_stop(const Asker& by);

  /// The session that a command means: by id, else by character, else the only one that lives.
  /// Empty text: none is named and none lives.
  /// Errors: not_found, failed_precondition (several could be meant: names them).
  Result<std::string> meant(const std::string& session_id, const std::string& character) const;
  void count_command(const std::string& session_id);
  /// Stores how long the sessions that live have run, so that a crash loses no more than the time
  /// since. Call every minute or so.
  void keep_books();
  /// The daemon ends: what lives is interrupted now, and stored so.
  void interrupt_all();

  // Views as JSON.
  std::string list_json(std::string_view state) const;
  Result<std::string> one_json(std::string_view id) const;
  std::string modes_json() const;
  Result<std::string> mode_json(std::string_view name) const;

  Topic<SessionChange>& changes() { return changes_; }
  Topic<ModeChange>& mode_changes() { return mode_changes_; }

 private:
  struct Run {  // A macro that we started.
    std::string mode, session_id, base_id;
  };
  struct Execution;

  Session* find(std::string_view id);
  const Session* find(std::string_view id) const;
  Result<Session*> step(const std::string& id, SessionStep step, SessionState& next);
  void move_to(Session& session, SessionState state, const std::string& reason);
  void save(Session& session);
  bool make_room();
  void begin_execution(const std::shared_ptr<Execution>& execution);
  void start_macro(const std::shared_ptr<Execution>& execution, std::size_t index,
                   std::size_t attempt);
  void note_outcome(const std::shared_ptr<Execution>& execution, std::size_t index,
                    const std::string& running_id, const Result<std::string>& outcome);
  void finish_execution(Execution& execution);
  void end_macros(std::vector<std::string> ids, const std::string& by, std::function<void()> done);
  std::vector<std::string> macros_of(std::string_view session_id, std::string_view mode) const;
  void on_ended(const std::string& macro_id);
  void publish_mode(bool started, const Run& run, std::size_t macros, const std::string& reason);
  void set_gauges();

  const SessionOptions options_;
  const Clock& clock_;
  Random& random_;
  Log& log_;
  Metrics& metrics_;
  MacroPort& macros_;
  SessionStore& store_;
  std::deque<Session> sessions_;  // Oldest first.
  std::map<std::string, Mode, std::less<>> modes_;
  std::map<std::string, Run, std::less<>> runs_;  // By running macro id.
  Topic<SessionChange> changes_;
  Topic<ModeChange> mode_changes_;
  Topic<MacroEnded>::Subscription ended_;
  Topic<MacroCancelled>::Subscription cancelled_;
  Gauge running_gauge_, paused_gauge_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late callbacks.
};

}  // namespace gk::sessions
