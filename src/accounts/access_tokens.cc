#include "accounts/access_tokens.h"

#include <utility>

#include "base/try.h"

namespace gk::accounts {
namespace {

std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<Seconds>(time.time_since_epoch()).count();
}

}  // namespace

AccessTokens::AccessTokens(const SecretKey& master, std::size_t max_cached, CacheMeters meters)
    : key_(subkey(master, "access-token")), cache_(max_cached, meters) {}

std::string AccessTokens::issue(const api::Principal& holder, std::string token_id,
                                WallTime now) const {
  const std::int64_t now_s = seconds_of(now);
  return key_.sign({.subject = holder.user_id,
                    .session_id = holder.session_id,
                    .token_id = std::move(token_id),
                    .scopes = holder.scopes,
                    .issued_at_s = now_s,
                    .expires_at_s = now_s + kAccessTokenLifetimeS});
}

Result<AccessTokens::Verified*> AccessTokens::verify(std::string_view token, WallTime now) {
  const std::int64_t now_s = seconds_of(now);
  if (token.size() > kMaxAccessTokenBytes || !token.starts_with(key_.prefix())) {
    return Error{Errc::unauthenticated, "the token is not valid"};
  }
  const Digest digest = digest_of("access-token", token);
  if (Verified* known = cache_.find(digest, now)) return known;
  ++checks_;
  GK_TRY(AccessClaims claims, key_.verify(token, now_s));
  const WallTime expires{Seconds(claims.expires_at_s)};
  std::vector<std::string> tags{claims.session_id};
  return cache_.put(digest, {std::move(claims), nullptr, nullptr}, now, expires, std::move(tags));
}

}  // namespace gk::accounts
