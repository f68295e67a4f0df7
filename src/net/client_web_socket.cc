#include <utility>

#include "base/random.h"
#include "base/try.h"
#include "base/utf8.h"
#include "net/client_frames.h"
#include "net/client_http.h"
#include "net/ws_handshake.h"

namespace gk::net {

struct ClientWebSocket::Impl {
  ClientSocket socket;
  SystemRandom random;
  std::string message;  // The parts so far.
  bool in_message = false;
  bool closed = false;

  Result<void> send_frame(Opcode opcode, std::string_view payload, MonoTime deadline);
  Result<bool> take(ServerFrame& frame, std::string& text);
  Error end(std::string_view close_frame);
};

namespace {

constexpr std::size_t kMaxMessage = 16U << 20;  // Source: chosen; far above any frame of ours.
constexpr Millis kSendTimeout{10'000};          // Source: chosen.

Result<void> check_handshake(const Response& response, const std::string& key,
                             const std::string& subprotocol) {
  if (response.status != 101) {
    const Errc code = response.status == 401   ? Errc::unauthenticated
                      : response.status == 403 ? Errc::permission_denied
                                               : Errc::unavailable;
    return Error{code,
                 "the server refused the WebSocket with status " + std::to_string(response.status)};
  }
  std::string accept, protocol;
  for (const auto& [name, value] : response.headers) {
    if (name == "sec-websocket-accept") accept = value;
    if (name == "sec-websocket-protocol") protocol = value;
  }
  if (accept != web_socket_accept(key) || protocol != subprotocol)
    return Error{Errc::data_loss, "the server's WebSocket handshake is wrong"};
  return {};
}

}  // namespace

ClientWebSocket::ClientWebSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ClientWebSocket::~ClientWebSocket() {
  if (impl_) close();
}
ClientWebSocket::ClientWebSocket(ClientWebSocket&&) noexcept = default;

Result<ClientWebSocket> ClientWebSocket::connect(const Target& target, const std::string& path,
                                                 const Headers& headers,
                                                 const std::string& subprotocol, Millis timeout) {
  const MonoTime deadline = deadline_after(timeout);
  GK_TRY(ClientSocket socket, ClientSocket::connect(target, deadline));
  auto impl = std::make_unique<Impl>(Impl{std::move(socket), {}, {}, false, false});
  std::string nonce(16, '\0');
  impl->random.fill({reinterpret_cast<std::uint8_t*>(nonce.data()), nonce.size()});
  const std::string key = base64(nonce);
  ClientRequest request{
      .method = Method::get, .path_and_query = path, .headers = headers, .body = {}};
  request.headers.emplace_back("Connection", "Upgrade");
  request.headers.emplace_back("Upgrade", "websocket");
  request.headers.emplace_back("Sec-WebSocket-Version", "13");
  request.headers.emplace_back("Sec-WebSocket-Key", key);
  if (!subprotocol.empty()) request.headers.emplace_back("Sec-WebSocket-Protocol", subprotocol);
  std::string bytes;
  append_request(bytes, target, request);
  GK_CHECK_OK(impl->socket.send(bytes, deadline));
  GK_TRY(const Exchange exchange, read_response(impl->socket, false, deadline));
  GK_CHECK_OK(check_handshake(exchange.response, key, subprotocol));
  return ClientWebSocket(std::move(impl));
}

Result<void> ClientWebSocket::Impl::send_frame(Opcode opcode, std::string_view payload,
                                               MonoTime deadline) {
  std::array<std::uint8_t, 4> mask{};
  random.fill(mask);
  std::string bytes;
  append_client_frame(bytes, opcode, true, payload, mask);
  return socket.send(bytes, deadline);
}

Result<void> ClientWebSocket::send(std::string_view text) {
  return impl_->send_frame(Opcode::text, text, deadline_after(kSendTimeout));
}

Error ClientWebSocket::Impl::end(std::string_view close_frame) {
  std::string said = "closed without a code";
  if (close_frame.size() >= 2) {
    const int code = static_cast<unsigned char>(close_frame[0]) << 8 |
                     static_cast<unsigned char>(close_frame[1]);
    said = std::to_string(code) + " " + std::string(close_frame.substr(2));
  }
  if (!closed)
    (void)send_frame(Opcode::close, close_frame.substr(0, 2), deadline_after(kSendTimeout));
  closed = true;
  return {Errc::cancelled, said};
}

/// Handles one frame; true when `text` is a whole message.
Result<bool> ClientWebSocket::Impl::take(ServerFrame& frame, std::string& text) {
  switch (frame.opcode) {
    case Opcode::ping:
      GK_CHECK_OK(send_frame(Opcode::pong, frame.payload, deadline_after(kSendTimeout)));
      return false;
    case Opcode::pong: return false;
    case Opcode::close: return end(frame.payload);
    case Opcode::text:
    case Opcode::continuation: break;
    default: return Error{Errc::data_loss, "a WebSocket frame that is not text"};
  }
  if ((frame.opcode == Opcode::continuation) != in_message)
    return Error{Errc::data_loss, "WebSocket frames out of order"};
  message += frame.payload;
  in_message = !frame.final_part;
  if (message.size() > kMaxMessage)
    return Error{Errc::data_loss, "a WebSocket message over 16 MiB"};
  if (in_message) return false;
  text = std::exchange(message, {});
  if (!is_utf8(text)) return Error{Errc::data_loss, "a WebSocket message that is not UTF-8"};
  return true;
}

Result<std::string> ClientWebSocket::receive(Millis timeout) {
  const MonoTime deadline = deadline_after(timeout);
  if (impl_->closed) return Error{Errc::cancelled, "closed"};
  for (;;) {
    ServerFrame frame;
    const FrameState state = take_server_frame(impl_->socket.buffer(), kMaxMessage, frame);
    if (state == FrameState::malformed)
      return Error{Errc::data_loss, "a malformed WebSocket frame"};
    if (state == FrameState::incomplete) {
      const auto more = impl_->socket.receive(deadline);
      if (more) continue;
      if (more.error().code == Errc::deadline_exceeded) return more.error();
      impl_->closed = true;
      return Error{Errc::cancelled, "1006 " + more.error().message};
    }
    std::string text;
    GK_TRY(const bool whole, impl_->take(frame, text));
    if (whole) return text;
  }
}

void ClientWebSocket::close() {
  if (impl_->closed) return;
  impl_->closed = true;
  (void)impl_->send_frame(Opcode::close, close_payload(1000, ""), deadline_after(Millis(100)));
}

}  // namespace gk::net
