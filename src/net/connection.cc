#include "net/connection.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>

#include "net/forwarded.h"
#include "net/request_target.h"
#include "net/response_head.h"
#include "net/web_socket.h"

namespace gk::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// The one answer that all copies of a Respond share.
class PendingAnswer {
 public:
  PendingAnswer(Loop& loop, std::weak_ptr<Connection> connection, std::uint64_t id)
      : loop_(loop), connection_(std::move(connection)), id_(id) {}
  PendingAnswer(const PendingAnswer&) = delete;
  PendingAnswer& operator=(const PendingAnswer&) = delete;

  ~PendingAnswer() {
    if (used_) return;
    auto connection = connection_.lock();
    if (!connection) return;
    // The last copy may have been in another thread, and the stack may be anyone's.
    loop_.post([connection = std::move(connection), id = id_] {
      connection->answer(
          id, {.status = 0, .content_type = {}, .headers = {}, .body = {}, .static_body = {}});
    });
  }

  /// The connection, for the first caller only.
  std::shared_ptr<Connection> take() {
    if (used_) return nullptr;
    used_ = true;
    return connection_.lock();
  }
  std::uint64_t id() const { return id_; }

 private:
  Loop& loop_;
  std::weak_ptr<Connection> connection_;
  const std::uint64_t id_;
  bool used_ = false;
};

}  // namespace

Connection::Connection(std::shared_ptr<ServerCore> server, StreamSocket socket, Peer peer)
    : server_(std::move(server)),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      since_(server_->now()) {}

void Connection::start() { read(); }

void Connection::refuse_peer(int status) {
  admitted_ = false;
  fail(status, status == 429 ? "too many connections from this address" : "too many connections");
  after_answer();
}

void Connection::read() {
  if (reading_ || phase_ == Phase::closed || phase_ == Phase::answering) return;
  reading_ = true;
  char* const to = in_.prepare(kReadSize / 2);
  socket_.async_read_some(
      asio::buffer(to, in_.room()),
      [self = shared_from_this()](const error_code& ec, std::size_t n) { self->on_read(ec, n); });
}

void Connection::on_read(const error_code& ec, std::size_t n) {
  reading_ = false;
  if (phase_ == Phase::closed) return;
  if (ec) {
    peer_done_ = true;
    if (out_.empty()) close();
    return;
  }
  if (phase_ == Phase::lingering) {
    in_.clear();  // Thrown away: the connection has failed or is over.
    read();
    return;
  }
  if (phase_ == Phase::head && in_.empty()) since_ = server_->now();
  in_.commit(n);
  process();
}

/// Serves what is in the buffer, sends, and reads on.
void Connection::process() {
  if (processing_ || writing_) return;
  processing_ = true;
  bool more = true;
  while (more && out_.size() < kMaxCoalesced) {
    more = (phase_ == Phase::head && take_head()) || (phase_ == Phase::body && take_body());
  }
  processing_ = false;
  after_answer();
}

/// Sends what is queued, then goes on as the phase says.
void Connection::after_answer() {
  if (phase_ == Phase::closed || !flush()) return;
  if (phase_ == Phase::ending) {
    linger();
  } else if (phase_ == Phase::head || phase_ == Phase::body) {
    // What a client pipelined is served from the loop, not from the stack of whoever answered.
    const bool unseen = phase_ == Phase::head && in_.view().size() > head_scanned_;
    if (unseen) {
      asio::post(socket_.get_executor(), [self = shared_from_this()] { self->process(); });
    } else {
      read();
    }
  }
}

