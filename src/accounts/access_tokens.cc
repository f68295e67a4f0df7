#include "accounts/access_tokens.h"

#include <utility>

#include "base/try.h"

namespace gk::accounts {
namespace {

std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<Seconds>(time.time_since_epoch()).count();
}

}  // namespace

AccessTokens::AccessTokens(const SecretKey& master, std::size_t max_cached)
    : key_(subkey(master, "access-token")), max_cached_(max_cached) {}

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
  const auto found = cache_.find(digest);
  if (found != cache_.end() && now_s < found->second->claims.expires_at_s) {
    return found->second.get();
  }
  if (found != cache_.end()) cache_.erase(found);
  ++checks_;
  GK_TRY(AccessClaims claims, key_.verify(token, now_s));
  if (cache_.size() >= max_cached_) cache_.clear();
  auto verified = std::make_unique<Verified>(Verified{std::move(claims), nullptr, nullptr});
  return cache_.emplace(digest, std::move(verified)).first->second.get();
}

}  // namespace gk::accounts
