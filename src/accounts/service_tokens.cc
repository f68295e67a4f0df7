// API tokens: made, used, revoked, and kept within what their owner may do.

#include <algorithm>
#include <utility>

#include "accounts/rows.h"
#include "accounts/rules/api_token.h"
#include "accounts/rules/roles.h"
#include "accounts/service.h"
#include "accounts/token_rows.h"
#include "base/try.h"

namespace gk::accounts {
namespace {

constexpr std::size_t kMaxTokenScopes = 48;                    // Source: chosen, as of a role
constexpr Micros kMaxLifetime{std::chrono::hours(24 * 3660)};  // Source: chosen, ten years

Faults faults_of(const NewApiToken& token, WallTime now) {
  Faults faults;
  if (auto fault = token_name_fault(token.name)) faults.emplace_back("name", std::move(*fault));
  if (token.scopes.empty() || token.scopes.size() > kMaxTokenScopes) {
    faults.emplace_back("scopes", "expected 1 to 48 scopes");
  }
  for (std::size_t i = 0; i < token.scopes.size() && i < kMaxTokenScopes; ++i) {
    if (auto fault = scope_fault(token.scopes[i])) {
      faults.emplace_back("scopes[" + std::to_string(i) + "]", std::move(*fault));
    }
  }
  if (token.expires_at && (*token.expires_at <= now || *token.expires_at - now > kMaxLifetime)) {
    faults.emplace_back("expires_at", "expected a time from now to ten years from now");
  }
  return faults;
}

}  // namespace

ApiTokenTable::Holder AccountsService::holder_of(const ApiTokenRecord& token) const {
  const UserRecord* owner = users_.by_id(token.user_id);
  if (owner == nullptr || owner->disabled) return nullptr;
  const auto* scopes = users_.scopes_of(owner->role);
  api::Principal holder{.user_id = owner->id,
                        .name = owner->username,
                        .role = owner->role,
                        .scopes = {},
                        .kind = api::CredentialKind::api_token,
                        .session_id = token.id};
  if (scopes != nullptr) holder.scopes = effective_scopes(token.scopes, *scopes);
  return std::make_shared<const api::Principal>(std::move(holder));
}

void AccountsService::restore_tokens(std::vector<ApiTokenRecord> tokens) {
  for (ApiTokenRecord& token : tokens) {
    auto holder = holder_of(token);
    api_tokens_.add(std::move(token), std::move(holder));
  }
  (void)api_tokens_.newly_expired(clock_.wall());  // No socket is open yet.
}

void AccountsService::create_api_token(const Caller& caller, const std::string& user_id,
                                       NewApiToken token, Then<MadeApiToken> then) {
  const UserRecord* owner = users_.by_id(user_id);
  if (owner == nullptr) return then(not_found("there is no such user"));
  if (caller.principal.kind == api::CredentialKind::api_token) {
    return then(forbidden("an API token cannot make another, which would outlive it"));
  }
  if (auto faults = faults_of(token, clock_.wall()); !faults.empty()) {
    return then(invalid(std::move(faults)));
  }
  const auto* scopes = users_.scopes_of(owner->role);
  if (scopes == nullptr || !covers(*scopes, token.scopes)) {
    return then(forbidden("the token would hold more than " + owner->username));
  }
  if (!covers(caller.principal.scopes, token.scopes)) {
    return then(forbidden("the token would hold more than you do"));
  }
  const std::size_t count = api_tokens_.of_user(user_id).size();
  if (count >= options_.tokens.max_api_tokens_a_user ||
      api_tokens_.size() >= options_.tokens.max_api_tokens) {
    return then(conflict("there are too many tokens; revoke one first"));
  }
  std::sort(token.scopes.begin(), token.scopes.end());
  token.scopes.erase(std::unique(token.scopes.begin(), token.scopes.end()), token.scopes.end());
  std::string text = new_api_token(random_);
  const ApiTokenRecord record{.id = new_id(),
                              .token = api_token_digest(text),
                              .user_id = user_id,
                              .name = std::move(token.name),
                              .scopes = std::move(token.scopes),
                              .created_at = clock_.wall(),
                              .expires_at = token.expires_at,
                              .last_used_at = std::nullopt};
  AuditRow audit = audit_row(caller, "token.create", record.id);
  audit.after = token_json(record);
  changes_.commit([record](store::Database& db) { return insert_api_token(db, record); },
                  std::move(audit),
                  [this, record, text, then](const Result<void>& result) {
                    if (!result) return then(api::problem_from(result.error()));
                    api_tokens_.add(record, holder_of(record));
                    then(MadeApiToken{.record = record, .token = text});
                  });
}

void AccountsService::revoke_api_token(const Caller& caller, const std::string& id,
                                       Then<Success> then) {
  const ApiTokenRecord* token = api_tokens_.find(id);
  const bool own = token != nullptr && token->user_id == caller.principal.user_id;
  if (token == nullptr || (!own && !caller.principal.has_scope("users:write"))) {
    return then(not_found("there is no such token"));
  }
  if (!own) {
    if (auto problem = refuse_change(caller, users_.by_id(token->user_id), std::nullopt)) {
      return then(std::move(*problem));
    }
  }
  AuditRow audit = audit_row(caller, "token.revoke", id);
  audit.before = token_json(*token);
  const std::string user_id = token->user_id;
  (void)api_tokens_.remove_if([&](const ApiTokenRecord& t) { return t.id == id; });
  session_ended_.publish({id, user_id, "revoked"});
  changes_.commit([id](store::Database& db) { return delete_api_token(db, id); }, std::move(audit),
                  [then](const Result<void>& result) {
                    if (!result) return then(api::problem_from(result.error()));
                    then(Success{});
                  });
}

void AccountsService::end_api_tokens_of(const std::string& user_id, std::string_view reason) {
  for (const ApiTokenRecord& token :
       api_tokens_.remove_if([&](const ApiTokenRecord& t) { return t.user_id == user_id; })) {
    session_ended_.publish({token.id, token.user_id, reason});
  }
}

void AccountsService::tell_changed(std::string session_id,
                                   std::shared_ptr<const api::Principal> holder) {
  holder_changed_.publish({std::move(session_id), std::move(holder)});
}

void AccountsService::renew_holders(const std::string& user_id) {
  const UserRecord* user = users_.by_id(user_id);
  if (user == nullptr) return;
  boost::unordered_flat_map<std::string, std::shared_ptr<const api::Principal>> made;
  (void)sessions_.renew_principals(user_id, [&](const SessionRecord& session) {
    auto holder = holder_of(*user, session);
    made.emplace(session.id, holder);
    return holder;
  });
  for (const auto& [id, holder] : made) tell_changed(id, holder);
  const auto renewed = api_tokens_.renew_holders(
      user_id, [this](const ApiTokenRecord& token) { return holder_of(token); });
  for (const auto& [id, holder] : renewed) {
    if (holder == nullptr) {
      session_ended_.publish({id, user_id, "user_changed"});
    } else {
      tell_changed(id, holder);
    }
  }
}

}  // namespace gk::accounts
