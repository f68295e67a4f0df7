// What a supervised program can and cannot do, against real namespaces. Each "cannot" has its
// negative control: the same attempt succeeds when the program is not confined.
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>

#include "sys/process_tree.h"
#include "sys/spawn.h"
#include "testing/temp_dir.h"

namespace gk::sys {
namespace {

// A data directory with a secret and a listening socket, as the daemon has.
class WorkerTest : public testing::TestWithParam<Confinement> {
 protected:
  WorkerTest() : secret(dir / "secret"), socket_file(dir / "admin.sock") {
    std::ofstream(secret) << "s3cret";
    listener = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_file.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener.get(), 8), 0);
  }
  Result<Spawned> start(Confinement mode, std::vector<std::string> command) {
    SpawnSpec spec;
    spec.worker = GK_WORKER;
    spec.command = std::move(command);
    spec.hidden = {dir.path().string()};
    spec.max_processes = max_processes;
    return spawn_supervised(spec, mode);
  }
  static void wait_readable(int fd) {
    pollfd waiting{fd, POLLIN, 0};
    ASSERT_EQ(::poll(&waiting, 1, 10'000), 1) << "nothing within 10 s";
  }
  static std::string read_all(const Fd& fd) {
    std::string out;
    char buffer[4096];
    for (;;) {
      pollfd waiting{fd.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 10'000) != 1) return out + "(timeout)";
      const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
      if (n <= 0) return out;
      out.append(buffer, static_cast<std::size_t>(n));
    }
  }
  // Runs the probe in `mode` to its end.
  std::string probe(Confinement mode, std::vector<std::string> words) {
    words.insert(words.begin(), GK_PROBE);
    auto spawned = start(mode, words);
    if (!spawned) return spawned.error().message;
    const std::string problem = read_all(spawned->report);
    const std::string out = read_all(spawned->output);
    wait_readable(spawned->process.fd());
    (void)spawned->process.try_reap();
    return problem + out;
  }
  std::vector<std::string> attacks() const {
    const std::string pid = std::to_string(::getpid());
    return {"read",    secret,
            "connect", socket_file,
            "read",    "/proc/" + pid + "/environ",
            "read",    "/proc/" + pid + "/root/etc/passwd",
            "signal",  pid};
  }
  TempDir dir;
  std::uint32_t max_processes = 256;
  std::string secret, socket_file;
  Fd listener;
};

/// Does this system (a container, a chroot) allow `mode`? Tried once.
bool available(Confinement mode) {
  static std::map<Confinement, bool> known;
  const auto [it, is_new] = known.emplace(mode, false);
  if (!is_new) return it->second;
  SpawnSpec spec;
  spec.worker = GK_WORKER;
  spec.command = {"/bin/true"};
  auto spawned = spawn_supervised(spec, mode);
  if (!spawned) return false;
  pollfd waiting{spawned->report.get(), POLLIN, 0};
  char byte = 0;
  (void)::poll(&waiting, 1, 10'000);
  it->second = ::read(spawned->report.get(), &byte, 1) <= 0 || byte == 'P';
  return it->second;
}

Confinement strongest() {
  for (const auto mode : {Confinement::user_namespace, Confinement::root_namespace}) {
    if (available(mode)) return mode;
  }
  return Confinement::session;
}

TEST_F(WorkerTest, ItsMountsAreHeldForWhoSaysWhereToCloseThemAndForNobodyElse) {
  SpawnSpec spec;
  spec.worker = GK_WORKER;
  spec.command = {"/bin/sleep", "600"};
  const auto plain = spawn_supervised(spec, strongest());
  spec.unmounting = std::make_shared<WorkerPool>(WorkerPoolOptions{});
  const auto held = spawn_supervised(spec, strongest());
  ASSERT_TRUE(plain && held);
  EXPECT_FALSE(plain->mounts);
  EXPECT_EQ(static_cast<bool>(held->mounts), strongest() != Confinement::session);
  for (const Spawned* spawned : {&*plain, &*held}) {
    EXPECT_TRUE(kill_tree(*spawned));
    pollfd ended{spawned->process.fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&ended, 1, 10'000), 1);
    (void)spawned->process.try_reap();
  }
}

TEST_F(WorkerTest, UnconfinedProgramReachesTheDaemon) {
  std::string line = GK_PROBE;
  for (const auto& word : attacks()) line += " '" + word + "'";
  FILE* pipe = ::popen(line.c_str(), "r");
  std::string out(4096, '\0');
  out.resize(std::fread(out.data(), 1, out.size(), pipe));
  ::pclose(pipe);
  EXPECT_EQ(out.find(" no"), std::string::npos) << out;
}

class ConfinedTest : public WorkerTest {};

TEST_P(ConfinedTest, CannotReachTheDaemon) {
  if (!available(GetParam())) GTEST_SKIP() << "this system refuses it";
  const std::string out = probe(GetParam(), attacks());
  EXPECT_EQ(out.find(" yes"), std::string::npos) << out;
  EXPECT_NE(out.find("signal no"), std::string::npos) << out;
}

TEST_P(ConfinedTest, CannotTakeTheCoverOffOrTraceOrGainPrivilege) {
  if (!available(GetParam())) GTEST_SKIP() << "this system refuses it";
  const std::string pid = std::to_string(::getpid()), covered = dir.path().string();
  const std::string out = probe(GetParam(), {"umount", covered, "umount", "/proc", "ptrace", pid,
                                             "ptrace", "1", "read", "/proc/1/environ", "pidfd", pid,
                                             "capable", "0", "unshare", covered, "read", secret});
  EXPECT_EQ(out.find(" yes"), std::string::npos) << out;
  EXPECT_NE(out.find("unshare no"), std::string::npos) << out;
}

TEST_P(ConfinedTest, KeepsItsUserAndItsExitCode) {
  if (!available(GetParam())) GTEST_SKIP() << "this system refuses it";
  const std::string out = probe(GetParam(), {"uid", std::to_string(::getuid()), "exit", "7"});
  EXPECT_EQ(out.find("uid yes"), 0U) << out;
  auto spawned = start(GetParam(), {GK_PROBE, "exit", "7"}).value();
  wait_readable(spawned.process.fd());
  EXPECT_EQ(spawned.process.try_reap()->code, 7);
}

std::string slurp(const std::string& path) {
  std::string text(8192, '\0');
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t n = fd ? ::read(fd.get(), text.data(), text.size()) : 0;
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

// Processes whose command line names our own temporary directory: survivors of a misbehaving tree.
int survivors(const std::string& mark) {
  int found = 0;
  DIR* proc = ::opendir("/proc");
  while (const dirent* entry = ::readdir(proc)) {
    const std::string text = slurp(std::string("/proc/") + entry->d_name + "/cmdline");
    if (text.find(mark) != std::string::npos && std::atoi(entry->d_name) != ::getpid()) ++found;
  }
  ::closedir(proc);
  return found;
}

TEST_P(ConfinedTest, IsGoneWithAllItsProcessesAfterOneSignal) {
  if (!available(GetParam())) GTEST_SKIP() << "this system refuses it";
  auto spawned = start(GetParam(), {GK_PROBE, "misbehave", "6", "mark", secret}).value();
  wait_readable(spawned.output.get());
  EXPECT_GT(survivors(secret), 6);
  EXPECT_TRUE(spawned.process.try_signal(SIGKILL));
  wait_readable(spawned.process.fd());
  EXPECT_EQ(spawned.process.try_reap()->signal, SIGKILL);
  EXPECT_EQ(survivors(secret), 0);
}

TEST_P(ConfinedTest, EndsWhenTheDaemonIsGone) {
  if (!available(GetParam())) GTEST_SKIP() << "this system refuses it";
  auto spawned = start(GetParam(), {GK_PROBE, "misbehave", "3", "mark", secret}).value();
  wait_readable(spawned.output.get());
  spawned.control.reset();
  wait_readable(spawned.process.fd());
  (void)spawned.process.try_reap();
  EXPECT_EQ(survivors(secret), 0);
}

// State letters of the processes that carry `mark`, without the worker itself.
std::string states(const std::string& mark) {
  std::string out;
  DIR* proc = ::opendir("/proc");
  while (const dirent* entry = ::readdir(proc)) {
    const std::string base = std::string("/proc/") + entry->d_name;
    const std::string text = slurp(base + "/cmdline"), line = slurp(base + "/stat");
    if (text.find(mark) == std::string::npos || text.find("supervise") != std::string::npos)
      continue;
    if (line.empty()) continue;
    out += line[line.rfind(')') + 2];
  }
  ::closedir(proc);
  return out;
}

// Looks every 5 ms for at most 10 s, since other processes run in real time.
bool comes_true(const std::function<bool()>& condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    ::poll(nullptr, 0, 5);
  }
  return false;
}

// Linux 6.14 or later has a limit of the namespace; before, there is none for root.
bool kernel_limits_forks() {
  struct utsname system{};
  unsigned major = 0, minor = 0;
  (void)::uname(&system);
  (void)std::sscanf(system.release, "%u.%u", &major, &minor);
  return ::getuid() != 0 || major > 6 || (major == 6 && minor >= 14);
}

TEST_P(ConfinedTest, IsRefusedAForkBombByTheKernelAndCannotLiftThat) {
  if (!available(GetParam())) GTEST_SKIP() << "this system refuses it";
  if (!kernel_limits_forks()) GTEST_SKIP() << "for root this kernel has no limit but a cgroup's";
  const std::string pid_max = "/proc/sys/kernel/pid_max", of_the_machine = slurp(pid_max);
  std::string out = probe(GetParam(), {"fork", "200"});
  EXPECT_EQ(out.find("fork yes"), 0U) << out;
  out = probe(GetParam(), {"rewrite", pid_max, "fork", "600"});
  EXPECT_EQ(out.find("rewrite no"), 0U) << out;
  EXPECT_NE(out.find("fork no (Resource temporarily unavailable)"), std::string::npos) << out;
  EXPECT_EQ(slurp(pid_max), of_the_machine);
  if (::getuid() == 0) {  // Negative control: without the cover root may write the file.
    out = probe(Confinement::session, {"rewrite", pid_max});
    EXPECT_EQ(out.find("rewrite yes"), 0U) << out;
  }
  max_processes = 1024;  // Negative control: it is this limit that refuses.
  out = probe(GetParam(), {"fork", "600"});
  EXPECT_EQ(out.find("fork yes"), 0U) << out;
}

TEST_P(ConfinedTest, StopsAsAWholeAndRunsOn) {
  if (!available(GetParam())) GTEST_SKIP() << "this system refuses it";
  auto spawned = start(GetParam(), {GK_PROBE, "misbehave", "2", "mark", secret}).value();
  wait_readable(spawned.output.get());
  ASSERT_EQ(::write(spawned.control.get(), "p", 1), 1);
  EXPECT_TRUE(
      comes_true([&] { return states(secret).find_first_not_of("TZX") == std::string::npos; }));
  ASSERT_EQ(::write(spawned.control.get(), "r", 1), 1);
  EXPECT_TRUE(comes_true([&] { return states(secret).find('T') == std::string::npos; }));
  EXPECT_TRUE(spawned.process.try_signal(SIGKILL));
  wait_readable(spawned.process.fd());
  (void)spawned.process.try_reap();
}

TEST_P(ConfinedTest, ReportsACommandThatCannotBeExecuted) {
  if (!available(GetParam())) GTEST_SKIP() << "this system refuses it";
  auto spawned = start(GetParam(), {"/nonexistent/program"}).value();
  EXPECT_EQ(read_all(spawned.report), "E exec: No such file or directory\n");
  wait_readable(spawned.process.fd());
  EXPECT_EQ(spawned.process.try_reap()->code, 127);
}

INSTANTIATE_TEST_SUITE_P(Modes, ConfinedTest,
                         testing::Values(Confinement::user_namespace, Confinement::root_namespace),
                         [](const auto& mode) {
                           return mode.param == Confinement::user_namespace ? "UserNamespace"
                                                                            : "RootNamespace";
                         });

TEST_F(WorkerTest, SessionModeKillsEscapedOrphansByAWalk) {
  auto spawned = start(Confinement::session, {GK_PROBE, "misbehave", "6", "mark", secret}).value();
  wait_readable(spawned.output.get());
  EXPECT_GT(kill_descendants(spawned.process.pid()), 6U);
  EXPECT_TRUE(kill_tree(spawned));
  wait_readable(spawned.process.fd());
  (void)spawned.process.try_reap();
  EXPECT_EQ(survivors(secret), 0);
}

TEST_F(WorkerTest, SessionModeEndsOnlyWhenNobodyOfABombIsLeft) {
  auto spawned = start(Confinement::session, {GK_PROBE, "bomb", "600", "mark", secret}).value();
  wait_readable(spawned.output.get());
  EXPECT_TRUE(kill_tree(spawned));
  wait_readable(spawned.process.fd());
  const auto status = spawned.process.try_reap();
  EXPECT_EQ(status.value().code, 137) << "it has ended by itself, after all others";
  EXPECT_EQ(survivors(secret), 0);
}

// The program has the worker's user, so that it may stop it.
TEST_F(WorkerTest, SessionModeKillsWithAStoppedWorkerToo) {
  auto spawned = start(Confinement::session, {GK_PROBE, "misbehave", "3", "mark", secret}).value();
  wait_readable(spawned.output.get());
  ASSERT_TRUE(spawned.process.try_signal(SIGSTOP));
  EXPECT_TRUE(kill_tree(spawned));
  wait_readable(spawned.process.fd());
  (void)spawned.process.try_reap();
  EXPECT_EQ(survivors(secret), 0);
}

TEST_F(WorkerTest, SessionModeEndsWithTheDaemonToo) {
  auto spawned = start(Confinement::session, {GK_PROBE, "misbehave", "3", "mark", secret}).value();
  wait_readable(spawned.output.get());
  spawned.control.reset();
  wait_readable(spawned.process.fd());
  (void)spawned.process.try_reap();
  EXPECT_EQ(survivors(secret), 0);
}

// With a parent-death signal the worker would be gone before it could walk its tree.
TEST_F(WorkerTest, SessionModeEndsWhenTheDaemonIsKilled) {
  const pid_t daemon = ::fork();
  if (daemon == 0) {
    auto spawned = start(Confinement::session, {GK_PROBE, "misbehave", "3", "mark", secret});
    if (spawned) wait_readable(spawned->output.get());
    ::kill(::getpid(), SIGKILL);
  }
  ASSERT_GT(daemon, 0);
  ASSERT_EQ(::waitpid(daemon, nullptr, 0), daemon);
  EXPECT_TRUE(comes_true([&] { return survivors(secret) == 0; }));
}

TEST_F(WorkerTest, RefusesARelativeCommandAndAMissingWorker) {
  EXPECT_EQ(start(Confinement::session, {"sh"}).error().code, Errc::invalid_argument);
  SpawnSpec spec;
  spec.worker = "/nonexistent/gamekeeper-worker";
  spec.command = {"/bin/true"};
  EXPECT_EQ(spawn_supervised(spec, strongest()).error().code, Errc::not_found);
}

TEST_F(WorkerTest, CapturesBothOutputsAndGivesNoInput) {
  auto spawned = start(strongest(), {"/bin/sh", "-c", "cat; echo out; echo err >&2"}).value();
  EXPECT_EQ(read_all(spawned.output), "out\nerr\n");
  wait_readable(spawned.process.fd());
  (void)spawned.process.try_reap();
}

TEST(ProcessHandle, RefusesAPidThatWasGivenAway) {
  const auto facts = process_facts(::getpid()).value();
  EXPECT_EQ(facts.uid, ::getuid());
  EXPECT_EQ(facts.parent, ::getppid());
  EXPECT_TRUE(ProcessHandle::open(::getpid(), facts.start_ticks));
  EXPECT_EQ(ProcessHandle::open(::getpid(), facts.start_ticks + 1).error().code, Errc::not_found);
  EXPECT_EQ(process_facts(0x7ffffff0).error().code, Errc::not_found);
}

}  // namespace
}  // namespace gk::sys
