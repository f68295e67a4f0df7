// service.h: the accounts room: who is asking, first-run setup, log-in, sessions, tokens, second
// factors, users and roles.
//
// Decisions are in rules/, SQL in rows.h and token_rows.h, routes in routes.h. Everything here runs
// on the loop: passwords are hashed on a worker, changes are committed by the writer, and both post
// back. A change is acknowledged only after it is on disk; what ends is refused at once.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "accounts/access_tokens.h"
#include "accounts/api_token_table.h"
#include "accounts/changes.h"
#include "accounts/outcome.h"
#include "accounts/password_hasher.h"
#include "accounts/reads.h"
#include "accounts/service_types.h"
#include "accounts/session_table.h"
#include "accounts/user_table.h"
#include "api/router.h"
#include "base/topic.h"
#include "base/worker_pool.h"

namespace gk::accounts {

/// Thread: loop.
class AccountsService final : public api::Gate {
 public:
  static constexpr const char* kTokenCache = "access_tokens";  ///< Its CacheMeters.

  /// Reads users, sessions and tokens through `database` (used during this call only), and the key
  /// file, which it makes when there is none. Without an administrator it makes a setup code and
  /// writes its file.
  /// Errors: the database's; those of load_or_make_key(); internal (libsodium does not start).
  /// Cost: 50 µs, and 2 µs a user, session or token.
  static Result<std::unique_ptr<AccountsService>> create(AccountsOptions options,
                                                         AccountsParts parts,
                                                         store::Database& database);
  ~AccountsService() override;
  AccountsService(const AccountsService&) = delete;
  AccountsService& operator=(const AccountsService&) = delete;

  /// A bearer token is verified or refused; else a local peer of uid 0 or our own is the local
  /// admin; else the session cookie counts. This is a use of the session or token.
  Result<std::shared_ptr<const api::Principal>> authenticate(const net::Request& request) override;
  /// Likewise for the text of an access or API token.
  Result<std::shared_ptr<const api::Principal>> authenticate_token(std::string_view token);
  bool is_set_up() const override { return set_up_; }

  /// The first setup code, for a terminal; empty when there is none or it was taken before.
  std::string take_setup_code();
  std::string setup_file() const;

  /// Housekeeping: ends idle sessions, tells of expired tokens, writes last uses, renews a void
  /// setup code.
  /// Requires: called every 1 to 15 s.
  void tick();

  // First run, log-in, sessions (service_setup.cc, service_login.cc, service_sessions.cc).
  void set_up(const std::string& code, NewUser admin, const Visitor& visitor,
              Then<NewSession> then);
  void log_in(LogIn login, const Visitor& visitor, Then<NewSession> then);
  /// Exchanges a refresh token for the next pair. One that was used before ends its family.
  void refresh(const std::string& refresh_token, const Visitor& visitor, Then<NewSession> then);
  /// Ends one session: the caller's own, or anyone's with users:write. Refused at once; `then`
  /// after it is on disk.
  void end_session(const Caller& caller, const std::string& session_id, Then<Success> then);
  /// Changes the caller's own password and ends their other sessions.
  void change_password(const Caller& caller, std::string current, std::string next,
                       const Visitor& visitor, Then<Success> then);

  // API tokens (service_tokens.cc). Of the caller, or of whom they may write (users:write).
  void create_api_token(const Caller& caller, const std::string& user_id, NewApiToken token,
                        Then<MadeApiToken> then);
  void revoke_api_token(const Caller& caller, const std::string& id, Then<Success> then);

  // Second factor of the caller (service_second_factor.cc).
  void enrol_second_factor(const Caller& caller, std::string password, const Visitor& visitor,
                           Then<Enrolment> then);
  /// Switches it on with a first code; answers the recovery codes.
  void confirm_second_factor(const Caller& caller, const std::string& code, const Visitor& visitor,
                             Then<std::vector<std::string>> then);
  void disable_second_factor(const Caller& caller, std::string password, std::string code,
                             const Visitor& visitor, Then<Success> then);
  void renew_recovery_codes(const Caller& caller, std::string password, std::string code,
                            const Visitor& visitor, Then<std::vector<std::string>> then);
  /// Takes it from another user, who lost phone and codes.
  void remove_second_factor(const Caller& caller, const std::string& user_id, Then<Success> then);
  /// Null when none was begun.
  const SecondFactor* second_factor(const std::string& user_id) const;

  // Users and roles (service_users.cc, service_roles.cc).
  void create_user(const Caller& caller, NewUser user, Then<UserRecord> then);
  /// A change of role, password or disabled ends the user's sessions. `version`: of If-Match.
  void update_user(const Caller& caller, const std::string& id, UserPatch patch,
                   std::optional<std::int64_t> version, Then<UserRecord> then);
  void delete_user(const Caller& caller, const std::string& id, std::optional<std::int64_t> version,
                   Then<Success> then);
  /// Lost-admin recovery, for the local admin alone: a new password, enabled, without second
  /// factor, sessions and tokens.
  void reset_user(const Caller& caller, const std::string& id, UserReset reset,
                  Then<UserRecord> then);
  /// Makes or changes a role; who has it may do more or less at once.
  void set_role(const Caller& caller, const std::string& name, std::vector<std::string> scopes,
                Then<Success> then);
  void delete_role(const Caller& caller, const std::string& name, Then<Success> then);

  // Preferences of the caller (service_preferences.cc).
  void read_preferences(const Caller& caller, Then<Preferences> then);
  void write_preferences(const Caller& caller, std::string body,
                         std::optional<std::int64_t> version, Then<Preferences> then);

