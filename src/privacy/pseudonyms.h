// pseudonyms.h: what the audit calls a player.
//
// Rows of the audit are chained and never change, so a name in them could not be deleted. A keyed
// hash can be compared with a name by whoever has the key, and means nothing to others.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"
#include "gamekeeper/result.h"
#include "store/migrations.h"
#include "store/writer.h"

namespace gk::privacy {

/// The table of this room in state.db.
store::RoomMigrations privacy_migrations();

/// Thread: immutable.
class Pseudonyms {
 public:
  using Key = std::array<std::uint8_t, 32>;

  /// Reads the key, or makes it. Blocks: at the start only.
  /// Errors: the store's; data_loss (a key of another length).
  static Result<Pseudonyms> load(store::Writer& state, Random& random);
  explicit Pseudonyms(const Key& key) : key_(key) {}

  /// "player-" and 24 hex digits: the first 12 bytes of BLAKE2b(key, player).
  std::string of(std::string_view player) const;

 private:
  Key key_;
};

}  // namespace gk::privacy
