#include "worker/lua_sandbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <lua.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "worker/syscall_filter.h"

namespace gk::worker {
namespace {

using Programs = std::vector<std::pair<std::string, std::string>>;

/// The programs of a file: each begins with a line "--## its name".
Programs programs_in(const std::string& file) {
  std::ifstream in(std::string(GK_LUA_TESTS) + "/" + file);
  Programs out;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("--## ", 0) == 0) {
      out.emplace_back(line.substr(5), "");
    } else if (!out.empty()) {
      out.back().second += line + "\n";
    }
  }
  return out;
}

/// Runs an attempt in a sandbox of its own. True: it says that it got what it must not.
bool escapes(const std::string& source, const Weakness& weakness) {
  lua_State* lua = open_sandbox(weakness);
  const bool runs =
      compile(lua, source.data(), source.size(), "=attempt") && lua_pcall(lua, 0, 1, 0) == LUA_OK;
  const bool escaped = runs && lua_toboolean(lua, -1) != 0;
  lua_close(lua);
  return escaped;
}

std::vector<std::string> escaped_from(const Programs& programs, const Weakness& weakness) {
  std::vector<std::string> out;
  for (const auto& [name, source] : programs) {
    if (escapes(source, weakness)) out.push_back(name);
  }
  return out;
}

TEST(LuaSandboxTest, NoAttemptOfTheListEscapes) {
  const Programs programs = programs_in("escape.lua");
  EXPECT_GE(programs.size(), 80U);
  EXPECT_EQ(escaped_from(programs, {}), std::vector<std::string>());
}

TEST(LuaSandboxTest, TheListNoticesAWeakenedSandbox) {
  const Programs programs = programs_in("escape.lua");
  EXPECT_FALSE(escaped_from(programs, {.allow_gc = true}).empty());
  EXPECT_GE(escaped_from(programs, {.allow_load = true}).size(), 4U);
  EXPECT_FALSE(escaped_from(programs, {.no_memory_cap = true}).empty());
}

TEST(LuaSandboxTest, MemoryEndsAtItsCapWithAnErrorThatSaysSo) {
  lua_State* lua = open_sandbox();
  const std::string source = "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end";
  ASSERT_TRUE(compile(lua, source.data(), source.size(), "=grow"));
  EXPECT_EQ(lua_pcall(lua, 0, 0, 0), LUA_ERRMEM);
  EXPECT_STREQ(lua_tostring(lua, -1), "not enough memory");
  lua_close(lua);
}

