#include "sys/process.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/try.h"
#include "sys/proc_file.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

namespace gk::sys {

Result<ProcessFacts> process_facts(int pid) {
  std::array<char, 4096> buffer{};
  ProcessFacts facts;
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  GK_TRY(const std::string_view stat, read_proc_once(path, buffer));
  const std::string fields(stat.substr(std::min(stat.rfind(')'), stat.size() - 1) + 1));
  char state = 0;
  // Fields 3, 4 and 22. Source: proc(5).
  unsigned long long start = 0;
  if (std::sscanf(fields.c_str(),
                  " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                  &state, &facts.parent, &start) != 3) {
    return Error{Errc::unavailable, std::string("cannot read ") + path};
  }
  facts.start_ticks = start;
  std::snprintf(path, sizeof path, "/proc/%d/status", pid);
  GK_TRY(const std::string_view status, read_proc_once(path, buffer));
  const std::string text(status);
  const std::size_t at = text.find("\nUid:");
  if (at == std::string::npos || std::sscanf(text.c_str() + at + 5, "%u", &facts.uid) != 1) {
    return Error{Errc::unavailable, std::string("no Uid in ") + path};
  }
  return facts;
}

ProcessHandle ProcessHandle::adopt(Fd pidfd, int pid) {
  ProcessHandle handle;
  handle.fd_ = std::move(pidfd);
  handle.pid_ = pid;
  return handle;
}

Result<ProcessHandle> ProcessHandle::open(int pid, std::uint64_t start_ticks) {
  const std::string name = "process " + std::to_string(pid);
  Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!fd) {
    if (errno == ESRCH) return Error{Errc::not_found, name + " does not exist"};
    return file_error("open", name, errno);
  }
  // The pidfd is fixed first and the start time read after it: if the two are of the same process,
  // they stay so.
  const auto facts = process_facts(pid);
  if (!facts || facts->start_ticks != start_ticks) {
    return Error{Errc::not_found, name + " has ended and its pid was given away"};
  }
  return adopt(std::move(fd), pid);
}

Result<void> ProcessHandle::send_signal(int number) const {
  if (::syscall(SYS_pidfd_send_signal, fd_.get(), number, nullptr, 0) == 0) return {};
  const std::string name = "process " + std::to_string(pid_);
  if (errno == ESRCH) return Error{Errc::not_found, name + " has ended"};
  return file_error("signal", name, errno);
}

bool ProcessHandle::try_signal(int number) const noexcept {
  return ::syscall(SYS_pidfd_send_signal, fd_.get(), number, nullptr, 0) == 0;
}

bool ProcessHandle::has_ended() const noexcept {
  pollfd waiting{fd_.get(), POLLIN, 0};
  return ::poll(&waiting, 1, 0) == 1;
}

std::optional<ExitStatus> ProcessHandle::try_reap() const noexcept {
  siginfo_t info{};
  if (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(fd_.get()), &info,
               WEXITED | WNOHANG) != 0 ||
      info.si_pid == 0) {
    return std::nullopt;
  }
  if (info.si_code == CLD_EXITED) return ExitStatus{info.si_status, 0};
  return ExitStatus{0, info.si_status};
}

}  // namespace gk::sys
