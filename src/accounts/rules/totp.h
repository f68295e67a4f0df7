// totp.h: one-time codes of authenticator apps (RFC 6238 over RFC 4226) and recovery codes.
//
// HMAC-SHA-1, six digits, 30 s: what every app understands; HMAC is not hurt by SHA-1's collisions.
// liboath computes the code; which steps count is decided here.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/rules/digest.h"
#include "base/random.h"
#include "gamekeeper/time.h"

namespace gk::accounts {

// Source: RFC 6238 s4 (30 s), s5.2 (one step of drift either way); RFC 4226 s5.3 (6 digits), s4
// (160-bit secret).
inline constexpr std::int64_t kTotpStepS = 30;
inline constexpr std::int64_t kTotpDriftSteps = 1;
inline constexpr std::size_t kTotpSecretBytes = 20;
inline constexpr std::size_t kRecoveryCodes = 10;  // Source: chosen; what most services hand out

/// 160 random bits.
std::string new_totp_secret(Random& random);

/// The step that `now` is in.
std::int64_t totp_step(WallTime now);
/// The code of one step, six digits.  Requires: step ≥ 0.
std::string totp_code(std::string_view secret, std::int64_t step);

/// The step whose code `code` is: one of now - 1, now, now + 1, and later than `last_step`, which
/// was used before. Spaces in `code` do not matter. Looks at all steps whatever it finds.
std::optional<std::int64_t> match_totp(std::string_view secret, std::string_view code, WallTime now,
                                       std::int64_t last_step);

/// RFC 4648 base32 in upper case without padding: how apps want a secret typed.
std::string base32(std::string_view bytes);

/// "otpauth://totp/Gamekeeper:<username>?secret=…": what the QR code shows.
/// Requires: parse_username() accepted `username`.
std::string otpauth_uri(std::string_view secret, std::string_view username);

/// Ten codes of 80 random bits: "abcd-efgh-ijkl-mnop".
std::vector<std::string> new_recovery_codes(Random& random);
/// The digest of a recovery code, written with or without hyphens, spaces and capitals; nullopt
/// when `text` cannot be one.
std::optional<Digest> recovery_code_digest(std::string_view text);

}  // namespace gk::accounts
