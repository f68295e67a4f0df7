// game_state.h: what a GameService keeps of a game and of a command. Inside only.

#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "games/rules/pace_guard.h"
#include "games/rules/pacer.h"
#include "games/service.h"

namespace gk::games {

/// A command from send() to its answer.
struct GameService::Pending {
  enum class Stage : std::uint8_t { paced, queued, holding, written };

  CommandId id = 0;
  SendRequest request;
  Replied done;
  Slot* slot = nullptr;
  Stage stage = Stage::paced;
  Effect effect = Effect::change;
  bool dead = false;  // Its sender is fenced: it may not be written, whatever else happens.
  MonoTime since{}, deadline{};
  Nanos waited{0};
  arbiter::WaitId wait = 0;
  net::Handle timer;   // The sender's pace.
  net::Handle expiry;  // Until it is written; then the link's deadline counts.
};

struct GameService::Game {
  Game(GameSettings s, std::vector<std::uint8_t> p)
      : settings(std::move(s)),
        sealed(std::move(p)),
        lane("game:" + settings.name),
        pacer(settings.rate_per_s, static_cast<double>(settings.burst)),
        guard(settings.rate_per_s) {}

  GameSettings settings;
  std::vector<std::uint8_t> sealed;
  const std::string lane;
  Pacer pacer;
  PaceGuard guard;  // Says how much of the pace the game bears.
  std::unique_ptr<GameLink> link;
  LinkState seen = LinkState::stopped;  // As last recorded.
  std::string seen_reason;

  std::map<CommandId, Pending> pending;  // At most max_waiting.
  struct Holder {
    CommandId id = 0;
    Token token;
    bool written = false;
  };
  std::optional<Holder> holder;  // Of the lane, on our side.
  net::Handle pace_timer;

  History history;
  Completions completions;
  MonoTime second_began{};  // Of the count of lines.
  std::size_t lines_in_second = 0, suppressed = 0;
};

/// For the console: "pace 60/s of 120/s: the game is behind", or "pace 120/s".
std::string pace_words(double pace_per_s, double configured_per_s);

/// For the health check, which runs elsewhere.
struct GameService::SharedSummary {
  mutable Mutex mu{MutexRank::leaf};
  Summary value GK_GUARDED_BY(mu);
};

}  // namespace gk::games
