// How long a process macro lives after the decision to kill it: from the signal until the whole
// tree is gone and reaped. Trees of several shapes, sizes up to 256 MiB resident; SIGTERM-ignorers,
// forkers and setsid + double-fork escapees among them. Prints one JSON object.
//
//   macros_kill_bench [--rounds 200] [--mode user|root|session] [--load N] [--pages small|huge]
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/clock.h"
#include "sys/process_tree.h"
#include "sys/spawn.h"

namespace {

struct Shape {
  const char* name;
  int processes;
  int mebibytes;  // Resident, of the whole tree.
  bool forks;     // Each process keeps forking.
};
constexpr Shape kShapes[] = {{"one_small", 1, 4, false},
                             {"one_256mib", 1, 256, false},
                             {"eight_256mib", 8, 256, false},
                             {"eight_forkers", 8, 32, true},
                             {"fifty_escapees", 50, 50, false}};

void hold(int mebibytes) {
  const std::size_t bytes = static_cast<std::size_t>(mebibytes) << 20;
  auto* memory = static_cast<volatile char*>(std::malloc(bytes));
  for (std::size_t i = 0; i < bytes; i += 4096) memory[i] = 1;
}

// The victim: every process ignores SIGTERM, is an orphan in a session of its own, and holds its
// part of the memory; a byte a process on stdout says that it is ready.
[[noreturn]] void be_victim(int processes, int mebibytes, bool forks) {
  ::signal(SIGTERM, SIG_IGN);
  for (int i = 0; i < processes; ++i) {
    if (::fork() != 0) continue;
    ::setsid();
    if (::fork() != 0) ::_exit(0);
    hold(mebibytes / processes);
    (void)!::write(1, "r", 1);
    for (;;) {
      while (::waitpid(-1, nullptr, WNOHANG) > 0) {
      }
      if (forks && ::fork() == 0) ::_exit(0);
      ::usleep(1000);
    }
  }
  for (;;) ::pause();
}

bool readable(int fd, int timeout_ms) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, timeout_ms) == 1;
}

double one_kill(const gk::Clock& clock, const Shape& shape, gk::sys::Confinement mode,
                bool huge_pages) {
  gk::sys::SpawnSpec spec;
  spec.worker = GK_WORKER;
  if (huge_pages) spec.environment = {"GLIBC_TUNABLES=glibc.malloc.hugetlb=1"};  // As the daemon.
  char self[4096] = {};
  (void)!::readlink("/proc/self/exe", self, sizeof self - 1);
  spec.command = {self, "--victim", std::to_string(shape.processes),
                  std::to_string(shape.mebibytes), shape.forks ? "1" : "0"};
  auto spawned = gk::sys::spawn_supervised(spec, mode);
  if (!spawned) {
    std::fprintf(stderr, "%s\n", spawned.error().message.c_str());
    std::exit(1);
  }
  for (int ready = 0; ready < shape.processes;) {
    char bytes[64];
    if (!readable(spawned->output.get(), 30'000)) std::exit(2);
    const ssize_t n = ::read(spawned->output.get(), bytes, sizeof bytes);
    if (n <= 0) std::exit(3);
    ready += static_cast<int>(n);
  }
  const gk::MonoTime decided = clock.mono();
  if (mode == gk::sys::Confinement::session) {
    gk::sys::kill_descendants(spawned->process.pid());
  }
  (void)spawned->process.try_signal(SIGKILL);
  if (!readable(spawned->process.fd(), 30'000) || !spawned->process.try_reap()) std::exit(4);
  return std::chrono::duration<double, std::milli>(clock.mono() - decided).count();
}

double percentile(std::vector<double>& sorted, double p) {
  const auto at = static_cast<std::size_t>(static_cast<double>(sorted.size()) * p);
  return sorted[std::min(at, sorted.size() - 1)];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 5 && std::strcmp(argv[1], "--victim") == 0) {
    be_victim(std::atoi(argv[2]), std::atoi(argv[3]), argv[4][0] == '1');
  }
  int rounds = 200, load = 0;
  bool huge_pages = true;
  auto mode = gk::sys::Confinement::user_namespace;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--rounds") == 0) rounds = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--pages") == 0) huge_pages = std::strcmp(argv[i + 1], "small") != 0;
    if (std::strcmp(argv[i], "--load") == 0) load = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--mode") == 0 && std::strcmp(argv[i + 1], "root") == 0) {
      mode = gk::sys::Confinement::root_namespace;
    }
    if (std::strcmp(argv[i], "--mode") == 0 && std::strcmp(argv[i + 1], "session") == 0) {
      mode = gk::sys::Confinement::session;
    }
  }
  std::vector<pid_t> spinners;
  for (int i = 0; i < load; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      for (;;) asm volatile("");
    }
    spinners.push_back(pid);
  }
  const gk::SystemClock clock;
  std::printf("{\"bench\":\"macros_kill\",\"mode\":\"%s\",\"busy_threads\":%d,\"shapes\":[",
              std::string(gk::sys::confinement_name(mode)).c_str(), load);
  std::vector<double> all;
  const char* separator = "";
  for (const Shape& shape : kShapes) {
    std::vector<double> ms;
    for (int i = 0; i < rounds; ++i) ms.push_back(one_kill(clock, shape, mode, huge_pages));
    all.insert(all.end(), ms.begin(), ms.end());
    std::sort(ms.begin(), ms.end());
    std::printf(
        "%s\n {\"shape\":\"%s\",\"n\":%zu,\"min_ms\":%.3f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,"
        "\"max_ms\":%.2f}",
        separator, shape.name, ms.size(), ms.front(), percentile(ms, 0.5), percentile(ms, 0.99),
        ms.back());
    separator = ",";
    std::fflush(stdout);
  }
  std::sort(all.begin(), all.end());
  std::printf("],\n \"n\":%zu,\"p50_ms\":%.2f,\"p99_ms\":%.2f}\n", all.size(), percentile(all, 0.5),
              percentile(all, 0.99));
  for (const pid_t pid : spinners) ::kill(pid, SIGKILL);
  return 0;
}
