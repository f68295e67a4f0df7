#include "worker/syscall_filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>

namespace gk::worker {
namespace {

// Source: strace of the scripts in examples/macros, and what glibc's malloc, poll and abort use.
constexpr std::uint32_t kAllowed[] = {
    SYS_read,
    SYS_write,
    SYS_poll,
    SYS_ppoll,
    SYS_brk,
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    SYS_rt_sigreturn,
    SYS_rt_sigprocmask,
    SYS_restart_syscall,
    SYS_clock_gettime,
    SYS_exit,
    SYS_exit_group,
};

constexpr std::uint32_t kNumber = offsetof(seccomp_data, nr);
constexpr std::uint32_t kArch = offsetof(seccomp_data, arch);
constexpr std::uint32_t kProtection = offsetof(seccomp_data, args) + 2 * sizeof(std::uint64_t);

constexpr std::uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
constexpr std::uint16_t kIfEqual = BPF_JMP | BPF_JEQ | BPF_K;
constexpr std::uint16_t kIfAnyBit = BPF_JMP | BPF_JSET | BPF_K;
constexpr std::uint16_t kReturn = BPF_RET | BPF_K;

}  // namespace

bool install_syscall_filter() {
  sock_filter program[64];
  std::uint16_t n = 0;
  const auto add = [&](std::uint16_t code, std::uint8_t yes, std::uint8_t no, std::uint32_t k) {
    program[n++] = {code, yes, no, k};
  };
  // Another architecture's numbers mean other calls.
  add(kLoad, 0, 0, kArch);
  add(kIfEqual, 1, 0, AUDIT_ARCH_X86_64);
  add(kReturn, 0, 0, SECCOMP_RET_KILL_PROCESS);
  add(kLoad, 0, 0, kNumber);
  for (const std::uint32_t number : kAllowed) {
    add(kIfEqual, 0, 1, number);
    add(kReturn, 0, 0, SECCOMP_RET_ALLOW);
  }
  // Memory, but never memory that can be executed.
  add(kIfEqual, 0, 3, SYS_mmap);
  add(kLoad, 0, 0, kProtection);
  add(kIfAnyBit, 1, 0, PROT_EXEC);
  add(kReturn, 0, 0, SECCOMP_RET_ALLOW);
  add(kReturn, 0, 0, SECCOMP_RET_KILL_PROCESS);
  const sock_fprog filter{n, program};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

}  // namespace gk::worker
