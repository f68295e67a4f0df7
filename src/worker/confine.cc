#include "worker/confine.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace gk::worker {
namespace {

bool write_file(const char* path, const std::string& text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool ok = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  return ok;
}

// An empty directory that nobody may list, or the null device in place of a file or socket.
bool cover(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return errno == ENOENT || errno == EACCES;
  if (S_ISDIR(info.st_mode)) {
    return ::mount("gamekeeper-cover", path.c_str(), "tmpfs",
                   MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY,
                   "size=4k,nr_inodes=2,mode=000") == 0;
  }
  return ::mount("/dev/null", path.c_str(), nullptr, MS_BIND, nullptr) == 0;
}

bool limit(__rlimit_resource what, std::uint64_t value) {
  struct rlimit now{};
  if (::getrlimit(what, &now) != 0) return false;
  const rlim_t wanted =
      now.rlim_max == RLIM_INFINITY ? value : std::min<rlim_t>(value, now.rlim_max);
  const struct rlimit both{wanted, wanted};
  return ::setrlimit(what, &both) == 0;
}

// The program sees its own user id again. It is in a namespace below the one that owns the mounts:
// they cannot be taken off even with all capabilities in here, and a copy of them is locked.
const char* enter_inner_user(const Options& options) {
  if (::unshare(CLONE_NEWUSER) != 0) return "unshare";
  if (!write_file("/proc/self/gid_map", std::to_string(options.gid) + " 0 1\n")) return "gid_map";
  if (!write_file("/proc/self/uid_map", std::to_string(options.uid) + " 0 1\n")) return "uid_map";
  return nullptr;
}

// Whether pid_max is of each PID namespace. Before, it is the machine's: never to be touched.
bool has_own_pid_max() {
  struct utsname system{};
  unsigned major = 0, minor = 0;
  if (::uname(&system) != 0 || std::sscanf(system.release, "%u.%u", &major, &minor) != 2)
    return false;
  return major > 6 || (major == 6 && minor >= 14);  // Source: Linux commit 7863dcc72d0f
}

// Bounds the tasks of the namespace also where RLIMIT_NPROC does not: for the user 0 of the
// machine, which a daemon of root is in any user namespace. Numbers up to 300 are given out only
// once, so at most 300 more can live. Best effort: the daemon counts and cancels in any case.
void limit_tasks(std::uint64_t tasks) {
  constexpr std::uint64_t kReserved = 300;  // Source: RESERVED_PIDS of kernel/pid.c
  constexpr const char* kPath = "/proc/sys/kernel/pid_max";
  if (::getpid() != 1 || !has_own_pid_max()) return;
  // The file belongs to our user, who is the program's, too: it must not write a larger number.
  if (::mount(kPath, kPath, nullptr, MS_BIND, nullptr) != 0) return;
  (void)write_file(kPath, std::to_string(kReserved + tasks) + "\n");
  (void)::mount(nullptr, kPath, nullptr,
                MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
}

}  // namespace

const char* confine_mounts(const Options& options, ProcView& proc_view) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return "private mounts";
  const bool fresh =
      ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0;
  proc_view = fresh ? ProcView::fresh : ProcView::inherited;
  for (const auto& path : options.hidden) {
    if (!cover(path)) return "cover";
  }
  limit_tasks(options.processes);
  // One more user namespace is ours (enter_inner_user); the program gets none. Not fatal: the
  // covers are locked anyway.
  if (options.mode == Mode::user) (void)write_file("/proc/sys/user/max_user_namespaces", "1");
  return nullptr;
}

const char* drop_capabilities() {
  // Order: the bounding set and the secure bits need CAP_SETPCAP, which goes last.
  for (unsigned long cap = 0; cap <= 63; ++cap) {
    if (::prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 1) continue;
    if (::prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0 && errno != EPERM) return "bounding set";
  }
  (void)::prctl(PR_SET_SECUREBITS,
                SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                    SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                    SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
                0, 0, 0);  // Refused to those who have no capability to lose.
  (void)::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  if (::syscall(SYS_capset, &header, none) != 0) return "capabilities";
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return "no_new_privs";
  return nullptr;
}

const char* confine_program(const Options& options) {
  if (::setsid() < 0) return "session";
  if (options.mode == Mode::user) {
    if (const char* failed = enter_inner_user(options)) return failed;
  }
  if (const char* failed = drop_capabilities()) return failed;
  if (::chdir(options.directory.c_str()) != 0) return "directory";
  if (!limit(RLIMIT_CORE, 0) || !limit(RLIMIT_NOFILE, options.files) ||
      !limit(RLIMIT_NPROC, options.processes)) {
    return "limits";
  }
  if (options.memory > 0 && !limit(RLIMIT_AS, options.memory)) return "memory limit";
  return nullptr;
}

}  // namespace gk::worker
