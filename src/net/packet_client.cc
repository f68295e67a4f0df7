#include "net/packet_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace gk::net {
namespace {

constexpr std::size_t kMaxPacket = 4096;  // Source: PacketLimits::max_packet

Error lost(const char* what) {
  return {Errc::unavailable, std::string("cannot ") + what + ": " + std::strerror(errno)};
}

}  // namespace

Result<PacketClient> PacketClient::connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Error{Errc::invalid_argument, "a Unix socket path has 1 to 107 bytes: " + path};
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  PacketClient client(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (client.fd_ < 0) return lost("open a socket");
  if (::connect(client.fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    const Errc code = errno == EACCES ? Errc::permission_denied : Errc::unavailable;
    return Error{code, "cannot connect to " + path + ": " + std::strerror(errno)};
  }
  return client;
}

PacketClient::PacketClient(PacketClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
PacketClient& PacketClient::operator=(PacketClient&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
PacketClient::~PacketClient() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> PacketClient::send(std::string_view packet) {
  if (::send(fd_, packet.data(), packet.size(), MSG_NOSIGNAL) < 0) return lost("send");
  return {};
}

Result<std::string> PacketClient::receive(Millis timeout) {
  pollfd waiting{fd_, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&waiting, 1, static_cast<int>(timeout.count()));
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) return Error{Errc::deadline_exceeded, "no packet came in time"};
  std::string packet(kMaxPacket, '\0');
  const ssize_t n = ::recv(fd_, packet.data(), packet.size(), 0);
  if (n < 0) return lost("receive");
  if (n == 0) return Error{Errc::unavailable, "the daemon closed the connection"};
  packet.resize(static_cast<std::size_t>(n));
  return packet;
}

}  // namespace gk::net
