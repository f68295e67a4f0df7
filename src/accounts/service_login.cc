// Log-in by password and second factor, for browsers (a cookie) and API clients (tokens), and the
// exchange of refresh tokens.

#include <utility>

#include "accounts/rows.h"
#include "accounts/rules/username.h"
#include "accounts/service.h"
#include "accounts/token_rows.h"
#include "base/json_writer.h"
#include "base/span.h"
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

/// What the audit says of a log-in.
std::string login_json(const std::string& address, SessionKind kind, const char* factor) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("address", address);
  w.field("held_by", kind == SessionKind::cookie ? "cookie" : "tokens");
  if (factor != nullptr) w.field("second_factor", factor);
  w.end_object();
  return out;
}

api::Problem unknown_refresh_token() {
  return {.type = "unauthenticated", .detail = "the refresh token is not valid; log in again"};
}

}  // namespace

void AccountsService::log_in(LogIn login, const Visitor& visitor, Then<NewSession> then) {
  Attempt attempt{.account = account_of(login.username),
                  .visitor = visitor,
                  .code = std::move(login.code),
                  .kind = login.kind};
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
      std::move(login.password), std::move(stored),
      [this, attempt, then,
       span = PendingSpan(clock_, "accounts.verify_password", attempt.visitor.correlation_id)](
          const PasswordVerdict& verdict) {
        span.end(log_, clock_);
        judged(attempt, verdict, then);
      });
  if (posted) return;
  limiter_.abandoned(visitor.limit_key, attempt.account, clock_.mono());
  then(overloaded());
}

