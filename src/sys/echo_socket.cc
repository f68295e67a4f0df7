#include "sys/echo_socket.h"

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace gk::sys {
namespace {

/// Type, code, checksum, identifier, sequence: the same in both families.
constexpr std::size_t kHeader = 8;  // Source: RFC 792, RFC 4443

Error failed(const std::string& address, int code) {
  const Errc kind = code == EACCES || code == EPERM ? Errc::permission_denied : Errc::unavailable;
  return {kind, "cannot send echoes to " + address + ": " + std::strerror(code)};
}

}  // namespace

Result<EchoSocket> EchoSocket::open(const std::string& address) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  const bool is_v4 = ::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1;
  if (!is_v4 && ::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) != 1) {
    return Error{Errc::invalid_argument, "expected a numeric address, got \"" + address + "\""};
  }
  Fd fd(::socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                 is_v4 ? static_cast<int>(IPPROTO_ICMP) : static_cast<int>(IPPROTO_ICMPV6)));
  if (!fd) return failed(address, errno);
  const auto* to =
      is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
  const auto size = static_cast<socklen_t>(is_v4 ? sizeof v4 : sizeof v6);
  if (::connect(fd.get(), to, size) != 0) return failed(address, errno);
  return EchoSocket(std::move(fd), !is_v4);
}

Result<void> EchoSocket::ask(std::uint16_t sequence) {
  std::array<std::uint8_t, kHeader + 8> packet{};  // Eight bytes of nothing: some hosts want some.
  packet[0] = v6_ ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
  packet[6] = static_cast<std::uint8_t>(sequence >> 8);
  packet[7] = static_cast<std::uint8_t>(sequence);
  if (::send(fd_.get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0) {
    return Error{Errc::unavailable, std::string("cannot send an echo: ") + std::strerror(errno)};
  }
  return {};
}

std::optional<std::uint16_t> EchoSocket::answer() {
  std::array<std::uint8_t, 64> packet;
  for (;;) {
    const ssize_t got = ::recv(fd_.get(), packet.data(), packet.size(), MSG_DONTWAIT);
    if (got < 0 && errno != EINTR && errno != ECONNREFUSED && errno != EHOSTUNREACH) {
      return std::nullopt;
    }
    if (got < static_cast<ssize_t>(kHeader)) continue;  // An error of an earlier echo: read on.
    if (packet[0] != (v6_ ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY)) continue;
    return static_cast<std::uint16_t>(packet[6] << 8 | packet[7]);
  }
}

}  // namespace gk::sys
