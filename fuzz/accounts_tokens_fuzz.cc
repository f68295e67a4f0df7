// Every token text that a stranger can send: access tokens (whole, and as claims behind a right
// signature, which a stranger cannot make but a bug could let through), refresh tokens, API tokens,
// codes and the key file. Nothing may crash, and what is accepted must keep its promises.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "accounts/rules/access_token.h"
#include "accounts/rules/api_token.h"
#include "accounts/rules/refresh_token.h"
#include "accounts/rules/roles.h"
#include "accounts/rules/totp.h"
#include "base/assert.h"

namespace gk::accounts {
namespace {

constexpr std::int64_t kNow = 1'767'225'600;

const AccessTokenKey& key() {
  static const AccessTokenKey kKey{SecretKey{1, 2, 3}};
  return kKey;
}

void check_claims(const Result<AccessClaims>& claims) {
  if (!claims) {
    const Errc code = claims.error().code;
    GK_ASSERT(code == Errc::unauthenticated || code == Errc::deadline_exceeded);
    return;
  }
  GK_ASSERT(claims->expires_at_s > kNow && claims->issued_at_s <= kNow + 60);
  GK_ASSERT(!claims->subject.empty() && !claims->session_id.empty() && !claims->token_id.empty());
  for (const std::string& scope : claims->scopes) GK_ASSERT(is_scope_name(scope));
  // What was read is what would be written: nothing of the text was lost or invented.
  GK_ASSERT(key().verify(key().sign(*claims), kNow).value() == *claims);
}

void check_access(std::string_view text) {
  GK_ASSERT(!key().verify(text, kNow));  // nobody guesses a signature
  GK_ASSERT(!key().verify(key().prefix() + std::string(text), kNow));
  check_claims(read_access_claims(text, kNow));
  check_claims(key().verify(key().sign_payload_for_test(text), kNow));
  if (const auto bytes = from_base64url(text)) GK_ASSERT(base64url(*bytes) == text);
  GK_ASSERT(from_base64url(base64url(text)).value() == text);
}

void check_others(std::string_view text) {
  if (is_refresh_token(text)) {
    const std::string next = refresh_successor(SecretKey{}, text);
    GK_ASSERT(is_refresh_token(next) && next != text);
    GK_ASSERT(refresh_family_digest(next) == refresh_family_digest(text));
    GK_ASSERT(!is_api_token(text));
  }
  const RefreshState state{.current = refresh_token_digest("another")};
  GK_ASSERT(judge_refresh(state, refresh_token_digest(text), WallTime(Seconds(kNow))) !=
                RefreshVerdict::repeat ||
            text == "another");
  (void)token_name_fault(text);
  (void)scope_fault(text);
  (void)recovery_code_digest(text);
  const auto step = match_totp("12345678901234567890", text, WallTime(Seconds(kNow)), -1);
  if (step) GK_ASSERT(*step >= kNow / 30 - 1 && *step <= kNow / 30 + 1);
  if (const auto read = parse_secret_key(text)) GK_ASSERT(format_secret_key(*read).size() == 65);
}

}  // namespace
}  // namespace gk::accounts

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gk::accounts;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_access(text);
  check_others(text);
  return 0;
}
