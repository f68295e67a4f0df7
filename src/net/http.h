// http.h: requests and responses as plain structs, so that a handler never sees Beast and compiles
// in a second. The server that fills them is server.h; strictness and limits are applied before a
// Request exists.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gamekeeper/time.h"

namespace gk::net {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options };

/// "GET", … as on the wire.
const char* method_name(Method method);
/// Case-sensitive, as HTTP says; nullopt for a method that Gamekeeper does not serve.
std::optional<Method> parse_method(std::string_view text);

enum class Transport : std::uint8_t { tcp, unix_socket };

/// Who is at the other end.
struct Peer {
  Transport transport = Transport::tcp;
  std::string address;          ///< "127.0.0.1" or "::1"; empty on a Unix socket.
  std::uint16_t port = 0;       ///< 0 on a Unix socket, and of a client behind a proxy.
  std::optional<unsigned> uid;  ///< Unix socket only, from SO_PEERCRED.
  std::optional<int> pid;       ///< Unix socket only.
};

/// Names are lower case in a Request, as written by us in a Response.
using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  Method method = Method::get;
  std::string path;   ///< Percent-decoded, starts with '/', no "." or ".." segments, no NUL.
  std::string query;  ///< Raw, without '?'; its escapes are well-formed UTF-8 without NUL.
  Headers headers;    ///< Names lower case, values trimmed; exactly one "host".
  std::string body;
  Peer peer;
  MonoTime received{};  ///< When the head was complete.
  /// For a handler that answers later and wants to know whether anyone still waits: calls its
  /// argument once, on the loop, when the peer closes or half-closes before the answer. Call it
  /// in the handler, at most once; empty when the request did not come over a connection. A peer
  /// that pipelines another request is not watched.
  std::function<void(std::function<void()> gone)> on_disconnect;

  /// Value of the first header `name` (lower case); null pointer when absent.
  const std::string* header(std::string_view name) const;
  /// Decoded value of the first query parameter `name` ('+' is a space); nullopt when absent.
  std::optional<std::string> query_param(std::string_view name) const;
  /// All parameters of the query, decoded, in their order.
  std::vector<std::pair<std::string, std::string>> query_params() const;
  /// Value of cookie `name`; nullopt when absent.
  std::optional<std::string_view> cookie(std::string_view name) const;
};

struct StreamStart;  // web_socket.h

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  Headers headers;  ///< Besides content-type, content-length, date and connection.
  std::string body;
  /// Used instead of `body` when not empty; must live as long as the process (embedded assets).
  std::string_view static_body;
  /// With a status of 200: the head goes out without a length, and the connection becomes a stream
  /// of frames until one side closes it. No body then. shared: a Response is copied.
  std::shared_ptr<StreamStart> stream = nullptr;
};

/// A request that broke a rule before it became a Request.
struct ProtocolFault {
  int status = 400;         ///< 400, 408, 413, 414, 431, 501, 505 …
  std::string_view detail;  ///< For a person.
  bool method = false;      ///< A method that nobody serves (501, as an unknown coding is).
};

/// How large the body of a request may be (ServerLimits).
enum class BodySize : std::uint8_t { usual, import };

/// What the handlers say about a body that is, or may become, larger than the usual limit.
struct LargeBody {
  BodySize size = BodySize::usual;
  std::optional<Response> refusal;  ///< Answered at once, without reading the body.
};

/// Answers one request. Call exactly once, on the loop thread, now or later (long poll). Copies
/// share the one answer; later calls and answers to a peer that left are ignored. If every copy is
/// destroyed without a call, the server answers 500 and counts it. Copies may be destroyed on any
/// thread.
using Respond = std::function<void(Response)>;

/// Percent-decodes; nullopt on a malformed escape or a NUL.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace gk::net
