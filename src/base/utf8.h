// utf8.h: checks and cleans text from outside.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gk {

/// Length of the well-formed UTF-8 sequence at the front of `text`, 0 when it is malformed or
/// `text` is empty (overlong forms, surrogates and values past U+10FFFF are malformed).
/// Source: Unicode 15, table 3-7.
std::size_t utf8_sequence_length(std::string_view text);

/// True when the whole text is well-formed UTF-8.
bool is_utf8(std::string_view text);

/// The code point of `sequence` (one well-formed sequence) when a terminal or reader would obey it
/// instead of showing it: C0, DEL, C1 and the bidi controls. Source: Unicode TR 36.
std::optional<std::uint32_t> display_control(std::string_view sequence);

/// `text` with every control character (C0, DEL, C1), bidi control and malformed byte written
/// as \xNN or \u{NNNN}: safe for a terminal or a log line. CR and LF are controls too.
std::string printable(std::string_view text);

}  // namespace gk
