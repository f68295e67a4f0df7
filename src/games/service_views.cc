// What a GameService shows, as JSON.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/json_writer.h"
#include "games/game_state.h"
#include "games/service.h"

namespace gk::games {
namespace {

Error no_game(std::string_view name) {
  return {Errc::not_found, "there is no game \"" + std::string(name) + "\""};
}

void write_words(JsonWriter& w, std::string_view key, std::span<const std::string_view> words) {
  w.key(key).begin_array();
  for (const std::string_view word : words) w.value(word);
  w.end_array();
}

std::string_view type_name(KindOption::Type type) {
  switch (type) {
    case KindOption::Type::text: return "text";
    case KindOption::Type::lines: return "lines";
    case KindOption::Type::milliseconds: return "milliseconds";
    case KindOption::Type::path: return "path";
    case KindOption::Type::words: return "words";
  }
  return "text";
}

std::string_view transport_name(Transport transport) {
  switch (transport) {
    case Transport::tcp: return "tcp";
    case Transport::udp: return "udp";
    case Transport::process: return "process";
    case Transport::world: return "world";
  }
  return "tcp";
}

void write_kind(JsonWriter& w, const GameKind& kind) {
  w.begin_object().field("name", kind.name).field("title", kind.title);
  w.field("transport", transport_name(kind.transport)).field("port", kind.port);
  w.field("has_password", kind.has_password).field("rate_per_s", kind.rate_per_s);
  w.field("burst", kind.burst).field("in_flight", kind.in_flight);
  w.field("max_in_flight", kind.max_in_flight).field("max_command_bytes", kind.max_command);
  w.field("separators", kind.separators);
  write_words(w, "dangerous", kind.dangerous);
  write_words(w, "chat", kind.chat);
  write_words(w, "queries", kind.queries);
  w.key("options").begin_array();
  for (const KindOption& option : kind.options) {
    w.begin_object().field("name", option.name).field("type", type_name(option.type));
    w.field("default", option.fallback).field("description", option.description).end_object();
  }
  w.end_array().end_object();
}

// One decimal where it says something.
std::string per_second(double rate) {
  char text[32];
  std::snprintf(text, sizeof text, rate < 10 && rate != std::floor(rate) ? "%.1f/s" : "%.0f/s",
                rate);
  return text;
}

}  // namespace

std::string pace_words(double pace_per_s, double configured_per_s) {
  if (pace_per_s >= configured_per_s) return "pace " + per_second(configured_per_s);
  return "pace " + per_second(pace_per_s) + " of " + per_second(configured_per_s) +
         ": the game is behind";
}

std::vector<std::string> GameService::names() const {
  std::vector<std::string> out;
  for (const auto& [name, game] : games_) out.push_back(name);
  return out;
}

std::optional<GameHealth> GameService::health(std::string_view name) const {
  const Game* game = find(name);
  if (game == nullptr) return std::nullopt;
  return game->link->health();
}

Result<std::string> GameService::say_words(std::string_view name) const {
  const Game* game = find(name);
  if (game == nullptr) return no_game(name);
  return game->settings.say_words();
}

void GameService::write_game(JsonWriter& w, const Game& game) const {
  const GameHealth health = game.link->health();
  w.begin_object();
  write_settings(w, game.settings);
  w.field("has_password", !game.sealed.empty());
  w.field("state", health.state).field("reason", health.reason);
  w.key("health").begin_object().field("tick_ratio", health.tick_ratio);
  w.field("latency_ms", health.latency_ms).field("response_time_ms", health.response_time_ms);
  const auto unwritten = std::count_if(
      game.pending.begin(), game.pending.end(),
      [](const auto& entry) { return entry.second.stage != Pending::Stage::written; });
  w.field("pace_per_s", game.guard.pace_per_s());
  w.field("waiting", unwritten);
  w.field("in_flight", game.link->in_flight()).end_object().end_object();
}

std::string GameService::games_json() const {
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("items").begin_array();
  for (const auto& [name, game] : games_) write_game(w, *game);
  w.end_array().end_object();
  return out;
}

Result<std::string> GameService::game_json(std::string_view name) const {
  const Game* game = find(name);
  if (game == nullptr) return no_game(name);
  std::string out;
  JsonWriter w(out);
  write_game(w, *game);
  return out;
}

Result<std::string> GameService::history_json(std::string_view name, std::uint64_t after,
                                              std::size_t limit) const {
  const Game* game = find(name);
  if (game == nullptr) return no_game(name);
  const auto& entries = game->history.entries();
  std::size_t first = entries.size();
  while (first > 0 && entries[first - 1].seq > after && entries.size() - first < limit) --first;
  std::string out = "{\"items\":[";
  for (std::size_t i = first; i < entries.size(); ++i) {
    if (i > first) out += ',';
    out += history_entry_json(entries[i]);
  }
  return out + "]}";
}

Result<std::string> GameService::completions_json(std::string_view name,
                                                  std::string_view prefix) const {
  const Game* game = find(name);
  if (game == nullptr) return no_game(name);
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("items").begin_array();
  for (const std::string& word : game->completions.matching(prefix)) w.value(word);
  w.end_array().end_object();
  return out;
}

std::string GameService::kinds_json() {
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("items").begin_array();
  for (const GameKind& kind : game_kinds()) write_kind(w, kind);
  w.end_array().end_object();
  return out;
}

}  // namespace gk::games
