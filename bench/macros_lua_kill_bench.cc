// How long a Lua macro that is stuck in one long C function lives after the decision to end it: the
// signal into the VM, SIGKILL 20 ms later, until the process is gone and reaped; what the service
// does, on the daemon's loop. Prints one JSON object.
//
//   macros_lua_kill_bench [--rounds 40] [--load N]
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "macros/scripts/lua_process.h"
#include "testing/capture_log.h"

namespace {

using namespace gk;
using namespace gk::macros;

constexpr Millis kGrace{20};  // Source: MacroServiceOptions::term_grace.
constexpr Millis kStuck{30};  // Until a macro is surely in its function. Source: chosen.

struct Shape {
  const char* name;
  const char* source;
};
// The first three do not return within the bench, the others come back to the VM every 5 to 50 ms.
constexpr Shape kShapes[] = {
    {"pattern_stars", "string.match(string.rep('a', 200), string.rep('a*', 20) .. 'b')"},
    {"pattern_backtracking", "string.find(string.rep('a', 40), string.rep('a-', 40) .. 'b')"},
    {"pattern_of_a_long_text",
     "while true do string.find(string.rep('a', 1 << 20), '.-.-.-b') end"},
    {"string_rep", "while true do string.rep('x', 1 << 23) end"},
    {"table_concat",
     "local t = {} for i = 1, 200000 do t[i] = 'word' end while true do table.concat(t, ' ') end"},
    {"utf8_len", "local s = string.rep('x', 1 << 23) while true do utf8.len(s) end"}};

struct Ended {
  double gone_ms = 0;
  double late_ms = 0;
  bool killed = false;
};

class Bench {
 public:
  Bench() : workers_({.launcher = {.worker = GK_WORKER}}, loop_, log_, metrics_) {}

  Ended end_one(const Shape& shape) {
    std::unique_ptr<RunningScript> script;
    sys::Spawned spawned;
    bool ready = false;
    ScriptHands hands;
    hands.send = [](std::string, bool, Nanos, const games::Port::Replied&) {};
    hands.log = [](std::string_view) {};
    hands.notify = [](const std::string&) {};
    hands.recall = [](std::string_view) -> const std::string* { return nullptr; };
    hands.remember = [](const std::string&, std::string) -> Result<void> { return {}; };
    hands.signals = [](std::string_view) { return std::nullopt; };
    hands.ended = [](bool, std::string) {};
    workers_.launch({.macro_id = "m", .script = "m", .game = "", .args_json = ""}, shape.source,
                    std::move(hands), [&](Result<LuaLauncher::Launched> launched) {
                      if (!launched) {
                        std::fprintf(stderr, "%s\n", launched.error().message.c_str());
                        std::exit(1);
                      }
                      script = std::move(launched->script);
                      spawned = std::move(launched->spawned);
                      ready = true;
                    });
    loop_.run_until([&] { return ready; }, Seconds(10));
    script->run();
    loop_.run_for(kStuck);

    Ended out;
    bool gone = false;
    const MonoTime decided = clock_.mono();
    script->interrupt();
    const auto kill = loop_.after(kGrace, [&] {
      out.killed = true;
      out.late_ms =
          std::chrono::duration<double, std::milli>(clock_.mono() - decided - kGrace).count();
      (void)kill_process_macro(spawned);
    });
    const auto watch = loop_.watch_readable(spawned.process.fd(), [&] {
      if (gone || !spawned.process.try_reap()) return;
      out.gone_ms = std::chrono::duration<double, std::milli>(clock_.mono() - decided).count();
      gone = true;
    });
    if (!loop_.run_until([&] { return gone; }, Seconds(10))) std::exit(2);
    return out;
  }

 private:
  const SystemClock clock_;
  net::Loop loop_;
  CaptureLog log_;
  Metrics metrics_;
  LuaWorkers workers_;
};

double percentile(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  const auto at = static_cast<std::size_t>(p * static_cast<double>(values.size()));
  return values[std::min(values.size() - 1, at)];
}

void print(const char* name, const std::vector<double>& gone, int killed) {
  std::printf(
      "  \"%s\": {\"n\": %zu, \"killed\": %d, \"p50_ms\": %.2f, \"p99_ms\": %.2f, "
      "\"max_ms\": %.2f}",
      name, gone.size(), killed, percentile(gone, 0.5), percentile(gone, 0.99),
      percentile(gone, 1));
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = 40, load = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--rounds") == 0) rounds = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--load") == 0) load = std::atoi(argv[i + 1]);
  }
  ::signal(SIGPIPE, SIG_IGN);
  std::vector<int> busy;
  for (int i = 0; i < load; ++i) {
    const int pid = ::fork();
    if (pid == 0) {
      for (;;) asm volatile("");
    }
    busy.push_back(pid);
  }
  std::vector<double> late;
  Bench bench;
  std::vector<double> all;
  std::vector<std::vector<double>> each(std::size(kShapes));
  std::vector<int> killed(std::size(kShapes));
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < std::size(kShapes); ++i) {
      const Ended ended = bench.end_one(kShapes[i]);
      each[i].push_back(ended.gone_ms);
      all.push_back(ended.gone_ms);
      if (ended.killed) late.push_back(ended.late_ms);
      killed[i] += ended.killed ? 1 : 0;
    }
  }
  for (const int pid : busy) (void)::kill(pid, SIGKILL);
  std::printf("{\n");
  int sum = 0;
  for (std::size_t i = 0; i < std::size(kShapes); ++i) {
    print(kShapes[i].name, each[i], killed[i]);
    std::printf(",\n");
    sum += killed[i];
  }
  print("late", late, sum);
  std::printf(",\n");
  print("all", all, sum);
  std::printf("\n}\n");
}
