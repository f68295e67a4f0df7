// web_socket_session.h: a WebSocket of the server, on Beast. For src/net only; instantiating Beast
// takes 10 s, so only web_socket_session.cc includes it.

#pragma once

#include <memory>

#include "net/frame_queue.h"
#include "net/server_core.h"

namespace gk::net {

/// Thread:     loop.
/// Invariants: one read and one write at a time; on_close is called once, from the loop, never
///             from within send() or close().
class WebSocketSession final : public WebSocket,
                               public std::enable_shared_from_this<WebSocketSession> {
 public:
  WebSocketSession(std::shared_ptr<ServerCore> server, StreamSocket socket, Peer peer);
  ~WebSocketSession() override;

  /// Answers the upgrade request with `key` and opens.
  void accept(const std::string& key, UpgradeDecision decision);
  /// Pings, and enforces the timeouts.
  void sweep(MonoTime now);
  /// Closes the socket without a handshake; on_close gets `code`, unless it was called.
  void end(std::uint16_t code);

  /// Writes the next queued frame, when none is being written.
  void write_next();

  void send(OutFrame frame) override;
  void close(std::uint16_t code, std::string_view reason) override;
  const Peer& peer() const override { return peer_; }
  std::size_t queued_bytes() const override { return queue_.bytes(); }

 private:
  struct Stream;  // Beast.

  void read();
  void on_read(const boost::system::error_code& ec);
  void on_written(const boost::system::error_code& ec);
  void tell_dropped();
  void ping(MonoTime now);
  void start_close();

  const std::shared_ptr<ServerCore> server_;  // shared: it must outlive pending operations
  const Peer peer_;
  const WebSocketLimits limits_;
  std::unique_ptr<Stream> stream_;
  FrameQueue queue_;
  bool open_ = false;
  bool ended_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool pinging_ = false;
  bool scheduled_ = false;  // The server will call write_next().
  bool close_started_ = false;
  std::uint16_t close_code_ = 0;  // Not 0: closing, by us.
  std::string close_reason_;
  MonoTime close_since_{};
  MonoTime heard_{};        // Last sign of life of the peer.
  MonoTime pinged_{};       // Last ping.
  MonoTime write_since_{};  // Start of the write that is pending.
  std::uint64_t counted_drops_ = 0;
};

}  // namespace gk::net
