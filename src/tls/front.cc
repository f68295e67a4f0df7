#include "tls/front.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tls/mutant.h"

namespace gk::tls {
namespace {

constexpr int kAcceptBatch = 16;     // Source: chosen; then those who are in have their turn
constexpr std::size_t kEvents = 64;  // Source: chosen
constexpr Millis kSweepPeriod{250};  // Source: net/server.cc; the deadlines are seconds
constexpr std::uint32_t kClientEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
// Without EPOLLOUT: a Unix socket says that on each byte that its reader takes.
constexpr std::uint32_t kDaemonEvents = EPOLLIN | EPOLLRDHUP | EPOLLET;

/// The address as the kernel writes it, and the port.
std::string text_of(const sockaddr_storage& from, std::uint16_t& port) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (from.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(from);
    port = ntohs(v4.sin_port);
    ::inet_ntop(AF_INET, &v4.sin_addr, out.data(), out.size());
  } else {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(from);
    port = ntohs(v6.sin6_port);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, out.data(), out.size());
  }
  return out.data();
}

}  // namespace

Result<std::unique_ptr<Front>> Front::create(sys::PacketSocket control, SSL_CTX* context,
                                             const AdmissionLimits& limits, const Clock& clock,
                                             const RelayLimits& relay_limits) {
  sys::Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return Error{Errc::unavailable, std::string("no epoll: ") + std::strerror(errno)};
  std::unique_ptr<Front> out(
      new Front(std::move(control), context, limits, clock, relay_limits, std::move(epoll)));
  if (out->watch(out->control_.fd(), out->control_watch_, EPOLLIN, EPOLL_CTL_ADD)) return out;
  return Error{Errc::unavailable, std::string("epoll: ") + std::strerror(errno)};
}

Front::Front(sys::PacketSocket control, SSL_CTX* context, const AdmissionLimits& limits,
             const Clock& clock, const RelayLimits& relay_limits, sys::Fd epoll)
    : control_(std::move(control)),
      context_(context),
      clock_(clock),
      relay_limits_(relay_limits),
      admission_(limits),
      epoll_(std::move(epoll)) {}

bool Front::watch(int fd, Watch& watch, std::uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watch;
  return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
}

int Front::wait_ms() const {
  if (!queue_.empty()) return 0;
  return timed_ ? static_cast<int>(kSweepPeriod.count()) : -1;
}

void Front::run() {
  std::array<epoll_event, kEvents> events{};
  while (!over_ && !(draining_ && clients_.empty())) {
    const int n =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms());
    if (n < 0 && errno != EINTR) return;
    for (int i = 0; i < n; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      dispatch(*static_cast<Watch*>(event.data.ptr), event.events);
    }
    const MonoTime now = clock_.mono();
    serve_queue(now);
    if (now >= sweep_due_) sweep(now);
    if (ended_.empty()) continue;
    std::erase_if(queue_, [](const Client* c) { return c->gone; });
    std::erase_if(unannounced_, [](const Client* c) { return c->gone; });
    ended_.clear();
  }
}

void Front::dispatch(Watch& watch, std::uint32_t events) {
  switch (watch.of) {
    case Watch::Of::control: return on_control(events);
    case Watch::Of::listener: return accept_some();
    case Watch::Of::client: watch.client->relay.client_event(); break;
    case Watch::Of::daemon:
      watch.client->relay.daemon_event((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
      break;
  }
  enqueue(*watch.client);
}

void Front::on_control(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) announce_waiting();
  if ((events & ~std::uint32_t{EPOLLOUT}) != 0) take_command();
}

void Front::take_command() {
  while (auto packet = control_.receive()) {
    if (packet->text == kListenFrame && packet->fd) {
      listener_ = std::move(packet->fd);
      listening_ = watch(listener_.get(), listener_watch_, EPOLLIN, EPOLL_CTL_ADD);
    } else if (packet->text == kCountFrame) {
      (void)control_.send(tally_frame(tally_));
    } else if (packet->text == kDrainFrame) {
      draining_ = true;
      listening_ = false;
      // Closing does not end the watch: the daemon, or our successor, has the same socket.
      if (listener_) (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.get(), nullptr);
      listener_.reset();
    }
  }
  over_ = over_ || control_.closed();
}

void Front::accept_some() {
  for (int i = 0; i < kAcceptBatch && listening_; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    sys::Fd fd(::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&from), &size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      std::uint16_t port = 0;
      std::string address = text_of(from, port);
      admit(std::move(fd), std::move(address), port);
    } else if (errno == EAGAIN) {
      return;
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      return pause_listening();
    }
  }
}

/// Until the next sweep: somebody may have left by then.
void Front::pause_listening() {
  listening_ = false;
  timed_ = true;
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.get(), nullptr);
}

