// text_limits.h: cuts text to a receiver's limit without breaking a character.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gk::notices {

/// Length as UTF-16 code units, the strictest of the ways in which receivers count characters (one
/// outside the basic plane counts twice). A malformed byte counts as one.
std::size_t utf16_length(std::string_view text);

/// `text` as valid UTF-8 of at most `max_units`: what does not fit is replaced by "…", whole
/// characters at a time; a malformed byte becomes U+FFFD. Requires: max_units >= 1.
std::string cut_text(std::string_view text, std::size_t max_units);

}  // namespace gk::notices
