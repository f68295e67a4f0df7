// web_socket.h: one accepted WebSocket with a bounded queue of frames to send.
//
// A slow client can never cost more than its queue: frames of latest-wins topics replace each
// other, others drop the oldest, and the owner is told which sequence numbers were lost.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gamekeeper/time.h"
#include "net/http.h"

namespace gk::net {

/// Source of all numbers: platform specification, WebSocket.
struct WebSocketLimits {
  std::size_t max_queued_frames = 256;
  std::size_t max_queued_bytes = 256 * 1024;
  std::size_t max_message_bytes = 64 * 1024;  ///< Incoming; more closes with 1009.
  Millis stall_timeout{10'000};  ///< No progress on a queued frame for so long: close 1013.
  Millis ping_interval{20'000};  ///< A peer silent for two of them is closed with 4408.
  Millis close_timeout{2'000};   ///< Wait for the peer's close frame. Source: chosen.
  /// Kernel memory of a client that never reads. Source: chosen; the kernel doubles it.
  std::size_t send_buffer_bytes = 64 * 1024;
};

/// One frame to send. The text is shared by all subscribers.
struct OutFrame {
  std::shared_ptr<const std::string> text;  // shared: one text, many client queues
  std::uint32_t topic = 0;   ///< 0 = not of a topic, never dropped (a full queue closes instead).
  std::uint64_t seq = 0;     ///< Of the topic.
  bool latest_wins = false;  ///< A queued frame of the same topic is replaced.
  bool binary = false;       ///< Sent as a binary frame; `text` is any bytes.
};

/// Set the callbacks in UpgradeDecision::on_open; they are freed after on_close.
/// Requires: released before its Loop is destroyed.
/// Thread: loop.
class WebSocket {
 public:
  virtual ~WebSocket() = default;

  /// Queues a frame; never blocks and never calls back before it returns. Ignored after close().
  virtual void send(OutFrame frame) = 0;
  /// Starts the closing handshake, after what is queued; no callback but on_close follows.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
  virtual const Peer& peer() const = 0;
  virtual std::size_t queued_bytes() const = 0;

  std::function<void(std::string_view text)> on_message;  ///< Text frames, whole, UTF-8 checked.
  /// Binary frames, whole. Empty: a binary frame closes the socket with 1003.
  std::function<void(std::string_view bytes)> on_binary;
  /// Once, last. The code is the peer's, ours, or 1006 when the connection was lost.
  std::function<void(std::uint16_t code)> on_close;
  /// Frames from..to of `topic` were dropped because this client is slow (not for latest_wins).
  /// Called once the client reads again, with all drops of a topic since the last call, so that one
  /// gap frame tells of them and does not itself fill the queue.
  std::function<void(std::uint32_t topic, std::uint64_t from, std::uint64_t to)> on_dropped;
};

/// How an answer goes on as a one-way stream (server-sent events). The stream obeys the limits of
/// WebSocketLimits: queue, drops, stall. It is a WebSocket to whoever sends: on_message is never
/// called, and close() sends `goodbye` and ends the connection.
struct StreamStart {
  /// The bytes of a frame, asked for when its turn has come.
  std::function<std::string(const OutFrame&)> encode;
  std::function<std::string(std::uint16_t code, std::string_view reason)> goodbye;
  /// Sent after ping_interval without a frame, so that proxies and a lost peer are noticed.
  std::string heartbeat;
  std::function<void(std::shared_ptr<WebSocket>)> on_open;  // shared: connection and room own it
};

}  // namespace gk::net
