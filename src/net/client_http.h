// client_http.h: one HTTP exchange over a ClientSocket; shared by Client and ClientWebSocket.

#pragma once

#include "net/client_socket.h"

namespace gk::net {

/// What came back. Header names are lower case.
struct Exchange {
  Response response;
  bool close = false;  ///< The connection cannot be used again.
};

/// Appends the request with Host (unless given) and Content-Length (when there is a body).
void append_request(std::string& out, const Target& target, const ClientRequest& request);

/// Reads one answer. `head_only`: the request was HEAD, or only the head matters.
/// Errors: unavailable, deadline_exceeded, data_loss (malformed, or over 64 MiB).
Result<Exchange> read_response(ClientSocket& socket, bool head_only, MonoTime deadline);

}  // namespace gk::net
