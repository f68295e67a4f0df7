#include "net/stream_session.h"

#include <sys/socket.h>

#include <cerrno>

namespace gk::net {

using boost::system::error_code;

StreamSession::StreamSession(std::shared_ptr<ServerCore> server, StreamSocket socket, Peer peer,
                             StreamStart start)
    : server_(std::move(server)),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      limits_(server_->options.web_socket),
      start_(std::move(start)),
      queue_(limits_),
      progress_(server_->now()),
      written_(progress_) {}

void StreamSession::start() {
  const int bytes = static_cast<int>(limits_.send_buffer_bytes);
  (void)::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  await_peer();
  if (start_.on_open) std::exchange(start_.on_open, nullptr)(shared_from_this());
}

/// A peer that only listens sends nothing more; its end is noticed here.
void StreamSession::await_peer() {
  socket_.async_wait(StreamSocket::wait_read, [self = shared_from_this()](const error_code& ec) {
    if (ec || self->ended_) return;
    std::array<char, 1024> scratch{};
    const ssize_t n =
        ::recv(self->socket_.native_handle(), scratch.data(), scratch.size(), MSG_DONTWAIT);
    const bool again = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    if (n > 0 || again) return self->await_peer();
    self->end(self->close_code_ != 0 ? self->close_code_ : 1006);
  });
}

void StreamSession::send(OutFrame frame) {
  if (ended_ || close_code_ != 0) return;
  const bool fits = queue_.push(std::move(frame));
  server_->dropped_frames.inc(double(queue_.dropped_frames() - counted_drops_));
  counted_drops_ = queue_.dropped_frames();
  if (!fits) {
    queue_.clear();
    return close(1013, "this client reads too slowly");
  }
  schedule();
}

void StreamSession::close(std::uint16_t code, std::string_view reason) {
  if (ended_ || close_code_ != 0) return;
  close_code_ = code;
  close_since_ = server_->now();
  if (start_.goodbye) {
    const auto text = std::make_shared<const std::string>(start_.goodbye(code, reason));
    (void)queue_.push({.text = text, .binary = true});  // binary: encoded already
  }
  schedule();
}

void StreamSession::schedule() {
  if (scheduled_ || waiting_) return;
  scheduled_ = true;
  server_->loop.post([self = shared_from_this()] {
    self->scheduled_ = false;
    self->write_more();
  });
}

/// Writes frames until the socket takes no more or none is left.
void StreamSession::write_more() {
  while (!ended_ && !waiting_ && flush()) {
    const OutFrame* const frame = queue_.take_off();
    if (frame == nullptr) break;
    out_ = frame->binary ? *frame->text : start_.encode(*frame);
    sent_ = 0;
    written_ = server_->now();
  }
  if (ended_ || waiting_) return;
  tell_dropped();
  if (close_code_ != 0 && queue_.frames() == 0) end(close_code_);
}

/// Sends what is begun. True when nothing of it is left.
bool StreamSession::flush() {
  while (sent_ < out_.size()) {
    const ssize_t n = ::send(socket_.native_handle(), out_.data() + sent_, out_.size() - sent_,
                             MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      sent_ += static_cast<std::size_t>(n);
      progress_ = server_->now();
    } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      waiting_ = true;
      socket_.async_wait(StreamSocket::wait_write,
                         [self = shared_from_this()](const error_code& ec) {
                           self->waiting_ = false;
                           if (!ec && !self->ended_) self->write_more();
                         });
      return false;
    } else if (n < 0 && errno != EINTR) {
      end(1006);
      return false;
    }
  }
  if (!out_.empty()) {
    out_.clear();
    sent_ = 0;
    if (queue_.flying()) queue_.landed();
  }
  progress_ = server_->now();
  return true;
}

void StreamSession::tell_dropped() {
  if (close_code_ != 0 || !on_dropped || !queue_.has_dropped()) return;
  for (const DroppedRange& range : queue_.take_dropped())
    on_dropped(range.topic, range.from, range.to);
}

void StreamSession::sweep(MonoTime now) {
  if (close_code_ != 0) {
    if (now - close_since_ > limits_.close_timeout) end(close_code_);
  } else if (waiting_ && now - progress_ > limits_.stall_timeout) {
    end(1013);
  } else if (!waiting_ && queue_.frames() == 0 && now - written_ >= limits_.ping_interval) {
    out_ = start_.heartbeat;
    written_ = now;
    schedule();
  }
}

void StreamSession::end(std::uint16_t code) {
  if (ended_) return;
  const auto self = shared_from_this();
  ended_ = true;
  queue_.clear();
  error_code ignored;
  socket_.shutdown(StreamSocket::shutdown_both, ignored);
  socket_.close(ignored);
  server_->remove(*this);
  // Posted: end() may be on the stack of a callback that would be freed here.
  server_->loop.post([self, code] {
    const auto told = std::move(self->on_close);
    self->on_message = nullptr;
    self->on_dropped = nullptr;
    self->on_close = nullptr;
    self->start_ = {};
    if (told) told(code);
  });
}

}  // namespace gk::net
