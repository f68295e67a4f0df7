// stream_session.h: one answer that does not end: frames to a peer that only listens (server-sent
// events). For src/net only. The queue, its limits and who loses are those of a WebSocket.

#pragma once

#include <array>
#include <memory>
#include <string>

#include "net/frame_queue.h"
#include "net/server_core.h"

namespace gk::net {

/// Thread:     loop.
/// Invariants: on_close is called once, from the loop, never from within send() or close().
class StreamSession final : public WebSocket, public std::enable_shared_from_this<StreamSession> {
 public:
  StreamSession(std::shared_ptr<ServerCore> server, StreamSocket socket, Peer peer,
                StreamStart start);

  /// Opens, once the head of the answer is sent.
  void start();
  /// Heartbeats, and the timeouts.
  void sweep(MonoTime now);
  /// Closes the socket; on_close gets `code`, unless it was called.
  void end(std::uint16_t code);

  void send(OutFrame frame) override;
  void close(std::uint16_t code, std::string_view reason) override;
  const Peer& peer() const override { return peer_; }
  std::size_t queued_bytes() const override { return queue_.bytes() + out_.size(); }

 private:
  void schedule();
  void write_more();
  bool flush();
  void await_peer();
  void tell_dropped();

  const std::shared_ptr<ServerCore> server_;  // shared: it must outlive pending operations
  StreamSocket socket_;
  const Peer peer_;
  const WebSocketLimits limits_;
  StreamStart start_;
  FrameQueue queue_;
  std::string out_;       // The bytes of the frame in flight.
  std::size_t sent_ = 0;  // Of out_.
  bool ended_ = false;
  bool waiting_ = false;          // For the socket to take more.
  bool scheduled_ = false;        // write_more() is posted.
  std::uint16_t close_code_ = 0;  // Not 0: closing, by us, once all is sent.
  MonoTime close_since_{};
  MonoTime progress_{};  // Last time the peer took bytes, or there was nothing to take.
  MonoTime written_{};   // Last frame or heartbeat.
  std::uint64_t counted_drops_ = 0;
};

}  // namespace gk::net
