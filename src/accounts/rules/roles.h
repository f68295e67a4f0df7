// roles.h: the built-in roles, their scopes, and who may hand out what.
//
// Roles are rows in the database; the built-in ones are kept equal to this table at every start.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gk::accounts {

/// A role that exists in every installation.
struct BuiltinRole {
  std::string_view name;
  std::vector<std::string_view> scopes;  ///< "resource:verb", or "*" for all.
};

inline constexpr std::string_view kAdminRole = "admin";  // Source: platform specification

/// viewer, user, admin. viewer sees what runs, but no accounts, no audit, no configuration and no
/// logs (they name addresses). user also does what people do by hand. Reports of a game server
/// (anticheat:write) come from tokens of a custom role: who sends them can excuse a cheat.
const std::vector<BuiltinRole>& builtin_roles();

/// True for "*" and for "resource:verb" of [a-z]+(-[a-z]+)* on both sides, at most 64 bytes.
bool is_scope_name(std::string_view text);

/// The resources that scopes may name. Source: platform specification, accounts.
std::span<const std::string_view> scope_resources();

/// Why `scope` cannot be part of a role or token: its grammar, or a resource that does not exist;
/// nullopt when it can. The verb is the rooms' own.
std::optional<std::string> scope_fault(std::string_view scope);

/// True for [a-z0-9_-]{1,64}.
bool is_role_name(std::string_view text);

/// True when `held` contains `scope` or "*".
bool holds(std::span<const std::string> held, std::string_view scope);

/// True when `held` covers each of `wanted`: nobody hands out, resets or takes away more than they
/// hold themselves.
bool covers(std::span<const std::string> held, std::span<const std::string> wanted);

}  // namespace gk::accounts
