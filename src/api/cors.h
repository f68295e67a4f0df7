// cors.h: what a page of another origin may do with this API (the CORS protocol of the Fetch
// standard). Off unless the operator lists origins; which these are is host_rules.h.

#pragma once

#include <string>
#include <string_view>

#include "net/http.h"

namespace gk::api {

/// True for the question that a browser asks before a request of another origin.
bool is_preflight(const net::Request& request);

/// The answer to a preflight; `methods` is "GET, PUT" of the path. 204 without a body.
net::Response preflight_answer(const std::string& methods);

/// Lets a page of `origin`, which the operator listed, read `response`.
/// The exact origin, never "*": a cookie of the same site may come along.
void allow_origin(net::Response& response, const std::string& origin);

}  // namespace gk::api
