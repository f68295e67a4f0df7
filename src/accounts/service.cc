#include "accounts/service.h"

#include <sodium.h>

#include <utility>

#include "accounts/key_file.h"
#include "accounts/rows.h"
#include "accounts/rules/api_token.h"
#include "accounts/setup_file.h"
#include "accounts/token_rows.h"
#include "base/try.h"

namespace gk::accounts {
namespace {

constexpr std::string_view kBearer = "bearer ";

bool starts_with_folded(std::string_view text, std::string_view lower_prefix) {
  if (text.size() < lower_prefix.size()) return false;
  for (std::size_t i = 0; i < lower_prefix.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != lower_prefix[i]) {
      return false;
    }
  }
  return true;
}

Counter login_counter(Metrics& metrics, std::string result) {
  return metrics.counter("gamekeeper_accounts_logins_total", "Log-in attempts by their result",
                         {{"result", std::move(result)}});
}

}  // namespace

Result<std::unique_ptr<AccountsService>> AccountsService::create(AccountsOptions options,
                                                                 AccountsParts parts,
                                                                 store::Database& database) {
  if (sodium_init() < 0) return Error{Errc::internal, "libsodium does not start"};
  GK_TRY(LoadedAccounts loaded,
         load_accounts(database, {options.session, options.token_session},
                       options.sessions.max_sessions, parts.clock.mono(), parts.clock.wall()));
  GK_TRY(const SecretKey master,
         load_or_make_key(options.data_dir + "/accounts.key", parts.random, parts.log));
  std::unique_ptr<AccountsService> service(
      new AccountsService(std::move(options), std::move(parts), std::move(loaded), master));
  if (!service->is_set_up()) {
    service->new_setup_code_at_start();
  } else {
    remove_setup_file(service->setup_file());
  }
  return service;
}

AccountsService::AccountsService(AccountsOptions options, AccountsParts parts,
                                 LoadedAccounts loaded, const SecretKey& master)
    : options_(std::move(options)),
      clock_(parts.clock),
      random_(parts.random),
      log_(parts.log),
      local_admin_(std::make_shared<const api::Principal>(
          api::Principal{.user_id = {},
                         .name = "local-admin",
                         .role = "admin",
                         .scopes = {"*"},
                         .kind = api::CredentialKind::local_admin,
                         .session_id = {}})),
      refresh_key_(subkey(master, "refresh")),
      factor_key_(subkey(master, "second-factor")),
      logins_right_(login_counter(parts.metrics, "right")),
      logins_wrong_(login_counter(parts.metrics, "wrong")),
      logins_limited_(login_counter(parts.metrics, "limited")),
      refreshes_(parts.metrics.counter("gamekeeper_accounts_refreshes_total",
                                       "Refresh tokens exchanged, repeats included")),
      reuses_(parts.metrics.counter("gamekeeper_accounts_refresh_reuses_total",
                                    "Refresh tokens used a second time; each ended its session")),
      session_count_(parts.metrics.gauge("gamekeeper_accounts_sessions",
                                         "Live sessions of browsers and API clients")),
      users_(std::move(loaded.users), loaded.roles),
      sessions_(options_.sessions, {options_.session, options_.token_session}),
      access_tokens_(master, options_.tokens.max_cached_tokens,
                     CacheMeters(parts.metrics, kTokenCache)),
      limiter_(options_.login),
      factor_limiter_(options_.tokens.second_factor),
      setup_attempts_(options_.setup_attempts, options_.login.max_addresses),
      refreshes_by_address_(options_.tokens.refresh_per_address, options_.login.max_addresses),
      refreshes_by_family_(options_.tokens.refresh_per_family, options_.tokens.max_families),
      set_up_(users_.has_admin()),
      changes_(parts.writer, parts.post, parts.clock, parts.log),
      reads_(options_.data_dir + "/state.db", parts.post),
      pool_({.threads = 1, .max_queue = options_.max_password_queue, .name = "gk-password"}),
      hasher_(pool_, options_.password_cost, parts.post, parts.metrics) {
  restore_sessions(std::move(loaded.sessions));
  restore_tokens(std::move(loaded.tokens));
  for (SecondFactor& factor : loaded.factors) {
    std::string user_id = factor.user_id;
    factors_.insert_or_assign(std::move(user_id), std::move(factor));
  }
  if (!loaded.dead_sessions.empty()) {
    changes_.commit([ids = std::move(loaded.dead_sessions)](
                        store::Database& db) { return delete_sessions(db, ids); },
                    std::nullopt, [](const Result<void>&) {});  // The next start tries again.
  }
  if (!builtin_roles_differ(loaded.roles)) return;
  changes_.commit(
      [](store::Database& db) { return write_builtin_roles(db, builtin_role_scopes()); },
      std::nullopt,
      [this](const Result<void>& result) {
        if (!result) log_.error("accounts.roles_not_written", result.error().message);
      });
}

