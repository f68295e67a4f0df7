// common_passwords.h: passwords that people choose so often that guessing starts with them.

#pragma once

#include <string_view>

namespace gk::accounts {

/// True for a well-known password of 12 or more characters, in any case, spacing or common letter
/// substitution (p4$$w0rd), and for one or two well-known short ones with at most 8 digits or
/// signs around them (Welcome2024!, admin-password-1).
/// Cost: O(n log list), allocates.
bool is_common_password(std::string_view password);

}  // namespace gk::accounts
