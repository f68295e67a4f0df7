#include "net/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/try.h"
#include "net/connection.h"
#include "net/listen.h"
#include "net/response_head.h"
#include "net/stream_session.h"
#include "net/web_socket_session.h"

namespace gk::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kAcceptBatch = 64;  // Source: chosen; then the loop serves others.
constexpr std::size_t kMaxRefusing = 64;  // Source: chosen; beyond it a peer is just closed.
constexpr std::size_t kWriteBatch = 32;   // Source: bench/net_ws_fanout_bench: about 0.3 ms.
constexpr Millis kAcceptRetry{100};       // Source: chosen; after running out of descriptors.
constexpr Millis kMaxSweepPeriod{250};    // Source: chosen; also the rate of lag samples.

/// A quarter of the shortest timeout, so that a timeout is late by at most a quarter.
Millis sweep_period(const ServerOptions& options) {
  const ServerLimits& http = options.limits;
  const WebSocketLimits& ws = options.web_socket;
  const Millis shortest =
      std::min({http.head_timeout, http.idle_timeout, http.body_grace, http.write_stall,
                http.linger, ws.stall_timeout, ws.ping_interval, ws.close_timeout});
  return std::clamp(shortest / 4, Millis(1), kMaxSweepPeriod);
}

std::uint64_t inode_of(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

}  // namespace

void Listener::close() {
  error_code ignored;
  if (!descriptor.is_open()) return;
  descriptor.close(ignored);
  retry.cancel();
  if (!unix_path.empty() && inode_of(unix_path) == file_id) ::unlink(unix_path.c_str());
}

ServerCore::ServerCore(Loop& l, ServerOptions o, ServerHandlers h, Log& lg, Metrics& m)
    : loop(l),
      options(std::move(o)),
      handlers(std::move(h)),
      log(lg),
      metrics(m),
      connections_gauge(m.gauge("gamekeeper_http_connections", "Open HTTP connections")),
      web_socket_gauge(m.gauge("gamekeeper_websocket_clients", "Open WebSockets")),
      stream_gauge(
          m.gauge("gamekeeper_event_stream_clients", "Open streams of server-sent events")),
      dropped_frames(m.counter("gamekeeper_websocket_dropped_frames_total",
                               "Frames dropped because a client was slow")),
      unanswered(m.counter("gamekeeper_http_unanswered_total",
                           "Requests that a handler dropped without an answer")),
      loop_lag(m.histogram("gamekeeper_loop_lag_seconds",
                           "How late a timer of the loop fired, sampled", duration_buckets())) {}

void ServerCore::start_timers() {
  const Millis period = sweep_period(options);
  sweep_due = now() + period;
  sweep_timer = loop.every(period, [this, period] {
    const MonoTime at = now();
    loop_lag.observe(std::chrono::duration<double>(std::max(at - sweep_due, Nanos(0))).count());
    while (sweep_due <= at) sweep_due += period;
    sweep();
  });
}

void ServerCore::sweep() {
  const MonoTime at = now();
  // Copies: a connection that closes leaves the set.
  const std::vector<std::shared_ptr<Connection>> http(connections.begin(), connections.end());
  for (const auto& connection : http) connection->sweep(at);
  const std::vector<std::shared_ptr<WebSocketSession>> ws(sessions.begin(), sessions.end());
  for (const auto& session : ws) session->sweep(at);
  const std::vector<std::shared_ptr<StreamSession>> sse(streams.begin(), streams.end());
  for (const auto& session : sse) session->sweep(at);
}

void ServerCore::add_listener(int fd, const std::string& unix_path) {
  auto listener = std::make_shared<Listener>(loop.impl());
  listener->unix_path = unix_path;
  if (!unix_path.empty()) listener->file_id = inode_of(unix_path);
  listener->descriptor.assign(fd);
  listeners.push_back(listener);
  accept_from(listener);
}