/// Reads a head from the buffer. True when the phase went on.
bool Connection::take_head() {
  const std::string_view bytes = in_.view();
  if (bytes.size() == head_scanned_) return false;
  const ServerLimits& limits = server_->options.limits;
  // A head is read again only when a line ended: a slow sender cannot make it quadratic.
  const bool line_ended = bytes.find('\n', head_scanned_) != std::string_view::npos;
  const bool first = head_scanned_ == 0;
  const bool large = bytes.size() > limits.max_url_bytes;
  head_scanned_ = bytes.size();
  if (!line_ended && !first && !large) return false;
  const auto verdict = check_head(bytes,
                                  {.max_bytes = limits.max_head_bytes,
                                   .max_fields = limits.max_head_fields,
                                   .max_url_bytes = limits.max_url_bytes},
                                  head_);
  if (verdict.state == HeadState::incomplete) return false;
  head_scanned_ = 0;
  to_head_ = head_.method == "HEAD";
  if (verdict.state == HeadState::refused) {
    fail(verdict.status, verdict.reason);
    return false;
  }
  make_request();
  if (phase_ != Phase::head) return false;
  in_.consume(head_.bytes);
  since_ = request_.received;
  phase_ = Phase::body;
  return true;
}

/// Fills request_ from the checked head, whose views end with the buffer's next change.
void Connection::make_request() {
  request_ = Request{};
  const auto method = parse_method(head_.method);
  if (!method) {
    return fail({.status = 501,
                 .detail = "this method is not served here; expected GET, HEAD, POST, PUT, PATCH, "
                           "DELETE or OPTIONS",
                 .method = true});
  }
  RequestTarget target = split_target(head_.target);
  if (!target.refusal.empty()) return fail(400, target.refusal);
  request_.method = *method;
  request_.path = std::move(target.path);
  request_.query = std::move(target.query);
  request_.peer = peer_;
  request_.received = server_->now();
  request_.headers.reserve(head_.fields.size());
  for (const HeadField& field : head_.fields) {
    auto& [name, value] = request_.headers.emplace_back(field.name, field.value);
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  if (server_->is_proxy(peer_)) {
    if (auto client = forwarded_address(request_.headers)) {
      request_.peer = Peer{.transport = Transport::tcp, .address = std::move(*client)};
    }
  }
  close_after_ = head_.close || server_->stopping;
  upgrade_ = head_.web_socket && *method == Method::get && server_->handlers.on_upgrade;
  plan_body();
}

/// Decides how the body ends and whether it may come at all.
void Connection::plan_body() {
  chunked_ = head_.chunked;
  body_left_ = static_cast<std::size_t>(head_.content_length.value_or(0));
  body_read_ = 0;
  const ServerLimits& limits = server_->options.limits;
  std::size_t limit = limits.max_body_bytes;
  if ((chunked_ || body_left_ > limit) && server_->handlers.on_large_body) {
    LargeBody large = server_->handlers.on_large_body(request_);
    if (large.refusal) {
      close_after_ = true;
      return respond(std::move(*large.refusal));
    }
    if (large.size == BodySize::import) {
      if (server_->imports >= limits.max_imports) {
        return fail(503, "other imports are being read; try again in a moment");
      }
      limit = limits.max_import_bytes;
      ++server_->imports;
      importing_ = true;
      // Growing by doubling would copy 8 MiB at once; what is reserved costs no memory until it
      // comes.
      request_.body.reserve(chunked_ ? limit : std::min(body_left_, limit));
    }
  }
  if (body_left_ > limit)
    return fail(413, "the body may have at most " + std::to_string(limit) + " bytes");
  if (chunked_) chunks_.reset(limit);
  const bool waits = chunked_ || body_left_ > 0;
  if (waits && head_.expect_continue && in_.view().size() == head_.bytes)
    out_.text() += "HTTP/1.1 100 Continue\r\n\r\n";
}

/// Reads a body from the buffer. True when the request was dispatched.
bool Connection::take_body() {
  const std::string_view bytes = in_.view();
  std::size_t used = 0;
  if (chunked_) {
    const auto state = chunks_.feed(bytes, request_.body, used);
    body_read_ += used;
    in_.consume(used);
    if (state == ChunkDecoder::State::malformed) fail(400, "a malformed chunk");
    if (state == ChunkDecoder::State::too_large) fail(413, "the body is too large");
    if (state != ChunkDecoder::State::done) return false;
  } else {
    used = std::min(body_left_, bytes.size());
    request_.body.append(bytes.substr(0, used));
    body_read_ += used;
    body_left_ -= used;
    in_.consume(used);
    if (body_left_ > 0) return false;
  }
  dispatch();
  return phase_ == Phase::head;
}

void Connection::dispatch() {
  phase_ = Phase::answering;
  ++request_id_;
  if (upgrade_) return dispatch_upgrade();
  auto pending = std::make_shared<PendingAnswer>(server_->loop, weak_from_this(), request_id_);
  request_.on_disconnect = [self = weak_from_this(), id = request_id_](std::function<void()> gone) {
    if (const auto connection = self.lock()) connection->watch_peer(id, std::move(gone));
  };
  server_->handlers.on_request(std::move(request_), [pending](Response response) {
    if (const auto self = pending->take()) self->answer(pending->id(), std::move(response));
  });
}

/// Waits beside the handler for the peer's end: nothing is read while a request is unanswered, so
/// nothing else would see it.
void Connection::watch_peer(std::uint64_t id, std::function<void()> gone) {
  if (phase_ != Phase::answering || id != request_id_) return;
  on_gone_ = std::move(gone);
  socket_.async_wait(
      StreamSocket::wait_read, [self = shared_from_this(), id](const error_code& ec) {
        if (ec || self->phase_ != Phase::answering || id != self->request_id_) return;
        char byte = 0;
        const ssize_t n = ::recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        const bool ended = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
        if (ended) self->peer_left();
      });
}

void Connection::peer_left() {
  const auto gone = std::move(on_gone_);
  on_gone_ = nullptr;
  if (gone) gone();
}

void Connection::dispatch_upgrade() {
  const std::string* const key = request_.header("sec-websocket-key");
  const std::string* const version = request_.header("sec-websocket-version");
  if (version == nullptr || *version != "13") {
    Response refusal =
        server_->protocol_error({.status = 426, .detail = "the WebSocket version must be 13"});
    refusal.headers.emplace_back("Sec-WebSocket-Version", "13");
    close_after_ = true;
    return respond(std::move(refusal));
  }
  // 24 characters: 16 bytes in base64. A client that sends more before our 101 is not one.
  if (key == nullptr || key->size() != 24)
    return fail(400, "Sec-WebSocket-Key is missing or wrong");
  if (!in_.empty()) return fail(400, "bytes after an upgrade request");
  auto pending = std::make_shared<PendingAnswer>(server_->loop, weak_from_this(), request_id_);
  Request copy = request_;  // The key is needed for the handshake.
  server_->handlers.on_upgrade(std::move(copy), [pending](UpgradeDecision decision) {
    if (const auto self = pending->take()) self->decide_upgrade(pending->id(), std::move(decision));
  });
}

void Connection::decide_upgrade(std::uint64_t id, UpgradeDecision decision) {
  if (phase_ != Phase::answering || id != request_id_) return;
  if (!decision.accept) return answer(id, std::move(decision.refusal));
  // Answers to what was pipelined before the upgrade go first; a peer that does not take them now
  // is too slow to be upgraded.
  if (!flush()) return close();
  const std::string key = *request_.header("sec-websocket-key");
  phase_ = Phase::closed;
  server_->upgrade(*this, std::move(socket_), peer_, key, std::move(decision));
}

void Connection::answer(std::uint64_t id, Response response) {
  if (phase_ != Phase::answering || id != request_id_) return;
  on_gone_ = nullptr;
  if (response.status == 0) {
    server_->unanswered.inc();
    server_->log.error("http.unanswered", "a handler dropped a request without an answer");
    response = server_->protocol_error({.status = 500, .detail = "the request was not answered"});
  }
  if (response.stream != nullptr && response.status == 200 && !to_head_ && !server_->stopping) {
    return start_stream(std::move(response));
  }
  respond(std::move(response));
  if (!processing_) after_answer();
}

/// Sends the head and gives the socket to a stream. A peer that does not take the answers before it
/// and the head now is too slow for one.
void Connection::start_stream(Response response) {
  append_response_head(out_.text(), response, kUntilClose, server_->date(), true,
                       server_->options.common_headers);
  if (!flush()) return close();
  phase_ = Phase::closed;
  server_->stream(*this, std::move(socket_), peer_, std::move(*response.stream));
}

/// Gives back the place among the imports.
void Connection::end_import() {
  if (importing_) --server_->imports;
  importing_ = false;
}

void Connection::respond(Response response) {
  end_import();
  const std::size_t size =
      response.static_body.empty() ? response.body.size() : response.static_body.size();
  close_after_ = close_after_ || server_->stopping;
  append_response_head(out_.text(), response, size, server_->date(), close_after_,
                       server_->options.common_headers);
  if (!to_head_ && !has_no_body(response.status)) {
    if (response.static_body.empty()) {
      out_.append_body(std::move(response.body));
    } else {
      out_.append_static(response.static_body);
    }
  }
  progress_ = since_ = server_->now();
  phase_ = close_after_ ? Phase::ending : Phase::head;
}

/// Answers a broken rule; nothing that follows on this connection can be trusted.
void Connection::fail(int status, std::string_view detail) {
  fail({.status = status, .detail = detail});
}

void Connection::fail(const ProtocolFault& fault) {
  close_after_ = true;
  respond(server_->protocol_error(fault));
}

/// Sends until the kernel takes no more. True when nothing is left.
bool Connection::flush() {
  std::array<iovec, 16> parts{};
  while (!writing_ && !out_.empty()) {
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = out_.gather(parts);
    const ssize_t n = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      out_.consume(static_cast<std::size_t>(n));
      progress_ = server_->now();
    } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      await_writable();
    } else if (n < 0 && errno != EINTR) {
      close();
      return false;
    }
  }
  return out_.empty();
}

