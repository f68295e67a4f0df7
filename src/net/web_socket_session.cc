#include "net/web_socket_session.h"

#include <sys/socket.h>

#include <boost/asio/compose.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "base/utf8.h"

namespace gk::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

/// A socket of a type of ours, so that Beast finds our teardown.
class WebSocketStream : public StreamSocket {
 public:
  explicit WebSocketStream(StreamSocket socket) : StreamSocket(std::move(socket)) {}
};

/// Shuts our side and throws away what comes until the peer's end, so that the peer gets our close
/// frame and not a reset. The session's sweep bounds the wait.
template <typename Handler>
void async_teardown(beast::role_type, WebSocketStream& socket, Handler&& handler) {
  error_code ignored;
  socket.shutdown(StreamSocket::shutdown_send, ignored);
  auto scratch = std::make_unique<std::array<char, 4096>>();
  asio::async_compose<Handler, void(error_code)>(
      [&socket, scratch = std::move(scratch), started = false](auto& self, error_code ec = {},
                                                               std::size_t = 0) mutable {
        if (started && ec) return self.complete(ec == asio::error::eof ? error_code() : ec);
        started = true;
        const auto buffer = asio::buffer(*scratch);
        socket.async_read_some(buffer, std::move(self));
      },
      handler, socket);
}

struct WebSocketSession::Stream {
  explicit Stream(StreamSocket socket) : ws(std::move(socket)) {}

  websocket::stream<WebSocketStream, false> ws;  // false: no permessage-deflate in the binary.
  beast::flat_buffer message;
  http::request<http::empty_body> upgrade;
};

namespace {

/// The code of an end that the peer or the connection caused.
std::uint16_t code_of(const error_code& ec, const websocket::close_reason& reason) {
  if (ec == websocket::error::closed)
    return reason.code == websocket::close_code::none ? std::uint16_t(1005) : reason.code;
  if (ec == websocket::error::message_too_big) return 1009;
  if (ec == websocket::error::bad_frame_payload) return 1007;
  if (ec == websocket::condition::protocol_violation) return 1002;
  return 1006;
}

}  // namespace

WebSocketSession::WebSocketSession(std::shared_ptr<ServerCore> server, StreamSocket socket,
                                   Peer peer)
    : server_(std::move(server)),
      peer_(std::move(peer)),
      limits_(server_->options.web_socket),
      stream_(std::make_unique<Stream>(std::move(socket))),
      queue_(limits_),
      heard_(server_->now()),
      pinged_(heard_) {}

WebSocketSession::~WebSocketSession() = default;