  const UserTable& users() const { return users_; }
  const SessionTable& sessions() const { return sessions_; }
  const ApiTokenTable& api_tokens() const { return api_tokens_; }
  const AccountsOptions& options() const { return options_; }
  WallTime now() const { return clock_.wall(); }
  Reads& reads() { return reads_; }
  Topic<SessionEnded>& session_ended() { return session_ended_; }
  Topic<HolderChanged>& holder_changed() { return holder_changed_; }

 private:
  /// One log-in that is being judged.
  struct Attempt {
    std::string account;
    std::string user_id;  // Empty: there is no such user.
    std::int64_t version = 0;
    std::string stored_hash;
    Visitor visitor;
    std::string code;
    SessionKind kind = SessionKind::cookie;
    FactorUse factor;
  };

  AccountsService(AccountsOptions options, AccountsParts parts, LoadedAccounts loaded,
                  const SecretKey& master);
  void restore_sessions(std::vector<SessionRecord> sessions);
  void restore_tokens(std::vector<ApiTokenRecord> tokens);

  // Setup.
  void new_setup_code_at_start();
  void renew_setup_code();
  void retire_setup_code();
  std::optional<api::Problem> refuse_setup(const std::string& code, const Visitor& visitor);
  void write_first_admin(UserRecord admin, const Visitor& visitor, Then<NewSession> then);

  // Log-in and sessions.
  void judged(Attempt attempt, const PasswordVerdict& verdict, const Then<NewSession>& then);
  void log_in_failed(const Attempt& attempt, const char* why);
  void write_session(const UserRecord& user, const Attempt& attempt,
                     const std::optional<std::string>& renewed, Then<NewSession> then);
  SessionRecord new_session(const UserRecord& user, const Visitor& visitor, std::string_view token,
                            SessionKind kind) const;
  NewSession admit(const UserRecord& user, SessionRecord session, std::string token);
  std::shared_ptr<const api::Principal> holder_of(const UserRecord& user,
                                                  const SessionRecord& session) const;
  void refreshed(const std::string& session_id, const std::string& successor,
                 const Then<NewSession>& then);
  void refresh_reused(const std::string& session_id, const Visitor& visitor,
                      const Then<NewSession>& then);
  void ended(const std::vector<EndedSession>& sessions, std::string_view reason);
  void forget_rows(const std::vector<EndedSession>& sessions);
  void end_sessions_of(const std::string& user_id, const std::string& kept,
                       std::string_view reason);
  /// Checks the caller's own present password, within the limits of log-in; then `then` gets the
  /// user as it was when the password was right.
  void with_password(const Caller& caller, std::string password, const Visitor& visitor,
                     Then<UserRecord> then);
  void replace_password(const Caller& caller, std::int64_t version, std::string hash,
                        Then<Success> then);

  // Tokens.
  ApiTokenTable::Holder holder_of(const ApiTokenRecord& token) const;
  void end_api_tokens_of(const std::string& user_id, std::string_view reason);
  void renew_holders(const std::string& user_id);
  void tell_changed(std::string session_id, std::shared_ptr<const api::Principal> holder);

  // Second factor.
  std::variant<FactorUse, api::Problem> judge_factor(const UserRecord& user,
                                                     const std::string& code,
                                                     const Visitor& visitor);
  FactorUse claim_factor(SecondFactor& factor, const std::string& code) const;
  void with_password_and_code(const Caller& caller, std::string password, std::string code,
                              const Visitor& visitor, Then<FactorUse> then);
  void write_recovery_codes(const Caller& caller, const FactorUse& used,
                            Then<std::vector<std::string>> then);

  // Users.
  std::optional<api::Problem> refuse_change(const Caller& caller, const UserRecord* user,
                                            const std::optional<std::int64_t>& version) const;
  void write_update(const Caller& caller, const std::string& id, std::int64_t version,
                    const UserPatch& patch, Then<UserRecord> then);
  void write_reset(const Caller& caller, const std::string& id, std::int64_t version,
                   const UserReset& reset, std::string hash, Then<UserRecord> then);
  void user_written(UserRecord user);
  std::optional<api::Problem> refuse_role(const Caller& caller, const std::string& name,
                                          const std::vector<std::string>& scopes) const;
  std::string new_id() const;
  AuditRow audit_row(const Caller& caller, std::string_view action, std::string target) const;

  // Constant after construction.
  const AccountsOptions options_;
  const Clock& clock_;
  Random& random_;
  Log& log_;
  const std::shared_ptr<const api::Principal> local_admin_;  // shared: calls in progress hold it
  const SecretKey refresh_key_, factor_key_;
  Counter logins_right_, logins_wrong_, logins_limited_, refreshes_, reuses_;
  Gauge session_count_;

  // Confined to the loop.
  UserTable users_;
  SessionTable sessions_;
  ApiTokenTable api_tokens_;
  AccessTokens access_tokens_;
  boost::unordered_flat_map<std::string, SecondFactor>
      factors_;  // By user id; at most a user each.
  LoginLimiter limiter_;
  LoginLimiter factor_limiter_;
  GcraTable setup_attempts_, refreshes_by_address_, refreshes_by_family_;
  std::optional<SetupCode> setup_code_;
  std::string code_to_show_;
  bool set_up_ = false;
  Topic<SessionEnded> session_ended_;
  Topic<HolderChanged> holder_changed_;
  Changes changes_;
  Reads reads_;
  WorkerPool pool_;
  PasswordHasher hasher_;
};

}  // namespace gk::accounts