AccountsService::~AccountsService() = default;

void AccountsService::restore_sessions(std::vector<SessionRecord> sessions) {
  for (SessionRecord& session : sessions) {
    const UserRecord* user = users_.by_id(session.user_id);
    if (user == nullptr || user->disabled) continue;
    limiter_.remember(session.limit_key, user->username, clock_.mono());
    auto principal = holder_of(*user, session);
    (void)sessions_.add(std::move(session), std::move(principal));
  }
  session_count_.set(static_cast<double>(sessions_.size()));
}

Result<std::shared_ptr<const api::Principal>> AccountsService::authenticate(
    const net::Request& request) {
  const std::string* authorization = request.header("authorization");
  if (authorization != nullptr && starts_with_folded(*authorization, kBearer)) {
    return authenticate_token(std::string_view(*authorization).substr(kBearer.size()));
  }
  const auto& uid = request.peer.uid;
  if (request.peer.transport == net::Transport::unix_socket && uid &&
      (*uid == 0 || *uid == options_.own_uid)) {
    return local_admin_;
  }
  const std::string* host = request.header("host");
  const auto cookie = request.cookie(
      session_cookie_name(options_.transport, host == nullptr ? std::string_view() : *host));
  if (!cookie) return Error{Errc::unauthenticated, "log in first"};
  if (is_session_token(*cookie)) {
    if (auto principal =
            sessions_.use(session_token_digest(*cookie), clock_.mono(), clock_.wall())) {
      return principal;
    }
  }
  return Error{Errc::unauthenticated, "the session has ended; log in again"};
}

Result<std::shared_ptr<const api::Principal>> AccountsService::authenticate_token(
    std::string_view token) {
  if (is_api_token(token)) return api_tokens_.use(api_token_digest(token), clock_.wall());
  GK_TRY(AccessTokens::Verified * verified, access_tokens_.verify(token, clock_.wall()));
  const AccessClaims& claims = verified->claims;
  const auto live =
      sessions_.use_id(claims.session_id, SessionKind::tokens, clock_.mono(), clock_.wall());
  if (live == nullptr || live->user_id != claims.subject) {
    return Error{Errc::unauthenticated, "the session of the token has ended; log in again"};
  }
  if (verified->made_of != live) {  // First use, or the holder may do more or less since.
    auto holder = std::make_shared<api::Principal>(*live);
    holder->scopes = effective_scopes(claims.scopes, live->scopes);
    verified->holder = std::move(holder);
    verified->made_of = live;
  }
  return verified->holder;
}

void AccountsService::tick() {
  const auto gone = sessions_.sweep(clock_.mono(), clock_.wall());
  ended(gone, "expired");
  forget_rows(gone);
  if (auto seen = sessions_.due_seen(); !seen.empty()) {
    changes_.commit([seen = std::move(seen)](store::Database& db) { return update_seen(db, seen); },
                    std::nullopt, [](const Result<void>&) {});  // The next use is written again.
  }
  for (const ApiTokenRecord& token : api_tokens_.newly_expired(clock_.wall())) {
    session_ended_.publish({token.id, token.user_id, "expired"});
  }
  const auto every = std::chrono::duration_cast<Micros>(options_.session.persist_every);
  if (auto used = api_tokens_.due_used(every); !used.empty()) {
    changes_.commit(
        [used = std::move(used)](store::Database& db) { return update_last_used(db, used); },
        std::nullopt, [](const Result<void>&) {});  // The next use is written again.
  }
  if (setup_code_ && setup_code_->is_void(clock_.mono())) renew_setup_code();
}

std::string AccountsService::new_id() const {
  const auto ms = std::chrono::duration_cast<Millis>(clock_.wall().time_since_epoch()).count();
  return uuid_v7(random_, static_cast<std::uint64_t>(ms));
}

AuditRow AccountsService::audit_row(const Caller& caller, std::string_view action,
                                    std::string target) const {
  AuditRow row;
  row.actor_id = caller.principal.user_id;
  row.actor = caller.principal.name;
  row.action = action;
  row.target = std::move(target);
  row.correlation_id = caller.correlation_id;
  return row;
}

}  // namespace gk::accounts
