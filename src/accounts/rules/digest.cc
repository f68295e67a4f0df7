#include "accounts/rules/digest.h"

#include <sodium.h>

#include "base/assert.h"

namespace gk::accounts {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Digest digest_of(std::string_view purpose, std::string_view text) {
  static constexpr unsigned char kSeparator = 0;  // Source: chosen; in no purpose
  Digest out{};
  crypto_generichash_state state;
  GK_ASSERT(crypto_generichash_init(&state, nullptr, 0, out.size()) == 0);  // 32 is a legal size
  crypto_generichash_update(&state, bytes_of(purpose), purpose.size());
  crypto_generichash_update(&state, &kSeparator, 1);
  crypto_generichash_update(&state, bytes_of(text), text.size());
  crypto_generichash_final(&state, out.data(), out.size());
  return out;
}

bool same_digest(const Digest& a, const Digest& b) {
  return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace gk::accounts
