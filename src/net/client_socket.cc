#include "net/client_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "base/try.h"

namespace gk::net {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  std::string text;
};

Result<Address> address_of(const Target& target) {
  Address out;
  if (!target.unix_path.empty()) {
    auto& local = reinterpret_cast<sockaddr_un&>(out.storage);
    if (target.unix_path.size() >= sizeof local.sun_path)
      return Error{Errc::invalid_argument, "a Unix socket path has at most 107 bytes"};
    local.sun_family = AF_UNIX;
    std::memcpy(local.sun_path, target.unix_path.c_str(), target.unix_path.size() + 1);
    out.size = sizeof local;
    out.text = target.unix_path;
    return out;
  }
  const std::string host = target.host == "localhost" ? "127.0.0.1" : target.host;
  auto& v4 = reinterpret_cast<sockaddr_in&>(out.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out.storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(target.port);
    out.size = sizeof v4;
  } else if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(target.port);
    out.size = sizeof v6;
  } else {
    return Error{Errc::invalid_argument,
                 "expected localhost or a numeric address, got \"" + target.host + "\""};
  }
  out.text = target.host + ":" + std::to_string(target.port);
  return out;
}

Error connect_error(const std::string& where, int error) {
  const Errc code = error == EACCES || error == EPERM ? Errc::permission_denied : Errc::unavailable;
  return {code, "cannot connect to " + where + ": " + std::strerror(error)};
}

Error lost(int error) {
  return {Errc::unavailable, std::string("connection lost: ") + std::strerror(error)};
}

}  // namespace

MonoTime deadline_after(Millis timeout) { return SystemClock().mono() + timeout; }

Result<ClientSocket> ClientSocket::connect(const Target& target, MonoTime deadline) {
  GK_TRY(const Address address, address_of(target));
  ClientSocket out(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (out.fd_ < 0) return lost(errno);
  const int on = 1;
  if (target.unix_path.empty())
    (void)::setsockopt(out.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(out.fd_, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0)
    return out;
  if (errno != EINPROGRESS) return connect_error(address.text, errno);
  GK_CHECK_OK(out.wait(POLLOUT, deadline));
  int error = 0;
  socklen_t size = sizeof error;
  (void)::getsockopt(out.fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return connect_error(address.text, error);
  return out;
}

ClientSocket::ClientSocket(ClientSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}

ClientSocket& ClientSocket::operator=(ClientSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

ClientSocket::~ClientSocket() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> ClientSocket::wait(short events, MonoTime deadline) const {
  for (;;) {
    const Nanos left = deadline - SystemClock().mono();
    const auto millis = std::chrono::ceil<Millis>(std::max(left, Nanos(0))).count();
    pollfd entry{fd_, events, 0};
    const int n = ::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(millis, 1 << 30)));
    if (n > 0) return {};
    if (n == 0) return Error{Errc::deadline_exceeded, "the server did not answer in time"};
    if (errno != EINTR) return lost(errno);
  }
}

Result<void> ClientSocket::send(std::string_view bytes, MonoTime deadline) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      GK_CHECK_OK(wait(POLLOUT, deadline));
    } else if (errno != EINTR) {
      return lost(errno);
    }
  }
  return {};
}

Result<void> ClientSocket::receive(MonoTime deadline) {
  std::array<char, 16 * 1024> chunk{};
  for (;;) {
    const ssize_t n = ::recv(fd_, chunk.data(), chunk.size(), 0);
    if (n > 0) {
      buffer_.append(chunk.data(), static_cast<std::size_t>(n));
      return {};
    }
    if (n == 0) return Error{Errc::unavailable, "the server ended the connection"};
    if (errno == EAGAIN) {
      GK_CHECK_OK(wait(POLLIN, deadline));
    } else if (errno != EINTR) {
      return lost(errno);
    }
  }
}

bool ClientSocket::is_stale() const {
  pollfd entry{fd_, POLLIN, 0};
  return ::poll(&entry, 1, 0) != 0 || !buffer_.empty();
}

}  // namespace gk::net
