// Every text that a stranger can hand to accounts: names, passwords, tokens, codes, addresses,
// Host headers. Nothing may crash, and what is accepted must keep its promises.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "accounts/rules/cookie.h"
#include "accounts/rules/login_limiter.h"
#include "accounts/rules/password_policy.h"
#include "accounts/rules/roles.h"
#include "accounts/rules/session_rules.h"
#include "accounts/rules/setup_code.h"
#include "accounts/rules/username.h"
#include "base/assert.h"
#include "base/utf8.h"

namespace gk::accounts {
namespace {

void check_names(std::string_view text) {
  if (const auto name = parse_username(text)) {
    GK_ASSERT(!name->empty() && name->size() <= kMaxUsernameBytes);
    GK_ASSERT(*parse_username(*name) == *name);  // lower-casing is final
    GK_ASSERT(name->find_first_of("\r\n;, /\\") == std::string::npos);
  }
  if (is_scope_name(text)) GK_ASSERT(text.size() <= 64);
}

void check_password(std::string_view text, std::string_view name) {
  if (password_fault(text, name)) return;
  GK_ASSERT(is_utf8(text) && text.size() >= kMinPasswordPoints);
  GK_ASSERT(text.size() <= kMaxPasswordBytes);
}

void check_the_rest(std::string_view text) {
  if (is_session_token(text)) (void)session_token_digest(text);
  SetupCode code("0123-4567-89ab-cdef-0123-4567-89ab-cdef", MonoTime(Seconds(1)));
  if (code.claim(text, MonoTime(Seconds(2))) == SetupCodeVerdict::right) {
    GK_ASSERT(text.size() >= 32);
  }
  GK_ASSERT(address_key(text, std::nullopt).size() <= 64);
  (void)session_cookie(TransportSecurity::plain, text, "t");
}

}  // namespace
}  // namespace gk::accounts

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gk::accounts;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = size == 0 ? 0 : data[0] % size;
  check_names(text);
  check_password(text.substr(cut), text.substr(0, cut));
  check_the_rest(text);
  return 0;
}
