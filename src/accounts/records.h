// records.h: users, sessions and tokens as they are kept in state.db and in memory.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "accounts/rules/digest.h"
#include "accounts/rules/refresh_token.h"
#include "accounts/rules/session_rules.h"
#include "gamekeeper/time.h"

namespace gk::accounts {

/// One row of `users`.
struct UserRecord {
  std::string id;        ///< UUIDv7.
  std::string username;  ///< Lower case, unique.
  std::string role;
  std::string password_hash;  ///< argon2id, PHC string. Never leaves the room.
  WallTime created_at{};
  bool disabled = false;
  std::int64_t version = 1;  ///< Grows with each change; the ETag.
};

/// What a session is held by. Values are stored.
enum class SessionKind : std::uint8_t {
  cookie = 0,  ///< A browser.
  tokens = 1,  ///< An API client, by access and refresh tokens.
};

/// One row of `sessions`.
struct SessionRecord {
  std::string id;  ///< UUIDv7, public. The token is another thing and is not kept.
  Digest token{};  ///< Digest of the cookie's token; of nothing that exists for an API client.
  std::string user_id;
  std::string address;     ///< Of the log-in, for the person who looks at their sessions.
  std::string limit_key;   ///< address_key() of it.
  std::string user_agent;  ///< At most 256 bytes.
  SessionTimes times;
  SessionKind kind = SessionKind::cookie;
};

/// The refresh tokens of a session, kept in its row and read only when one is used.
struct RefreshFamily {
  Digest family{};
  RefreshState state;
};

/// One row of `api_tokens`.
struct ApiTokenRecord {
  std::string id;  ///< UUIDv7, public.
  Digest token{};
  std::string user_id;
  std::string name;
  std::vector<std::string> scopes;  ///< As made; what counts is effective_scopes().
  WallTime created_at{};
  std::optional<WallTime> expires_at;
  std::optional<WallTime> last_used_at;
};

/// One row of `second_factors`, with the user's rows of `recovery_codes`.
struct SecondFactor {
  std::string user_id;
  std::vector<std::uint8_t> sealed_secret;  ///< seal() of the TOTP secret.
  bool confirmed = false;                   ///< Until then it is not asked for.
  std::int64_t last_step = -1;              ///< Newest step that was used.
  std::vector<Digest> recovery;
};

/// What a log-in used up as its second factor; nothing when none is asked for.
struct FactorUse {
  std::optional<std::int64_t> step;
  std::optional<Digest> recovery;
};

/// What the audit shows of a user: {id, username, role, disabled}, never the hash.
std::string user_json(const UserRecord& user);
/// What the audit shows of a token: {id, user_id, name, scopes, expires_at}, never the digest.
std::string token_json(const ApiTokenRecord& token);

/// Role name to its scopes.
using RoleScopes = std::map<std::string, std::vector<std::string>, std::less<>>;

}  // namespace gk::accounts
