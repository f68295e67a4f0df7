// service.h: the accounts room: who is asking, first-run setup, log-in, sessions and users.
//
// Decisions are in rules/, SQL in rows.h, routes in routes.h. Everything here runs on the loop:
// passwords are hashed on a worker, changes are committed by the writer, and both post back. A
// change is acknowledged only after it is on disk; a session that ends is refused at once.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/changes.h"
#include "accounts/outcome.h"
#include "accounts/password_hasher.h"
#include "accounts/rules/cookie.h"
#include "accounts/rules/login_limiter.h"
#include "accounts/rules/setup_code.h"
#include "accounts/session_table.h"
#include "accounts/user_table.h"
#include "api/router.h"
#include "base/random.h"
#include "base/topic.h"
#include "base/worker_pool.h"

namespace gk::accounts {

/// Sources: where each type says; max_users and the queue are chosen (32 waiting passwords are half
/// a second of work).
struct AccountsOptions {
  std::string data_dir;  ///< Holds the file "setup-code" until the first admin exists.
  TransportSecurity transport = TransportSecurity::plain;
  unsigned own_uid = 0;  ///< Of the daemon; a local admin on the Unix socket, as is 0.
  SessionLimits session;
  SessionTableLimits sessions;
  LoginLimits login;
  GcraRate setup_attempts{.period = Seconds(10), .burst = 5};  ///< Per address.
  SetupCodeLimits setup_code;
  PasswordCost password_cost;
  std::size_t max_password_queue = 32;  ///< Newest is refused with 503. [1, 4096]
  std::size_t max_users = 10'000;       ///< Newest is refused. [1, 100'000]
};

/// What the room is given. All outlive it; `post` also outlives the writer.
struct AccountsParts {
  store::Writer& writer;
  Post post;
  const Clock& clock;
  Random& random;
  Log& log;
  Metrics& metrics;
};

/// Published on the loop when a session can no longer be used, whatever ended it.
struct SessionEnded {
  std::string session_id;
  std::string user_id;
  std::string_view reason;  ///< "logout", "revoked", "expired", "replaced", "user_changed".
};

/// Where a request without a credential comes from.
struct Visitor {
  std::string address;     ///< For people; empty on the Unix socket.
  std::string limit_key;   ///< address_key().
  std::string user_agent;  ///< At most 256 bytes.
  std::string correlation_id;
};

/// Who asks, in an operation that needs a credential.
struct Caller {
  api::Principal principal;
  std::string correlation_id;
};

struct NewSession {
  std::string token;                                ///< For the cookie; nobody else gets it.
  std::shared_ptr<const api::Principal> principal;  // shared: with the session table
  WallTime expires_at;
};

struct NewUser {
  std::string username;
  std::string password;
  std::string role;
};

struct UserPatch {
  std::optional<std::string> role;
  std::optional<bool> disabled;
  std::optional<std::string> password;
};

/// Thread: loop.
class AccountsService final : public api::Gate {
 public:
  /// Reads users and sessions through `database` (used during this call only). Without an
  /// administrator it makes a setup code and writes its file.
  /// Errors: the database's; internal (libsodium does not start).
  /// Cost: 50 µs, and 2 µs a user or session.
  static Result<std::unique_ptr<AccountsService>> create(AccountsOptions options,
                                                         AccountsParts parts,
                                                         store::Database& database);
  ~AccountsService() override;
  AccountsService(const AccountsService&) = delete;
  AccountsService& operator=(const AccountsService&) = delete;

  /// A bearer token is verified or refused; else a local peer of uid 0 or our own is the local
  /// admin; else the session cookie counts, and this is a use of the session.
  Result<std::shared_ptr<const api::Principal>> authenticate(const net::Request& request) override;
  bool is_set_up() const override { return set_up_; }

  /// The first setup code, for a terminal; empty when there is none or it was taken before.
  std::string take_setup_code();
  std::string setup_file() const;

  /// Housekeeping: ends idle sessions, writes last uses, renews a void setup code.
  /// Requires: called every 1 to 15 s.
  void tick();

