#include "tls/relay.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "tls/mutant.h"

namespace gk::tls {
namespace {

constexpr int kRounds = 8;  // Source: chosen; 128 KiB, then others have their turn

// The one thing that is ever said without TLS, to who speaks HTTP here.
constexpr std::string_view kPlainAnswer =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 44\r\nConnection: close\r\n\r\n"
    "This port speaks HTTPS: begin with https://\n";

}  // namespace

Relay::Relay(sys::Fd client, SSL_CTX* context, const RelayLimits& limits, MonoTime now)
    : limits_(limits),
      client_(std::move(client)),
      ssl_(SSL_new(context)),
      deadline_(GK_TLS_MUTANT(no_deadline) ? MonoTime::max() : now + limits.handshake),
      failed_(ssl_ == nullptr || SSL_set_fd(ssl_.get(), client_.get()) != 1) {}

void Relay::client_event() { read_blocked_ = write_blocked_ = false; }

void Relay::daemon_event(bool ended) {
  up_blocked_ = down_blocked_ = false;
  daemon_hung_up_ = daemon_hung_up_ || ended;
}

Relay::Step Relay::step(std::span<char> scratch, MonoTime now) {
  if (failed_) return Step::ended;
  if (!shaken_) return shake_hands();
  if (!connected()) return Step::wait;
  bool moved = true;
  for (int round = 0; moved && round < kRounds; ++round) {
    moved = pump_up(scratch);
    moved = pump_down(scratch, now) || moved;
    if (failed_ || (goodbye_ && client_done_)) return Step::ended;
  }
  return moved ? Step::again : Step::wait;
}

Relay::Step Relay::shake_hands() {
  if (read_blocked_) return Step::wait;
  ERR_clear_error();
  const int returned = SSL_accept(ssl_.get());
  if (returned == 1) {
    shaken_ = true;
    deadline_ = MonoTime::max();
    return Step::ready;
  }
  const int why = SSL_get_error(ssl_.get(), returned);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
    read_blocked_ = true;
    return Step::wait;
  }
  if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST) {
    (void)::send(client_.get(), kPlainAnswer.data(), kPlainAnswer.size(), MSG_NOSIGNAL);
  }
  ERR_clear_error();
  end_ = End::no_handshake;
  return Step::ended;
}

void Relay::judge(int returned, bool& blocked) {
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: blocked = true; return;
    case SSL_ERROR_ZERO_RETURN: client_done_ = true; return;
    default:  // Cut off without close_notify, or not TLS any more.
      client_done_ = GK_TLS_MUTANT(cut_is_an_end);
      failed_ = !client_done_;
  }
  ERR_clear_error();
}

bool Relay::send_up(std::string_view bytes) {
  const ssize_t n = ::send(daemon_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  std::size_t taken = n > 0 ? static_cast<std::size_t>(n) : 0;
  if (n < 0 && errno != EAGAIN && errno != EINTR) {
    daemon_gone_ = true;  // What still comes is thrown away, as a closed socket would.
    taken = bytes.size();
  }
  up_blocked_ = taken < bytes.size();
  if (up_.empty()) {
    up_.assign(bytes.substr(taken));
  } else {
    up_.erase(0, taken);
  }
  if (up_.empty()) up_ = std::string();  // Most clients wait most of the time: no memory then.
  return taken > 0;
}

bool Relay::read_client(std::span<char> scratch) {
  ERR_clear_error();
  const int n = SSL_read(ssl_.get(), scratch.data(), static_cast<int>(scratch.size()));
  if (n <= 0) {
    judge(n, read_blocked_);
    return client_done_;
  }
  if (!daemon_gone_) (void)send_up({scratch.data(), static_cast<std::size_t>(n)});
  return true;
}

/// From the client to the daemon. True: something moved.
bool Relay::pump_up(std::span<char> scratch) {
  bool moved = false;
  if (!up_.empty() && !up_blocked_) moved = send_up(up_);
  if (up_.empty() && !client_done_ && !read_blocked_) moved = read_client(scratch) || moved;
  if (client_done_ && up_.empty() && !up_shut_ && !GK_TLS_MUTANT(end_is_kept)) {
    up_shut_ = true;
    (void)::shutdown(daemon_.get(), SHUT_WR);
  }
  return moved && !failed_;
}

bool Relay::send_down(std::string_view bytes) {
  ERR_clear_error();
  const int n = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  if (n <= 0) judge(n, write_blocked_);
  const std::size_t taken = n > 0 ? static_cast<std::size_t>(n) : 0;
  if (down_.empty()) {
    down_.assign(bytes.substr(taken));
  } else {
    down_.erase(0, taken);
  }
  if (down_.empty()) down_ = std::string();
  return taken > 0;
}

bool Relay::read_daemon(std::span<char> scratch) {
  const ssize_t n = ::recv(daemon_.get(), scratch.data(), scratch.size(), 0);
  if (n > 0) {
    // Less than asked for: there was no more, and the next bytes are an event. Not so an end.
    down_blocked_ = static_cast<std::size_t>(n) < scratch.size() && !daemon_hung_up_;
    (void)send_down({scratch.data(), static_cast<std::size_t>(n)});
    return true;
  }
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
    down_blocked_ = true;
    return false;
  }
  daemon_done_ = true;
  return true;
}

/// From the daemon to the client. True: something moved.
bool Relay::pump_down(std::span<char> scratch, MonoTime now) {
  bool moved = false;
  const bool was_done = daemon_done_;
  if (!down_.empty() && !write_blocked_) moved = send_down(down_);
  const bool room = down_.empty() || GK_TLS_MUTANT(unbounded_down);
  if (room && !daemon_done_ && !down_blocked_) moved = read_daemon(scratch) || moved;
  if (daemon_done_ && !goodbye_ && (moved || !was_done)) deadline_ = now + limits_.flush;
  if (daemon_done_ && down_.empty() && !goodbye_ && !write_blocked_) {
    moved = say_goodbye(now) || moved;
  }
  return moved && !failed_;
}

bool Relay::say_goodbye(MonoTime now) {
  ERR_clear_error();
  const int returned = GK_TLS_MUTANT(no_goodbye) ? 1 : SSL_shutdown(ssl_.get());
  if (returned < 0) {
    judge(returned, write_blocked_);
    return false;
  }
  goodbye_ = true;
  deadline_ = now + limits_.linger;
  (void)::shutdown(client_.get(), SHUT_WR);
  return true;
}

}  // namespace gk::tls
