// head_check.h: reads a raw HTTP/1.1 request head and refuses everything that two programs in a
// row could read differently (request smuggling), and everything over the limits.
//
// Pure: bytes in, views and a verdict out. It is the only reader of heads: Beast accepts no or two
// Host fields, lists of lengths, folded lines and "xchunked". What the target means is
// request_target.h; who may ask is src/api.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace gk::net {

/// Source: platform specification, HTTP rules.
struct HeadLimits {
  std::size_t max_bytes = 8 * 1024;  ///< All field lines with their line ends.
  std::size_t max_fields = 64;
  std::size_t max_url_bytes = 8 * 1024;
};

struct HeadField {
  std::string_view name;   ///< As sent.
  std::string_view value;  ///< Without the white space around it.
};

/// A checked head. Views point into the bytes given to check_head().
struct Head {
  std::string_view method;  ///< A token; possibly one that nobody serves.
  std::string_view target;  ///< Origin-form; absolute-form is reduced to it.
  std::string_view host;
  std::vector<HeadField> fields;
  std::size_t bytes = 0;  ///< Length of the head with the empty line.
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool close = false;            ///< Connection: close
  bool expect_continue = false;  ///< Expect: 100-continue
  bool web_socket = false;       ///< Connection: upgrade and Upgrade: websocket
};

enum class HeadState : std::uint8_t { incomplete, complete, refused };

struct HeadVerdict {
  HeadState state = HeadState::incomplete;
  int status = 0;           ///< When refused: 400, 414, 417, 431, 501 or 505.
  std::string_view reason;  ///< When refused: for a person; lives as long as the process.
};

/// Reads the head at the front of `bytes` into `head` (whose storage is reused).
/// Refuses as soon as a complete line is bad; `head` is meaningful only when complete.
/// HTTP/1.0 is refused with 505: nothing that we talk to needs it, and its framing is looser.
/// Source: RFC 9112 s2 to s7, RFC 9110 s5, s7.2.
/// Thread: compatible.     Cost: O(bytes); allocates only while `head.fields` grows.
HeadVerdict check_head(std::string_view bytes, const HeadLimits& limits, Head& head);

/// True for a byte that may stand in a field name or a method.
bool is_token_char(char c);
/// True for a byte that may stand in a field value: visible, space, tab, or above 0x7f.
bool is_value_char(char c);
/// ASCII case-insensitive.
bool iequals(std::string_view a, std::string_view b);

}  // namespace gk::net
