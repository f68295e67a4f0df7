#include "accounts/rules/setup_code.h"

namespace gk::accounts {
namespace {

constexpr std::size_t kCodeBytes = 16;  // Source: platform specification, 128 bit

Digest digest_of_code(std::string_view text) {
  std::string plain;
  for (const char c : text.substr(0, 128)) {
    if (c == '-' || c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    plain += c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return digest_of("setup", plain);
}

}  // namespace

std::string new_setup_code(Random& random) {
  const std::string digits = random_hex(random, kCodeBytes);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i % 4 == 0) out += '-';
    out += digits[i];
  }
  return out;
}

SetupCode::SetupCode(std::string_view code, MonoTime now, SetupCodeLimits limits)
    : digest_(digest_of_code(code)), expires_(now + limits.lifetime), limits_(limits) {}

SetupCodeVerdict SetupCode::claim(std::string_view text, MonoTime now) {
  if (wrong_ >= limits_.max_wrong) return SetupCodeVerdict::spent;
  if (!same_digest(digest_of_code(text), digest_)) {
    ++wrong_;
    return SetupCodeVerdict::wrong;
  }
  if (now >= expires_) return SetupCodeVerdict::expired;
  if (claimed_) return SetupCodeVerdict::busy;
  claimed_ = true;
  return SetupCodeVerdict::right;
}

bool SetupCode::is_void(MonoTime now) const {
  return !claimed_ && (now >= expires_ || wrong_ >= limits_.max_wrong);
}

}  // namespace gk::accounts
