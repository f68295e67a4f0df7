// mount.h: where the routes of the API are mounted. Both mounts are one and the same resource.

#pragma once

#include <array>
#include <string_view>

namespace gk::api {

/// The longer one first: below_mount() takes the first that fits.
inline constexpr std::array<std::string_view, 2> kMounts = {"/api/v1", "/api"};

/// "/users/1" of "/api/v1/users/1"; a path outside the mounts as it is.
constexpr std::string_view below_mount(std::string_view path) {
  for (const auto mount : kMounts) {
    if (path.starts_with(mount) && path.substr(mount.size()).starts_with('/')) {
      return path.substr(mount.size());
    }
  }
  return path;
}

}  // namespace gk::api
