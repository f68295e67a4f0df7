// service_fixture_test.h: a macro service on fakes, as the tests of the room use it.

#pragma once

#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <optional>

#include "macros/fakes_for_test.h"
#include "macros/service.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/seeded_random.h"
#include "testing/temp_dir.h"

namespace gk::macros {

// What every test of the service stands on: fakes, a clock moved by hand, and no service yet.
class ServiceBench : public testing::Test {
 protected:
  ServiceBench() {
    ::signal(SIGPIPE, SIG_IGN);  // As the daemon does: a worker may end before it is told to.
  }
  static MacroServiceOptions quick_options() {
    MacroServiceOptions options;
    options.watch.cores = 2;
    options.watch.memory_total_bytes = 1e9;
    options.end_deadline = Millis(5'000);
    options.evidence.after = Millis(10);
    return options;
  }
  void build(const MacroServiceOptions& options) {
    service = std::make_unique<MacroService>(options, loop, clock, random, log, metrics, pool,
                                             observer, store, profiles);
  }
  Result<std::string> start(StartRequest request) {
    std::optional<Result<std::string>> answer;
    service->start(std::move(request), [&](Result<std::string> r) { answer = std::move(r); });
    EXPECT_TRUE(loop.run_until([&] { return answer.has_value(); }, Seconds(10)));
    return *answer;
  }
  void breach_fps() {
    for (int i = 0; i < 2; ++i) {
      clock.advance(Millis(100));
      observer.next.cpu_usage = observer.known(10);
      observer.next.fps = observer.known(5);
      observer.publish();
    }
  }

  TempDir dir;
  net::Loop loop;
  ManualClock clock;
  SeededRandom random{1};
  CaptureLog log;
  Metrics metrics;
  WorkerPool pool{{}};
  FakeObserver observer{clock};
  FakeStore store{loop};
  ProfileBook profiles{dir / "config", store, log};
  FakeScriptHost host;  // Before the service, which ends its workers through them.
  FakePort port;
  std::unique_ptr<MacroService> service;
};

// A service that runs scripts and speaks to a game.
class ServiceFixture : public ServiceBench {
 protected:
  ServiceFixture() {
    MacroServiceOptions options = quick_options();
    options.term_grace = Millis(20);
    build(options);
    service->set_script_host(&host);
    service->set_games(&port);
  }
  static StartRequest script(std::string id) {
    StartRequest request;
    request.macro_id = std::move(id);
    request.script = "gather";
    request.game = "world";
    request.args_json = "{\"n\":3}";
    return request;
  }
  static StartRequest external(std::string id) {
    StartRequest request;
    request.macro_id = std::move(id);
    request.game = "world";
    return request;
  }
  bool all_gone() {
    return loop.run_until([&] { return service->active() == 0; }, Seconds(10));
  }
};

}  // namespace gk::macros
