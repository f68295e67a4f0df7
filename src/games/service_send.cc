// The way of a command: checks, the sender's pace, the lane, the game's pace, the answer.
#include <algorithm>

#include "base/span.h"
#include "base/try.h"
#include "games/game_state.h"
#include "games/mutant.h"
#include "games/rules/command_check.h"
#include "games/service.h"

namespace gk::games {
namespace {

constexpr Nanos kShortest = Millis(1), kLongest = std::chrono::minutes(10);  // Source: port.h

constexpr Millis kLookAgain{50};  // Source: chosen; a fenced holder keeps the lane for so long.

// Fits the string itself: no memory is asked for.
Error fenced() { return {Errc::cancelled, "sender fenced"}; }

}  // namespace

void GameService::refuse(const SendRequest& request, const Error& error, const Replied& done) {
  refused_.inc();
  commands_.publish({.game = request.game, .sender = request.sender, .command = request.command});
  done(error);
}

Result<GameService::Slot*> GameService::admit(const SendRequest& request, Game*& game) {
  game = find(request.game);
  if (game == nullptr) {
    return Error{Errc::not_found, "there is no game \"" + request.game + "\""};
  }
  if (request.timeout < kShortest || request.timeout > kLongest) {
    return Error{Errc::invalid_argument, "expected a timeout of 1 ms to 10 min"};
  }
  if (request.sender.empty() || request.sender.size() > SenderTable::kMaxName) {
    return Error{Errc::invalid_argument, "expected a sender of 1 to 96 bytes"};
  }
  Slot* slot = senders_.use(request.sender);
  if (slot == nullptr) {
    return Error{Errc::resource_exhausted, "too many senders are fenced, paced or waiting"};
  }
  if (slot->fenced) return fenced();
  GK_CHECK_OK(check_command(game->settings, request.command, request.confirmed));
  if (ending_ || game->link->state() != LinkState::ready) {
    const std::string& reason = game->link->reason();
    return Error{Errc::failed_precondition, "the link to " + request.game + " is " +
                                                std::string(link_state_name(game->link->state())) +
                                                (reason.empty() ? "" : ": " + reason)};
  }
  if (slot->waiting >= options_.max_per_sender) {
    return Error{Errc::resource_exhausted, "sender " + request.sender + " has " +
                                               std::to_string(slot->waiting) +
                                               " commands waiting, as many as it may"};
  }
  if (game->pending.size() >= options_.max_waiting) {
    return Error{Errc::resource_exhausted, "game " + request.game + " has " +
                                               std::to_string(game->pending.size()) +
                                               " commands waiting, as many as it can"};
  }
  return slot;
}

void GameService::send(SendRequest request, Replied done) {
  Game* game = nullptr;
  const auto slot = admit(request, game);
  if (!slot) return refuse(request, slot.error(), done);
  const MonoTime now = parts_.environment.clock.mono();
  const CommandId id = ++last_id_;
  Pending& pending = game->pending[id];
  pending.id = id;
  pending.done = std::move(done);
  pending.slot = *slot;
  pending.since = now;
  pending.effect = effect_of(game->settings, request.command);
  pending.deadline = now + request.timeout;
  pending.expiry = parts_.environment.loop.after(request.timeout, [this, game, id] {
    finish(*game, id,
           Error{Errc::deadline_exceeded, "the command waited too long and was not sent"});
    advance(*game);
  });
  pending.request = std::move(request);
  ++(*slot)->waiting;
  const MonoTime due = std::max(now, (*slot)->next);
  (*slot)->next = due + (*slot)->interval;
  if (due <= now) return ask_lane(*game, pending);
  pending.timer = parts_.environment.loop.after(due - now, [this, game, id] {
    const auto found = game->pending.find(id);
    if (found != game->pending.end()) ask_lane(*game, found->second);
  });
}

void GameService::ask_lane(Game& game, Pending& pending) {
  const CommandId id = pending.id;
  pending.stage = Pending::Stage::queued;
  const std::string& actor = pending.request.actor;
  const auto wait = parts_.lanes.acquire(
      {.lane = game.lane,
       .actor = actor.empty() ? "gamekeeper" : actor,
       .party = party_,
       .timeout = std::max(kShortest, pending.deadline - parts_.environment.clock.mono()),
       .lease = std::nullopt,
       .correlation_id = pending.request.correlation_id},
      [this, name = game.settings.name, id](const Result<arbiter::Lease>& lease) {
        on_lane(name, id, lease);
      });
  if (!wait) return finish(game, id, wait.error());
  // It may have been granted, and even answered, by now.
  const auto found = game.pending.find(id);
  if (found != game.pending.end()) found->second.wait = *wait;
}

void GameService::on_lane(const std::string& name, CommandId id,
                          const Result<arbiter::Lease>& lease) {
  Game* game = find(name);
  const bool wanted = game != nullptr && game->pending.contains(id);
  if (!lease) {
    if (wanted) finish(*game, id, lease.error());
    return;
  }
  if (!wanted) {
    (void)parts_.lanes.release(lease->lane, lease->token, party_);
    return;
  }
  Pending& pending = game->pending.find(id)->second;
  pending.stage = Pending::Stage::holding;
  pending.wait = 0;
  game->holder = Game::Holder{id, lease->token, false};
  advance(*game);
}

// Moves the lane on: writes the holder's command when it may, gives the lane back when it can.
void GameService::advance(Game& game) {
  if (!game.holder || ending_) return;
  if (game.holder->written) {
    // Kept until the link takes another: so no more are unanswered than were asked for.
    if (game.link->can_write(Effect::none)) release(game);
    return;
  }
  const auto found = game.pending.find(game.holder->id);
  if (found == game.pending.end() || found->second.dead) return release(game);
  if (!game.link->can_write(found->second.effect)) {
    // An answer calls this too. A fence does not, for want of memory; then the lane is given back.
    game.pace_timer = parts_.environment.loop.after(kLookAgain, [this, &game] { advance(game); });
    return;
  }
  const MonoTime now = parts_.environment.clock.mono();
  const MonoTime due = game.pacer.due(now);
  if (due > now) {
    game.pace_timer = parts_.environment.loop.after(due - now, [this, &game] { advance(game); });
    return;
  }
  if (!write_holder(game, found->second)) return release(game);
  if (game.link->can_write(Effect::none)) release(game);
}

bool GameService::write_holder(Game& game, Pending& pending) {
  const CommandId id = pending.id;
  const auto good = parts_.lanes.may_act(game.lane, game.holder->token);
  if (!good || !*good) {
    finish(game, id, Error{Errc::cancelled, "the lane was taken away: the command was not sent"});
    return false;
  }
  const MonoTime now = parts_.environment.clock.mono();
  const auto written =
      game.link->write(id, pending.request.command, pending.effect, pending.deadline - now);
  if (!written) {
    finish(game, id, written.error());
    return false;
  }
  game.pacer.take(now);
  game.guard.sent();
  game.holder->written = true;
  pending.stage = Pending::Stage::written;
  pending.expiry.cancel();
  pending.waited = now - pending.since;
  --pending.slot->waiting;
  sent_.inc();
  record(game, HistoryKind::command, pending.request.sender, pending.request.command);
  return true;
}

// A new pace, or whether it follows the game, begins with nothing known of the game.
void GameService::take_pace(Game& game) {
  game.guard = PaceGuard(game.settings.rate_per_s);
  game.pacer.set_rate(game.settings.rate_per_s, static_cast<double>(game.settings.burst),
                      parts_.environment.clock.mono());
}

void GameService::on_tick_ratio(Game& game, double ratio, Nanos covers) {
  if (!game.settings.adaptive_pace) return;
  const MonoTime now = parts_.environment.clock.mono();
  const double before = game.guard.pace_per_s();
  if (!game.guard.observe(ratio, covers, now)) return;
  const double pace = game.guard.pace_per_s();
  if (!GK_GAMES_MUTANT(pace_stays)) {
    game.pacer.set_rate(pace, static_cast<double>(game.settings.burst), now);
  }
  if (pace < before) pace_cuts_.inc();
  // Each step would fill the console: it is told when it begins and when it is over.
  const bool began = before >= game.settings.rate_per_s, ended = !game.guard.lowered();
  if (began || ended) {
    const std::string text = pace_words(pace, game.settings.rate_per_s);
    record(game, HistoryKind::state, "", text);
    parts_.log.write(began ? LogLevel::warn : LogLevel::info, "games.pace",
                     began ? "a game is behind: its lane was slowed" : "a lane has its pace again",
                     {{"game", game.settings.name}, {"pace", text}});
  }
  changes_.publish(game.settings.name);
  update_summary();
  advance(game);  // What waits for the old pace is planned anew.
}

void GameService::release(Game& game) {
  if (!game.holder) return;
  const Token token = game.holder->token;
  game.holder.reset();
  game.pace_timer.cancel();
  // Not found: it was revoked, or its lease has ended.
  (void)parts_.lanes.release(game.lane, token, party_);
}

void GameService::on_done(Game& game, CommandId id, Result<SendReply> reply) {
  const auto found = game.pending.find(id);
  if (found == game.pending.end()) return;
  const Pending& pending = found->second;
  if (reply) {
    reply->waited = pending.waited;
    response_.observe(std::chrono::duration<double>(reply->response).count());
    std::string text = reply->text;
    if (reply->truncated) text += "\n(the rest was left out)";
    record(game, HistoryKind::reply, pending.request.sender, text);
    game.completions.add_used(pending.request.command);
  } else {
    record(game, HistoryKind::error, pending.request.sender, reply.error().message);
  }
  finish(game, id, std::move(reply));
}

void GameService::finish(Game& game, CommandId id, Result<SendReply> reply) {
  auto node = game.pending.extract(id);
  if (node.empty()) return;
  Pending& pending = node.mapped();
  if (pending.stage != Pending::Stage::written) {
    --pending.slot->waiting;
    refused_.inc();
  }
  if (pending.wait != 0) parts_.lanes.cancel(pending.wait);
  // Not the message of an error: a game may repeat in it what was sent, which may be a secret.
  write_span(parts_.log, "game.command", parts_.environment.clock.mono() - pending.since,
             reply ? std::string_view("done") : errc_name(reply.error().code),
             pending.request.correlation_id, pending.request.game);
  commands_.publish({.game = pending.request.game,
                     .sender = pending.request.sender,
                     .command = pending.request.command,
                     .chat = is_chat(game.settings.kind_of(), pending.request.command),
                     .ok = reply.ok()});
  pending.done(std::move(reply));
}

void GameService::fail_unwritten(Game& game, const Error& error) {
  std::vector<CommandId> waiting;
  for (const auto& [id, pending] : game.pending) {
    if (pending.stage != Pending::Stage::written) waiting.push_back(id);
  }
  for (const CommandId id : waiting) finish(game, id, error);
}

std::size_t GameService::fence(std::string_view sender) {
  Slot* slot = senders_.use(sender);
  // No slot: the table is full, so that a sender of that name is refused anyway.
  if (slot == nullptr) return 0;
  slot->fenced = !GK_GAMES_MUTANT(fence_lets_new_ones_in);
  for (auto& [name, game] : games_) {
    for (auto& [id, pending] : game->pending) {
      if (pending.slot != slot || pending.stage == Pending::Stage::written) continue;
      const bool holds = pending.stage == Pending::Stage::holding;
      if (holds ? GK_GAMES_MUTANT(fence_spares_the_holder)
                : GK_GAMES_MUTANT(fence_spares_the_queue)) {
        continue;
      }
      pending.dead = true;
    }
  }
  // From here on nothing is written for it; now those that wait are told.
  std::size_t dropped = 0;
  for (auto& [name, game] : games_) {
    for (auto it = game->pending.begin(); it != game->pending.end();) {
      if (!it->second.dead) {
        ++it;
        continue;
      }
      auto node = game->pending.extract(it);
      --slot->waiting;
      ++dropped;
      node.mapped().done(fenced());
      it = game->pending.begin();  // What it did may have changed the map.
    }
  }
  // Their tickets stay until they are granted, and are given back then: withdrawing them now would
  // need memory.
  return dropped;
}

void GameService::lift_fence(std::string_view sender) {
  if (Slot* slot = senders_.find(sender); slot != nullptr) slot->fenced = false;
}

void GameService::set_pace(std::string_view sender, Nanos interval) {
  Slot* slot = interval > Nanos(0) ? senders_.use(sender) : senders_.find(sender);
  if (slot == nullptr) return;
  const Nanos before = slot->interval;
  slot->interval = interval;
  if (before == interval) return;
  // Those that wait for the old pace are planned anew, in their order.
  net::Loop& loop = parts_.environment.loop;
  const MonoTime now = parts_.environment.clock.mono();
  MonoTime due = now + std::min(interval, before);
  for (auto& [name, game] : games_) {
    for (auto& [id, pending] : game->pending) {
      if (pending.slot != slot || pending.stage != Pending::Stage::paced) continue;
      pending.timer = loop.after(due - now, [this, g = game.get(), key = id] {
        const auto found = g->pending.find(key);
        if (found != g->pending.end()) ask_lane(*g, found->second);
      });
      due += interval;
    }
  }
  slot->next = due;
}

}  // namespace gk::games
