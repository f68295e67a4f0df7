// response_head.h: writes the head of a response.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gamekeeper/time.h"
#include "net/http.h"

namespace gk::net {

/// "Not Found" for 404; "Unknown" for a status without an entry.
std::string_view reason_phrase(int status);

/// True when a response of this status has no body and no Content-Length (1xx, 204, 304).
bool has_no_body(int status);

/// For append_response_head(): the body ends with the connection.
inline constexpr std::size_t kUntilClose = static_cast<std::size_t>(-1);

/// Appends status line and fields, with the empty line. Control characters in values that a
/// handler gave are written as spaces, so that outside data cannot add fields.
/// Requires: `date` is from http_date(); `common` is whole field lines of ours, each with CRLF.
void append_response_head(std::string& out, const Response& response, std::size_t body_bytes,
                          std::string_view date, bool close, std::string_view common = {});

/// "Sun, 06 Nov 1994 08:49:37 GMT". Source: RFC 9110 s5.6.7.
std::string http_date(WallTime time);

}  // namespace gk::net
