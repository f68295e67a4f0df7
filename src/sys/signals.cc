#include "sys/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace gk::sys {

Result<SignalSet> SignalSet::create(std::initializer_list<int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  ::signal(SIGPIPE, SIG_IGN);
  if (const int error = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0) {
    return Error{Errc::internal, std::string("cannot block signals: ") + std::strerror(error)};
  }
  const int fd = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd < 0) {
    return Error{Errc::resource_exhausted, std::string("signalfd: ") + std::strerror(errno)};
  }
  return SignalSet(fd);
}

SignalSet::SignalSet(SignalSet&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
SignalSet::~SignalSet() {
  if (fd_ >= 0) ::close(fd_);
}

std::optional<int> SignalSet::next() const {
  signalfd_siginfo info{};
  const ssize_t n = ::read(fd_, &info, sizeof info);
  if (n != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace gk::sys
