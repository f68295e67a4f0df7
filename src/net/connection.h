// connection.h: one HTTP/1.1 connection, from accept to close or to its upgrade.
//
// It reads, checks, dispatches one request at a time and writes the answers in order; what a
// client pipelines waits in the buffer. No timer of its own: the server sweeps.

#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "net/chunk_decoder.h"
#include "net/head_check.h"
#include "net/in_buffer.h"
#include "net/out_buffer.h"
#include "net/server_core.h"

namespace gk::net {

/// Thread:     loop.
/// Invariants: at most one read, one write wait and one unanswered request at a time; a request is
///             taken from the buffer only when all answers before it reached the kernel, or fit in
///             kMaxCoalesced.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ServerCore> server, StreamSocket socket, Peer peer);
  ~Connection() { end_import(); }

  void start();
  /// Answers a peer that may not connect, and closes. `start()` is not called.
  void refuse_peer(int status);
  /// Enforces the timeouts.
  void sweep(MonoTime now);
  /// Closes when idle, or after the answer that is due.
  void finish();
  void close();

  /// The answer to request `id`; ignored when it is not the one that is due.
  void answer(std::uint64_t id, Response response);
  void decide_upgrade(std::uint64_t id, UpgradeDecision decision);

  const Peer& peer() const { return peer_; }
  bool admitted() const { return admitted_; }

 private:
  enum class Phase : std::uint8_t {
    head,       // Waiting for, or in the middle of, a head.
    body,       // The head is checked, the body is not complete.
    answering,  // A handler has the request.
    ending,     // No more requests; what is queued is sent.
    lingering,  // All sent, our side shut; waiting for the peer's end.
    closed,
  };

  void read();
  void on_read(const boost::system::error_code& ec, std::size_t n);
  void process();
  bool take_head();
  bool take_body();
  void make_request();
  void plan_body();
  void dispatch();
  void dispatch_upgrade();
  void respond(Response response);
  void start_stream(Response response);
  void fail(int status, std::string_view detail);
  void fail(const ProtocolFault& fault);
  void end_import();
  void after_answer();
  bool flush();
  void await_writable();
  void watch_peer(std::uint64_t id, std::function<void()> gone);
  void peer_left();
  void linger();

  static constexpr std::size_t kReadSize = 8 * 1024;       // Source: chosen; one head fits.
  static constexpr std::size_t kMaxCoalesced = 64 * 1024;  // Source: chosen.

  const std::shared_ptr<ServerCore> server_;  // shared: it must outlive pending operations
  StreamSocket socket_;
  const Peer peer_;
  bool admitted_ = true;  // False for a peer that is being refused: outside the limits.

  Phase phase_ = Phase::head;
  MonoTime since_{};     // Start of the phase; of the first byte of a head when there is one.
  MonoTime progress_{};  // Last time the peer took bytes of an answer.
  bool reading_ = false;
  bool writing_ = false;     // Waits for the socket to take more.
  bool processing_ = false;  // process() is on the stack.
  bool peer_done_ = false;   // The peer shut its side.

  InBuffer in_;
  std::size_t head_scanned_ = 0;  // Bytes of in_ that check_head() has seen.
  Head head_;
  Request request_;
  ChunkDecoder chunks_;
  std::size_t body_read_ = 0;  // Bytes on the wire, for the rate.
  std::size_t body_left_ = 0;  // With Content-Length.
  bool chunked_ = false;
  bool close_after_ = false;
  bool upgrade_ = false;
  bool importing_ = false;  // Counted in ServerCore::imports.
  bool to_head_ = false;    // A HEAD request: the answer has no body.
  std::uint64_t request_id_ = 0;
  std::function<void()> on_gone_;  // Of the request that is with a handler.

  OutBuffer out_;
};

}  // namespace gk::net
