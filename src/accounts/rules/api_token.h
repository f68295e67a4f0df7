// api_token.h: long-lived tokens ("gk_pat_…") that people make for their scripts and game servers.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/rules/digest.h"
#include "base/random.h"

namespace gk::accounts {

inline constexpr std::size_t kMaxTokenNameBytes = 100;  // Source: chosen; a label for people

/// "gk_pat_" and 256 random bits as 64 hex digits: a form that secret scanners can find.
std::string new_api_token(Random& random);

/// True when `text` has the form of an API token.
bool is_api_token(std::string_view text);

/// What is stored and looked up instead of the token.
Digest api_token_digest(std::string_view token);

/// Why `name` cannot be the label of a token; nullopt when it can: 1 to 100 bytes of UTF-8 without
/// control characters.
std::optional<std::string> token_name_fault(std::string_view name);

/// What a token may do now: of the scopes it was made with those that its owner still holds. A
/// token made with "*" follows its owner.
std::vector<std::string> effective_scopes(std::span<const std::string> token,
                                          std::span<const std::string> owner);

}  // namespace gk::accounts
