#include "sys/packet_socket.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/passed_descriptor.h"

namespace gk::sys {
namespace {

/// Room for two descriptors, aligned as the kernel wants it: one that is too much is seen.
struct alignas(cmsghdr) Ancillary {
  std::array<char, CMSG_SPACE(2 * sizeof(int))> bytes{};
};

/// The first descriptor of `message`.
Fd descriptor_of(msghdr& message) {
  Fd out;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    out = Fd(take_passed_descriptor(*c));
  }
  return out;
}

}  // namespace

PacketSocket::Sent PacketSocket::send(std::string_view text, int fd) const {
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Ancillary ancillary;
  if (fd >= 0) {
    message.msg_control = ancillary.bytes.data();
    message.msg_controllen = CMSG_SPACE(sizeof fd);
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  if (::sendmsg(socket_.get(), &message, MSG_NOSIGNAL) >= 0) return Sent::yes;
  // Too many references: the daemon has not taken the descriptors that are on their way.
  const bool later = errno == EAGAIN || errno == EINTR || errno == ENOBUFS || errno == ETOOMANYREFS;
  return later ? Sent::full : Sent::lost;
}

std::optional<PacketSocket::Packet> PacketSocket::receive() {
  if (closed_) return std::nullopt;
  std::array<char, kMaxPacket> bytes{};
  iovec part{bytes.data(), bytes.size()};
  Ancillary ancillary;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = ancillary.bytes.data();
  message.msg_controllen = ancillary.bytes.size();
  const ssize_t n = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (n > 0) {
    Packet out{.text = std::string(bytes.data(), static_cast<std::size_t>(n)),
               .fd = descriptor_of(message)};
    out.fd_lost = !out.fd && (message.msg_flags & MSG_CTRUNC) != 0;
    return out;
  }
  closed_ = n == 0 || (errno != EAGAIN && errno != EINTR);
  return std::nullopt;
}

}  // namespace gk::sys
