// request_target.h: the target of a request line ("/a%20b?c=d") as a path and a query.
//
// Refuses instead of normalising: what two programs might read differently is answered 400.

#pragma once

#include <string>
#include <string_view>

namespace gk::net {

/// What a target says. `refusal` is empty when it is fine.
struct RequestTarget {
  std::string path;   ///< Percent-decoded UTF-8.
  std::string query;  ///< Raw; its escapes are well-formed UTF-8 without NUL.
  std::string_view refusal;
};

/// Splits and checks an origin-form target. Refuses malformed escapes, NUL and other control
/// characters, malformed UTF-8, "." and ".." segments (also escaped), escaped slashes, fragments.
/// Source: RFC 3986 s2.1, s5.2.4; RFC 9112 s3.2.1.
/// Thread: immutable.
RequestTarget split_target(std::string_view target);

}  // namespace gk::net
