// service_fixture_test.h: a macro service on fakes, as the tests of the room use it.

#pragma once

#include <gtest/gtest.h>
#include <signal.h>

#include "macros/fakes_for_test.h"
#include "macros/service.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/seeded_random.h"
#include "testing/temp_dir.h"

namespace gk::macros {

class ServiceFixture : public testing::Test {
 protected:
  ServiceFixture() {
    ::signal(SIGPIPE, SIG_IGN);  // As the daemon does: a worker may end before it is told to.
    MacroServiceOptions options;
    options.watch.cores = 2;
    options.watch.memory_total_bytes = 1e9;
    options.term_grace = Millis(20);
    options.end_deadline = Millis(5'000);
    options.evidence.after = Millis(10);
    service = std::make_unique<MacroService>(options, loop, clock, random, log, metrics, pool,
                                             observer, store, profiles);
    service->set_script_host(&host);
    service->set_games(&port);
  }
  Result<std::string> start(StartRequest request) {
    std::optional<Result<std::string>> answer;
    service->start(std::move(request), [&](Result<std::string> r) { answer = std::move(r); });
    EXPECT_TRUE(loop.run_until([&] { return answer.has_value(); }, Seconds(10)));
    return *answer;
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
  FakeScriptHost host;
  FakePort port;
  std::unique_ptr<MacroService> service;
};

}  // namespace gk::macros
