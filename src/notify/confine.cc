#include "notify/confine.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

namespace gk::notify {
namespace {

[[maybe_unused]] constexpr rlim_t kMaxMemory =
    1'024UL * 1'024 * 1'024;      // Source: chosen; it uses 20 MiB
constexpr rlim_t kMaxFiles = 64;  // Source: chosen; 8 POSTs use 20

void limit(__rlimit_resource what, rlim_t most) {
  const rlimit both{most, most};
  (void)::setrlimit(what, &both);
}

void set_limits() {
  limit(RLIMIT_CORE, 0);  // A core would hold the receivers' secrets.
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_NOFILE, kMaxFiles);
#ifndef GK_SANITIZED
  limit(RLIMIT_AS, kMaxMemory);
#endif
}

// Libraries and certificates, and what getaddrinfo() reads.
constexpr std::array<const char*, 15> kReadable{"/usr/lib",
                                                "/lib",
                                                "/lib64",
                                                "/usr/share/ca-certificates",
                                                "/usr/local/share/ca-certificates",
                                                "/etc/ssl",
                                                "/etc/ld.so.cache",
                                                "/etc/resolv.conf",
                                                "/etc/hosts",
                                                "/etc/host.conf",
                                                "/etc/gai.conf",
                                                "/etc/nsswitch.conf",
                                                "/etc/services",
                                                "/run/systemd/resolve",
                                                "/dev/null"};

void allow_read(int ruleset, const char* path) {
  const int fd = ::open(path, O_PATH | O_CLOEXEC);
  if (fd < 0) return;  // Not on this machine.
  landlock_path_beneath_attr rule{};
  rule.parent_fd = fd;
  rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;  // It is no directory.
    (void)::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  }
  ::close(fd);
}

bool set_landlock(const std::string& ca_file) {
  landlock_ruleset_attr attributes{};
  // Every right of the first version: what is handled and not allowed is refused.
  attributes.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1U) - 1U;
  const auto ruleset =
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0));
  if (ruleset < 0) return false;
  for (const char* path : kReadable) allow_read(ruleset, path);
  if (!ca_file.empty()) allow_read(ruleset, ca_file.c_str());
  const bool held = ::syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
  ::close(ruleset);
  return held;
}

// What an attacker inside would want next. Threads stay possible: name service uses them.
constexpr std::array<std::string_view, 27> kRefused{"execve",
                                                    "execveat",
                                                    "fork",
                                                    "vfork",
                                                    "ptrace",
                                                    "kill",
                                                    "tkill",
                                                    "pidfd_open",
                                                    "pidfd_getfd",
                                                    "pidfd_send_signal",
                                                    "listen",
                                                    "accept",
                                                    "accept4",
                                                    "process_vm_readv",
                                                    "process_vm_writev",
                                                    "io_uring_setup",
                                                    "bpf",
                                                    "userfaultfd",
                                                    "perf_event_open",
                                                    "unshare",
                                                    "setns",
                                                    "mount",
                                                    "chroot",
                                                    "keyctl",
                                                    "add_key",
                                                    "open_by_handle_at",
                                                    "memfd_create"};

bool set_seccomp() {
  scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr) return false;
  for (const std::string_view name : kRefused) {
    const int number = ::seccomp_syscall_resolve_name(std::string(name).c_str());
    if (number == __NR_SCMP_ERROR) continue;  // Unknown to this kernel's headers.
    (void)::seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
  }
  const bool held = ::seccomp_load(filter) == 0;
  ::seccomp_release(filter);
  return held;
}

}  // namespace

std::string confine(const std::string& ca_file) {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)::prctl(PR_SET_DUMPABLE, 0);
  set_limits();
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return "nothing: no_new_privs is refused";
  const bool landlock = set_landlock(ca_file);
  const bool seccomp = set_seccomp();
  if (landlock && seccomp) return "landlock and seccomp";
  if (landlock) return "landlock alone";
  return seccomp ? "seccomp alone" : "limits alone";
}

}  // namespace gk::notify