  void set_up(const std::string& code, NewUser admin, const Visitor& visitor,
              Then<NewSession> then);
  void log_in(const std::string& username, std::string password, const Visitor& visitor,
              Then<NewSession> then);
  /// Ends one session: the caller's own, or anyone's with users:write. Refused at once; `then`
  /// after it is on disk.
  void end_session(const Caller& caller, const std::string& session_id, Then<Success> then);
  /// Changes the caller's own password and ends their other sessions.
  void change_password(const Caller& caller, std::string current, std::string next,
                       const Visitor& visitor, Then<Success> then);

  void create_user(const Caller& caller, NewUser user, Then<UserRecord> then);
  /// A change of role, password or disabled ends the user's sessions. `version`: of If-Match.
  void update_user(const Caller& caller, const std::string& id, UserPatch patch,
                   std::optional<std::int64_t> version, Then<UserRecord> then);
  void delete_user(const Caller& caller, const std::string& id, std::optional<std::int64_t> version,
                   Then<Success> then);

  const UserTable& users() const { return users_; }
  const SessionTable& sessions() const { return sessions_; }
  const AccountsOptions& options() const { return options_; }
  Topic<SessionEnded>& session_ended() { return session_ended_; }

 private:
  /// One password that is being checked.
  struct Attempt {
    std::string account;
    std::string user_id;  // Empty: there is no such user.
    std::int64_t version = 0;
    std::string stored_hash;
    Visitor visitor;
  };

  AccountsService(AccountsOptions options, AccountsParts parts, LoadedAccounts loaded);
  void restore_sessions(std::vector<SessionRecord> sessions);

  // Setup.
  void new_setup_code_at_start();
  void renew_setup_code();
  void retire_setup_code();
  std::optional<api::Problem> refuse_setup(const std::string& code, const Visitor& visitor);
  void write_first_admin(UserRecord admin, const Visitor& visitor, Then<NewSession> then);

  // Log-in and sessions.
  void judged(const Attempt& attempt, const PasswordVerdict& verdict, const Then<NewSession>& then);
  void log_in_failed(const Attempt& attempt, const char* why);
  void write_session(const UserRecord& user, const Attempt& attempt,
                     const std::optional<std::string>& renewed, Then<NewSession> then);
  SessionRecord new_session(const UserRecord& user, const Visitor& visitor,
                            std::string_view token) const;
  NewSession admit(const UserRecord& user, SessionRecord session, std::string token);
  void ended(const std::vector<EndedSession>& sessions, std::string_view reason);
  void forget_rows(const std::vector<EndedSession>& sessions);
  void end_sessions_of(const std::string& user_id, const std::string& kept,
                       std::string_view reason);
  void replace_password(const Caller& caller, std::int64_t version, std::string hash,
                        Then<Success> then);

  // Users.
  std::optional<api::Problem> refuse_change(const Caller& caller, const UserRecord* user,
                                            const std::optional<std::int64_t>& version) const;
  void write_update(const Caller& caller, const std::string& id, std::int64_t version,
                    const UserPatch& patch, Then<UserRecord> then);
  void user_written(UserRecord user);
  std::string new_id() const;
  AuditRow audit_row(const Caller& caller, std::string_view action, std::string target) const;

  // Constant after construction.
  const AccountsOptions options_;
  const Clock& clock_;
  Random& random_;
  Log& log_;
  const std::shared_ptr<const api::Principal> local_admin_;  // shared: calls in progress hold it
  Counter logins_right_, logins_wrong_, logins_limited_;
  Gauge session_count_;

  // Confined to the loop.
  UserTable users_;
  SessionTable sessions_;
  LoginLimiter limiter_;
  GcraTable setup_attempts_;
  std::optional<SetupCode> setup_code_;
  std::string code_to_show_;
  bool set_up_ = false;
  Topic<SessionEnded> session_ended_;
  Changes changes_;
  WorkerPool pool_;
  PasswordHasher hasher_;
};

}  // namespace gk::accounts
