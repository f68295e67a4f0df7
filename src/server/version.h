// version.h: the version, as it is printed, logged and answered by the API.

#pragma once

namespace gk::server {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace gk::server
