// Log-out, the ends of sessions, and the caller's own password.

#include <utility>

#include "accounts/rows.h"
#include "accounts/rules/password_policy.h"
#include "accounts/rules/roles.h"
#include "accounts/service.h"
#include "base/json_writer.h"
#include "base/try.h"

namespace gk::accounts {

void AccountsService::ended(const std::vector<EndedSession>& sessions, std::string_view reason) {
  session_count_.set(static_cast<double>(sessions_.size()));
  for (const EndedSession& session : sessions) {
    access_tokens_.forget_session(session.id);
    session_ended_.publish({session.id, session.user_id, reason});
  }
}

void AccountsService::forget_rows(const std::vector<EndedSession>& sessions) {
  if (sessions.empty()) return;
  std::vector<std::string> ids;
  ids.reserve(sessions.size());
  for (const EndedSession& session : sessions) ids.push_back(session.id);
  changes_.commit([ids](store::Database& db) { return delete_sessions(db, ids); }, std::nullopt,
                  [this](const Result<void>& result) {
                    if (result) return;
                    log_.error("accounts.sessions_not_deleted", result.error().message);
                  });
}

void AccountsService::end_sessions_of(const std::string& user_id, const std::string& kept,
                                      std::string_view reason) {
  ended(sessions_.remove_if([&](const SessionRecord& session) {
    return session.user_id == user_id && session.id != kept;
  }),
        reason);
}

void AccountsService::end_session(const Caller& caller, const std::string& session_id,
                                  Then<Success> then) {
  const SessionRecord* session = sessions_.find(session_id);
  const bool own = session != nullptr && session->user_id == caller.principal.user_id;
  if (session == nullptr || (!own && !caller.principal.has_scope("users:write"))) {
    return then(not_found("there is no such session"));
  }
  if (!own) {
    const UserRecord* holder = users_.by_id(session->user_id);
    if (auto problem = refuse_change(caller, holder, std::nullopt)) return then(*problem);
  }
  const bool logout = session_id == caller.principal.session_id;
  AuditRow audit = audit_row(caller, logout ? "auth.logout" : "session.revoke", session_id);
  if (const UserRecord* holder = users_.by_id(session->user_id)) {
    std::string before;
    JsonWriter w(before);
    w.begin_object().field("username", holder->username).end_object();
    audit.before = std::move(before);  // Nobody can look up the id of a session that has ended.
  }
  ended(sessions_.remove_if([&](const SessionRecord& s) { return s.id == session_id; }),
        logout ? "logout" : "revoked");
  changes_.commit([ids = std::vector<std::string>{session_id}](
                      store::Database& db) { return delete_sessions(db, ids); },
                  std::move(audit),
                  [then](const Result<void>& result) {
                    if (!result) return then(api::problem_from(result.error()));
                    then(Success{});
                  });
}

void AccountsService::with_password(const Caller& caller, std::string password,
                                    const Visitor& visitor, Then<UserRecord> then) {
  const UserRecord* user = users_.by_id(caller.principal.user_id);
  if (user == nullptr) return then(conflict("the local admin has no account of its own"));
  const GcraDecision decision = limiter_.take(visitor.limit_key, user->username, clock_.mono());
  if (!decision.allowed) return then(too_many(decision.retry_after));
  auto posted = hasher_.verify(
      std::move(password), user->password_hash,
      [this, caller, visitor, user = *user, then](const PasswordVerdict& verdict) {
        if (!verdict.right) {
          log_.warn("accounts.password_refused", "wrong present password",
                    {{"user_id", user.id}, {"correlation_id", caller.correlation_id}});
          return then(forbidden("the present password is wrong"));
        }
        limiter_.succeeded(visitor.limit_key, user.username, clock_.mono());
        const UserRecord* now = users_.by_id(user.id);
        if (now == nullptr || now->version != user.version) {
          return then(conflict("the user was changed meanwhile"));
        }
        then(user);
      });
  if (posted) return;
  limiter_.abandoned(visitor.limit_key, user->username, clock_.mono());
  then(overloaded());
}

void AccountsService::change_password(const Caller& caller, std::string current, std::string next,
                                      const Visitor& visitor, Then<Success> then) {
  const UserRecord* user = users_.by_id(caller.principal.user_id);
  if (user == nullptr) return then(conflict("the local admin has no password; change a user's"));
  if (auto fault = password_fault(next, user->username)) {
    return then(invalid_field("new_password", std::move(*fault)));
  }
  with_password(caller, std::move(current), visitor,
                [this, caller, next = std::move(next), then](const Outcome<UserRecord>& checked) {
                  if (const auto* problem = std::get_if<api::Problem>(&checked)) {
                    return then(*problem);
                  }
                  auto hashing = hasher_.hash(
                      next, [this, caller, version = std::get<UserRecord>(checked).version,
                             then](Result<std::string> hash) {
                        if (!hash) return then(overloaded());
                        replace_password(caller, version, std::move(*hash), then);
                      });
                  if (!hashing) then(overloaded());
                });
}

void AccountsService::replace_password(const Caller& caller, std::int64_t version, std::string hash,
                                       Then<Success> then) {
  const UserRecord* user = users_.by_id(caller.principal.user_id);
  if (user == nullptr || user->version != version) {
    return then(conflict("the user was changed meanwhile"));
  }
  UserRecord next = *user;
  next.password_hash = std::move(hash);
  ++next.version;
  const std::string kept = caller.principal.session_id;
  changes_.commit(
      [next, version, kept](store::Database& db) -> Result<void> {
        GK_CHECK_OK(accounts::update_user(db, next, version));
        return delete_sessions_of(db, next.id, kept);
      },
      audit_row(caller, "user.password", next.id),
      [this, next, kept, then](const Result<void>& result) {
        if (!result) return then(api::problem_from(result.error()));
        user_written(next);
        end_sessions_of(next.id, kept, "user_changed");
        then(Success{});
      });
}

}  // namespace gk::accounts
