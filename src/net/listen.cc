#include "net/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/try.h"

namespace gk::net {
namespace {

/// Closes a descriptor unless released.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// A socket address of any family, as the socket calls want it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  template <typename Address>
  Address& as() {
    return reinterpret_cast<Address&>(storage);
  }
};

std::string text_of(SocketAddress& address, std::uint16_t& port) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (address.storage.ss_family == AF_INET) {
    auto& v4 = address.as<sockaddr_in>();
    port = ntohs(v4.sin_port);
    ::inet_ntop(AF_INET, &v4.sin_addr, out.data(), out.size());
    return out.data();
  }
  auto& v6 = address.as<sockaddr_in6>();
  port = ntohs(v6.sin6_port);
  ::inet_ntop(AF_INET6, &v6.sin6_addr, out.data(), out.size());
  return out.data();
}

Result<SocketAddress> parse_address(const std::string& text) {
  const Error bad{Errc::invalid_argument,
                  "expected ADDRESS:PORT such as 127.0.0.1:5000 or "
                  "[::1]:5000, got \"" +
                      text.substr(0, 100) + "\""};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return bad;
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, ec] = std::from_chars(text.data() + colon + 1, end, port);
  if (ec != std::errc() || stop != end) return bad;
  const std::string host = text.substr(0, colon);
  SocketAddress out;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    auto& v6 = out.as<sockaddr_in6>();
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    out.size = sizeof(sockaddr_in6);
    const std::string inner = host.substr(1, host.size() - 2);
    if (::inet_pton(AF_INET6, inner.c_str(), &v6.sin6_addr) != 1) return bad;
    return out;
  }
  auto& v4 = out.as<sockaddr_in>();
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  out.size = sizeof(sockaddr_in);
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) != 1) return bad;
  return out;
}

Error listen_error(const std::string& where, int error) {
  const std::string why = std::strerror(error);
  switch (error) {
    case EADDRINUSE:
      return {Errc::already_exists, "cannot listen on " + where +
                                        ": something else listens there; "
                                        "stop it, or choose another address with --listen"};
    case EACCES:
    case EPERM:
      return {Errc::permission_denied, "cannot listen on " + where + ": " + why +
                                           "; ports below 1024 and foreign folders "
                                           "need a privilege, choose another with --listen"};
    case EADDRNOTAVAIL:
      return {Errc::invalid_argument,
              "cannot listen on " + where + ": this machine has no such address"};
    default: return {Errc::unavailable, "cannot listen on " + where + ": " + why};
  }
}

Result<SocketAddress> unix_address(const std::string& path) {
  SocketAddress out;
  auto& address = out.as<sockaddr_un>();
  if (path.empty() || path.size() >= sizeof(address.sun_path))
    return Error{Errc::invalid_argument, "a Unix socket path has 1 to 107 bytes, got " +
                                             std::to_string(path.size()) + ": " + path};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  out.size = sizeof(sockaddr_un);
  return out;
}

/// Removes a socket file that nobody listens on.
Result<void> remove_stale(const std::string& path, SocketAddress& address, int type) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode))
    return Error{Errc::already_exists, path +
                                           " exists and is not a socket; remove it or choose "
                                           "another path"};
  const Fd probe(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const bool refused =
      ::connect(probe.get(), address.get(), address.size) != 0 && errno == ECONNREFUSED;
  if (!refused)
    return Error{Errc::already_exists, "something listens on " + path +
                                           ": is another gamekeeperd running on this data folder?"};
  if (::unlink(path.c_str()) != 0) return listen_error(path, errno);
  return {};
}

Result<Listening> open_local(const std::string& path, unsigned mode, int type) {
  GK_TRY(SocketAddress address, unix_address(path));
  GK_CHECK_OK(remove_stale(path, address, type));
  Fd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0 || ::bind(fd.get(), address.get(), address.size) != 0)
    return listen_error(path, errno);
  const int on = 1;  // Accepted sockets inherit it.
  if (type == SOCK_SEQPACKET &&
      ::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
    return listen_error(path, errno);
  // Nobody can connect before listen(), so the mode of the umask is never in force.
  if (::chmod(path.c_str(), mode) != 0 || ::listen(fd.get(), kListenBacklog) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    return listen_error(path, error);
  }
  return Listening{fd.release(), path};
}

}  // namespace

Result<void> check_tcp_address(const std::string& address_and_port) {
  const auto parsed = parse_address(address_and_port);
  if (!parsed) return parsed.error();
  return {};
}

Result<Listening> open_tcp_listener(const std::string& address_and_port) {
  GK_TRY(SocketAddress address, parse_address(address_and_port));
  const int family = address.storage.ss_family;
  Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (fd.get() < 0) return listen_error(address_and_port, errno);
  // Restarting must not wait for connections in TIME_WAIT; IPv4 and IPv6 stay separate listeners.
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6) (void)::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd.get(), address.get(), address.size) != 0 || ::listen(fd.get(), kListenBacklog) != 0)
    return listen_error(address_and_port, errno);
  SocketAddress bound;
  if (::getsockname(fd.get(), bound.get(), &bound.size) != 0)
    return listen_error(address_and_port, errno);
  std::uint16_t port = 0;
  const std::string host = text_of(bound, port);
  return Listening{fd.release(),
                   (family == AF_INET6 ? "[" + host + "]" : host) + ":" + std::to_string(port)};
}

Result<Listening> open_unix_listener(const std::string& path, unsigned mode) {
  return open_local(path, mode, SOCK_STREAM);
}

Result<Listening> open_packet_listener(const std::string& path, unsigned mode) {
  return open_local(path, mode, SOCK_SEQPACKET);
}

Peer peer_of(int fd) {
  Peer peer;
  SocketAddress address;
  if (::getpeername(fd, address.get(), &address.size) != 0) return peer;
  if (address.storage.ss_family == AF_UNIX) {
    peer.transport = Transport::unix_socket;
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
      peer.uid = credentials.uid;
      peer.pid = credentials.pid;
    }
    return peer;
  }
  peer.address = text_of(address, peer.port);
  return peer;
}

}  // namespace gk::net
