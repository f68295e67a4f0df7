// relay.h: one client: TLS on one side, the daemon's socket on the other, bytes both ways.
//
// Each direction holds at most one record (16 KiB) that the other side does not take yet: a slow
// reader stops the daemon by the kernel's buffers, not by our memory. Ends are passed on: the
// client's close_notify becomes the end of input for the daemon, the daemon's end a close_notify.

#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "gamekeeper/time.h"
#include "sys/files.h"

namespace gk::tls {

/// Source: platform specification, HTTP rules (a head's 5 s), and net/server.h.
struct RelayLimits {
  Millis handshake{5'000};
  Millis flush{30'000};  ///< For the rest of an answer that is not taken, once the daemon has left.
  Millis linger{2'000};  ///< For the client's end after ours.
};

inline constexpr std::size_t kRecord = 16 * 1024;  // Source: RFC 8446 s5.1, of one record at most

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

/// Thread: compatible.
class Relay {
 public:
  enum class Step : std::uint8_t {
    wait,   ///< Until something happens to one of the sockets.
    again,  ///< There is more to do; others first.
    ready,  ///< The handshake is over: connect() with the daemon, then step() again.
    ended,
  };
  enum class End : std::uint8_t { usual, no_handshake };

  /// `client` is a connected, non-blocking socket. Requires: context outlives it.
  Relay(sys::Fd client, SSL_CTX* context, const RelayLimits& limits, MonoTime now);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// The daemon's side, non-blocking; after Step::ready.
  void connect(sys::Fd daemon) { daemon_ = std::move(daemon); }
  bool connected() const { return static_cast<bool>(daemon_); }
  int client_fd() const { return client_.get(); }
  int daemon_fd() const { return daemon_.get(); }

  /// One of the sockets may do more than it did. `ended`: its other side has closed.
  void client_event();
  void daemon_event(bool ended);
  /// Moves what can be moved, a bounded amount. `scratch` has kRecord bytes.
  Step step(std::span<char> scratch, MonoTime now);
  /// The daemon's socket took less than all: its next event of space is wanted.
  bool waits_for_daemon() const { return !up_.empty(); }
  /// When it is to be given up; MonoTime::max(): never.
  MonoTime deadline() const { return deadline_; }
  End end() const { return end_; }

 private:
  Step shake_hands();
  bool pump_up(std::span<char> scratch);
  bool pump_down(std::span<char> scratch, MonoTime now);
  bool send_up(std::string_view bytes);
  bool send_down(std::string_view bytes);
  bool read_client(std::span<char> scratch);
  bool read_daemon(std::span<char> scratch);
  bool say_goodbye(MonoTime now);
  /// What an SSL call that moved nothing means; `blocked` is set when it is to be tried again.
  void judge(int returned, bool& blocked);

  const RelayLimits limits_;
  sys::Fd client_, daemon_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  std::string up_, down_;  // What the daemon, the client has not taken yet; at most kRecord.
  MonoTime deadline_;
  bool shaken_ = false;
  bool failed_ = false;
  bool read_blocked_ = false, write_blocked_ = false;  // Of TLS, until the next event.
  bool up_blocked_ = false, down_blocked_ = false;     // Of the daemon's socket, likewise.
  bool client_done_ = false;                           // Said close_notify.
  bool daemon_done_ = false;                           // Sends nothing more,
  bool daemon_gone_ = false;                           // and takes nothing more.
  bool up_shut_ = false;                               // The daemon was told of the client's end,
  bool goodbye_ = false;                               // the client of the daemon's.
  bool daemon_hung_up_ = false;                        // The kernel has said so: read to the end.
  End end_ = End::usual;
};

}  // namespace gk::tls
