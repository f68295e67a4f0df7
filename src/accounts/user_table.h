// user_table.h: all users and roles in memory, as the database has them.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "accounts/records.h"
#include "api/principal.h"

namespace gk::accounts {

/// Thread: loop.
/// Bounds: the caller keeps size() under its limit.
class UserTable {
 public:
  /// `roles` are those of the database; the built-in ones are as this program defines them.
  UserTable(std::vector<UserRecord> users, RoleScopes roles);

  /// Null when there is none. Valid until the next put() or erase().
  const UserRecord* by_name(std::string_view username) const;
  const UserRecord* by_id(const std::string& id) const;
  /// Up to `limit` users by name, from the first name after `after`.
  std::vector<const UserRecord*> page(std::string_view after, std::size_t limit) const;
  std::size_t size() const { return by_name_.size(); }
  /// True when `user` is enabled and holds "*".
  bool is_admin(const UserRecord& user) const;
  /// True when there is such a user.
  bool has_admin() const;

  void put(UserRecord user);
  void erase(const std::string& id);

  /// Null when there is no such role.
  const std::vector<std::string>* scopes_of(std::string_view role) const;
  const RoleScopes& roles() const { return roles_; }
  void put_role(const std::string& role, std::vector<std::string> scopes);
  void erase_role(const std::string& role) { roles_.erase(role); }
  /// Ids of the users that have `role`. Cost: O(users).
  std::vector<std::string> with_role(std::string_view role) const;

  /// Who holds a session of `user`, by cookie or (CredentialKind::token) by access token.
  std::shared_ptr<const api::Principal> principal(const UserRecord& user, std::string session_id,
                                                  api::CredentialKind kind) const;

 private:
  std::map<std::string, UserRecord, std::less<>> by_name_;
  boost::unordered_flat_map<std::string, std::string> names_;  // id to username
  RoleScopes roles_;
};

/// The built-in roles as the database stores them.
RoleScopes builtin_role_scopes();

/// True when the rows of the built-in roles in `stored` differ from this program's.
bool builtin_roles_differ(const RoleScopes& stored);

}  // namespace gk::accounts
