// password_policy.h: which passwords are refused, and why.
//
// Length and lists, no character classes: those make people write Password1!. Source: NIST SP
// 800-63B s5.1.1.2.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gk::accounts {

inline constexpr std::size_t kMinPasswordPoints = 12;   // Source: platform specification, accounts
inline constexpr std::size_t kMaxPasswordBytes = 1024;  // Source: chosen; bounds argon2's input

/// Why `password` is refused for `username`; nullopt when it is accepted. The text is for the
/// person who chose it and never repeats the password.
/// Refused: not UTF-8, control characters, fewer than 12 code points, more than 1024 bytes, on the
/// list of common passwords (common_passwords.h), mostly a run along the alphabet, the digits or
/// a keyboard, one piece repeated, and one that owes its length to the username.
std::optional<std::string> password_fault(std::string_view password, std::string_view username);

}  // namespace gk::accounts
