#include "accounts/rows.h"

#include <algorithm>

#include "accounts/token_rows.h"
#include "base/try.h"

namespace gk::accounts {
namespace {

constexpr std::string_view kCountAdmins =
    "SELECT count(*) FROM users u JOIN role_scopes s ON s.role = u.role "
    "WHERE s.scope = '*' AND u.disabled = 0";

std::int64_t micros(WallTime time) { return time.time_since_epoch().count(); }
WallTime wall_time(std::int64_t us) { return WallTime(Micros(us)); }

Result<std::vector<UserRecord>> load_users(store::Database& database) {
  GK_TRY(store::Statement * query,
         database.query("SELECT id, username, role, password_hash, disabled, version, "
                        "created_at_us FROM users"));
  std::vector<UserRecord> users;
  for (;;) {
    GK_TRY(const bool more, query->step());
    if (!more) return users;
    users.push_back({.id = std::string(query->text(0)),
                     .username = std::string(query->text(1)),
                     .role = std::string(query->text(2)),
                     .password_hash = std::string(query->text(3)),
                     .created_at = wall_time(query->integer(6)),
                     .disabled = query->integer(4) != 0,
                     .version = query->integer(5)});
  }
}

Result<RoleScopes> load_roles(store::Database& database) {
  GK_TRY(store::Statement * query, database.query("SELECT role, scope FROM role_scopes"));
  RoleScopes roles;
  for (;;) {
    GK_TRY(const bool more, query->step());
    if (!more) break;
    roles[std::string(query->text(0))].emplace_back(query->text(1));
  }
  for (auto& [role, scopes] : roles) std::sort(scopes.begin(), scopes.end());
  return roles;
}

Result<void> load_sessions(store::Database& database, const SessionLimitsByKind& limits,
                           std::size_t max, MonoTime now, WallTime wall, LoadedAccounts& out) {
  GK_TRY(store::Statement * query,
         database.query("SELECT id, token_digest, user_id, address, limit_key, user_agent, "
                        "created_at_us, last_seen_at_us, kind FROM sessions "
                        "ORDER BY last_seen_at_us DESC LIMIT $1"));
  query->bind(1, static_cast<std::int64_t>(max));
  for (;;) {
    GK_TRY(const bool more, query->step());
    if (!more) return {};
    SessionRecord session{
        .id = std::string(query->text(0)),
        .token = {},
        .user_id = std::string(query->text(2)),
        .address = std::string(query->text(3)),
        .limit_key = std::string(query->text(4)),
        .user_agent = std::string(query->text(5)),
        .times =
            restored_times(wall_time(query->integer(6)), wall_time(query->integer(7)), now, wall),
        .kind = query->integer(8) == 0 ? SessionKind::cookie : SessionKind::tokens};
    const store::Blob digest = query->blob(1);
    if (digest.size() != session.token.size()) continue;
    std::copy(digest.begin(), digest.end(), session.token.begin());
    if (session_state(session.times, now, wall, limits.of(session.kind)) == SessionState::live) {
      out.sessions.push_back(std::move(session));
    } else {
      out.dead_sessions.push_back(std::move(session.id));
    }
  }
}

Result<std::int64_t> count_of(store::Database& database, std::string_view sql) {
  GK_TRY(store::Statement * query, database.query(sql));
  GK_TRY(const bool found, query->step());
  return found ? query->integer(0) : 0;
}

Error changed_meanwhile() {
  return {Errc::failed_precondition, "the user was changed by somebody else meanwhile; read again"};
}

}  // namespace

Result<LoadedAccounts> load_accounts(store::Database& database, const SessionLimitsByKind& limits,
                                     std::size_t max_sessions, MonoTime now, WallTime wall) {
  LoadedAccounts out;
  GK_TRY(out.users, load_users(database));
  GK_TRY(out.roles, load_roles(database));
  GK_CHECK_OK(load_sessions(database, limits, max_sessions, now, wall, out));
  GK_TRY(out.tokens, load_api_tokens(database));
  GK_TRY(out.factors, load_second_factors(database));
  return out;
}

Result<void> write_role(store::Database& database, const std::string& role,
                        const std::vector<std::string>& scopes, bool builtin) {
  GK_TRY(store::Statement * insert,
         database.query("INSERT INTO roles (name, builtin) VALUES ($1, $2) "
                        "ON CONFLICT (name) DO UPDATE SET builtin = $2"));
  GK_CHECK_OK(insert->bind(1, role).bind(2, std::int64_t{builtin}).run());
  GK_TRY(store::Statement * clear, database.query("DELETE FROM role_scopes WHERE role = $1"));
  GK_CHECK_OK(clear->bind(1, role).run());
  for (const std::string& scope : scopes) {
    GK_TRY(store::Statement * add,
           database.query("INSERT INTO role_scopes (role, scope) VALUES ($1, $2)"));
    GK_CHECK_OK(add->bind(1, role).bind(2, scope).run());
  }
  return {};
}

Result<void> write_builtin_roles(store::Database& database, const RoleScopes& roles) {
  for (const auto& [role, scopes] : roles) {
    GK_CHECK_OK(write_role(database, role, scopes, true));
  }
  return {};
}

Result<void> delete_role(store::Database& database, const std::string& role) {
  GK_TRY(store::Statement * remove, database.query("DELETE FROM roles WHERE name = $1"));
  auto done = remove->bind(1, role).run();
  if (!done && done.error().code == Errc::failed_precondition) {
    return Error{Errc::failed_precondition, "users have the role " + role + "; give them another"};
  }
  return done;
}

Result<void> insert_user(store::Database& database, const UserRecord& user) {
  GK_TRY(store::Statement * insert,
         database.query("INSERT INTO users (id, username, role, password_hash, disabled, version, "
                        "created_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7)"));
  insert->bind(1, user.id).bind(2, user.username).bind(3, user.role).bind(4, user.password_hash);
  insert->bind(5, std::int64_t{user.disabled}).bind(6, user.version);
  insert->bind(7, micros(user.created_at));
  auto done = insert->run();
  if (!done && done.error().code == Errc::already_exists) {
    return Error{Errc::already_exists, "the username " + user.username + " is taken"};
  }
  return done;
}

Result<void> require_no_admin(store::Database& database) {
  GK_TRY(const std::int64_t admins, count_of(database, kCountAdmins));
  if (admins > 0) return Error{Errc::failed_precondition, "setup is complete already"};
  return {};
}

Result<void> update_user(store::Database& database, const UserRecord& user, std::int64_t was) {
  GK_TRY(store::Statement * update,
         database.query("UPDATE users SET role = $1, password_hash = $2, disabled = $3, "
                        "version = $4 WHERE id = $5 AND version = $6"));
  update->bind(1, user.role).bind(2, user.password_hash).bind(3, std::int64_t{user.disabled});
  GK_CHECK_OK(update->bind(4, user.version).bind(5, user.id).bind(6, was).run());
  if (database.changes() == 0) return changed_meanwhile();
  return {};
}

Result<void> delete_user(store::Database& database, const std::string& id, std::int64_t was) {
  GK_CHECK_OK(delete_sessions_of(database, id, ""));
  GK_TRY(store::Statement * remove,
         database.query("DELETE FROM users WHERE id = $1 AND version = $2"));
  GK_CHECK_OK(remove->bind(1, id).bind(2, was).run());
  if (database.changes() == 0) return changed_meanwhile();
  return {};
}

Result<void> require_an_admin(store::Database& database) {
  GK_TRY(const std::int64_t admins, count_of(database, kCountAdmins));
  if (admins == 0) {
    return Error{Errc::failed_precondition,
                 "this is the last administrator; make another one first"};
  }
  return {};
}

Result<void> renew_password_hash(store::Database& database, const std::string& user_id,
                                 const std::string& was, const std::string& hash) {
  GK_TRY(store::Statement * update,
         database.query("UPDATE users SET password_hash = $1 WHERE id = $2 "
                        "AND password_hash = $3"));
  return update->bind(1, hash).bind(2, user_id).bind(3, was).run();
}

Result<void> insert_session(store::Database& database, const SessionRecord& session,
                            const std::optional<RefreshFamily>& family) {
  GK_TRY(store::Statement * insert,
         database.query("INSERT INTO sessions (id, token_digest, user_id, address, limit_key, "
                        "user_agent, created_at_us, last_seen_at_us, kind, family_digest, "
                        "refresh_digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"));
  insert->bind(1, session.id).bind_blob(2, session.token).bind(3, session.user_id);
  insert->bind(4, session.address).bind(5, session.limit_key).bind(6, session.user_agent);
  insert->bind(7, micros(session.times.created_wall)).bind(8, micros(session.times.seen_wall));
  insert->bind(9, static_cast<std::int64_t>(session.kind));
  if (family) {
    insert->bind_blob(10, family->family).bind_blob(11, family->state.current);
  } else {
    insert->bind_null(10).bind_null(11);
  }
  return insert->run();
}

Result<void> delete_sessions(store::Database& database, std::span<const std::string> ids) {
  for (const std::string& id : ids) {
    GK_TRY(store::Statement * remove, database.query("DELETE FROM sessions WHERE id = $1"));
    GK_CHECK_OK(remove->bind(1, id).run());
  }
  return {};
}

Result<void> delete_sessions_of(store::Database& database, const std::string& user_id,
                                const std::string& kept) {
  GK_TRY(store::Statement * remove,
         database.query("DELETE FROM sessions WHERE user_id = $1 AND id <> $2"));
  return remove->bind(1, user_id).bind(2, kept).run();
}

Result<void> update_seen(store::Database& database, std::span<const SeenAt> seen) {
  for (const SeenAt& line : seen) {
    GK_TRY(store::Statement * update,
           database.query("UPDATE sessions SET last_seen_at_us = $1 WHERE id = $2"));
    GK_CHECK_OK(update->bind(1, micros(line.seen)).bind(2, line.session_id).run());
  }
  return {};
}

}  // namespace gk::accounts
