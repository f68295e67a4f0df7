// service.h: the games of this daemon: their links, lanes, pace, history and settings.
//
// Every command goes the same way: checked, paced for its sender, queued on the game's lane, paced
// for the game, and written under a grant whose token is checked right before. Not here: HTTP
// (routes.h), protocols (rules/), what a slow game means.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arbiter/service/lane_service.h"
#include "base/log.h"
#include "base/metrics.h"
#include "games/game_store.h"
#include "games/history.h"
#include "games/link.h"
#include "games/port.h"
#include "games/rules/game_settings.h"
#include "games/rules/sender_table.h"

namespace gk {
class JsonWriter;
}

namespace gk::games {

/// Source: chosen.
struct GameServiceOptions {
  std::size_t max_games = 64;
  std::size_t max_waiting = 256;    ///< Commands of one game; the newest is refused.
  std::size_t max_per_sender = 32;  ///< Of those, of one sender; the newest is refused.
  std::size_t lines_per_s = 200;    ///< Kept and published of what a game says by itself.
  LinkLimits link;
};

/// How passwords are kept: never as they are.
struct Sealer {
  std::function<std::vector<std::uint8_t>(std::string_view)> seal;
  std::function<std::optional<std::string>(const std::vector<std::uint8_t>&)> unseal;
};

/// What a service is built from; all of it outlives the service.
struct GameServiceParts {
  LinkEnvironment environment;
  Log& log;
  Metrics& metrics;
  arbiter::LaneService& lanes;
  GameStore& store;
  Sealer sealer;
  /// Takes a health signal of the game with subject "game:NAME".
  std::function<void(std::string_view signal, double value, std::string_view subject,
                     std::optional<Nanos> period)>
      submit_signal;
};

/// Thread: loop.
class GameService final : public Port {
 public:
  using Done = std::function<void(Result<void>)>;

  GameService(const GameServiceOptions& options, GameServiceParts parts);
  ~GameService() override;
  GameService(const GameService&) = delete;
  GameService& operator=(const GameService&) = delete;

  /// Takes up what was stored and connects what is enabled.
  void restore(const std::vector<StoredGame>& stored);

  // Settings: stored first, then in force, then `done`.
  /// Adds or changes a game. No `password`: the stored one stays.
  /// Errors: resource_exhausted (max_games, lanes), and those of the stores.
  void put(const GameSettings& settings, std::optional<std::string> password, Done done);
  /// Errors: not_found, and those of the store.
  void remove(const std::string& name, Done done);
  /// Null: no such game.
  const GameSettings* settings(std::string_view name) const;
  /// Errors: not_found.
  Result<void> connect(std::string_view name);
  Result<void> disconnect(std::string_view name);

  // Port.
  void send(SendRequest request, Replied done) override;
  std::size_t fence(std::string_view sender) override;
  void lift_fence(std::string_view sender) override;
  void set_pace(std::string_view sender, Nanos interval) override;
  std::optional<GameHealth> health(std::string_view game) const override;
  Result<std::string> say_words(std::string_view game) const override;
  std::vector<std::string> names() const override;
  Topic<GameLine>& lines() override { return lines_; }
  Topic<CommandSeen>& commands() override { return commands_; }

  /// Whether a user may send to the game, by the game's own lists; scopes are the router's.
  /// Errors: not_found, permission_denied.
  Result<void> may_send(std::string_view game, std::string_view user, std::string_view role,
                        bool admin) const;

  // Views.
  std::string games_json() const;
  Result<std::string> game_json(std::string_view name) const;
  /// Newest last; at most `limit`, only with a number above `after`.
  Result<std::string> history_json(std::string_view name, std::uint64_t after,
                                   std::size_t limit) const;
  Result<std::string> completions_json(std::string_view name, std::string_view prefix) const;
  static std::string kinds_json();

  /// A link has another state, or a game other settings.
  Topic<std::string>& changes() { return changes_; }
  Topic<HistoryEntry>& records() { return records_; }
  /// Links that are enabled, and those of them that are not ready, by name. Safe.
  struct Summary {
    std::size_t games = 0;
    std::vector<std::string> troubled;  ///< "name (state: reason)", at most 5.
    std::size_t troubled_count = 0;
  };
  Summary summary() const;

  /// Ends all links; what waits gets `cancelled`.
  void shutdown();

 private:
  struct Pending;
  struct Game;
  using Slot = SenderTable::Slot;

  Game* find(std::string_view name) const;
  void apply(const GameSettings& settings, std::vector<std::uint8_t> sealed, bool connect);
  void make_link(Game& game);
  void make_lane(const std::string& name, Done done);
  LinkHandlers handlers_of(Game& game);
  Result<Slot*> admit(const SendRequest& request, Game*& game);
  void ask_lane(Game& game, Pending& pending);
  void on_lane(const std::string& name, CommandId id, const Result<arbiter::Lease>& lease);
  void advance(Game& game);
  bool write_holder(Game& game, Pending& pending);
  void release(Game& game);
  void on_state(Game& game);
  void on_line(Game& game, std::string text);
  void on_done(Game& game, CommandId id, Result<SendReply> reply);
  /// Takes the command out and tells its caller.
  void finish(Game& game, CommandId id, Result<SendReply> reply);
  void fail_unwritten(Game& game, const Error& error);
  void record(Game& game, HistoryKind kind, std::string_view sender, std::string_view text);
  void refuse(const SendRequest& request, const Error& error, const Replied& done);
  std::string unseal(const Game& game);
  void on_tick_ratio(Game& game, double ratio, Nanos covers);
  void take_pace(Game& game);
  void update_summary();
  void write_game(JsonWriter& w, const Game& game) const;

  const GameServiceOptions options_;
  GameServiceParts parts_;
  const arbiter::Party party_;
  std::map<std::string, std::unique_ptr<Game>, std::less<>> games_;
  SenderTable senders_;
  CommandId last_id_ = 0;
  bool ending_ = false;
  Topic<GameLine> lines_;
  Topic<CommandSeen> commands_;
  Topic<std::string> changes_;
  Topic<HistoryEntry> records_;
  struct SharedSummary;
  const std::unique_ptr<SharedSummary> summary_;
  Counter sent_, refused_, lost_, suppressed_, pace_cuts_;
  Gauge ready_gauge_, games_gauge_, slowed_gauge_;
  Histogram response_;
};

}  // namespace gk::games
