// records.h: users and sessions as they are kept in state.db and in memory.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "accounts/rules/digest.h"
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

/// One row of `sessions`.
struct SessionRecord {
  std::string id;  ///< UUIDv7, public. The token is another thing and is not kept.
  Digest token{};  ///< Digest of the token.
  std::string user_id;
  std::string address;     ///< Of the log-in, for the person who looks at their sessions.
  std::string limit_key;   ///< address_key() of it.
  std::string user_agent;  ///< At most 256 bytes.
  SessionTimes times;
};

/// What the audit shows of a user: {id, username, role, disabled}, never the hash.
std::string user_json(const UserRecord& user);

/// Role name to its scopes.
using RoleScopes = std::map<std::string, std::vector<std::string>, std::less<>>;

}  // namespace gk::accounts
