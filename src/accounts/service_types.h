// service_types.h: what goes into the accounts service and what comes out of it.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/changes.h"
#include "accounts/password_hasher.h"
#include "accounts/rules/cookie.h"
#include "accounts/rules/login_limiter.h"
#include "accounts/rules/setup_code.h"
#include "accounts/session_table.h"
#include "api/principal.h"
#include "base/random.h"

namespace gk::accounts {

/// Per address and per account; never for all together.
/// Source: chosen. A second factor is asked for only after the right password: an address gets 5
/// codes and then one a minute, an account 10 and then one in ten minutes from strangers, so that a
/// million codes (three of them right) outlast the thief of a password by decades. A refresh is due
/// every ten minutes; fifty parallel ones of a client that was asleep pass.
struct TokenLimits {
  LoginLimits second_factor{.per_address = {.period = Seconds(60), .burst = 5},
                            .per_account = {.period = Seconds(600), .burst = 10}};
  GcraRate refresh_per_address{.period = Millis(500), .burst = 120};
  GcraRate refresh_per_family{.period = Seconds(2), .burst = 60};
  std::size_t max_families = 4'096;        ///< Whose budgets are known; the fullest is forgotten.
  std::size_t max_api_tokens = 10'000;     ///< Newest is refused. Read at start.
  std::size_t max_api_tokens_a_user = 50;  ///< Likewise.
  /// Verified access tokens that are remembered; each other one costs a signature check a request.
  std::size_t max_cached_tokens = 4'096;
};

/// Sources: where each type says; max_users, max_roles and the queue are chosen (32 waiting
/// passwords are half a second of work; 48 scopes fit into an access token).
struct AccountsOptions {
  std::string data_dir;  ///< Holds state.db, accounts.key, and setup-code until an admin exists.
  TransportSecurity transport = TransportSecurity::plain;
  unsigned own_uid = 0;  ///< Of the daemon; a local admin on the Unix socket, as is 0.
  SessionLimits session;
  /// Of API clients: as long as the refresh token is used weekly, a month at most. Source: chosen.
  SessionLimits token_session{.idle = std::chrono::hours(7 * 24),
                              .absolute = std::chrono::hours(30 * 24)};
  SessionTableLimits sessions;
  LoginLimits login;
  TokenLimits tokens;
  GcraRate setup_attempts{.period = Seconds(10), .burst = 5};  ///< Per address.
  SetupCodeLimits setup_code;
  PasswordCost password_cost;
  std::size_t max_password_queue = 32;         ///< Newest is refused with 503. [1, 4096]
  std::size_t max_users = 10'000;              ///< Newest is refused. [1, 100'000]
  std::size_t max_roles = 100;                 ///< Newest is refused.
  std::size_t max_role_scopes = 48;            ///< More are refused. [1, 64]
  std::size_t max_preferences_bytes = 16'384;  ///< A user. More is refused.
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

/// Published on the loop when a session or API token can no longer be used, whatever ended it.
struct SessionEnded {
  std::string session_id;
  std::string user_id;
  /// "logout", "revoked", "expired", "replaced", "user_changed", "token_reused".
  std::string_view reason;
};

/// Published on the loop when the holder of a live session or API token may do more or less.
struct HolderChanged {
  std::string session_id;
  std::shared_ptr<const api::Principal> principal;  // shared: with the table
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

struct LogIn {
  std::string username;
  std::string password;
  std::string code;  ///< Of the second factor; may be empty.
  SessionKind kind = SessionKind::cookie;
};

/// What an API client holds.
struct TokenPair {
  std::string access_token;
  WallTime access_expires_at;
  std::string refresh_token;
};

struct NewSession {
  std::string token;                                ///< For the cookie; empty with `tokens`.
  std::shared_ptr<const api::Principal> principal;  // shared: with the session table
  WallTime expires_at;
  std::optional<TokenPair> tokens;  ///< Of a log-in that asked for them.
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

/// What lost-admin recovery does to a user, besides enabling it.
struct UserReset {
  std::string password;
  bool make_admin = false;
};

struct NewApiToken {
  std::string name;
  std::vector<std::string> scopes;
  std::optional<WallTime> expires_at;
};

/// The only moment at which a token's text exists.
struct MadeApiToken {
  ApiTokenRecord record;
  std::string token;
};

/// What an authenticator app is told.
struct Enrolment {
  std::string secret;  ///< base32
  std::string uri;     ///< otpauth://
};

/// A user's bag of settings.
struct Preferences {
  std::string body = "{}";   ///< JSON object.
  std::int64_t version = 0;  ///< 0: never written.
};

}  // namespace gk::accounts
