#include "macros/service_fixture_test.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

class ServiceWindowsTest : public ServiceFixture {
 protected:
  // The clock begins at midnight UTC, 1 January.
  void set_profile(const std::string& json) {
    Complaints complaints;
    const auto body = parse_json(json).value();
    std::optional<Result<void>> saved;
    profiles.set_custom("attack", read_profile_patch(body, "", complaints), json,
                        [&](const Result<void>& r) { saved = r; });
    ASSERT_TRUE(complaints.empty());
    ASSERT_TRUE(loop.run_until([&] { return saved.has_value(); }, 10s));
  }
  void hour_passes() {
    clock.advance(1h);
    (void)service->check();
  }
  bool says(const std::string& text) const {
    return service->active_json().find(text) != std::string::npos;
  }
};

TEST_F(ServiceWindowsTest, OpensAndClosesForAMacroThatRuns) {
  set_profile(R"({"max_duration":86400,"windows":[{"name":"morning","cron":"0 1 * * *",
      "duration_s":3600,"thresholds":{"fps_min":60}}]})");
  ASSERT_TRUE(start(external("attack")));
  EXPECT_TRUE(says("\"window\":null"));
  hour_passes();
  EXPECT_TRUE(says("\"window\":\"morning\""));
  hour_passes();
  EXPECT_TRUE(says("\"window\":null"));
}

TEST_F(ServiceWindowsTest, FollowsAWallClockThatIsSetBack) {
  set_profile(R"({"max_duration":86400,"windows":[{"name":"morning","cron":"0 1 * * *",
      "duration_s":3600}]})");
  clock.advance(90min);
  ASSERT_TRUE(start(external("attack")));
  EXPECT_TRUE(says("\"window\":\"morning\""));
  clock.jump_wall(-1h);
  (void)service->check();
  EXPECT_TRUE(says("\"window\":null"));
}

TEST_F(ServiceWindowsTest, TheEventAndItsEvidenceNameTheWindow) {
  set_profile(R"({"windows":[{"name":"always","cron":"* * * * *","duration_s":60,
      "safety_level":"dangerous","thresholds":{"fps_min":60}}]})");
  ASSERT_TRUE(start(external("attack")));
  for (int i = 0; i < 2; ++i) {
    clock.advance(100ms);
    observer.next.cpu_usage = observer.known(10);
    observer.next.fps = observer.known(50);
    observer.publish();
  }
  ASSERT_TRUE(all_gone());
  const CancellationEvent event = service->events()[0];
  EXPECT_EQ(event.reason, "Performance threshold exceeded: fps 50 < 60");
  EXPECT_EQ(event.window, "always");
  EXPECT_EQ(read_event(event_json(event))->window, "always");
  ASSERT_TRUE(loop.run_until([&] { return store.evidence.count(event.id) > 0; }, 10s));
  EXPECT_NE(store.evidence[event.id].find("\"window\":\"always\""), std::string::npos);
}

TEST_F(ServiceWindowsTest, AStricterLevelOfTheStartHoldsInAWindowToo) {
  set_profile(R"({"windows":[{"name":"always","cron":"* * * * *","duration_s":60,
      "safety_level":"safe"}]})");
  StartRequest request = external("attack");
  request.safety_level = SafetyLevel::dangerous;
  ASSERT_TRUE(start(std::move(request)));
  EXPECT_TRUE(says("\"safety_level\":\"dangerous\""));
  EXPECT_TRUE(says("\"window\":\"always\""));
}

TEST_F(ServiceWindowsTest, ADryRunOfAProfileRecordsAndLeavesItAlone) {
  set_profile(R"({"dry_run":true,"safety_level":"dangerous"})");
  ASSERT_TRUE(start(external("attack")));
  breach_fps();
  ASSERT_EQ(service->events().size(), 1U);
  EXPECT_EQ(service->events()[0].outcome, Outcome::dry_run);
  EXPECT_EQ(service->active(), 1U);
}

}  // namespace
}  // namespace gk::macros