void WebSocketSession::accept(const std::string& key, UpgradeDecision decision) {
  auto& ws = stream_->ws;
  const int bytes = static_cast<int>(limits_.send_buffer_bytes);
  (void)::setsockopt(ws.next_layer().native_handle(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  // The sweep does the timeouts, with our close codes.
  ws.set_option(websocket::stream_base::timeout{websocket::stream_base::none(),
                                                websocket::stream_base::none(), false});
  ws.set_option(websocket::stream_base::decorator(
      [protocol = decision.subprotocol](websocket::response_type& response) {
        response.set(http::field::server, "gamekeeper");  // Else Beast adds its version.
        if (!protocol.empty()) response.set(http::field::sec_websocket_protocol, protocol);
      }));
  ws.read_message_max(limits_.max_message_bytes);
  ws.auto_fragment(false);
  ws.text(true);
  ws.control_callback(
      [this](websocket::frame_type, beast::string_view) { heard_ = server_->now(); });
  auto& request = stream_->upgrade;
  request.version(11);
  request.method(http::verb::get);
  request.target("/");
  request.set(http::field::host, "checked");
  request.set(http::field::connection, "upgrade");
  request.set(http::field::upgrade, "websocket");
  request.set(http::field::sec_websocket_key, key);
  request.set(http::field::sec_websocket_version, "13");
  ws.async_accept(request, [self = shared_from_this(),
                            on_open = std::move(decision.on_open)](const error_code& ec) {
    if (ec || self->ended_) return self->end(1006);
    self->open_ = true;
    if (on_open) on_open(self);
    self->read();
    if (self->close_code_ != 0) self->start_close();
    self->write_next();
  });
}

void WebSocketSession::read() {
  if (ended_ || reading_ || close_code_ != 0) return;
  reading_ = true;
  stream_->ws.async_read(stream_->message,
                         [self = shared_from_this()](const error_code& ec, std::size_t) {
                           self->reading_ = false;
                           self->on_read(ec);
                         });
}

void WebSocketSession::on_read(const error_code& ec) {
  if (ended_) return;
  if (ec) return end(close_code_ != 0 ? close_code_ : code_of(ec, stream_->ws.reason()));
  heard_ = server_->now();
  if (close_code_ == 0) {
    const auto data = stream_->message.cdata();
    const std::string_view text(static_cast<const char*>(data.data()), data.size());
    if (!stream_->ws.got_text() && on_binary) {
      on_binary(text);
    } else if (!stream_->ws.got_text()) {
      close(1003, "only text frames are understood");
    } else if (!is_utf8(text)) {
      // Beast 1.81 misses a text that ends inside a character when its last frame is empty.
      close(1007, "the text is not UTF-8");
    } else if (on_message) {
      on_message(text);
    }
  }
  stream_->message.consume(stream_->message.size());
  read();
}

void WebSocketSession::send(OutFrame frame) {
  if (ended_ || close_code_ != 0) return;
  const bool fits = queue_.push(std::move(frame));
  server_->dropped_frames.inc(double(queue_.dropped_frames() - counted_drops_));
  counted_drops_ = queue_.dropped_frames();
  if (!fits) {
    queue_.clear();
    return close(1013, "this client reads too slowly");
  }
  if (writing_ || scheduled_) return;
  scheduled_ = true;
  server_->schedule(shared_from_this());
}

void WebSocketSession::write_next() {
  scheduled_ = false;
  if (!open_ || writing_ || ended_) return;
  const OutFrame* const frame = queue_.take_off();
  if (frame == nullptr) {
    if (close_code_ != 0) return start_close();
    if (queue_.has_dropped()) tell_dropped();  // A frame larger than the queue: nothing will land.
    return;
  }
  writing_ = true;
  write_since_ = server_->now();
  stream_->ws.text(!frame->binary);
  stream_->ws.async_write(
      asio::buffer(*frame->text),
      [self = shared_from_this()](const error_code& ec, std::size_t) { self->on_written(ec); });
}

void WebSocketSession::on_written(const error_code& ec) {
  writing_ = false;
  queue_.landed();
  if (ended_) return;
  if (ec) {
    // A read that is pending knows why better; without one, the connection is lost.
    if (!reading_) end(close_code_ != 0 ? close_code_ : 1006);
    return;
  }
  tell_dropped();
  write_next();
}

void WebSocketSession::tell_dropped() {
  if (ended_ || close_code_ != 0 || !on_dropped) return;
  for (const DroppedRange& range : queue_.take_dropped())
    on_dropped(range.topic, range.from, range.to);
}

void WebSocketSession::close(std::uint16_t code, std::string_view reason) {
  if (ended_ || close_code_ != 0) return;
  close_code_ = code;
  close_reason_ = reason.substr(0, 123);  // RFC 6455 s5.5: a control frame has at most 125 bytes.
  close_since_ = server_->now();
  write_next();
}

/// Sends the close frame. Requires: nothing is queued before it.
void WebSocketSession::start_close() {
  if (close_started_ || ended_ || !open_) return;
  close_started_ = true;
  stream_->ws.async_close(
      websocket::close_reason(static_cast<websocket::close_code>(close_code_), close_reason_),
      [self = shared_from_this()](const error_code& ec) {
        // When a read is pending it sees the peer's close frame and ends the session.
        if (!ec || !self->reading_) self->end(self->close_code_);
      });
}

void WebSocketSession::ping(MonoTime now) {
  if (pinging_ || now - pinged_ < limits_.ping_interval) return;
  pinging_ = true;
  pinged_ = now;
  stream_->ws.async_ping(
      {}, [self = shared_from_this()](const error_code&) { self->pinging_ = false; });
}

void WebSocketSession::sweep(MonoTime now) {
  if (close_code_ != 0) {
    if (now - close_since_ > limits_.close_timeout) end(close_code_);
  } else if (writing_ && now - write_since_ > limits_.stall_timeout) {
    end(1013);  // A close frame would have to wait behind the frame that is stuck.
  } else if (now - heard_ >= limits_.ping_interval) {
    // Only who could have answered: after a pause of our own nobody has been asked yet.
    const MonoTime asked = open_ ? pinged_ : heard_ + limits_.ping_interval;
    if (asked > heard_ && now - asked > limits_.ping_interval) {
      close(4408, "nothing heard for too long");
    } else if (open_) {
      ping(now);
    }
  }
}

void WebSocketSession::end(std::uint16_t code) {
  if (ended_) return;
  const auto self = shared_from_this();
  ended_ = true;
  queue_.clear();
  error_code ignored;
  stream_->ws.next_layer().close(ignored);
  server_->remove(*this);
  // Posted: end() may be on the stack of a callback that would be freed here.
  server_->loop.post([self, code] {
    const auto told = std::move(self->on_close);
    self->on_message = nullptr;
    self->on_binary = nullptr;
    self->on_dropped = nullptr;
    self->on_close = nullptr;
    if (told) told(code);
  });
}

}  // namespace gk::net
