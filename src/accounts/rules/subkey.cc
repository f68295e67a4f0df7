#include "accounts/rules/subkey.h"

#include <sodium.h>

#include "accounts/rules/digest.h"
#include "base/assert.h"

namespace gk::accounts {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

SecretKey new_secret_key(Random& random) {
  SecretKey key{};
  random.fill(key);
  return key;
}

SecretKey subkey(const SecretKey& master, std::string_view purpose) {
  SecretKey out{};
  const int done = crypto_generichash(out.data(), out.size(), bytes_of(purpose), purpose.size(),
                                      master.data(), master.size());
  GK_ASSERT(done == 0);  // both sizes are legal
  return out;
}

std::string format_secret_key(const SecretKey& key) { return to_hex(key) + '\n'; }

std::optional<SecretKey> parse_secret_key(std::string_view text) {
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  SecretKey key{};
  if (text.size() != key.size() * 2) return std::nullopt;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    key[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return key;
}

std::vector<std::uint8_t> seal(const SecretKey& key, std::string_view secret, Random& random) {
  std::vector<std::uint8_t> out(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES +
                                secret.size());
  random.fill(std::span(out).first(crypto_secretbox_NONCEBYTES));
  crypto_secretbox_easy(out.data() + crypto_secretbox_NONCEBYTES, bytes_of(secret), secret.size(),
                        out.data(), key.data());
  return out;
}

std::optional<std::string> unseal(const SecretKey& key, const std::vector<std::uint8_t>& sealed) {
  // Source: libsodium, secretbox
  constexpr std::size_t kOverhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
  if (sealed.size() < kOverhead) return std::nullopt;
  std::string out(sealed.size() - kOverhead, '\0');
  const int opened = crypto_secretbox_open_easy(
      reinterpret_cast<unsigned char*>(out.data()), sealed.data() + crypto_secretbox_NONCEBYTES,
      sealed.size() - crypto_secretbox_NONCEBYTES, sealed.data(), key.data());
  if (opened != 0) return std::nullopt;
  return out;
}

}  // namespace gk::accounts
