// command_service.h: takes commands, carries them out one by one as they come, and keeps what came
// of them.
//
// A command is on disk before it acts, so that its id never points nowhere; an emergency stop acts
// first and needs no disk. What a command may be is rules/command.h.

#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/topic.h"
#include "sessions/rules/command.h"
#include "sessions/session_service.h"

namespace gk::sessions {

/// Source: chosen.
struct CommandOptions {
  std::size_t max_history = 1'000;   ///< The oldest that has ended loses.
  std::size_t max_running = 64;      ///< The newest is refused; an emergency stop is not.
  Nanos users_window{Seconds(900)};  ///< Who sent a command in it counts as active.
  std::size_t max_users = 1'024;     ///< Counted at most.
};

/// What commands do outside this room. A function that is not there answers `unavailable`.
struct CommandActions {
  using Done = std::function<void(Result<std::string>)>;  ///< Gets JSON.
  std::function<void(Done)> diagnostics;
  std::function<void(Done)> reload_config;
};

enum class CommandState : std::uint8_t { running, succeeded, failed };

struct CommandRecord {
  std::string id;  ///< UUIDv7.
  std::string type, action, by;
  std::string request_json;
  CommandState state = CommandState::running;
  WallTime submitted{};
  std::optional<WallTime> ended;
  std::string result_json;  ///< When it succeeded.
  std::optional<Error> error;
};

/// The resource of the API, which is also what is stored.
std::string command_json(const CommandRecord& record);
/// Reads command_json() back; what was running has failed. Errors: data_loss.
Result<CommandRecord> read_command_record(std::string_view json);

/// Thread: loop.
class CommandService {
 public:
  /// Requires: all references outlive the service.
  CommandService(CommandOptions options, CommandActions actions, const Clock& clock, Random& random,
                 Log& log, Metrics& metrics, MacroPort& macros, SessionService& sessions,
                 SessionStore& store);

  void restore(const StoredSessions& stored);

  /// Takes a command; `accepted` gets its record before it has ended, or the error: then it does
  /// nothing. Requires: the caller has checked spec_of(kind).scope.
  /// Errors: resource_exhausted (too many run), those of the store.
  void submit(Command command, std::string request_json, const Asker& by,
              std::function<void(Result<std::string>)> accepted);

  Result<std::string> one_json(std::string_view id) const;
  /// Newest first, at most `limit`, older than `cursor` (an id; empty: from the newest).
  std::string history_json(std::size_t limit, std::string_view cursor) const;

  /// A command has ended; its record.
  Topic<CommandRecord>& ended() { return ended_; }

 private:
  CommandRecord* find(std::string_view id);
  void act(const Command& command, const Asker& by, const CommandActions::Done& done);
  void act_on_session(const Command& command, const Asker& by, const CommandActions::Done& done);
  void start_macro(const Command& command, const Asker& by, const CommandActions::Done& done);
  void run(const std::string& id, const Command& command, const Asker& by);
  void finish(const std::string& id, const Result<std::string>& outcome,
              const std::string& correlation_id);
  bool make_room();
  /// `outcome` is succeeded, failed or refused (no room, or not stored).
  Counter counter(std::string_view type, std::string_view outcome);
  void count_user(const std::string& name);

  const CommandOptions options_;
  const CommandActions actions_;
  const Clock& clock_;
  Random& random_;
  Log& log_;
  Metrics& metrics_;
  MacroPort& macros_;
  SessionService& sessions_;
  SessionStore& store_;
  std::deque<CommandRecord> records_;  // Oldest first.
  std::map<std::string, MonoTime> users_;
  Topic<CommandRecord> ended_;
  Gauge users_gauge_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late callbacks.
};

}  // namespace gk::sessions