void Connection::await_writable() {
  writing_ = true;
  socket_.async_wait(StreamSocket::wait_write, [self = shared_from_this()](const error_code& ec) {
    self->writing_ = false;
    if (!ec && self->phase_ != Phase::closed) self->process();
  });
}

/// Ends our side and waits for the peer's end: closing with unread input would make the kernel
/// reset the connection and the peer lose our answer.
void Connection::linger() {
  if (peer_done_) return close();
  error_code ignored;
  socket_.shutdown(StreamSocket::shutdown_send, ignored);
  phase_ = Phase::lingering;
  since_ = server_->now();
  in_.clear();
  read();
}

void Connection::sweep(MonoTime now) {
  const ServerLimits& limits = server_->options.limits;
  const Nanos age = now - since_;
  if (!out_.empty()) {
    if (now - progress_ > limits.write_stall) close();
    return;
  }
  if (phase_ == Phase::head && in_.empty()) {
    if (age > limits.idle_timeout) close();
  } else if (phase_ == Phase::head && age > limits.head_timeout) {
    fail(408, "the head took too long");
    after_answer();
  } else if (phase_ == Phase::body && age > limits.body_grace) {
    const double seconds = std::chrono::duration<double>(age).count();
    if (double(body_read_) >= seconds * double(limits.min_body_rate)) return;
    fail(408, "the body comes too slowly");
    after_answer();
  } else if (phase_ == Phase::lingering && age > limits.linger) {
    close();
  }
}

void Connection::finish() {
  if (phase_ == Phase::head && in_.empty() && out_.empty()) return close();
  close_after_ = true;
  if (phase_ == Phase::head && in_.empty()) phase_ = Phase::ending;
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  const auto self = shared_from_this();
  phase_ = Phase::closed;
  end_import();
  error_code ignored;
  socket_.close(ignored);
  server_->remove(*this);
  peer_left();
}

}  // namespace gk::net