void Front::admit(sys::Fd fd, std::string address, std::uint16_t port) {
  timed_ = true;
  if (!admission_.enter(address) && !GK_TLS_MUTANT(no_admission)) {
    ++tally_.refused;  // Closed: an answer would cost the handshake.
    return;
  }
  const int on = 1;
  (void)::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Client& client = clients_.emplace_back(std::move(fd), context_, relay_limits_, clock_.mono());
  client.self = std::prev(clients_.end());
  client.address = std::move(address);
  client.port = port;
  tally_.open = clients_.size();
  if (!watch(client.relay.client_fd(), client.client_watch, kClientEvents, EPOLL_CTL_ADD)) {
    refuse(client);
  }
}

void Front::enqueue(Client& client) {
  if (client.queued || client.gone) return;
  client.queued = true;
  queue_.push_back(&client);
}

void Front::serve_queue(MonoTime now) {
  // Those that are there now: who has more to do comes again, after the next look at the sockets.
  for (std::size_t left = queue_.size(); left > 0; --left) {
    Client& client = *queue_.front();
    queue_.pop_front();
    client.queued = false;
    if (!client.gone) serve(client, now);
  }
}

void Front::serve(Client& client, MonoTime now) {
  switch (client.relay.step(scratch_, now)) {
    case Relay::Step::wait: break;
    case Relay::Step::again: enqueue(client); break;
    case Relay::Step::ready:
      ++tally_.handshakes;
      timed_ = true;
      return join(client);
    case Relay::Step::ended:
      if (client.relay.end() == Relay::End::no_handshake) ++tally_.failed;
      return end(client);
  }
  timed_ = timed_ || client.relay.deadline() != MonoTime::max();
  if (client.relay.connected()) watch_space(client);
}

void Front::watch_space(Client& client) {
  const bool wanted = client.relay.waits_for_daemon();
  if (wanted == client.space_watched) return;
  client.space_watched = wanted;
  const std::uint32_t events = wanted ? kDaemonEvents | EPOLLOUT : kDaemonEvents;
  (void)watch(client.relay.daemon_fd(), client.daemon_watch, events, EPOLL_CTL_MOD);
}

/// Makes the pair of sockets and gives one end to the daemon.
void Front::join(Client& client) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
    return refuse(client);
  }
  client.relay.connect(sys::Fd(ends[0]));
  client.handed = sys::Fd(ends[1]);
  if (!watch(client.relay.daemon_fd(), client.daemon_watch, kDaemonEvents, EPOLL_CTL_ADD)) {
    return refuse(client);
  }
  // Those that wait go first.
  if (!unannounced_.empty() || !announce(client)) {
    if (client.gone) return;
    unannounced_.push_back(&client);
    (void)watch(control_.fd(), control_watch_, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
  }
  enqueue(client);  // The first request may be here already.
}

/// False: the socket is full, or the client is gone.
bool Front::announce(Client& client) {
  switch (control_.send(connection_frame(client.address, client.port), client.handed.get())) {
    case sys::PacketSocket::Sent::yes: client.handed.reset(); return true;
    case sys::PacketSocket::Sent::full: return false;
    case sys::PacketSocket::Sent::lost: break;
  }
  end(client);
  return false;
}

void Front::announce_waiting() {
  if (GK_TLS_MUTANT(waiting_forgotten)) unannounced_.clear();
  while (!unannounced_.empty()) {
    Client& client = *unannounced_.front();
    if (!client.gone && !announce(client) && !client.gone) return;
    unannounced_.pop_front();
  }
  (void)watch(control_.fd(), control_watch_, EPOLLIN, EPOLL_CTL_MOD);
}

/// The system has nothing left for it.
void Front::refuse(Client& client) {
  ++tally_.refused;
  end(client);
}

void Front::end(Client& client) {
  if (client.gone) return;
  client.gone = true;
  admission_.leave(client.address);
  ended_.splice(ended_.end(), clients_, client.self);
  tally_.open = clients_.size();
}

void Front::sweep(MonoTime now) {
  sweep_due_ = now + kSweepPeriod;
  timed_ = false;
  for (auto it = clients_.begin(); it != clients_.end();) {
    Client& client = *it++;
    if (client.relay.deadline() == MonoTime::max()) continue;
    timed_ = true;
    if (now < client.relay.deadline()) continue;
    if (!client.relay.connected()) ++tally_.late;
    end(client);
  }
  if (listener_ && !listening_) {
    listening_ = watch(listener_.get(), listener_watch_, EPOLLIN, EPOLL_CTL_ADD);
    timed_ = timed_ || !listening_;
  }
}

}  // namespace gk::tls
