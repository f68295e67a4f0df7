// subkey.h: the installation's one secret, and the keys that are derived from it.
//
// One file to keep and to lose (accounts/key_file.h): signing of access tokens, successors of
// refresh tokens and sealing of authenticator secrets each use a key of their own.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace gk::accounts {

using SecretKey = std::array<std::uint8_t, 32>;

/// 256 random bits.
SecretKey new_secret_key(Random& random);

/// The key for one purpose: BLAKE2b-256 of `purpose`, keyed with `master`. Neither it nor another
/// subkey tells anything of the master key.
SecretKey subkey(const SecretKey& master, std::string_view purpose);

/// 64 lower-case hex digits and a line end, as the key file holds it; nullopt for anything else.
std::string format_secret_key(const SecretKey& key);
std::optional<SecretKey> parse_secret_key(std::string_view text);

/// Encrypts and authenticates a small secret (XSalsa20-Poly1305 with a random nonce).
std::vector<std::uint8_t> seal(const SecretKey& key, std::string_view secret, Random& random);
/// What seal() was given; nullopt when the key is another or a byte was changed.
std::optional<std::string> unseal(const SecretKey& key, const std::vector<std::uint8_t>& sealed);

}  // namespace gk::accounts
