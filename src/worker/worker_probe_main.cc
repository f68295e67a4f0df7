// worker_probe: tries what a macro must not be able to do, and misbehaves on request. Each word of
// the command line is one attempt; it prints "WORD yes" or "WORD no (errno)".
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

namespace {

bool can_read(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY);
  char byte = 0;
  return fd >= 0 && ::read(fd, &byte, 1) == 1;
}

bool can_connect(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool can_unmount_after_unshare(const std::string& path) {
  return ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && ::umount2(path.c_str(), MNT_DETACH) == 0;
}

// So many children at once; all are ended again.
bool can_fork(int children) {
  std::vector<pid_t> made;
  const auto fork_one = [&] {
    const pid_t pid = ::fork();
    if (pid == 0) {
      for (;;) ::pause();
    }
    if (pid > 0) made.push_back(pid);
    return pid > 0;
  };
  while (static_cast<int>(made.size()) < children && fork_one()) {
  }
  const int why = errno;
  for (const pid_t pid : made) ::kill(pid, SIGKILL);
  for (const pid_t pid : made) ::waitpid(pid, nullptr, 0);
  errno = why;
  return static_cast<int>(made.size()) == children;
}

// Writes what the file says already, so that nothing changes when it may.
bool can_rewrite(const std::string& path) {
  char text[64];
  const int fd = ::open(path.c_str(), O_RDWR);
  const ssize_t size = fd >= 0 ? ::read(fd, text, sizeof text) : -1;
  return size > 0 && ::pwrite(fd, text, static_cast<std::size_t>(size), 0) == size;
}

void touch(std::size_t mebibytes) {
  auto* memory = static_cast<char*>(std::malloc(mebibytes << 20));
  for (std::size_t i = 0; i < mebibytes << 20; i += 4096) memory[i] = 1;
}

// Children that fork again, leave the session, double-fork, ignore SIGTERM and hold memory.
void misbehave(int children, std::size_t mebibytes_each) {
  ::signal(SIGTERM, SIG_IGN);
  for (int i = 0; i < children; ++i) {
    if (::fork() != 0) continue;
    ::setsid();
    if (::fork() != 0) ::_exit(0);  // The grandchild is an orphan in a session of its own.
    touch(mebibytes_each);
    for (;;) {
      while (::waitpid(-1, nullptr, WNOHANG) > 0) {
      }
      if (i % 2 == 1 && ::fork() == 0) ::_exit(0);  // Half of them keep forking.
      ::poll(nullptr, 0, 2);
    }
  }
  while (::wait(nullptr) > 0) {  // All grandchildren exist once their parents have ended.
  }
}

// Doubles until there are so many. A third of them leave the session and then fork and end without
// pause, so that no list of processes is true when it is read; not for ever: at most 6,000 times,
// so that a worker which does not collect them leaves the machine room.
void bomb(int processes) {
  void* shared = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* made = new (shared) std::atomic<int>(0);
  while (made->fetch_add(1) < processes) {
    if (::fork() != 0) continue;
    if (made->load() % 3 != 0) continue;
    ::setsid();
    while (made->fetch_add(1) < 6000 + processes) {
      if (::fork() > 0) ::_exit(0);
    }
  }
  std::printf("ready\n");
  std::fflush(stdout);
  for (;;) ::pause();
}

bool attempt(const std::string& what, const std::string& argument) {
  const int pid = std::atoi(argument.c_str());
  errno = 0;
  if (what == "read") return can_read(argument);
  if (what == "connect") return can_connect(argument);
  if (what == "signal") return ::kill(pid, 0) == 0;
  if (what == "pidfd") return ::syscall(SYS_pidfd_open, pid, 0) >= 0;
  if (what == "ptrace") return ::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0;
  if (what == "fork") return can_fork(pid);
  if (what == "rewrite") return can_rewrite(argument);
  if (what == "umount") return ::umount2(argument.c_str(), MNT_DETACH) == 0;
  if (what == "unshare") return can_unmount_after_unshare(argument);
  if (what == "uid") return ::getuid() == static_cast<unsigned>(pid);
  if (what == "capable") return ::setuid(::getuid() + 1) == 0 || ::chroot("/") == 0;
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string what = argv[i], argument = argv[i + 1];
    if (what == "exit") return std::atoi(argument.c_str());
    if (what == "misbehave") {
      misbehave(std::atoi(argument.c_str()), 4);
      std::printf("ready\n");
      std::fflush(stdout);
      for (;;) ::pause();
    }
    if (what == "bomb") bomb(std::atoi(argument.c_str()));
    const bool done = attempt(what, argument);
    std::printf("%s %s (%s)\n", what.c_str(), done ? "yes" : "no", std::strerror(errno));
    std::fflush(stdout);
  }
  return 0;
}
