#include "accounts/rules/totp.h"

#include <liboath/oath.h>
#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace gk::accounts {
namespace {

constexpr unsigned kDigits = 6;                  // Source: RFC 4226 s5.3
constexpr std::size_t kRecoveryBytes = 10;       // Source: chosen, 80 bit behind a rate limit
constexpr std::size_t kRecoveryCharacters = 16;  // Source: RFC 4648 s6, 80 bit in base32

bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::string new_totp_secret(Random& random) {
  std::array<std::uint8_t, kTotpSecretBytes> bytes{};
  random.fill(bytes);
  return {bytes.begin(), bytes.end()};
}

std::int64_t totp_step(WallTime now) {
  return std::chrono::floor<Seconds>(now.time_since_epoch()).count() / kTotpStepS;
}

std::string totp_code(std::string_view secret, std::int64_t step) {
  std::array<char, kDigits + 1> out{};
  const int done =
      oath_hotp_generate(secret.data(), secret.size(), static_cast<std::uint64_t>(step), kDigits,
                         false, OATH_HOTP_DYNAMIC_TRUNCATION, out.data());
  GK_ASSERT(done == OATH_OK);  // only its own HMAC could fail, on a size that we chose
  return out.data();
}

std::optional<std::int64_t> match_totp(std::string_view secret, std::string_view code, WallTime now,
                                       std::int64_t last_step) {
  std::string digits;
  for (const char c : code.substr(0, 32)) {
    if (c != ' ') digits += c;
  }
  const std::int64_t present = totp_step(now);
  std::optional<std::int64_t> found;
  for (std::int64_t step = present - kTotpDriftSteps; step <= present + kTotpDriftSteps; ++step) {
    const bool match = step >= 0 && same_text(totp_code(secret, step), digits);
    if (match && step > last_step && !found) found = step;
  }
  return found;
}

std::string base32(std::string_view bytes) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out;
  unsigned pending = 0;
  int bits = 0;
  for (const char c : bytes) {
    pending = (pending << 8) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 5; bits -= 5) out += kAlphabet[(pending >> (bits - 5)) & 31];
    pending &= 0xff;
  }
  if (bits > 0) out += kAlphabet[(pending << (5 - bits)) & 31];
  return out;
}

std::string otpauth_uri(std::string_view secret, std::string_view username) {
  return "otpauth://totp/Gamekeeper:" + std::string(username) + "?secret=" + base32(secret) +
         "&issuer=Gamekeeper&algorithm=SHA1&digits=6&period=30";
}

std::vector<std::string> new_recovery_codes(Random& random) {
  std::vector<std::string> out;
  for (std::size_t n = 0; n < kRecoveryCodes; ++n) {
    std::array<std::uint8_t, kRecoveryBytes> bytes{};
    random.fill(bytes);
    const std::string text = base32({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    std::string code;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (i > 0 && i % 4 == 0) code += '-';
      code += static_cast<char>(text[i] >= 'A' ? text[i] - 'A' + 'a' : text[i]);
    }
    out.push_back(std::move(code));
  }
  return out;
}

std::optional<Digest> recovery_code_digest(std::string_view text) {
  std::string plain;
  for (const char c : text.substr(0, 64)) {
    if (c == '-' || c == ' ') continue;
    const char low = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (!(low >= 'a' && low <= 'z') && !(low >= '2' && low <= '7')) return std::nullopt;
    plain += low;
  }
  if (plain.size() != kRecoveryCharacters) return std::nullopt;
  return digest_of("recovery", plain);
}

}  // namespace gk::accounts
