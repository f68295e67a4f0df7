// player_data.h: everything that is kept about a player of a game, from all rooms, in one answer;
// and its deletion.
//
// Rooms know what they keep; this asks them. A deletion cannot be one transaction, for some of it
// is memory and files: each room deletes its own part, what failed is named, and repeating it is
// harmless. Guide: docs/storage.md, "Players' data".

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "gamekeeper/result.h"

namespace gk::privacy {

/// What one room keeps about players. Each function answers once, on the loop, perhaps before it
/// returns; not_found means that nothing is kept.
struct PlayerDataHook {
  std::string name;  ///< Member of the export: "referee".
  /// Everything about the player as one JSON value.
  std::function<void(const std::string& player, std::function<void(Result<std::string>)> done)>
      export_data;
  /// Forgets the player; after success nothing of it is in memory or on disk.
  std::function<void(const std::string& player, std::function<void(Result<void>)> done)> erase;
};

/// True for what may name a player: 1 to 128 bytes of UTF-8 without control characters.
bool is_player_id(std::string_view player);

/// Thread: loop. Requires: outlives the answers of its hooks.
class PlayerData {
 public:
  static constexpr std::size_t kMaxHooks = 32;  // Source: chosen; rooms are about a dozen.

  explicit PlayerData(const Clock& clock) : clock_(clock) {}
  PlayerData(const PlayerData&) = delete;
  PlayerData& operator=(const PlayerData&) = delete;

  /// Errors: already_exists (name), resource_exhausted (too many).
  Result<void> add(PlayerDataHook hook);

  /// {"player", "exported_at", "parts": {name: value}}; a room that keeps nothing is left out.
  /// Errors: invalid_argument (id), not_found (no room keeps anything), the first of a hook.
  void export_player(const std::string& player, std::function<void(Result<std::string>)> done);

  /// Names of the rooms that had something and deleted it.
  /// Errors: invalid_argument (id), not_found (no room keeps anything), unavailable (rooms that
  ///         failed, with their words; the others have deleted their part).
  using Erased = std::function<void(Result<std::vector<std::string>>)>;
  void erase_player(const std::string& player, Erased done);

 private:
  const Clock& clock_;
  std::vector<PlayerDataHook> hooks_;
};

}  // namespace gk::privacy
