// dashboard.h: answers for the embedded dashboard. Assets come from the binary's table only: no
// URL is ever turned into a file name.

#pragma once

#include <string_view>

#include "net/http.h"

namespace gk::server {

/// Header lines that every answer of the server carries ("Name: value\r\n" each). `https`: browsers
/// reach it by TLS, so they are told to keep to that for a year.
/// Source: platform specification, HTTP rules.
std::string_view security_headers(bool https);

/// The answer for a GET or HEAD outside the API: an asset, or the page shell for page paths, which
/// draws its own "not found" with status 404 when no page has that path.
net::Response serve_dashboard(const net::Request& request);

}  // namespace gk::server
