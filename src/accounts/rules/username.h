// username.h: what a user may be called.

#pragma once

#include <string>
#include <string_view>

#include "gamekeeper/result.h"

namespace gk::accounts {

inline constexpr std::size_t kMaxUsernameBytes = 64;  // Source: platform specification, names

/// `text` in lower case when it is [a-z0-9_.-]{1,64} and starts with a letter or a digit. Names
/// that stand for the daemon itself in the audit ("local-admin", "system", "setup") are reserved.
/// Errors: invalid_argument (says which rule).
Result<std::string> parse_username(std::string_view text);

}  // namespace gk::accounts
