#include "net/client_http.h"

#include <charconv>

#include "base/try.h"
#include "net/chunk_decoder.h"
#include "net/head_check.h"

namespace gk::net {
namespace {

constexpr std::size_t kMaxHead = 64 * 1024;  // Source: chosen; our server sends under 2 KiB.
constexpr std::size_t kMaxBody = 64U << 20;  // Source: chosen; above any export.

Error malformed(std::string_view what) {
  return {Errc::data_loss, "malformed answer: " + std::string(what)};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

Result<std::size_t> parse_length(std::string_view text) {
  std::size_t length = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || ec != std::errc() || end != text.data() + text.size() || length > kMaxBody)
    return malformed("Content-Length " + std::string(text.substr(0, 40)));
  return length;
}

const std::string* find(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

Result<Exchange> parse_head(std::string_view head) {
  Exchange out;
  const std::size_t first = head.find("\r\n");
  const std::string_view status_line = head.substr(0, first);
  if (!status_line.starts_with("HTTP/1.1 ") || status_line.size() < 12)
    return malformed("status line");
  const auto [end, ec] =
      std::from_chars(status_line.data() + 9, status_line.data() + 12, out.response.status);
  if (ec != std::errc() || end != status_line.data() + 12) return malformed("status");
  head.remove_prefix(first + 2);
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(line.size() + 2);
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return malformed("field line");
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    out.response.headers.emplace_back(lower(line.substr(0, colon)), value);
  }
  const std::string* const type = find(out.response.headers, "content-type");
  out.response.content_type = type != nullptr ? *type : "";
  const std::string* const connection = find(out.response.headers, "connection");
  out.close = connection != nullptr && iequals(*connection, "close");
  return out;
}

Result<void> read_sized(ClientSocket& socket, std::size_t length, std::string& body,
                        MonoTime deadline) {
  std::string& buffer = socket.buffer();
  while (buffer.size() < length) GK_CHECK_OK(socket.receive(deadline));
  body = buffer.substr(0, length);
  buffer.erase(0, length);
  return {};
}

Result<void> read_chunked(ClientSocket& socket, std::string& body, MonoTime deadline) {
  ChunkDecoder decoder;
  decoder.reset(kMaxBody);
  for (;;) {
    std::size_t used = 0;
    const auto state = decoder.feed(socket.buffer(), body, used);
    socket.buffer().erase(0, used);
    if (state == ChunkDecoder::State::done) return {};
    if (state != ChunkDecoder::State::more) return malformed("chunk");
    GK_CHECK_OK(socket.receive(deadline));
  }
}

/// Reads to the peer's end of the connection.
Result<void> read_rest(ClientSocket& socket, std::string& body, MonoTime deadline) {
  for (;;) {
    const auto more = socket.receive(deadline);
    if (socket.buffer().size() > kMaxBody) return malformed("body over 64 MiB");
    if (more) continue;
    if (more.error().code != Errc::unavailable) return more;
    body = std::exchange(socket.buffer(), {});
    return {};
  }
}

}  // namespace

void append_request(std::string& out, const Target& target, const ClientRequest& request) {
  out.append(method_name(request.method)).append(" ").append(request.path_and_query);
  out.append(" HTTP/1.1\r\n");
  if (find(request.headers, "host") == nullptr && find(request.headers, "Host") == nullptr) {
    const bool v6 = target.host.find(':') != std::string::npos;
    const std::string host = v6 ? "[" + target.host + "]" : target.host;
    out.append("Host: ");
    out.append(target.unix_path.empty() ? host + ":" + std::to_string(target.port) : "localhost");
    out.append("\r\n");
  }
  for (const auto& [name, value] : request.headers)
    out.append(name).append(": ").append(value).append("\r\n");
  const bool carries = request.method == Method::post || request.method == Method::put ||
                       request.method == Method::patch;
  if (carries || !request.body.empty())
    out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  out.append("\r\n").append(request.body);
}

Result<Exchange> read_response(ClientSocket& socket, bool head_only, MonoTime deadline) {
  std::string& buffer = socket.buffer();
  for (;;) {
    std::size_t end = buffer.find("\r\n\r\n");
    while (end == std::string::npos) {
      if (buffer.size() > kMaxHead) return malformed("head over 64 KiB");
      GK_CHECK_OK(socket.receive(deadline));
      end = buffer.find("\r\n\r\n");
    }
    GK_TRY(Exchange exchange, parse_head(std::string_view(buffer).substr(0, end + 4)));
    buffer.erase(0, end + 4);
    Response& response = exchange.response;
    if (response.status == 100) continue;  // 100 Continue; the answer follows.
    if (head_only || response.status < 200 || response.status == 204 || response.status == 304)
      return exchange;
    const std::string* const coding = find(response.headers, "transfer-encoding");
    const std::string* const length = find(response.headers, "content-length");
    if (coding != nullptr) {
      GK_CHECK_OK(read_chunked(socket, response.body, deadline));
    } else if (length != nullptr) {
      GK_TRY(const std::size_t size, parse_length(*length));
      GK_CHECK_OK(read_sized(socket, size, response.body, deadline));
    } else {
      exchange.close = true;
      GK_CHECK_OK(read_rest(socket, response.body, deadline));
    }
    return exchange;
  }
}

}  // namespace gk::net
