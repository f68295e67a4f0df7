#include "sys/spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/try.h"
#include "sys/process_tree.h"

namespace gk::sys {

std::string_view confinement_name(Confinement mode) {
  return mode == Confinement::session ? "session" : "namespace";
}

namespace {

struct Pipe {
  Fd read, write;
};

Result<Pipe> make_pipe() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return file_error("create", "pipe", errno);
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

// All that the child needs, made before it exists: it shares our memory and may not allocate.
struct ChildPlan {
  const char* worker = nullptr;
  char* const* argv = nullptr;
  char* const* envp = nullptr;
  int null_fd = -1, output_fd = -1, errors_fd = -1, control_fd = -1, report_fd = -1, lanes_fd = -1;
  std::string uid_map, gid_map;  // Empty: no user namespace.
  // Answer of the child.
  const char* failed_stage = nullptr;
  int failed_errno = 0;
};

// Between vfork and exec only system calls are made, never libc functions: sanitizers hook those,
// and the memory is the parent's, with what a sanitizer notes about it: a frame that ends in exec
// never takes its notes back.
#ifdef __clang__  // Its "thread" would still note each entry and exit.
#define GK_CHILD [[clang::disable_sanitizer_instrumentation]]
#else
#define GK_CHILD [[gnu::no_sanitize("address"), gnu::no_sanitize("thread")]]
#endif

#ifdef GK_SANITIZED
// The same function by glibc's other name: ThreadSanitizer takes clone() for fork() and loses count
// when the child shares our memory.
extern "C" int __clone(int (*)(void*), void*, int, void*, ...);
constexpr auto kClone = &__clone;
#else
constexpr auto kClone = &::clone;
#endif

template <typename... Args>
GK_CHILD long sys_call(long number, Args... args) {
  return ::syscall(number, args...);
}

GK_CHILD bool write_text(const char* path, const char* text, std::size_t size) {
  const long fd = sys_call(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool ok = sys_call(SYS_write, fd, text, size) == static_cast<long>(size);
  sys_call(SYS_close, fd);
  return ok;
}

// Maps our own user to 0 inside, which one may do without privilege.
GK_CHILD const char* map_user(const ChildPlan& plan) {
  if (plan.uid_map.empty()) return nullptr;
  if (!write_text("/proc/self/setgroups", "deny", 4)) return "setgroups";
  if (!write_text("/proc/self/gid_map", plan.gid_map.data(), plan.gid_map.size())) return "gid_map";
  if (!write_text("/proc/self/uid_map", plan.uid_map.data(), plan.uid_map.size())) return "uid_map";
  return nullptr;
}

// 0 null, 1 and 2 output, 3 control, 4 report, 5 lanes if wanted; everything else closed.
GK_CHILD const char* arrange_descriptors(const ChildPlan& plan) {
  const int wanted[] = {plan.null_fd,    plan.output_fd, plan.errors_fd,
                        plan.control_fd, plan.report_fd, plan.lanes_fd};
  const int count = plan.lanes_fd < 0 ? kLanesFd : kLanesFd + 1;
  long high[kLanesFd + 1];
  for (int i = 0; i < count; ++i) {
    high[i] = sys_call(SYS_fcntl, wanted[i], F_DUPFD_CLOEXEC, 10);
    if (high[i] < 0) return "descriptors";
  }
  for (int i = 0; i < count; ++i) {
    if (sys_call(SYS_dup3, high[i], i, 0) < 0) return "descriptors";
  }
  sys_call(SYS_close_range, static_cast<unsigned>(count), ~0U, 0U);
  return nullptr;
}

GK_CHILD int child_main(void* argument) {
  ChildPlan& plan = *static_cast<ChildPlan*>(argument);
  const char* stage = map_user(plan);
  if (stage == nullptr) stage = arrange_descriptors(plan);
  if (stage == nullptr) {
    sys_call(SYS_execve, plan.worker, plan.argv, plan.envp);
    stage = "exec";
  }
  plan.failed_stage = stage;
  plan.failed_errno = errno;
  sys_call(SYS_exit_group, 127);
  return 127;
}

std::vector<std::string> worker_arguments(const SpawnSpec& spec, Confinement mode) {
  const char* name = mode == Confinement::user_namespace   ? "user"
                     : mode == Confinement::root_namespace ? "root"
                                                           : "session";
  std::vector<std::string> out{"gamekeeper-worker",
                               "supervise",
                               "--mode",
                               name,
                               "--uid",
                               std::to_string(::getuid()),
                               "--gid",
                               std::to_string(::getgid()),
                               "--directory",
                               spec.directory,
                               "--processes",
                               std::to_string(spec.max_processes),
                               "--files",
                               std::to_string(spec.max_open_files),
                               "--memory",
                               std::to_string(spec.max_memory_bytes)};
  if (spec.lanes >= 0) {
    out.push_back("--lanes");
    out.push_back(std::to_string(kLanesFd));
  }
  for (const auto& path : spec.hidden) {
    out.push_back("--hide");
    out.push_back(path);
  }
  out.push_back("--");
  out.insert(out.end(), spec.command.begin(), spec.command.end());
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

int clone_flags(Confinement mode) {
  int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
  if (mode != Confinement::session) flags |= CLONE_NEWPID | CLONE_NEWNS;
  if (mode == Confinement::user_namespace) flags |= CLONE_NEWUSER;
  return flags;
}

// Runs the plan in a child that shares our memory until it executes the worker.
Result<ProcessHandle> run_child(ChildPlan& plan, int flags) {
  constexpr std::size_t kStack = 64 * 1024;
  void* stack = ::mmap(nullptr, kStack, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return file_error("allocate", "child stack", errno);
  // No signal handler of ours may run in the child while it shares our memory.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  int pidfd = -1;
  const int pid = kClone(child_main, static_cast<char*>(stack) + kStack, flags, &plan, &pidfd);
  const int clone_errno = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::munmap(stack, kStack);
  if (pid < 0) {
    return Error{Errc::unavailable, std::string("clone refused: ") + std::strerror(clone_errno)};
  }
  ProcessHandle handle = ProcessHandle::adopt(Fd(pidfd), pid);
  if (plan.failed_stage != nullptr) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    const bool no_worker = std::strcmp(plan.failed_stage, "exec") == 0;
    return Error{no_worker ? Errc::not_found : Errc::unavailable,
                 std::string(plan.failed_stage) + " of " + plan.worker +
                     " failed: " + std::strerror(plan.failed_errno)};
  }
  return handle;
}

// Best effort: without it the worker's end takes longer on a busy machine, nothing else.
Fd open_mounts(int pid) {
  return Fd(::open(("/proc/" + std::to_string(pid) + "/ns/mnt").c_str(), O_RDONLY | O_CLOEXEC));
}

}  // namespace

Result<Spawned> spawn_supervised(const SpawnSpec& spec, Confinement mode) {
  if (spec.command.empty() || spec.command[0].empty() || spec.command[0][0] != '/') {
    return Error{Errc::invalid_argument, "expected an absolute path as the first word of command"};
  }
  GK_TRY(Pipe output, make_pipe());
  GK_TRY(Pipe control, make_pipe());
  GK_TRY(Pipe report, make_pipe());
  Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return file_error("open", "/dev/null", errno);
  ::fcntl(output.read.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(report.read.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(control.write.get(), F_SETFL, O_NONBLOCK);

  std::vector<std::string> arguments = worker_arguments(spec, mode);
  std::vector<std::string> environment = spec.environment;
  const auto argv = pointers(arguments);
  const auto envp = pointers(environment);
  ChildPlan plan;
  plan.worker = spec.worker.c_str();
  plan.argv = argv.data();
  plan.envp = envp.data();
  plan.null_fd = spec.input_fd >= 0 ? spec.input_fd : null.get();
  plan.errors_fd = output.write.get();
  plan.output_fd = spec.output_fd >= 0 ? spec.output_fd : plan.errors_fd;
  plan.control_fd = control.read.get();
  plan.report_fd = report.write.get();
  plan.lanes_fd = spec.lanes;
  if (mode == Confinement::user_namespace) {
    plan.uid_map = "0 " + std::to_string(::geteuid()) + " 1\n";
    plan.gid_map = "0 " + std::to_string(::getegid()) + " 1\n";
  }
  GK_TRY(ProcessHandle process, run_child(plan, clone_flags(mode)));
  const bool mounts_wanted = spec.unmounting != nullptr && mode != Confinement::session;
  LateFd mounts(mounts_wanted ? open_mounts(process.pid()) : Fd());
  mounts.close_on(spec.unmounting);
  return Spawned{std::move(process),
                 std::move(output.read),
                 std::move(control.write),
                 std::move(report.read),
                 mode,
                 std::move(mounts)};
}

namespace {

// The worker may be gone already; then the write must not raise SIGPIPE in an embedder.
void tell_to_kill(int control) {
  sigset_t pipe, before;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, &before);
  if (::write(control, &control_byte::kKill, 1) < 0 && errno == EPIPE) {
    const timespec at_once{};
    (void)::sigtimedwait(&pipe, nullptr, &at_once);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

bool kill_tree(const Spawned& spawned) {
  if (spawned.mode != Confinement::session) return spawned.process.try_signal(SIGKILL);
  kill_descendants(spawned.process.pid());
  tell_to_kill(spawned.control.get());
  return spawned.process.try_signal(
      SIGCONT);  // The program, of the same user, may have stopped it.
}

}  // namespace gk::sys
