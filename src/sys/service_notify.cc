#include "sys/service_notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace gk::sys {
namespace {

std::string take_env(const char* name) {
  const char* value = std::getenv(name);
  std::string out = value == nullptr ? "" : value;
  ::unsetenv(name);
  return out;
}

std::int64_t number_of(const std::string& text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end && number > 0 ? number : 0;
}

}  // namespace

ServiceNotify ServiceNotify::from_environment() {
  const std::string socket = take_env("NOTIFY_SOCKET");
  const std::int64_t period_us = number_of(take_env("WATCHDOG_USEC"));
  const std::string pid = take_env("WATCHDOG_PID");
  const bool for_us = pid.empty() || number_of(pid) == ::getpid();
  return {socket, for_us ? Micros(period_us) : Micros(0)};
}

ServiceNotify::ServiceNotify(std::string socket, Nanos watchdog)
    : socket_(std::move(socket)), watchdog_(socket_.empty() ? Nanos(0) : watchdog) {
  if (!socket_.empty()) fd_ = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

Result<void> ServiceNotify::ready(const std::string& status) const {
  return send("READY=1\nSTATUS=" + status);
}

void ServiceNotify::alive() const { (void)send("WATCHDOG=1"); }

void ServiceNotify::stopping() const { (void)send("STOPPING=1"); }

Result<void> ServiceNotify::send(const std::string& message) const {
  if (socket_.empty()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof address.sun_path) {
    return Error{Errc::unavailable, "NOTIFY_SOCKET is too long: " + socket_};
  }
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_[0] == '@') address.sun_path[0] = '\0';  // The abstract namespace.
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const ssize_t sent = ::sendto(fd_.get(), message.data(), message.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address), size);
  if (sent == static_cast<ssize_t>(message.size())) return {};
  return Error{Errc::unavailable,
               "cannot tell the service manager at " + socket_ + ": " + std::strerror(errno)};
}

}  // namespace gk::sys
