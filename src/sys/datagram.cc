#include "sys/datagram.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

#include "base/try.h"

namespace gk::sys {
namespace {

constexpr int kReceiveBytes = 8 << 20;  // Source: chosen; the kernel caps it (rmem_max).

struct Control {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> bytes{};
};

Error socket_error(const std::string& what, const std::string& address, int number) {
  if (number == EADDRINUSE) {
    return {Errc::already_exists, address + ": the address is in use"};
  }
  return file_error(what, address, number);
}

Result<std::pair<std::string, std::string>> split_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon + 1 == text.size()) {
    return Error{Errc::invalid_argument, "expected ADDR:PORT, got \"" + text + "\""};
  }
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return std::pair(host, text.substr(colon + 1));
}

std::string bound_address(int fd) {
  DatagramPeer self;
  socklen_t size = self.address.size();
  auto* address = reinterpret_cast<sockaddr*>(self.address.data());
  if (::getsockname(fd, address, &size) != 0) return {};
  self.address_size = size;
  const bool v6 = address->sa_family == AF_INET6;
  const auto port = v6 ? reinterpret_cast<sockaddr_in6*>(address)->sin6_port
                       : reinterpret_cast<sockaddr_in*>(address)->sin_port;
  const std::string host = self.text();
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(ntohs(port));
}

/// Whether somebody reads the socket at `address`.
bool is_live(const sockaddr_un& address) {
  const Fd probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

struct DatagramSocket::Buffers {
  // Not value-initialised: pages that no datagram reaches cost no memory.
  std::unique_ptr<std::uint8_t[]> bytes{new std::uint8_t[kBatch * kMaxBytes]};
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> parts{};
  std::array<Control, kBatch> controls{};
  std::array<Datagram, kBatch> datagrams{};
};

void DatagramSocket::Release::operator()(Buffers* buffers) const { delete buffers; }

std::string DatagramPeer::text() const {
  const auto* any = reinterpret_cast<const sockaddr*>(address.data());
  std::array<char, INET6_ADDRSTRLEN> host{};
  if (address_size >= sizeof(sockaddr_in) && any->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(any);
    ::inet_ntop(AF_INET, &v4->sin_addr, host.data(), host.size());
    return host.data();
  }
  if (address_size >= sizeof(sockaddr_in6) && any->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(any);
    ::inet_ntop(AF_INET6, &v6->sin6_addr, host.data(), host.size());
    const std::string out = host.data();
    return out.starts_with("::ffff:") && out.find('.') != std::string::npos ? out.substr(7) : out;
  }
  if (can_be_answered()) {
    const auto* path = reinterpret_cast<const sockaddr_un*>(any)->sun_path;
    const std::size_t size = address_size - offsetof(sockaddr_un, sun_path);
    // An abstract name begins with NUL and has no end mark.
    if (path[0] == '\0') return "@" + std::string(path + 1, size - 1);
    return std::string(path, ::strnlen(path, size));
  }
  return "pid:" + std::to_string(pid.value_or(0));
}

bool DatagramPeer::can_be_answered() const {
  const auto* any = reinterpret_cast<const sockaddr*>(address.data());
  if (address_size < sizeof(sa_family_t)) return false;
  return any->sa_family != AF_UNIX || address_size > offsetof(sockaddr_un, sun_path);
}

DatagramSocket::DatagramSocket(Fd fd, std::string address)
    : fd_(std::move(fd)), address_(std::move(address)), buffers_(new Buffers) {
  (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBytes, sizeof kReceiveBytes);
}

Result<DatagramSocket> DatagramSocket::open_udp(const std::string& address_and_port) {
  GK_TRY(const auto parts, split_address(address_and_port));
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(parts.first.c_str(), parts.second.c_str(), &hints, &found) != 0) {
    return Error{Errc::invalid_argument,
                 "expected ADDR:PORT with a numeric address, got \"" + address_and_port + "\""};
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  Fd fd(::socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return socket_error("open a socket for", address_and_port, errno);
  if (::bind(fd.get(), found->ai_addr, found->ai_addrlen) != 0) {
    return socket_error("listen on", address_and_port, errno);
  }
  std::string bound = bound_address(fd.get());
  return DatagramSocket(std::move(fd), std::move(bound));
}

Result<DatagramSocket> DatagramSocket::open_unix(const std::string& path, unsigned mode) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Error{Errc::invalid_argument, path + ": a socket path has 1 to 107 bytes"};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  struct stat info{};
  if (::lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode) || is_live(address)) {
      return Error{Errc::already_exists, path + ": something else is there"};
    }
    ::unlink(path.c_str());
  }
  Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return socket_error("open a socket for", path, errno);
  // The file takes the mode of the socket, so it is never open to more than `mode`.
  ::fchmod(fd.get(), mode);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), mode) != 0) {
    return socket_error("listen on", path, errno);
  }
  const int on = 1;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) {
    return socket_error("ask for credentials on", path, errno);
  }
  return DatagramSocket(std::move(fd), path);
}

std::span<const Datagram> DatagramSocket::receive() {
  Buffers& b = *buffers_;
  for (std::size_t i = 0; i < kBatch; ++i) {
    b.parts[i] = {b.bytes.get() + i * kMaxBytes, kMaxBytes};
    msghdr& head = b.messages[i].msg_hdr;
    head = {};
    head.msg_name = b.datagrams[i].peer.address.data();
    head.msg_namelen = static_cast<socklen_t>(b.datagrams[i].peer.address.size());
    head.msg_iov = &b.parts[i];
    head.msg_iovlen = 1;
    head.msg_control = b.controls[i].bytes.data();
    head.msg_controllen = b.controls[i].bytes.size();
  }
  const int got = ::recvmmsg(fd_.get(), b.messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (got <= 0) return {};
  for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
    msghdr& head = b.messages[i].msg_hdr;
    Datagram& out = b.datagrams[i];
    out.bytes = {b.bytes.get() + i * kMaxBytes, b.messages[i].msg_len};
    out.truncated = (head.msg_flags & MSG_TRUNC) != 0;
    out.peer.address_size = head.msg_namelen;
    out.peer.uid.reset();
    out.peer.pid.reset();
    for (cmsghdr* c = CMSG_FIRSTHDR(&head); c != nullptr; c = CMSG_NXTHDR(&head, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS) continue;
      ucred sender{};
      std::memcpy(&sender, CMSG_DATA(c), sizeof sender);
      out.peer.uid = sender.uid;
      out.peer.pid = sender.pid;
    }
  }
  return std::span<const Datagram>(b.datagrams).first(static_cast<std::size_t>(got));
}

bool DatagramSocket::send(const DatagramPeer& to, std::span<const std::uint8_t> bytes) {
  if (!to.can_be_answered()) return false;
  const auto* address = reinterpret_cast<const sockaddr*>(to.address.data());
  const ssize_t sent = ::sendto(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                                address, to.address_size);
  return sent == static_cast<ssize_t>(bytes.size());
}

}  // namespace gk::sys
