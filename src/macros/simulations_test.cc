#include "macros/simulations.h"

#include "macros/service_fixture_test.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

class SimulationsTest : public ServiceFixture {
 protected:
  // `seconds` of the demand of macro m until now, once a second.
  void record(double demand_pct, int seconds) {
    RecordedSeries demand{"process_demand_pct", "macro:m", {}, {}};
    RecordedSeries cpu{"process_cpu_pct", "macro:m", {}, {}};
    for (int i = seconds; i > 0; --i) {
      demand.raw.push_back({clock.wall() - Seconds(i), demand_pct});
      cpu.raw.push_back({clock.wall() - Seconds(i), demand_pct});
    }
    observer.recorded = {demand, cpu};
  }
  SimulateRequest request(double cpu_usage_max) {
    SimulateRequest r;
    r.profile.macro_id = "m";
    r.profile.safety_level = SafetyLevel::dangerous;
    r.profile.thresholds.cpu_usage_max = cpu_usage_max;
    r.from = clock.wall() - 1h;
    r.to = clock.wall();
    return r;
  }
  Result<std::string> run(SimulateRequest r) {
    std::optional<Result<std::string>> answer;
    simulations.run(std::move(r), [&](Result<std::string> a) { answer = std::move(a); });
    EXPECT_TRUE(loop.run_until([&] { return answer.has_value(); }, 10s));
    return *answer;
  }
  static std::size_t decisions(const std::string& json) {
    return parse_json(json)->find("decisions")->as_array().size();
  }
  Simulations simulations{loop,
                          pool,
                          observer,
                          store,
                          profiles,
                          [this]() -> const auto& { return service->events(); },
                          [] { return WatchSettings{}; },
                          log,
                          clock};  // namespace
};  // namespace gk::macros

TEST_F(SimulationsTest, TellsWhatWouldHaveBeenDoneAndDoesNothing) {
  record(50, 60);
  ASSERT_TRUE(start(external("m")));
  const auto strict = run(request(40));
  ASSERT_TRUE(strict) << strict.error().message;
  EXPECT_EQ(decisions(*strict), 1U);
  EXPECT_NE(strict->find("cpu_usage 50 > 40"), std::string::npos);
  EXPECT_EQ(decisions(*run(request(80))), 0U);
  EXPECT_EQ(service->active(), 1U);
  EXPECT_EQ(service->events().size(), 0U);
}

TEST_F(SimulationsTest, ADryRunOfTheProfileDoesNotHideWhatWouldHaveBeenDone) {
  record(50, 60);
  SimulateRequest r = request(40);
  r.profile.dry_run = true;
  EXPECT_NE(run(std::move(r))->find("\"action\":\"cancel\""), std::string::npos);
}

TEST_F(SimulationsTest, UsesTheEvidenceOfCancellationsWhereSamplesAreGone) {
  ASSERT_TRUE(start(external("m")));
  breach_fps();
  clock.advance(3s);
  (void)service->check();
  breach_fps();
  ASSERT_TRUE(all_gone());
  const std::string id = service->events()[0].id;
  ASSERT_TRUE(loop.run_until([&] { return store.evidence.count(id) > 0; }, 10s));
  clock.advance(10min);
  SimulateRequest r = request(80);
  r.profile.thresholds.fps_min = 15;
  const auto answer = run(std::move(r));
  ASSERT_TRUE(answer);
  EXPECT_NE(answer->find("\"evidence_used\":1"), std::string::npos);
  EXPECT_NE(answer->find("fps 5 < 15"), std::string::npos);
}

TEST_F(SimulationsTest, RefusesASecondOneAndTimesThatMakeNoSense) {
  std::optional<Result<std::string>> first;
  simulations.run(request(40), [&](Result<std::string> a) { first = std::move(a); });
  std::optional<Result<std::string>> second;
  simulations.run(request(40), [&](Result<std::string> a) { second = std::move(a); });
  EXPECT_EQ(second->error().code, Errc::resource_exhausted);
  ASSERT_TRUE(loop.run_until([&] { return first.has_value(); }, 10s));
  SimulateRequest r = request(40);
  r.from = r.to;
  EXPECT_EQ(run(std::move(r)).error().code, Errc::invalid_argument);
  r = request(40);
  r.from = r.to - 24h * 8;
  EXPECT_EQ(run(std::move(r)).error().code, Errc::invalid_argument);
}

TEST_F(SimulationsTest, ReadsNoEvidenceThatIsNone) {
  EXPECT_EQ(read_evidence_series("{}", "m").error().code, Errc::data_loss);
  EXPECT_EQ(read_evidence_series("nonsense", "m").error().code, Errc::data_loss);
}

}  // namespace
}  // namespace gk::macros
