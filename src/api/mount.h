// mount.h: where the routes of the API are mounted. Both mounts are one and the same resource.

#pragma once

#include <array>
#include <string_view>

namespace gk::api {

/// The longer one first: below_mount() takes the first that fits.
inline constexpr std::array<std::string_view, 2> kMounts = {"/api/v1", "/api"};

/// Users are served below /auth as well, beside the routes of the own account.
/// Source: platform specification, Accounts, which names /api/auth/users and /api/auth/users/{id}.
inline constexpr std::string_view kUsers = "/users";
inline constexpr std::string_view kUsersToo = "/auth";

constexpr bool of_users(std::string_view path) {
  return path == kUsers ||
         (path.starts_with(kUsers) && path.substr(kUsers.size()).starts_with('/'));
}

/// "/users/1" of "/api/v1/users/1" and of "/api/auth/users/1": the name of one resource; a path
/// outside the mounts as it is.
constexpr std::string_view below_mount(std::string_view path) {
  for (const auto mount : kMounts) {
    if (path.starts_with(mount) && path.substr(mount.size()).starts_with('/')) {
      const std::string_view below = path.substr(mount.size());
      const bool too = below.starts_with(kUsersToo) && of_users(below.substr(kUsersToo.size()));
      return too ? below.substr(kUsersToo.size()) : below;
    }
  }
  return path;
}

}  // namespace gk::api