void AccountsService::judged(Attempt attempt, const PasswordVerdict& verdict,
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
  auto factor = judge_factor(*user, attempt.code, attempt.visitor);
  if (auto* problem = std::get_if<api::Problem>(&factor)) {
    // The password was right: what is counted from here on are codes (TokenLimits).
    limiter_.abandoned(attempt.visitor.limit_key, attempt.account, clock_.mono());
    return then(std::move(*problem));
  }
  attempt.factor = std::get<FactorUse>(std::move(factor));
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
  // One token: for the browser its cookie, for an API client the first of its refresh tokens.
  const bool tokens = attempt.kind == SessionKind::tokens;
  std::string token = tokens ? new_refresh_token(random_) : new_session_token(random_);
  const SessionRecord session = new_session(user, attempt.visitor, token, attempt.kind);
  std::optional<RefreshFamily> family;
  if (tokens) {
    family = RefreshFamily{.family = refresh_family_digest(token),
                           .state = {.current = refresh_token_digest(token)}};
  }
  const FactorUse& used = attempt.factor;
  AuditRow audit;
  audit.actor_id = user.id;
  audit.actor = user.username;
  audit.action = "auth.login";
  audit.target = session.id;
  audit.after = login_json(session.address, session.kind,
                           used.step ? "totp" : (used.recovery ? "recovery code" : nullptr));
  audit.correlation_id = attempt.visitor.correlation_id;
  changes_.commit(
      [session, family, used, renewed,
       was = attempt.stored_hash](store::Database& db) -> Result<void> {
        GK_CHECK_OK(write_factor_use(db, session.user_id, used));
        if (renewed) GK_CHECK_OK(renew_password_hash(db, session.user_id, was, *renewed));
        return insert_session(db, session, family);
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
                                           std::string_view token, SessionKind kind) const {
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
      .kind = kind,
  };
}

std::shared_ptr<const api::Principal> AccountsService::holder_of(
    const UserRecord& user, const SessionRecord& session) const {
  return users_.principal(user, session.id,
                          session.kind == SessionKind::cookie ? api::CredentialKind::session
                                                              : api::CredentialKind::token);
}

NewSession AccountsService::admit(const UserRecord& user, SessionRecord session,
                                  std::string token) {
  auto principal = holder_of(user, session);
  const bool tokens = session.kind == SessionKind::tokens;
  const auto& limits = tokens ? options_.token_session : options_.session;
  NewSession out{.token = {},
                 .principal = principal,
                 .expires_at = session.times.created_wall +
                               std::chrono::duration_cast<Micros>(limits.absolute),
                 .tokens = std::nullopt};
  if (tokens) {
    out.tokens =
        TokenPair{.access_token = access_tokens_.issue(*principal, new_id(), clock_.wall()),
                  .access_expires_at = clock_.wall() + Seconds(kAccessTokenLifetimeS),
                  .refresh_token = std::move(token)};
  } else {
    out.token = std::move(token);
  }
  const auto replaced = sessions_.add(std::move(session), std::move(principal));
  ended(replaced, "replaced");
  forget_rows(replaced);
  return out;
}

void AccountsService::refresh(const std::string& refresh_token, const Visitor& visitor,
                              Then<NewSession> then) {
  const GcraDecision by_address = refreshes_by_address_.take(visitor.limit_key, clock_.mono());
  if (!by_address.allowed) return then(too_many(by_address.retry_after));
  if (!is_refresh_token(refresh_token)) return then(unknown_refresh_token());
  const Digest family = refresh_family_digest(refresh_token);
  const GcraDecision by_family = refreshes_by_family_.take(to_hex(family), clock_.mono());
  if (!by_family.allowed) return then(too_many(by_family.retry_after));
  const std::string successor = refresh_successor(refresh_key_, refresh_token);
  // shared: the job fills it in on the writer thread, the acknowledgement reads it after.
  const auto use = std::make_shared<std::optional<RefreshUse>>();
  changes_.commit(
      [use, family, token = refresh_token_digest(refresh_token),
       next = refresh_token_digest(successor),
       now = clock_.wall()](store::Database& db) -> Result<void> {
        GK_TRY(*use, use_refresh_token(db, family, token, next, now));
        return {};
      },
      std::nullopt,
      [this, use, successor, visitor, then](const Result<void>& result) {
        if (!result) return then(api::problem_from(result.error()));
        if (!use->has_value()) return then(unknown_refresh_token());
        if ((*use)->verdict == RefreshVerdict::reused) {
          return refresh_reused((*use)->session_id, visitor, then);
        }
        refreshed((*use)->session_id, successor, then);
      });
}

void AccountsService::refreshed(const std::string& session_id, const std::string& successor,
                                const Then<NewSession>& then) {
  const auto principal =
      sessions_.use_id(session_id, SessionKind::tokens, clock_.mono(), clock_.wall());
  const SessionRecord* session = sessions_.find(session_id);
  if (principal == nullptr || session == nullptr) return then(unknown_refresh_token());
  refreshes_.inc();
  then(NewSession{
      .token = {},
      .principal = principal,
      .expires_at = session->times.created_wall +
                    std::chrono::duration_cast<Micros>(options_.token_session.absolute),
      .tokens = TokenPair{.access_token = access_tokens_.issue(*principal, new_id(), clock_.wall()),
                          .access_expires_at = clock_.wall() + Seconds(kAccessTokenLifetimeS),
                          .refresh_token = successor}});
}

void AccountsService::refresh_reused(const std::string& session_id, const Visitor& visitor,
                                     const Then<NewSession>& then) {
  reuses_.inc();
  const api::Problem reused{
      .type = "token-reused",
      .detail =
          "the refresh token was used before, so somebody else may hold it; its session has "
          "ended, log in again"};
  log_.warn("accounts.refresh_reused", "a refresh token was used twice; its session has ended",
            {{"session_id", session_id},
             {"address", visitor.address},
             {"correlation_id", visitor.correlation_id}});
  const SessionRecord* session = sessions_.find(session_id);
  if (session == nullptr) return then(reused);  // Another request has ended it.
  AuditRow audit;
  audit.actor_id = session->user_id;
  const UserRecord* user = users_.by_id(session->user_id);
  audit.actor = user == nullptr ? session->user_id : user->username;
  audit.action = "auth.refresh_reused";
  audit.target = session_id;
  audit.after = login_json(visitor.address, SessionKind::tokens, nullptr);
  audit.correlation_id = visitor.correlation_id;
  ended(sessions_.remove_if([&](const SessionRecord& s) { return s.id == session_id; }),
        "token_reused");
  changes_.commit([ids = std::vector<std::string>{session_id}](
                      store::Database& db) { return delete_sessions(db, ids); },
                  std::move(audit),
                  [then, reused](const Result<void>& result) {
                    if (!result) return then(api::problem_from(result.error()));
                    then(reused);
                  });
}

}  // namespace gk::accounts
