// access_token.h: short-lived signed tokens (JWT, RFC 7519, 8037 and 9068) that API clients carry.
//
// Only tokens of this installation are ever accepted, so nothing in a token chooses how it is
// checked: its header must be byte for byte the one that we write ("alg" can neither be "none" nor
// HMAC with the public key), and the signature is checked before a byte of the claims is read.
// What a token may do ends with its session (`sid`); that is not decided here.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/rules/subkey.h"
#include "gamekeeper/result.h"

namespace gk::accounts {

// Source: platform specification, accounts (ten minutes); names are chosen.
inline constexpr std::string_view kTokenIssuer = "gamekeeper";
inline constexpr std::string_view kTokenAudience = "gamekeeper-api";
inline constexpr std::int64_t kAccessTokenLifetimeS = 600;
inline constexpr std::size_t kMaxAccessTokenBytes = 6 * 1024;  // Source: chosen; head is 8 KiB.

/// The claims besides iss and aud, which are constant.
struct AccessClaims {
  std::string subject;              ///< sub: id of the user.
  std::string session_id;           ///< sid
  std::string token_id;             ///< jti
  std::vector<std::string> scopes;  ///< scope, separated by spaces in the token.
  std::int64_t issued_at_s = 0;     ///< iat, seconds since the Unix epoch.
  std::int64_t expires_at_s = 0;    ///< exp: at this second the token is over.

  friend bool operator==(const AccessClaims&, const AccessClaims&) = default;
};

/// Signs and verifies with one Ed25519 key.
/// Thread: immutable after construction.
class AccessTokenKey {
 public:
  /// The key pair that `seed` determines.
  explicit AccessTokenKey(const SecretKey& seed);

  /// Cost: one Ed25519 signature.
  std::string sign(const AccessClaims& claims) const;

  /// The claims of `token` when this key signed it, for our audience, and it is not over.
  /// Errors: unauthenticated (not a token of ours: one answer whatever is wrong),
  ///         deadline_exceeded (it was one, and has expired).
  /// Cost: one Ed25519 check and O(length); refuses a wrong header without any arithmetic.
  Result<AccessClaims> verify(std::string_view token, std::int64_t now_s) const;

  /// "<header>." that every token of this key starts with.
  const std::string& prefix() const { return prefix_; }
  /// Signs any payload. For tests: forged claims behind a right signature.
  std::string sign_payload_for_test(std::string_view payload) const {
    return signed_text(prefix_ + base64url_of(payload));
  }
  /// Signs any header and payload. For tests: a right signature over something that is not ours.
  std::string sign_for_test(std::string_view header, std::string_view payload) const {
    return signed_text(base64url_of(header) + '.' + base64url_of(payload));
  }

 private:
  static std::string base64url_of(std::string_view bytes);
  /// `text`, a dot and its signature.
  std::string signed_text(std::string text) const;

  std::array<std::uint8_t, 32> public_key_{};
  std::array<std::uint8_t, 64> secret_key_{};
  std::string prefix_;
};

/// Reads the payload of a token whose signature was right.
/// Errors: unauthenticated (malformed, another issuer or audience, a claim missing or of a wrong
///         type, issued in the future), deadline_exceeded (expired).
Result<AccessClaims> read_access_claims(std::string_view json, std::int64_t now_s);

/// base64url without padding (RFC 7515 appendix C); nullopt when `text` is not its one spelling.
std::string base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace gk::accounts
