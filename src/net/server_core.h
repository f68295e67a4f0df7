// server_core.h: what the connections of one server share. For src/net only.

#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "net/loop_impl.h"
#include "net/server.h"

namespace gk::net {

class Connection;
class StreamSession;
class WebSocketSession;

/// TCP and Unix sockets alike.
using StreamSocket =
    boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, Executor>;

/// One listening socket; closed, and its socket file removed, when destroyed.
/// Thread: loop.
struct Listener : std::enable_shared_from_this<Listener> {
  explicit Listener(Loop::Impl& loop) : descriptor(loop.context) {}
  ~Listener() { close(); }
  /// A wait that is pending keeps the object, so closing cannot be left to the destructor.
  void close();

  boost::asio::posix::basic_stream_descriptor<Executor> descriptor;
  std::string unix_path;      // Empty for TCP.
  std::uint64_t file_id = 0;  // Inode of the socket file: a successor's file stays.
  Handle retry;               // After running out of descriptors.
};

/// The shared state behind Server. It outlives Server until the last operation has ended, without
/// calling handlers any more.
/// Thread: loop.
struct ServerCore : std::enable_shared_from_this<ServerCore> {
  ServerCore(Loop& loop, ServerOptions options, ServerHandlers handlers, Log& log,
             Metrics& metrics);

  void start_timers();
  void add_listener(int fd, const std::string& unix_path);
  void accept_from(const std::shared_ptr<Listener>& listener);
  /// Takes `fd` over.
  void admit(int fd, Peer peer);
  /// The status to refuse a new peer with; 0 to accept it.
  int refusal_for(const Peer& peer) const;
  bool is_proxy(const Peer& peer) const;
  void sweep();
  void shutdown(Millis grace, std::function<void()> done);
  void stop_listening();
  /// Closes every connection at once.
  void close_all();
  void finish_shutdown_if_idle();

  /// Gives back the place that an admitted peer had.
  void leave(const Peer& peer);
  /// Called by a connection that ends, once.
  void remove(Connection& connection);
  void remove(WebSocketSession& session);
  void remove(StreamSession& session);
  /// Turns an HTTP connection into a WebSocket. The connection gives its socket away.
  void upgrade(Connection& connection, StreamSocket socket, Peer peer, std::string key,
               UpgradeDecision decision);

  /// Turns an HTTP connection whose head is sent into a stream.
  void stream(Connection& connection, StreamSocket socket, Peer peer, StreamStart start);

  /// Lets `session` write soon. A thousand clients take milliseconds to write to: they are served
  /// in batches, with everything else that is ready in between.
  void schedule(std::shared_ptr<WebSocketSession> session);
  void write_scheduled();

  /// The answer to a request that broke a rule; counted.
  Response protocol_error(const ProtocolFault& fault);
  /// The Date of now, formatted once a second.
  std::string_view date();
  MonoTime now() const { return loop.impl().now(); }

  Loop& loop;
  const ServerOptions options;
  ServerHandlers handlers;
  Log& log;
  Metrics& metrics;
  Gauge connections_gauge;
  Gauge web_socket_gauge;
  Gauge stream_gauge;
  Counter dropped_frames;
  Counter unanswered;
  Histogram loop_lag;

  std::vector<std::shared_ptr<Listener>> listeners;
  std::unordered_set<std::shared_ptr<Connection>> connections;
  std::unordered_set<std::shared_ptr<WebSocketSession>> sessions;
  std::unordered_set<std::shared_ptr<StreamSession>> streams;
  std::deque<std::shared_ptr<WebSocketSession>> scheduled;  // Each at most once.
  std::unordered_map<std::string, std::size_t> per_address;
  std::size_t admitted = 0;  // Connections and sessions; without those that are being refused.
  std::size_t imports = 0;   // Large bodies in memory.
  bool stopping = false;
  std::function<void()> on_stopped;
  Handle grace_timer;
  Handle sweep_timer;
  MonoTime sweep_due{};
  std::int64_t date_second = -1;
  std::string date_text;
};

}  // namespace gk::net
