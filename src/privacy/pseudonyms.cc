#include "privacy/pseudonyms.h"

#include <sodium.h>

#include <algorithm>

#include "base/assert.h"
#include "base/try.h"

namespace gk::privacy {
namespace {

constexpr std::size_t kShownBytes = 12;  // Source: chosen; 96 bits, no two players collide.
constexpr std::array<store::Migration, 1> kSteps = {{
    {.number = 1,
     .name = "key of pseudonyms",
     .sqlite = "CREATE TABLE privacy_key (id INTEGER PRIMARY KEY CHECK (id = 1), "
               "key BLOB NOT NULL) STRICT;"},
}};

/// The key that is there, else `fresh`, which is then there.
Result<store::Blob> key_or(store::Database& db, const Pseudonyms::Key& fresh) {
  GK_TRY(store::Statement * put,
         db.query("INSERT INTO privacy_key (id, key) VALUES (1, $1) ON CONFLICT (id) DO NOTHING"));
  GK_CHECK_OK(put->bind_blob(1, fresh).run());
  GK_TRY(store::Statement * get, db.query("SELECT key FROM privacy_key WHERE id = 1"));
  GK_TRY(const bool row, get->step());
  if (!row) return Error{Errc::data_loss, "privacy_key: the row that was just made is missing"};
  return get->blob(0);
}

}  // namespace

store::RoomMigrations privacy_migrations() { return {.room = "privacy", .steps = kSteps}; }

Result<Pseudonyms> Pseudonyms::load(store::Writer& state, Random& random) {
  Key key{};
  random.fill(key);
  store::Blob found;
  GK_CHECK_OK(state.run([&](store::Database& db) -> Result<void> {
    GK_TRY(found, key_or(db, key));
    return {};
  }));
  if (found.size() != key.size()) {
    return Error{Errc::data_loss,
                 "privacy_key: expected 32 bytes, found " + std::to_string(found.size())};
  }
  std::copy(found.begin(), found.end(), key.begin());
  return Pseudonyms(key);
}

std::string Pseudonyms::of(std::string_view player) const {
  std::array<unsigned char, crypto_generichash_BYTES> digest{};
  const int done = crypto_generichash(digest.data(), digest.size(),
                                      reinterpret_cast<const unsigned char*>(player.data()),
                                      player.size(), key_.data(), key_.size());
  GK_ASSERT(done == 0);  // Fails on wrong lengths only.
  std::array<char, 2 * kShownBytes + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), digest.data(), kShownBytes);
  return std::string("player-") + hex.data();
}

}  // namespace gk::privacy
