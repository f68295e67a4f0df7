#include "accounts/rules/access_token.h"

#include <sodium.h>

#include <algorithm>

#include "accounts/rules/digest.h"
#include "accounts/rules/roles.h"
#include "base/assert.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/try.h"

namespace gk::accounts {
namespace {

constexpr std::size_t kSignatureText = 86;  // Source: RFC 8032, 64 bytes in base64url
constexpr std::size_t kMaxId = 64;          // Source: chosen; ids are UUIDs of 36 characters
constexpr std::size_t kMaxScopes = 128;     // Source: chosen; more than a role can hold
constexpr std::int64_t kClockLeewayS = 60;  // Source: chosen; a clock that was set back a little

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Error not_ours() { return {Errc::unauthenticated, "the token is not valid"}; }

std::string joined(const std::vector<std::string>& scopes) {
  std::string out;
  for (const std::string& scope : scopes) out += (out.empty() ? "" : " ") + scope;
  return out;
}

std::optional<std::vector<std::string>> split_scopes(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view scope = text.substr(0, end);
    if (!is_scope_name(scope) || out.size() == kMaxScopes) return std::nullopt;
    out.emplace_back(scope);
    text.remove_prefix(end);
    if (text.empty()) break;
    text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
  }
  return out;
}

/// A non-empty string member of at most kMaxId bytes.
bool read_id(const JsonValue& object, std::string_view key, std::string& out) {
  const JsonValue* value = object.find(key);
  if (value == nullptr || !value->is_string()) return false;
  out = value->as_string();
  return !out.empty() && out.size() <= kMaxId;
}

bool read_time(const JsonValue& object, std::string_view key, std::int64_t& out) {
  const JsonValue* value = object.find(key);
  if (value == nullptr || !value->is_int()) return false;
  out = value->as_int();
  return out >= 0;
}

bool is_text(const JsonValue& object, std::string_view key, std::string_view expected) {
  const JsonValue* value = object.find(key);
  return value != nullptr && value->is_string() && value->as_string() == expected;
}

}  // namespace

std::string base64url(std::string_view bytes) {
  const std::size_t size =
      sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  std::string out(size, '\0');
  sodium_bin2base64(out.data(), out.size(), bytes_of(bytes), bytes.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  out.pop_back();  // libsodium's final zero
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  // libsodium 1.0.18 takes some bytes from 0x80 on for '-' or '_' (their sign is extended).
  const auto in_alphabet = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  if (!std::ranges::all_of(text, in_alphabet)) return std::nullopt;
  std::string out(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  const int decoded = sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(),
                                        text.data(), text.size(), nullptr, &size, &end,
                                        sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  if (decoded != 0 || end != text.data() + text.size()) return std::nullopt;
  out.resize(size);
  return out;
}

AccessTokenKey::AccessTokenKey(const SecretKey& seed) {
  crypto_sign_seed_keypair(public_key_.data(), secret_key_.data(), seed.data());
  const std::string_view key(reinterpret_cast<const char*>(public_key_.data()), 32);
  std::string header;
  JsonWriter w(header);
  w.begin_object().field("alg", "EdDSA").field("typ", "at+jwt");
  w.field("kid", to_hex(digest_of("key-id", key)).substr(0, 16)).end_object();
  prefix_ = base64url(header) + '.';
}

std::string AccessTokenKey::base64url_of(std::string_view bytes) { return base64url(bytes); }

std::string AccessTokenKey::signed_text(std::string text) const {
  std::array<unsigned char, crypto_sign_BYTES> signature{};
  crypto_sign_detached(signature.data(), nullptr, bytes_of(text), text.size(), secret_key_.data());
  text += '.';
  return text + base64url({reinterpret_cast<const char*>(signature.data()), signature.size()});
}

std::string AccessTokenKey::sign(const AccessClaims& claims) const {
  std::string payload;
  JsonWriter w(payload);
  w.begin_object().field("iss", kTokenIssuer).field("aud", kTokenAudience);
  w.field("sub", claims.subject).field("sid", claims.session_id).field("jti", claims.token_id);
  w.field("iat", claims.issued_at_s).field("exp", claims.expires_at_s);
  w.field("scope", joined(claims.scopes)).end_object();
  return signed_text(prefix_ + base64url(payload));
}

Result<AccessClaims> AccessTokenKey::verify(std::string_view token, std::int64_t now_s) const {
  if (token.size() > kMaxAccessTokenBytes || !token.starts_with(prefix_)) return not_ours();
  const std::size_t dot = token.rfind('.');
  if (dot < prefix_.size() || token.size() - dot - 1 != kSignatureText) return not_ours();
  const auto signature = from_base64url(token.substr(dot + 1));
  if (!signature || signature->size() != crypto_sign_BYTES) return not_ours();
  if (crypto_sign_verify_detached(bytes_of(*signature), bytes_of(token), dot, public_key_.data()) !=
      0) {
    return not_ours();
  }
  const auto payload = from_base64url(token.substr(prefix_.size(), dot - prefix_.size()));
  if (!payload) return not_ours();
  return read_access_claims(*payload, now_s);
}

Result<AccessClaims> read_access_claims(std::string_view json, std::int64_t now_s) {
  const auto parsed =
      parse_json(json, {.max_depth = 4, .max_bytes = kMaxAccessTokenBytes, .max_values = 64});
  if (!parsed || !parsed->is_object()) return not_ours();
  if (!is_text(*parsed, "iss", kTokenIssuer) || !is_text(*parsed, "aud", kTokenAudience)) {
    return not_ours();
  }
  AccessClaims claims;
  const JsonValue* scope = parsed->find("scope");
  if (!read_id(*parsed, "sub", claims.subject) || !read_id(*parsed, "sid", claims.session_id) ||
      !read_id(*parsed, "jti", claims.token_id) || !read_time(*parsed, "iat", claims.issued_at_s) ||
      !read_time(*parsed, "exp", claims.expires_at_s) || scope == nullptr || !scope->is_string()) {
    return not_ours();
  }
  auto scopes = split_scopes(scope->as_string());
  if (!scopes || claims.issued_at_s > now_s + kClockLeewayS) return not_ours();
  claims.scopes = std::move(*scopes);
  if (now_s >= claims.expires_at_s) {
    return Error{Errc::deadline_exceeded, "the access token has expired; refresh it"};
  }
  return claims;
}

}  // namespace gk::accounts
