// monitor_sampler_bench: what the sampler costs while it watches 20 processes.
//
// Usage: monitor_sampler_bench [rounds] [interval_ms] [processes]. Runs the real thread at the real
// interval, because a cold cache between two rounds is most of the cost at 1 Hz, and reads the CPU
// time of that thread alone (RUSAGE_THREAD, from its own callback). Prints one JSON object.

#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "monitor/sampler.h"
#include "testing/capture_log.h"

namespace {

using namespace gk;

double thread_cpu_us() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  const auto us = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

long resident_kib() {
  long size = 0, resident = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld %ld", &size, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

std::vector<pid_t> start_processes(long n) {
  std::vector<pid_t> out;
  for (long i = 0; i < n; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (;;) ::pause();
    }
    out.push_back(pid);
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const long rounds = argc > 1 ? std::atol(argv[1]) : 200;
  const long interval_ms = argc > 2 ? std::atol(argv[2]) : 1000;
  const long processes = argc > 3 ? std::atol(argv[3]) : 20;
  constexpr long kWarmUp = 3;

  const auto pids = start_processes(processes);
  const SystemClock clock;
  CaptureLog log;
  Metrics metrics;
  const long before_kib = resident_kib();
  monitor::Sampler sampler({.interval = Millis(interval_ms)}, clock, log, metrics);
  for (std::size_t i = 0; i < pids.size(); ++i) {
    if (!sampler.watch("macro:" + std::to_string(i), pids[i])) return 1;
  }

  std::mutex mu;
  std::condition_variable finished;
  double start_us = 0, end_us = 0;
  std::vector<double> each_us;
  MonoTime start, end;
  long seen = 0;
  std::vector<monitor::Sampler::Published> history;  // As the service keeps them.
  const auto started = sampler.start([&](monitor::Sampler::Published snapshot) {
    const std::lock_guard lock(mu);
    if (history.size() == 100) history.erase(history.begin());
    history.push_back(std::move(snapshot));
    ++seen;
    if (seen == kWarmUp) {
      start_us = thread_cpu_us();
      start = clock.mono();
    }
    if (seen >= kWarmUp) each_us.push_back(thread_cpu_us());
    if (seen != kWarmUp + rounds) return;
    end_us = thread_cpu_us();
    end = clock.mono();
    finished.notify_all();
  });
  if (!started) return 1;
  {
    std::unique_lock lock(mu);
    finished.wait(lock, [&] { return seen >= kWarmUp + rounds; });
  }
  const long after_kib = resident_kib();
  sampler.stop();
  for (std::size_t i = each_us.size() - 1; i > 0; --i) each_us[i] -= each_us[i - 1];
  each_us.erase(each_us.begin());
  std::sort(each_us.begin(), each_us.end());
  const double wall_us = std::chrono::duration<double, std::micro>(end - start).count();
  std::printf(
      "{\"bench\":\"monitor_sampler\",\"samples\":%ld,\"interval_ms\":%ld,\"processes\":%ld,"
      "\"cpu_us_per_sample\":%.1f,\"cpu_us_p50\":%.1f,\"cpu_pct_of_core\":%.4f,\"memory_kib\":%ld,"
      "\"missed_ticks\":%llu}\n",
      rounds, interval_ms, processes, (end_us - start_us) / static_cast<double>(rounds),
      each_us[each_us.size() / 2], 100.0 * (end_us - start_us) / wall_us, after_kib - before_kib,
      static_cast<unsigned long long>(sampler.missed_ticks()));
  for (const pid_t pid : pids) ::kill(pid, SIGKILL);
  for (const pid_t pid : pids) ::waitpid(pid, nullptr, 0);
  return 0;
}
