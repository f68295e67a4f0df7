#include "net/packet_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/passed_descriptor.h"
#include "base/try.h"
#include "net/listen.h"

namespace gk::net {
namespace {

/// One recvmsg(). `bytes` < 0: nothing there or a failure; 0 without a sender: the end.
struct Received {
  ssize_t bytes = -1;
  int error = 0;
  bool cut = false;
  int pid = 0;
  int fd = -1;
};

Received receive(int fd, std::string& buffer, bool descriptors) {
  iovec part{buffer.data(), buffer.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  // Without room for them behind the credentials, the kernel drops descriptors that are passed.
  message.msg_controllen = descriptors ? sizeof control : CMSG_SPACE(sizeof(ucred));
  Received out;
  out.bytes = ::recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (out.bytes < 0) out.error = errno;
  out.cut = (message.msg_flags & MSG_TRUNC) != 0;
  cmsghdr* head = out.bytes < 0 ? nullptr : CMSG_FIRSTHDR(&message);
  for (; head != nullptr; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET) continue;
    if (head->cmsg_type == SCM_CREDENTIALS) {
      ucred credentials{};
      std::memcpy(&credentials, CMSG_DATA(head), sizeof credentials);
      out.pid = credentials.pid;
    } else if (head->cmsg_type == SCM_RIGHTS) {
      out.fd = take_passed_descriptor(*head);
    }
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<PacketServer>> PacketServer::create(Loop& loop, const std::string& path,
                                                           unsigned mode,
                                                           const PacketLimits& limits,
                                                           PacketHandlers handlers) {
  GK_TRY(const Listening listening, open_packet_listener(path, mode));
  return std::unique_ptr<PacketServer>(
      new PacketServer(loop, path, listening.fd, limits, std::move(handlers)));
}

PacketServer::PacketServer(Loop& loop, std::string path, int fd, const PacketLimits& limits,
                           PacketHandlers handlers)
    : loop_(loop),
      path_(std::move(path)),
      limits_(limits),
      handlers_(std::move(handlers)),
      fd_(fd),
      buffer_(limits.max_packet, '\0'),
      alive_(std::make_shared<bool>(true)) {
  watch_ = loop_.watch_readable(fd_, [this] { accept_all(); });
}

PacketServer::~PacketServer() {
  *alive_ = false;
  watch_.cancel();
  for (auto& [id, client] : clients_) {
    client.watch.cancel();
    ::close(client.fd);
  }
  ::close(fd_);
  ::unlink(path_.c_str());
}

std::size_t PacketServer::adopted() const {
  return static_cast<std::size_t>(std::count_if(
      clients_.begin(), clients_.end(), [](const auto& entry) { return entry.second.adopted; }));
}

bool PacketServer::has_room(const Peer& peer) const {
  if (clients_.size() - adopted() >= limits_.max_clients || !peer.uid || !peer.pid) return false;
  const auto same = std::count_if(clients_.begin(), clients_.end(), [&](const auto& entry) {
    return entry.second.peer.uid == peer.uid;
  });
  return static_cast<std::size_t>(same) < limits_.max_clients_per_uid;
}

void PacketServer::accept_all() {
  for (std::size_t i = 0; i < limits_.max_per_turn; ++i) {
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    const Peer peer = peer_of(fd);
    if (!has_room(peer)) {
      ::close(fd);
      continue;
    }
    const PacketClientId id = ++last_id_;
    Client& client = clients_[id];
    client.fd = fd;
    client.peer = peer;
    handlers_.on_open(id, peer);
    client.watch = loop_.watch_readable(fd, [this, id] { read(id); });
  }
}

Result<PacketServer::Adopted> PacketServer::adopt() {
  int ends[2] = {-1, -1};
  if (adopted() >= limits_.max_adopted ||
      ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return Error{Errc::resource_exhausted, "no room for one more connection of a child"};
  }
  const int on = 1;
  (void)::setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  const PacketClientId id = ++last_id_;
  Client& client = clients_[id];
  client.fd = ends[0];
  client.adopted = true;
  client.watch = loop_.watch_readable(ends[0], [this, id] { read(id); });
  return Adopted{id, ends[1]};
}

void PacketServer::read(PacketClientId id) {
  for (std::size_t i = 0; i < limits_.max_per_turn; ++i) {
    const auto found = clients_.find(id);
    if (found == clients_.end() || found->second.doomed) return;
    const Received got = receive(found->second.fd, buffer_, limits_.descriptors);
    if (got.bytes < 0) {
      if (got.error == EINTR) continue;
      if (got.error != EAGAIN && got.error != EWOULDBLOCK) remove(id);
      return;
    }
    if (got.bytes == 0 && got.pid == 0) return remove(id);
    handlers_.on_packet(id, {std::string_view(buffer_.data(), static_cast<std::size_t>(got.bytes)),
                             got.cut, got.pid, got.fd});
    if (got.fd >= 0) ::close(got.fd);
  }
}

void PacketServer::send(PacketClientId id, std::string_view bytes) {
  const auto found = clients_.find(id);
  if (found == clients_.end() || found->second.doomed) return;
  ssize_t n = -1;
  do {
    n = ::send(found->second.fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  if (n < 0) close(id);  // It is gone, or its buffer is full because it does not read.
}

void PacketServer::close(PacketClientId id) {
  const auto found = clients_.find(id);
  if (found == clients_.end() || found->second.doomed) return;
  found->second.doomed = true;
  loop_.post([this, alive = alive_, id] {
    if (*alive) remove(id);
  });
}

void PacketServer::remove(PacketClientId id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  found->second.watch.cancel();
  ::close(found->second.fd);
  clients_.erase(found);
  handlers_.on_close(id);
}

}  // namespace gk::net
