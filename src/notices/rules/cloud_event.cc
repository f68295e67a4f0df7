#include "notices/rules/cloud_event.h"

#include <sodium.h>

#include <array>

#include "base/json_writer.h"

namespace gk::notices {

std::string cloud_event(const Notice& notice, std::string_view source) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("specversion", "1.0").field("id", notice.id).field("source", source);
  w.field("type", "gamekeeper." + notice.kind);
  if (!notice.subject.empty()) w.field("subject", notice.subject);
  w.field("time", notice.at).field("datacontenttype", "application/json");
  w.key("data").raw(notice_json(notice)).end_object();
  return out;
}

std::string hmac_sha256(std::string_view secret, std::string_view message) {
  crypto_auth_hmacsha256_state state;
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> mac{};
  crypto_auth_hmacsha256_init(&state, bytes(secret), secret.size());
  crypto_auth_hmacsha256_update(&state, bytes(message), message.size());
  crypto_auth_hmacsha256_final(&state, mac.data());
  std::string out(mac.size() * 2 + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), mac.data(), mac.size());
  out.pop_back();
  return out;
}

std::string signature(std::string_view secret, std::int64_t unix_seconds, std::string_view body) {
  const std::string stamp = std::to_string(unix_seconds);
  return "t=" + stamp + ",v1=" + hmac_sha256(secret, stamp + "." + std::string(body));
}

}  // namespace gk::notices
