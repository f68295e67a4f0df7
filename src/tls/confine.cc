#include "tls/confine.h"

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "tls/mutant.h"
#include "tls/rules/frames.h"

namespace gk::tls {
namespace {

// Source: chosen; a client costs about 35 KiB while it is busy (docs/performance.md).
[[maybe_unused]] constexpr rlim_t kMemory = 512UL << 20;
[[maybe_unused]] constexpr rlim_t kMemoryOfOne = 256UL << 10;
constexpr rlim_t kFilesBesides = 64;  // Source: chosen; control, listener, epoll and what is ending
constexpr rlim_t kFilesOfOne = 3;  // Its socket and a pair, until the daemon has its end of that.

/// Returns what holds now.
rlim_t limit(__rlimit_resource what, rlim_t most) {
  rlimit now{};
  if (::getrlimit(what, &now) != 0) return 0;
  const rlim_t allowed = std::min(most, now.rlim_max);
  const rlimit both{allowed, allowed};
  return ::setrlimit(what, &both) == 0 ? allowed : now.rlim_cur;
}

// Source: strace of handshakes with TLS 1.2 and 1.3, and what glibc's malloc and abort use.
[[maybe_unused]] constexpr std::array kAllowed{SCMP_SYS(read),
                                               SCMP_SYS(write),
                                               SCMP_SYS(sendmsg),
                                               SCMP_SYS(recvmsg),
                                               SCMP_SYS(sendto),
                                               SCMP_SYS(recvfrom),
                                               SCMP_SYS(accept4),
                                               SCMP_SYS(shutdown),
                                               SCMP_SYS(close),
                                               SCMP_SYS(epoll_wait),
                                               SCMP_SYS(epoll_pwait),
                                               SCMP_SYS(epoll_ctl),
                                               SCMP_SYS(setsockopt),
                                               SCMP_SYS(brk),
                                               SCMP_SYS(munmap),
                                               SCMP_SYS(mremap),
                                               SCMP_SYS(madvise),
                                               SCMP_SYS(futex),
                                               SCMP_SYS(getrandom),
                                               SYS_clock_gettime,
                                               SYS_gettimeofday,
                                               SCMP_SYS(time),
                                               SCMP_SYS(getpid),
                                               SCMP_SYS(gettid),
                                               SCMP_SYS(rt_sigreturn),
                                               SCMP_SYS(rt_sigprocmask),
                                               SCMP_SYS(restart_syscall),
                                               SCMP_SYS(exit),
                                               SCMP_SYS(exit_group)};

bool set_seccomp() {
#ifdef GK_SANITIZED  // A sanitizer makes system calls of its own.
  return false;
#else
  scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_KILL_PROCESS);
  // Where seccomp(2) itself is refused, as by systemd's @system-service of Debian 12, prctl(2) is
  // left, which ends a thread: we have one.
  if (filter == nullptr) filter = ::seccomp_init(SCMP_ACT_KILL_THREAD);
  if (filter == nullptr) return false;
  int failed = 0;
  for (const int number : kAllowed) {
    failed |= ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
  }
  if (GK_TLS_MUTANT(open_files)) {
    failed |= ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 0);
  }
  // Pairs for the daemon, but nothing that reaches further.
  failed |= ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1,
                               SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
  // Memory, but never memory that can be executed.
  failed |= ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                               SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  failed |= ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                               SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  const bool held = failed == 0 && ::seccomp_load(filter) == 0;
  ::seccomp_release(filter);
  return held;
#endif
}

}  // namespace

std::size_t limit_descriptors(std::size_t max_connections) {
  const rlim_t allowed = limit(RLIMIT_NOFILE, kFilesOfOne * max_connections + kFilesBesides);
  return std::max<std::size_t>(1, (std::max(allowed, kFilesBesides) - kFilesBesides) / kFilesOfOne);
}

std::string_view confine([[maybe_unused]] std::size_t max_connections) {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)::prctl(PR_SET_DUMPABLE, 0);  // The key is in here: nobody of the same user may look.
  (void)limit(RLIMIT_CORE, 0);
  (void)limit(RLIMIT_FSIZE, 0);
  (void)limit(RLIMIT_NPROC, 0);
#ifndef GK_SANITIZED
  (void)limit(RLIMIT_AS, kMemory + kMemoryOfOne * max_connections);
#endif
  const bool filtered = ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && set_seccomp();
  return filtered ? kConfined : kWeaklyConfined;
}

}  // namespace gk::tls
