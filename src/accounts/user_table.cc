#include "accounts/user_table.h"

#include <algorithm>
#include <utility>

#include "accounts/rules/roles.h"

namespace gk::accounts {

RoleScopes builtin_role_scopes() {
  RoleScopes roles;
  for (const BuiltinRole& role : builtin_roles()) {
    roles.emplace(role.name, std::vector<std::string>(role.scopes.begin(), role.scopes.end()));
  }
  return roles;
}

bool builtin_roles_differ(const RoleScopes& stored) {
  for (auto& [role, scopes] : builtin_role_scopes()) {
    const auto found = stored.find(role);
    if (found == stored.end()) return true;
    if (!std::is_permutation(scopes.begin(), scopes.end(), found->second.begin(),
                             found->second.end())) {
      return true;
    }
  }
  return false;
}

UserTable::UserTable(std::vector<UserRecord> users, RoleScopes roles) : roles_(std::move(roles)) {
  for (auto& [role, scopes] : builtin_role_scopes()) roles_.insert_or_assign(role, scopes);
  for (auto& user : users) put(std::move(user));
}

const UserRecord* UserTable::by_name(std::string_view username) const {
  const auto found = by_name_.find(username);
  return found == by_name_.end() ? nullptr : &found->second;
}

const UserRecord* UserTable::by_id(const std::string& id) const {
  const auto found = names_.find(id);
  return found == names_.end() ? nullptr : by_name(found->second);
}

std::vector<const UserRecord*> UserTable::page(std::string_view after, std::size_t limit) const {
  std::vector<const UserRecord*> out;
  for (auto it = by_name_.upper_bound(after); it != by_name_.end() && out.size() < limit; ++it) {
    out.push_back(&it->second);
  }
  return out;
}

bool UserTable::is_admin(const UserRecord& user) const {
  const auto* scopes = scopes_of(user.role);
  return !user.disabled && scopes != nullptr && holds(*scopes, "*");
}

bool UserTable::has_admin() const {
  return std::any_of(by_name_.begin(), by_name_.end(),
                     [this](const auto& entry) { return is_admin(entry.second); });
}

void UserTable::put(UserRecord user) {
  names_.insert_or_assign(user.id, user.username);
  std::string name = user.username;
  by_name_.insert_or_assign(std::move(name), std::move(user));
}

void UserTable::erase(const std::string& id) {
  const auto found = names_.find(id);
  if (found == names_.end()) return;
  by_name_.erase(found->second);
  names_.erase(found);
}

const std::vector<std::string>* UserTable::scopes_of(std::string_view role) const {
  const auto found = roles_.find(role);
  return found == roles_.end() ? nullptr : &found->second;
}

void UserTable::put_role(const std::string& role, std::vector<std::string> scopes) {
  roles_.insert_or_assign(role, std::move(scopes));
}

std::vector<std::string> UserTable::with_role(std::string_view role) const {
  std::vector<std::string> out;
  for (const auto& [name, user] : by_name_) {
    if (user.role == role) out.push_back(user.id);
  }
  return out;
}

std::shared_ptr<const api::Principal> UserTable::principal(const UserRecord& user,
                                                           std::string session_id,
                                                           api::CredentialKind kind) const {
  const auto* scopes = scopes_of(user.role);
  return std::make_shared<const api::Principal>(
      api::Principal{.user_id = user.id,
                     .name = user.username,
                     .role = user.role,
                     .scopes = scopes == nullptr ? std::vector<std::string>{} : *scopes,
                     .kind = kind,
                     .session_id = std::move(session_id)});
}

}  // namespace gk::accounts
