// rows.h: the SQL of users, roles and sessions (of tokens: token_rows.h). Each function runs on the
// connection it is given: on the writer thread inside a job, or at start-up before serving.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "accounts/records.h"
#include "gamekeeper/result.h"
#include "store/database.h"

namespace gk::accounts {

/// Everything that is kept in memory, read at start-up.
struct LoadedAccounts {
  std::vector<UserRecord> users;
  std::vector<SessionRecord> sessions;     ///< Last seen first; times as of `now` and `wall`.
  std::vector<std::string> dead_sessions;  ///< Ids of rows that ended while nobody looked.
  RoleScopes roles;
  std::vector<ApiTokenRecord> tokens;
  std::vector<SecondFactor> factors;
};

/// When sessions end, by their kind.
struct SessionLimitsByKind {
  SessionLimits cookie;
  SessionLimits tokens;
  const SessionLimits& of(SessionKind kind) const {
    return kind == SessionKind::cookie ? cookie : tokens;
  }
};

/// Reads users, roles, tokens and the `max_sessions` sessions that were seen last and may still be
/// live.
Result<LoadedAccounts> load_accounts(store::Database& database, const SessionLimitsByKind& limits,
                                     std::size_t max_sessions, MonoTime now, WallTime wall);

/// Makes one role's row and scopes equal to `scopes`.
Result<void> write_role(store::Database& database, const std::string& role,
                        const std::vector<std::string>& scopes, bool builtin);
/// Errors: failed_precondition (a user has the role).
Result<void> delete_role(store::Database& database, const std::string& role);

/// Makes the built-in roles' rows equal to `roles`.
Result<void> write_builtin_roles(store::Database& database, const RoleScopes& roles);

/// Errors: already_exists (the username is taken), failed_precondition (no such role).
Result<void> insert_user(store::Database& database, const UserRecord& user);

/// Errors: failed_precondition (an administrator exists): setup makes the first one or none.
Result<void> require_no_admin(store::Database& database);

/// Writes role, hash and disabled of `user`, whose row must have the version `was`.
/// Errors: failed_precondition (another change came first).
Result<void> update_user(store::Database& database, const UserRecord& user, std::int64_t was);

/// Deletes the user's row of version `was`, and its sessions.
/// Errors: failed_precondition (another change came first).
Result<void> delete_user(store::Database& database, const std::string& id, std::int64_t was);

/// Errors: failed_precondition (no enabled user with the scope "*" is left). Call after a change,
///         in the same job: the job then undoes itself.
Result<void> require_an_admin(store::Database& database);

/// Replaces the hash `was` of the same password by one with other parameters; no new version. Does
/// nothing when the password was changed meanwhile.
Result<void> renew_password_hash(store::Database& database, const std::string& user_id,
                                 const std::string& was, const std::string& hash);

/// `family`: of an API client's session.
Result<void> insert_session(store::Database& database, const SessionRecord& session,
                            const std::optional<RefreshFamily>& family = std::nullopt);
Result<void> delete_sessions(store::Database& database, std::span<const std::string> ids);
/// All of a user's sessions but `kept` (which may be empty).
Result<void> delete_sessions_of(store::Database& database, const std::string& user_id,
                                const std::string& kept);

/// One line of the lazy bookkeeping.
struct SeenAt {
  std::string session_id;
  WallTime seen;
};
Result<void> update_seen(store::Database& database, std::span<const SeenAt> seen);

}  // namespace gk::accounts