void ServerCore::accept_from(const std::shared_ptr<Listener>& listener) {
  listener->descriptor.async_wait(
      asio::posix::descriptor_base::wait_read,
      [self = shared_from_this(), listener](const error_code& ec) {
        if (ec || self->stopping) return;
        for (std::size_t i = 0; i < kAcceptBatch && !self->stopping; ++i) {
          const int fd = ::accept4(listener->descriptor.native_handle(), nullptr, nullptr,
                                   SOCK_NONBLOCK | SOCK_CLOEXEC);
          if (fd >= 0) {
            Peer peer = peer_of(fd);
            const int on = 1;
            if (peer.transport == Transport::tcp) {
              (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            }
            self->admit(fd, std::move(peer));
          } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            self->log.warn("http.accept_failed", "cannot accept a connection",
                           {{"error", std::strerror(errno)}});
            listener->retry = self->loop.after(kAcceptRetry, [s = self.get(), l = listener.get()] {
              s->accept_from(l->shared_from_this());
            });
            return;
          } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break;
          }
        }
        self->accept_from(listener);
      });
}

int ServerCore::refusal_for(const Peer& peer) const {
  if (admitted >= options.limits.max_connections) return 503;
  if (peer.transport == Transport::unix_socket || is_proxy(peer)) return 0;
  const auto known = per_address.find(peer.address);
  return known != per_address.end() && known->second >= options.limits.max_per_address ? 429 : 0;
}

bool ServerCore::is_proxy(const Peer& peer) const {
  return peer.transport == Transport::tcp &&
         std::find(options.proxies.begin(), options.proxies.end(), peer.address) !=
             options.proxies.end();
}

void ServerCore::admit(int fd, Peer peer) {
  const bool tcp = peer.transport == Transport::tcp;
  const int refusal = refusal_for(peer);
  if (refusal != 0 &&
      connections.size() + sessions.size() + streams.size() >= admitted + kMaxRefusing) {
    ::close(fd);
    return;
  }
  StreamSocket socket(loop.impl().context.get_executor());
  error_code ec;
  // The family matters to nobody after accept; Asio keeps it for opening further sockets.
  socket.assign(asio::generic::stream_protocol(tcp ? AF_INET : AF_UNIX, 0), fd, ec);
  if (ec) {
    ::close(fd);
    return;
  }
  auto connection = std::make_shared<Connection>(shared_from_this(), std::move(socket), peer);
  connections.insert(connection);
  if (refusal != 0) return connection->refuse_peer(refusal);
  ++admitted;
  connections_gauge.add(1);
  if (tcp) ++per_address[peer.address];
  connection->start();
}

void ServerCore::leave(const Peer& peer) {
  --admitted;
  if (peer.transport == Transport::unix_socket) return;
  const auto known = per_address.find(peer.address);
  if (known != per_address.end() && --known->second == 0) per_address.erase(known);
}

void ServerCore::remove(Connection& connection) {
  if (connections.erase(connection.shared_from_this()) == 0) return;
  if (connection.admitted()) {
    connections_gauge.add(-1);
    leave(connection.peer());
  }
  finish_shutdown_if_idle();
}

void ServerCore::remove(WebSocketSession& session) {
  if (sessions.erase(session.shared_from_this()) == 0) return;
  web_socket_gauge.add(-1);
  leave(session.peer());
  finish_shutdown_if_idle();
}

void ServerCore::remove(StreamSession& session) {
  if (streams.erase(session.shared_from_this()) == 0) return;
  stream_gauge.add(-1);
  leave(session.peer());
  finish_shutdown_if_idle();
}

void ServerCore::stream(Connection& connection, StreamSocket socket, Peer peer, StreamStart start) {
  connections.erase(connection.shared_from_this());
  connections_gauge.add(-1);
  stream_gauge.add(1);
  auto session = std::make_shared<StreamSession>(shared_from_this(), std::move(socket),
                                                 std::move(peer), std::move(start));
  streams.insert(session);
  session->start();
}

void ServerCore::upgrade(Connection& connection, StreamSocket socket, Peer peer, std::string key,
                         UpgradeDecision decision) {
  connections.erase(connection.shared_from_this());
  connections_gauge.add(-1);
  web_socket_gauge.add(1);
  auto session =
      std::make_shared<WebSocketSession>(shared_from_this(), std::move(socket), std::move(peer));
  sessions.insert(session);
  session->accept(key, std::move(decision));
}