/// Ends within `ms` after the signal?
bool stops(const std::string& source, const Weakness& weakness, unsigned ms) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGTERM, [](int) { interrupt_sandbox(); });
    lua_State* lua = open_sandbox(weakness);
    const bool good = compile(lua, source.data(), source.size(), "=loop");
    ::alarm(20);  // Whatever happens to the test, it ends.
    (void)(good && lua_pcall(lua, 0, 0, 0) == LUA_OK);
    ::_exit(0);
  }
  ::usleep(30'000);
  ::kill(child, SIGTERM);
  int status = 0;
  for (unsigned waited = 0; waited < ms * 10; ++waited) {
    if (::waitpid(child, &status, WNOHANG) == child) return true;
    ::usleep(100);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  return false;
}

constexpr const char* kPcallLoop = "while true do pcall(function() while true do end end) end";
constexpr const char* kCoroutineLoop =
    "while true do coroutine.resume(coroutine.create(function() while true do end end)) end";
constexpr const char* kCloseLoop =
    "local x <close> = setmetatable({}, {__close = function() while true do end end}) "
    "while true do end";

TEST(LuaSandboxTest, AnInterruptGoesThroughPcallCoroutinesAndCloseHandlers) {
  EXPECT_TRUE(stops("while true do end", {}, 2'000));
  EXPECT_TRUE(stops(kPcallLoop, {}, 2'000));
  EXPECT_TRUE(stops(kCoroutineLoop, {}, 2'000));
  EXPECT_TRUE(stops(kCloseLoop, {}, 2'000));
}

TEST(LuaSandboxTest, APlainResumeWouldNotLetItReachACoroutine) {
  EXPECT_FALSE(stops(kCoroutineLoop, {.plain_resume = true}, 200));
}

/// The signal that ends a process which makes this system call under the filter; 0: it lives on.
int signal_of(const std::function<void()>& call, bool filtered = true) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (filtered && !install_syscall_filter()) ::_exit(9);
    call();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

struct Attempt {
  const char* name;
  long number;
};
// Files, programs, network, other processes, namespaces, kernels: with arguments of nothing, since
// the number alone must be refused.
constexpr Attempt kAttempts[] = {{"open", SYS_open},
                                 {"openat", SYS_openat},
                                 {"openat2", SYS_openat2},
                                 {"creat", SYS_creat},
                                 {"unlink", SYS_unlink},
                                 {"rename", SYS_rename},
                                 {"stat", SYS_stat},
                                 {"getdents", SYS_getdents64},
                                 {"execve", SYS_execve},
                                 {"execveat", SYS_execveat},
                                 {"fork", SYS_fork},
                                 {"vfork", SYS_vfork},
                                 {"clone", SYS_clone},
                                 {"clone3", SYS_clone3},
                                 {"socket", SYS_socket},
                                 {"connect", SYS_connect},
                                 {"bind", SYS_bind},
                                 {"socketpair", SYS_socketpair},
                                 {"sendmsg", SYS_sendmsg},
                                 {"recvmsg", SYS_recvmsg},
                                 {"kill", SYS_kill},
                                 {"tgkill", SYS_tgkill},
                                 {"ptrace", SYS_ptrace},
                                 {"process_vm_readv", SYS_process_vm_readv},
                                 {"pidfd_open", SYS_pidfd_open},
                                 {"mount", SYS_mount},
                                 {"unshare", SYS_unshare},
                                 {"setns", SYS_setns},
                                 {"chroot", SYS_chroot},
                                 {"setuid", SYS_setuid},
                                 {"prctl", SYS_prctl},
                                 {"seccomp", SYS_seccomp},
                                 {"bpf", SYS_bpf},
                                 {"io_uring_setup", SYS_io_uring_setup},
                                 {"memfd_create", SYS_memfd_create},
                                 {"mprotect", SYS_mprotect},
                                 {"shmget", SYS_shmget},
                                 {"mq_open", SYS_mq_open},
                                 {"inotify_init", SYS_inotify_init1},
                                 {"perf_event_open", SYS_perf_event_open},
                                 {"init_module", SYS_init_module},
                                 {"reboot", SYS_reboot},
                                 {"ioctl", SYS_ioctl},
                                 {"fcntl", SYS_fcntl},
                                 {"dup2", SYS_dup2},
                                 {"setrlimit", SYS_setrlimit},
                                 {"sched_setaffinity", SYS_sched_setaffinity},
                                 {"nanosleep", SYS_nanosleep}};

TEST(SyscallFilterTest, KillsWhoeverAsksLinuxForMore) {
  for (const Attempt& attempt : kAttempts) {
    EXPECT_EQ(signal_of([&] { ::syscall(attempt.number, 0, 0, 0, 0, 0, 0); }), SIGSYS)
        << attempt.name;
  }
}

TEST(SyscallFilterTest, WithoutItTheSameCallsDoNotKill) {
  EXPECT_EQ(signal_of([] { ::syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0); }, false), 0);
  EXPECT_EQ(signal_of([] { ::syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY); }, false), 0);
}

TEST(SyscallFilterTest, GivesMemoryButNoneThatCanBeExecuted) {
  const auto map = [](int protection) {
    return signal_of([protection] {
      (void)::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    });
  };
  EXPECT_EQ(map(PROT_READ | PROT_WRITE), 0);
  EXPECT_EQ(map(PROT_READ | PROT_WRITE | PROT_EXEC), SIGSYS);
}

}  // namespace
}  // namespace gk::worker
