#include "sys/socket_child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "base/try.h"

namespace gk::sys {
namespace {

constexpr int kChildSocket = 3;                 // What the helpers expect.
constexpr int kSocketBuffer = 2 * 1024 * 1024;  // Source: chosen; 8 frames of 128 KiB never block

/// posix_spawn's attributes and file actions, freed at the end.
class Plan {
 public:
  Plan() {
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawn_file_actions_init(&actions_);
  }
  ~Plan() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  void fill(int socket) {
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);  // Ctrl-C is for us: we end it in order.
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    for (int fd = 0; fd < kChildSocket; ++fd) {
      ::posix_spawn_file_actions_addopen(&actions_, fd, "/dev/null", O_RDWR, 0);
    }
    ::posix_spawn_file_actions_adddup2(&actions_, socket, kChildSocket);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, kChildSocket + 1);
  }
  const posix_spawnattr_t* attributes() const { return &attributes_; }
  const posix_spawn_file_actions_t* actions() const { return &actions_; }

 private:
  posix_spawnattr_t attributes_{};
  posix_spawn_file_actions_t actions_{};
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

Result<SocketChild> spawn_socket_child(const std::vector<std::string>& command,
                                       const std::vector<std::string>& environment,
                                       ChildSocket kind) {
  const int type = kind == ChildSocket::packets ? SOCK_SEQPACKET : SOCK_STREAM;
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) {
    return file_error("create", "socket pair", errno);
  }
  Fd ours(ends[0]), theirs(ends[1]);
  // Above 3, so that dup2 really copies and clears close-on-exec.
  Fd high(::fcntl(theirs.get(), F_DUPFD_CLOEXEC, kChildSocket + 1));
  if (!high) return file_error("copy", "socket pair", errno);
  ::setsockopt(ours.get(), SOL_SOCKET, SO_SNDBUF, &kSocketBuffer, sizeof kSocketBuffer);
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  Plan plan;
  plan.fill(high.get());
  std::vector<std::string> words = command, variables = environment;
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, command[0].c_str(), plan.actions(), plan.attributes(),
                                   pointers(words).data(), pointers(variables).data());
  if (failed != 0) return file_error("start", command[0], failed);
  // Ours and not reaped yet: the pid is nobody else's.
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) {
    const int why = errno;
    ::kill(pid, SIGKILL);
    return file_error("watch", command[0], why);
  }
  return SocketChild{ProcessHandle::adopt(std::move(pidfd), pid), std::move(ours)};
}

}  // namespace gk::sys
