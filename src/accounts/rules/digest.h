// digest.h: BLAKE2b-256 of secrets and of audit rows, and their comparison.
//
// Only 256-bit random tokens, 128-bit codes and public rows are digested here: an unkeyed fast
// hash is enough for those. Passwords are not: accounts/password_hasher.h.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gk::accounts {

using Digest = std::array<std::uint8_t, 32>;

/// BLAKE2b-256 of `purpose`, a zero byte and `text`. `purpose` keeps the digests of a setup code
/// and of a session token apart even when their texts are equal.
/// Requires: no zero byte in `purpose`.
/// Cost: 0.2 µs for 64 bytes.
Digest digest_of(std::string_view purpose, std::string_view text);

/// Compares in a time that does not depend on the contents.
bool same_digest(const Digest& a, const Digest& b);

/// Lower-case hex.
std::string to_hex(std::span<const std::uint8_t> bytes);

}  // namespace gk::accounts
