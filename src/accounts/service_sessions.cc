// Log-in, log-out, sessions and the caller's own password.

#include <algorithm>
#include <utility>

#include "accounts/rows.h"
#include "accounts/rules/password_policy.h"
#include "accounts/rules/roles.h"
#include "accounts/rules/username.h"
#include "accounts/service.h"
#include "base/json_writer.h"
#include "base/try.h"

namespace gk::accounts {
namespace {

/// Stands for every text that cannot be a username.
constexpr std::string_view kNoAccount = "?";

/// The name that an attempt counts under, whether such a user exists or not.
std::string account_of(std::string_view username) {
  const auto name = parse_username(username);
  return name ? *name : std::string(kNoAccount);
}

std::string address_json(const std::string& address) {
  std::string out;
  JsonWriter(out).begin_object().field("address", address).end_object();
  return out;
}

}  // namespace

void AccountsService::log_in(const std::string& username, std::string password,
                             const Visitor& visitor, Then<NewSession> then) {
  Attempt attempt{.account = account_of(username),
                  .user_id = {},
                  .version = 0,
                  .stored_hash = {},
                  .visitor = visitor};
  const GcraDecision decision = limiter_.take(visitor.limit_key, attempt.account, clock_.mono());
  if (!decision.allowed) {
    logins_limited_.inc();
    return then(too_many(decision.retry_after));
  }
  std::optional<std::string> stored;
  if (const UserRecord* user = users_.by_name(attempt.account)) {
    attempt.user_id = user->id;
    attempt.version = user->version;
    attempt.stored_hash = user->password_hash;
    stored = user->password_hash;
  }
  auto posted = hasher_.verify(
      std::move(password), std::move(stored),
      [this, attempt, then](const PasswordVerdict& verdict) { judged(attempt, verdict, then); });
  if (posted) return;
  limiter_.abandoned(visitor.limit_key, attempt.account, clock_.mono());
  then(overloaded());
}

void AccountsService::judged(const Attempt& attempt, const PasswordVerdict& verdict,
                             const Then<NewSession>& then) {
  const UserRecord* user = users_.by_id(attempt.user_id);
  const char* refusal = nullptr;
  if (user == nullptr) {
    refusal = "no such user";
  } else if (!verdict.right) {
    refusal = "wrong password";
  } else if (user->disabled) {
    refusal = "disabled user";
  } else if (user->version != attempt.version) {
    refusal = "the user was changed meanwhile";
  }
  if (refusal != nullptr) {
    log_in_failed(attempt, refusal);
    return then(wrong_credentials());
  }
  limiter_.succeeded(attempt.visitor.limit_key, attempt.account, clock_.mono());
  write_session(*user, attempt, verdict.renewed, then);
}

void AccountsService::log_in_failed(const Attempt& attempt, const char* why) {
  logins_wrong_.inc();
  // Only names that exist are logged: people type their password into the other field.
  log_.warn("accounts.login_failed", why,
            {{"user_id", attempt.user_id},
             {"address", attempt.visitor.address},
             {"correlation_id", attempt.visitor.correlation_id}});
}

void AccountsService::write_session(const UserRecord& user, const Attempt& attempt,
                                    const std::optional<std::string>& renewed,
                                    Then<NewSession> then) {
  std::string token = new_session_token(random_);
  const SessionRecord session = new_session(user, attempt.visitor, token);
  AuditRow audit;
  audit.actor_id = user.id;
  audit.actor = user.username;
  audit.action = "auth.login";
  audit.target = session.id;
  audit.after = address_json(session.address);
  audit.correlation_id = attempt.visitor.correlation_id;
  changes_.commit(
      [session, renewed, was = attempt.stored_hash](store::Database& db) -> Result<void> {
        if (renewed) GK_CHECK_OK(renew_password_hash(db, session.user_id, was, *renewed));
        return insert_session(db, session);
      },
      std::move(audit),
      [this, session, token, attempt, renewed, then](const Result<void>& result) {
        if (!result) return then(api::problem_from(result.error()));
        const UserRecord* now = users_.by_id(session.user_id);
        if (now == nullptr || now->version != attempt.version) {
          // A change of password or role was committed first and did not see this session.
          forget_rows({{session.id, session.user_id}});
          log_in_failed(attempt, "the user was changed meanwhile");
          return then(wrong_credentials());
        }
        logins_right_.inc();
        UserRecord user_now = *now;
        if (renewed && user_now.password_hash == attempt.stored_hash) {
          user_now.password_hash = *renewed;
          users_.put(user_now);
        }
        then(admit(user_now, session, token));
      });
}

SessionRecord AccountsService::new_session(const UserRecord& user, const Visitor& visitor,
                                           std::string_view token) const {
  const MonoTime now = clock_.mono();
  const WallTime wall = clock_.wall();
  return {
      .id = new_id(),
      .token = session_token_digest(token),
      .user_id = user.id,
      .address = visitor.address,
      .limit_key = visitor.limit_key,
      .user_agent = visitor.user_agent,
      .times = {.created = now, .seen = now, .created_wall = wall, .seen_wall = wall},
  };
}

NewSession AccountsService::admit(const UserRecord& user, SessionRecord session,
                                  std::string token) {
  auto principal = users_.principal(user, session.id);
  const auto lifetime = std::chrono::duration_cast<Micros>(options_.session.absolute);
  NewSession out{.token = std::move(token),
                 .principal = principal,
                 .expires_at = session.times.created_wall + lifetime};
  const auto replaced = sessions_.add(std::move(session), std::move(principal));
  ended(replaced, "replaced");
  forget_rows(replaced);
  return out;
}

void AccountsService::ended(const std::vector<EndedSession>& sessions, std::string_view reason) {
  session_count_.set(static_cast<double>(sessions_.size()));
  for (const EndedSession& session : sessions) {
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

void AccountsService::change_password(const Caller& caller, std::string current, std::string next,
                                      const Visitor& visitor, Then<Success> then) {
  const UserRecord* user = users_.by_id(caller.principal.user_id);
  if (user == nullptr) return then(conflict("the local admin has no password; change a user's"));
  if (auto fault = password_fault(next, user->username)) {
    return then(invalid_field("new_password", std::move(*fault)));
  }
  const GcraDecision decision = limiter_.take(visitor.limit_key, user->username, clock_.mono());
  if (!decision.allowed) return then(too_many(decision.retry_after));
  const std::string account = user->username;
  auto posted = hasher_.verify(
      std::move(current), user->password_hash,
      [this, caller, next = std::move(next), visitor, account, version = user->version,
       then](const PasswordVerdict& verdict) {
        if (!verdict.right) {
          log_.warn(
              "accounts.password_refused", "wrong present password",
              {{"user_id", caller.principal.user_id}, {"correlation_id", caller.correlation_id}});
          return then(forbidden("the present password is wrong"));
        }
        limiter_.succeeded(visitor.limit_key, account, clock_.mono());
        auto hashing = hasher_.hash(next, [this, caller, version, then](Result<std::string> hash) {
          if (!hash) return then(overloaded());
          replace_password(caller, version, std::move(*hash), then);
        });
        if (!hashing) then(overloaded());
      });
  if (posted) return;
  limiter_.abandoned(visitor.limit_key, account, clock_.mono());
  then(overloaded());
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
