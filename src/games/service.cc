#include "games/service.h"

#include <algorithm>

#include "base/try.h"
#include "games/game_state.h"

namespace gk::games {
namespace {

Error no_game(std::string_view name) {
  return {Errc::not_found, "there is no game \"" + std::string(name) + "\""};
}

// Two settings that need no new connection when one replaces the other.
bool same_connection(GameSettings a, const GameSettings& b) {
  a.allow = b.allow;
  a.dangerous = b.dangerous;
  a.users = b.users;
  a.roles = b.roles;
  a.rate_per_s = b.rate_per_s;
  a.burst = b.burst;
  a.adaptive_pace = b.adaptive_pace;
  a.enabled = b.enabled;
  return a == b;
}

}  // namespace

GameService::GameService(const GameServiceOptions& options, GameServiceParts parts)
    : options_(options),
      parts_(std::move(parts)),
      party_{.kind = arbiter::PartyKind::local, .owner = parts_.lanes.new_owner()},
      summary_(std::make_unique<SharedSummary>()),
      sent_(parts_.metrics.counter("gamekeeper_game_commands_total",
                                   "Commands written to game servers")),
      refused_(parts_.metrics.counter("gamekeeper_game_commands_refused_total",
                                      "Commands that were not written")),
      lost_(parts_.metrics.counter("gamekeeper_game_links_lost_total",
                                   "Connections to game servers that ended by themselves")),
      suppressed_(parts_.metrics.counter("gamekeeper_game_lines_suppressed_total",
                                         "Lines of game servers that came too fast to keep")),
      pace_cuts_(parts_.metrics.counter("gamekeeper_game_pace_cuts_total",
                                        "Times a lane was slowed because its game was behind")),
      ready_gauge_(
          parts_.metrics.gauge("gamekeeper_game_links_ready", "Game servers that take commands")),
      games_gauge_(parts_.metrics.gauge("gamekeeper_games", "Game servers that are set up")),
      slowed_gauge_(parts_.metrics.gauge("gamekeeper_games_slowed",
                                         "Game servers whose lane has less than its pace")),
      response_(parts_.metrics.histogram("gamekeeper_game_response_seconds",
                                         "From a command written to its complete answer",
                                         duration_buckets())) {}

GameService::~GameService() {
  ending_ = true;
  for (auto& [name, game] : games_) game->link.reset();
  parts_.lanes.drop(party_.owner);  // Also tickets that nobody waits for any more.
}

GameService::Game* GameService::find(std::string_view name) const {
  const auto found = games_.find(name);
  return found == games_.end() ? nullptr : found->second.get();
}

const GameSettings* GameService::settings(std::string_view name) const {
  const Game* game = find(name);
  return game == nullptr ? nullptr : &game->settings;
}

void GameService::restore(const std::vector<StoredGame>& stored) {
  for (const StoredGame& from : stored) {
    Complaints complaints;
    const auto body = parse_json(from.settings);
    GameSettings settings;
    if (body) settings = read_settings(*body, from.name, {}, complaints);
    if (!body || !complaints.empty() || games_.size() >= options_.max_games) {
      parts_.log.warn(
          "games.stored_game_ignored", "a stored game is not valid",
          {{"game", from.name}, {"problem", complaints.empty() ? "" : complaints.front().second}});
      continue;
    }
    make_lane(from.name, [this, settings, sealed = from.password](const Result<void>& made) {
      if (!made) {
        return parts_.log.error("games.no_lane", made.error().message, {{"game", settings.name}});
      }
      apply(settings, sealed, true);
    });
  }
}

// A game's own pace protects it; a quiet gap between two actors would only slow a console down.
void GameService::make_lane(const std::string& name, Done done) {
  const std::string lane = "game:" + name;
  if (parts_.lanes.settings(lane) != nullptr) return done({});
  arbiter::LaneSettings settings;
  settings.spacing_s = 0;
  settings.queue_max = static_cast<std::int64_t>(options_.max_waiting);
  parts_.lanes.set_lane(lane, settings, std::move(done));
}

void GameService::put(const GameSettings& settings, std::optional<std::string> password,
                      Done done) {
  const Game* old = find(settings.name);
  if (old == nullptr && games_.size() >= options_.max_games) {
    return done(Error{Errc::resource_exhausted, "the daemon has all of its " +
                                                    std::to_string(options_.max_games) + " games"});
  }
  std::vector<std::uint8_t> sealed;
  if (password && !password->empty()) sealed = parts_.sealer.seal(*password);
  if (!password && old != nullptr) sealed = old->sealed;
  make_lane(settings.name, [this, settings, sealed = std::move(sealed), fresh = bool(password),
                            done = std::move(done)](const Result<void>& made) mutable {
    if (!made) return done(made);
    StoredGame row{settings.name, settings_json(settings), sealed};
    parts_.store.save(std::move(row), [this, settings, sealed, fresh,
                                       done = std::move(done)](const Result<void>& saved) {
      if (!saved) return done(saved);
      Game* game = find(settings.name);
      const bool keep = game != nullptr && !fresh && same_connection(settings, game->settings);
      if (keep) {
        const GameSettings before = std::exchange(game->settings, settings);
        if (before.rate_per_s != settings.rate_per_s || before.burst != settings.burst ||
            before.adaptive_pace != settings.adaptive_pace) {
          take_pace(*game);
        }
        if (settings.enabled && game->link->state() == LinkState::stopped) game->link->connect();
        if (!settings.enabled && game->link->state() != LinkState::stopped) {
          game->link->disconnect();
        }
        changes_.publish(settings.name);
        update_summary();
      } else {
        apply(settings, sealed, true);
      }
      done({});
    });
  });
}

void GameService::apply(const GameSettings& settings, std::vector<std::uint8_t> sealed,
                        bool connect) {
  if (ending_) return;
  Game* game = find(settings.name);
  if (game == nullptr) {
    auto made = std::make_unique<Game>(settings, std::move(sealed));
    game = made.get();
    games_.emplace(settings.name, std::move(made));
  } else {
    if (game->link) game->link->disconnect();  // Tells those that wait.
    game->settings = settings;
    game->sealed = std::move(sealed);
    take_pace(*game);
  }
  make_link(*game);
  if (connect && settings.enabled) game->link->connect();
  changes_.publish(settings.name);
  update_summary();
}

std::string GameService::unseal(const Game& game) {
  if (game.sealed.empty()) return {};
  auto plain = parts_.sealer.unseal(game.sealed);
  if (!plain) {
    parts_.log.error("games.password_unreadable",
                     "the stored password was sealed with another key: set it again",
                     {{"game", game.settings.name}});
  }
  return plain.value_or("");
}

void GameService::make_link(Game& game) {
  game.link = std::make_unique<GameLink>(parts_.environment, game.settings, unseal(game),
                                         handlers_of(game), options_.link);
}

LinkHandlers GameService::handlers_of(Game& game) {
  Game* g = &game;  // Owns the link, so it outlives the handlers.
  return {.on_state = [this, g] { on_state(*g); },
          .on_done = [this, g](CommandId id,
                               Result<SendReply> reply) { on_done(*g, id, std::move(reply)); },
          .on_room = [this, g] { advance(*g); },
          .on_line = [this, g](std::string text) { on_line(*g, std::move(text)); },
          .on_signal =
              [this, g](std::string_view signal, double value, std::optional<Nanos> period) {
                parts_.submit_signal(signal, value, g->lane, period);
                if (signal == "tick_ratio" && period) on_tick_ratio(*g, value, *period);
              },
          .on_known = [g](std::string word) { g->completions.add_known(std::move(word)); }};
}

void GameService::remove(const std::string& name, Done done) {
  if (find(name) == nullptr) return done(no_game(name));
  parts_.store.remove(name, [this, name, done = std::move(done)](const Result<void>& gone) {
    const auto found = games_.find(name);
    if (!gone || found == games_.end()) return done(gone);
    const std::string lane = found->second->lane;
    found->second->link->disconnect();
    games_.erase(found);
    changes_.publish(name);
    update_summary();
    (void)parts_.lanes.revoke(lane, "the game was removed", "gamekeeper");
    // A lane that somebody else waits for stays: it is harmless, and its tokens go on.
    parts_.lanes.remove_lane(lane, [done](const Result<void>&) { done({}); });
  });
}

Result<void> GameService::connect(std::string_view name) {
  Game* game = find(name);
  if (game == nullptr) return no_game(name);
  game->link->connect();
  return {};
}

Result<void> GameService::disconnect(std::string_view name) {
  Game* game = find(name);
  if (game == nullptr) return no_game(name);
  game->link->disconnect();
  return {};
}

Result<void> GameService::may_send(std::string_view name, std::string_view user,
                                   std::string_view role, bool admin) const {
  const Game* game = find(name);
  if (game == nullptr) return no_game(name);
  const GameSettings& s = game->settings;
  const bool open = s.users.empty() && s.roles.empty();
  const bool named = std::find(s.users.begin(), s.users.end(), user) != s.users.end() ||
                     std::find(s.roles.begin(), s.roles.end(), role) != s.roles.end();
  if (admin || open || named) return {};
  return Error{Errc::permission_denied,
               "this game is for named users and roles; an administrator can add you"};
}

void GameService::on_state(Game& game) {
  if (ending_) return;
  const LinkState now = game.link->state();
  const std::string& reason = game.link->reason();
  const std::string_view name = link_state_name(now);
  if (game.seen == LinkState::ready && now == LinkState::waiting) lost_.inc();
  const bool again = now == game.seen && reason == game.seen_reason;
  // A server that is down is tried again and again: that is said once, until something changes.
  const bool retrying = now == LinkState::connecting || now == LinkState::authenticating;
  if (!retrying && !again) {
    game.seen = now;
    game.seen_reason = reason;
    const std::string text = std::string(name) + (reason.empty() ? "" : ": " + reason);
    record(game, HistoryKind::state, "", text);
    const bool good = now == LinkState::ready || now == LinkState::stopped;
    parts_.log.write(good ? LogLevel::info : LogLevel::warn, "games.link",
                     good ? "a game link changed" : "a game link is down",
                     {{"game", game.settings.name}, {"state", name}, {"reason", reason}});
  }
  if (now != LinkState::ready) {
    fail_unwritten(game, {Errc::unavailable, "the link to " + game.settings.name + " is " +
                                                 std::string(name) + ": the command was not sent"});
    release(game);
    game.guard.interrupt();
  }
  changes_.publish(game.settings.name);
  update_summary();
}

void GameService::on_line(Game& game, std::string text) {
  const MonoTime now = parts_.environment.clock.mono();
  if (now - game.second_began >= Seconds(1)) {
    const std::size_t left_out = std::exchange(game.suppressed, 0);
    game.second_began = now;
    game.lines_in_second = 0;
    if (left_out > 0) {
      record(game, HistoryKind::line, "", "(" + std::to_string(left_out) + " lines left out)");
    }
  }
  if (++game.lines_in_second > options_.lines_per_s) {
    ++game.suppressed;
    return suppressed_.inc();
  }
  record(game, HistoryKind::line, "", text);
  lines_.publish({game.settings.name, std::move(text)});
}

void GameService::record(Game& game, HistoryKind kind, std::string_view sender,
                         std::string_view text) {
  records_.publish(
      game.history.add(game.settings.name, kind, parts_.environment.clock.wall(), sender, text));
}

void GameService::shutdown() {
  for (auto& [name, game] : games_) game->link->disconnect();
  ending_ = true;
}

void GameService::update_summary() {
  Summary now;
  std::size_t ready = 0, slowed = 0;
  for (const auto& [name, game] : games_) {
    const LinkState state = game->link ? game->link->state() : LinkState::stopped;
    if (state == LinkState::ready) ++ready;
    if (game->guard.lowered()) ++slowed;
    const bool fine = state == LinkState::ready || state == LinkState::stopped;
    if (fine) continue;
    ++now.troubled_count;
    if (now.troubled.size() < 5) {
      now.troubled.push_back(name + " (" + std::string(link_state_name(state)) +
                             (game->link->reason().empty() ? "" : ": " + game->link->reason()) +
                             ")");
    }
  }
  now.games = games_.size();
  games_gauge_.set(static_cast<double>(now.games));
  ready_gauge_.set(static_cast<double>(ready));
  slowed_gauge_.set(static_cast<double>(slowed));
  const MutexLock lock(summary_->mu);
  summary_->value = std::move(now);
}

GameService::Summary GameService::summary() const {
  const MutexLock lock(summary_->mu);
  return summary_->value;
}

}  // namespace gk::games
