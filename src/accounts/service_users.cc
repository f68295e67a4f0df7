// Users: create, change, delete. Nobody hands out or touches more than they hold themselves.

#include <utility>

#include "accounts/rows.h"
#include "accounts/rules/password_policy.h"
#include "accounts/rules/roles.h"
#include "accounts/rules/username.h"
#include "accounts/service.h"
#include "accounts/token_rows.h"
#include "base/try.h"

namespace gk::accounts {
namespace {

std::string change_json(const UserRecord& user, bool password_changed) {
  std::string out = user_json(user);
  if (password_changed) out.insert(out.size() - 1, R"(,"password":"replaced")");
  return out;
}

}  // namespace

void AccountsService::user_written(UserRecord user) {
  users_.put(std::move(user));
  retire_setup_code();
}

std::optional<api::Problem> AccountsService::refuse_change(
    const Caller& caller, const UserRecord* user,
    const std::optional<std::int64_t>& version) const {
  if (user == nullptr) return not_found("there is no such user");
  const auto* scopes = users_.scopes_of(user->role);
  if (scopes == nullptr || !covers(caller.principal.scopes, *scopes)) {
    return forbidden("the user holds more than you do");
  }
  if (version && *version != user->version) return stale();
  return std::nullopt;
}

void AccountsService::create_user(const Caller& caller, NewUser user, Then<UserRecord> then) {
  Faults faults;
  const auto name = parse_username(user.username);
  if (!name) faults.emplace_back("username", name.error().message);
  if (auto fault = password_fault(user.password, user.username)) {
    faults.emplace_back("password", std::move(*fault));
  }
  const auto* scopes = users_.scopes_of(user.role);
  if (scopes == nullptr) faults.emplace_back("role", "there is no such role");
  if (!faults.empty()) return then(invalid(std::move(faults)));
  if (!covers(caller.principal.scopes, *scopes)) {
    return then(forbidden("the role " + user.role + " holds more than you do"));
  }
  if (users_.by_name(*name) != nullptr) {
    return then(conflict("the username " + *name + " is taken"));
  }
  if (users_.size() >= options_.max_users) return then(conflict("there are too many users"));
  UserRecord record{.id = new_id(),
                    .username = *name,
                    .role = std::move(user.role),
                    .password_hash = {},
                    .created_at = clock_.wall()};
  auto posted = hasher_.hash(
      std::move(user.password), [this, caller, record, then](Result<std::string> hash) mutable {
        if (!hash) return then(overloaded());
        record.password_hash = std::move(*hash);
        AuditRow audit = audit_row(caller, "user.create", record.id);
        audit.after = user_json(record);
        changes_.commit([record](store::Database& db) { return insert_user(db, record); },
                        std::move(audit),
                        [this, record, then](const Result<void>& result) {
                          if (!result) return then(api::problem_from(result.error()));
                          user_written(record);
                          then(record);
                        });
      });
  if (!posted) then(overloaded());
}

void AccountsService::update_user(const Caller& caller, const std::string& id, UserPatch patch,
                                  std::optional<std::int64_t> version, Then<UserRecord> then) {
  const UserRecord* user = users_.by_id(id);
  if (auto problem = refuse_change(caller, user, version)) return then(std::move(*problem));
  if (patch.role) {
    const auto* scopes = users_.scopes_of(*patch.role);
    if (scopes == nullptr) return then(invalid_field("role", "there is no such role"));
    if (!covers(caller.principal.scopes, *scopes)) {
      return then(forbidden("the role " + *patch.role + " holds more than you do"));
    }
  }
  if (!patch.password) return write_update(caller, id, user->version, patch, std::move(then));
  if (id == caller.principal.user_id) {
    return then(forbidden("your own password is changed with the present one, at auth/password"));
  }
  if (auto fault = password_fault(*patch.password, user->username)) {
    return then(invalid_field("password", std::move(*fault)));
  }
  std::string password = *std::exchange(patch.password, std::nullopt);
  auto posted = hasher_.hash(std::move(password), [this, caller, id, patch, was = user->version,
                                                   then](Result<std::string> hash) mutable {
    if (!hash) return then(overloaded());
    patch.password = std::move(*hash);
    write_update(caller, id, was, patch, std::move(then));
  });
  if (!posted) then(overloaded());
}

/// `patch.password` is a hash by now.
void AccountsService::write_update(const Caller& caller, const std::string& id,
                                   std::int64_t version, const UserPatch& patch,
                                   Then<UserRecord> then) {
  const UserRecord* user = users_.by_id(id);
  if (user == nullptr || user->version != version) {
    return then(conflict("the user was changed meanwhile"));
  }
  UserRecord next = *user;
  if (patch.role) next.role = *patch.role;
  if (patch.disabled) next.disabled = *patch.disabled;
  if (patch.password) next.password_hash = *patch.password;
  if (next.role == user->role && next.disabled == user->disabled && !patch.password) {
    return then(*user);
  }
  ++next.version;
  AuditRow audit = audit_row(caller, "user.update", id);
  audit.before = user_json(*user);
  audit.after = change_json(next, patch.password.has_value());
  const bool was_admin = users_.is_admin(*user);
  changes_.commit(
      [next, version, was_admin](store::Database& db) -> Result<void> {
        GK_CHECK_OK(accounts::update_user(db, next, version));
        if (was_admin) GK_CHECK_OK(require_an_admin(db));
        return delete_sessions_of(db, next.id, "");
      },
      std::move(audit),
      [this, next, then](const Result<void>& result) {
        if (!result) return then(api::problem_from(result.error()));
        user_written(next);
        end_sessions_of(next.id, "", "user_changed");
        renew_holders(next.id);
        then(next);
      });
}

void AccountsService::reset_user(const Caller& caller, const std::string& id, UserReset reset,
                                 Then<UserRecord> then) {
  const UserRecord* user = users_.by_id(id);
  if (user == nullptr) return then(not_found("there is no such user"));
  if (caller.principal.kind != api::CredentialKind::local_admin) {
    return then(forbidden("only the local admin may do this, over the Unix socket"));
  }
  if (auto fault = password_fault(reset.password, user->username)) {
    return then(invalid_field("password", std::move(*fault)));
  }
  std::string password = std::exchange(reset.password, {});
  auto posted = hasher_.hash(std::move(password), [this, caller, id, reset, was = user->version,
                                                   then](Result<std::string> hash) {
    if (!hash) return then(overloaded());
    write_reset(caller, id, was, reset, std::move(*hash), then);
  });
  if (!posted) then(overloaded());
}

void AccountsService::write_reset(const Caller& caller, const std::string& id, std::int64_t version,
                                  const UserReset& reset, std::string hash, Then<UserRecord> then) {
  const UserRecord* user = users_.by_id(id);
  if (user == nullptr || user->version != version) {
    return then(conflict("the user was changed meanwhile"));
  }
  UserRecord next = *user;
  next.password_hash = std::move(hash);
  next.disabled = false;
  if (reset.make_admin) next.role = kAdminRole;
  ++next.version;
  AuditRow audit = audit_row(caller, "user.reset", id);
  audit.before = user_json(*user);
  audit.after = change_json(next, true);
  changes_.commit(
      [next, version](store::Database& db) -> Result<void> {
        GK_CHECK_OK(accounts::update_user(db, next, version));
        GK_CHECK_OK(delete_second_factor(db, next.id));
        GK_CHECK_OK(delete_api_tokens_of(db, next.id));
        return delete_sessions_of(db, next.id, "");
      },
      std::move(audit),
      [this, next, then](const Result<void>& result) {
        if (!result) return then(api::problem_from(result.error()));
        user_written(next);
        factors_.erase(next.id);
        end_sessions_of(next.id, "", "user_changed");
        end_api_tokens_of(next.id, "user_changed");
        then(next);
      });
}

void AccountsService::delete_user(const Caller& caller, const std::string& id,
                                  std::optional<std::int64_t> version, Then<Success> then) {
  const UserRecord* user = users_.by_id(id);
  if (auto problem = refuse_change(caller, user, version)) return then(std::move(*problem));
  AuditRow audit = audit_row(caller, "user.delete", id);
  audit.before = user_json(*user);
  changes_.commit(
      [id, was = user->version,
       was_admin = users_.is_admin(*user)](store::Database& db) -> Result<void> {
        GK_CHECK_OK(accounts::delete_user(db, id, was));
        if (was_admin) GK_CHECK_OK(require_an_admin(db));
        return {};
      },
      std::move(audit),
      [this, id, then](const Result<void>& result) {
        if (!result) return then(api::problem_from(result.error()));
        users_.erase(id);
        end_sessions_of(id, "", "user_changed");
        end_api_tokens_of(id, "user_changed");
        factors_.erase(id);
        then(Success{});
      });
}

}  // namespace gk::accounts