void ServerCore::schedule(std::shared_ptr<WebSocketSession> session) {
  scheduled.push_back(std::move(session));
  if (scheduled.size() > 1) return;  // Someone has posted already.
  loop.post([self = shared_from_this()] { self->write_scheduled(); });
}

void ServerCore::write_scheduled() {
  for (std::size_t i = 0; i < kWriteBatch && !scheduled.empty(); ++i) {
    const auto session = std::move(scheduled.front());
    scheduled.pop_front();
    session->write_next();
  }
  if (!scheduled.empty()) loop.post([self = shared_from_this()] { self->write_scheduled(); });
}

Response ServerCore::protocol_error(const ProtocolFault& fault) {
  metrics
      .counter("gamekeeper_http_protocol_errors_total", "Requests refused before a handler ran",
               {{"status", std::to_string(fault.status)}})
      .inc();
  Response response;
  if (handlers.on_protocol_error) response = handlers.on_protocol_error(fault);
  response.status = fault.status;
  return response;
}

std::string_view ServerCore::date() {
  const WallTime at = loop.impl().clock.wall();
  const auto second = std::chrono::floor<Seconds>(at.time_since_epoch()).count();
  if (second != date_second) {
    date_second = second;
    date_text = http_date(at);
  }
  return date_text;
}

void ServerCore::stop_listening() {
  stopping = true;
  for (const auto& listener : listeners) listener->close();
  listeners.clear();
}

void ServerCore::shutdown(Millis grace, std::function<void()> done) {
  stop_listening();
  on_stopped = std::move(done);
  const std::vector<std::shared_ptr<Connection>> http(connections.begin(), connections.end());
  for (const auto& connection : http) connection->finish();
  const std::vector<std::shared_ptr<WebSocketSession>> ws(sessions.begin(), sessions.end());
  for (const auto& session : ws) session->close(1001, "the server is going away");
  const std::vector<std::shared_ptr<StreamSession>> sse(streams.begin(), streams.end());
  for (const auto& session : sse) session->close(1001, "the server is going away");
  grace_timer = loop.after(grace, [self = shared_from_this()] { self->close_all(); });
  finish_shutdown_if_idle();
}

void ServerCore::close_all() {
  const std::vector<std::shared_ptr<Connection>> http(connections.begin(), connections.end());
  for (const auto& connection : http) connection->close();
  const std::vector<std::shared_ptr<WebSocketSession>> ws(sessions.begin(), sessions.end());
  for (const auto& session : ws) session->end(1001);
  const std::vector<std::shared_ptr<StreamSession>> sse(streams.begin(), streams.end());
  for (const auto& session : sse) session->end(1001);
}

void ServerCore::finish_shutdown_if_idle() {
  if (!on_stopped || !connections.empty() || !sessions.empty() || !streams.empty()) return;
  grace_timer.cancel();
  loop.post(std::exchange(on_stopped, nullptr));
}

Server::Server(Loop& loop, ServerOptions options, ServerHandlers handlers, Log& log,
               Metrics& metrics)
    : core_(std::make_shared<ServerCore>(loop, std::move(options), std::move(handlers), log,
                                         metrics)) {
  core_->start_timers();
}

Server::~Server() {
  core_->sweep_timer.cancel();
  core_->grace_timer.cancel();
  core_->stop_listening();
  core_->on_stopped = nullptr;
  core_->close_all();
  core_->handlers = {};
}

Result<std::string> Server::listen_tcp(const std::string& address_and_port) {
  GK_TRY(const Listening listening, open_tcp_listener(address_and_port));
  core_->add_listener(listening.fd, "");
  return listening.address;
}

Result<void> Server::listen_unix(const std::string& path, unsigned mode) {
  GK_TRY(const Listening listening, open_unix_listener(path, mode));
  core_->add_listener(listening.fd, path);
  return {};
}

void Server::adopt(int fd, Peer peer) {
  if (core_->stopping) {
    ::close(fd);
    return;
  }
  core_->admit(fd, std::move(peer));
}

void Server::shutdown(Millis grace, std::function<void()> done) {
  core_->shutdown(grace, std::move(done));
}

std::size_t Server::connections() const { return core_->admitted; }

}  // namespace gk::net
