#include "macros/service_fixture_test.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

class ServiceLadderTest : public ServiceFixture {
 protected:
  void spam(const std::string& id, int n, ScriptActivity::Kind kind) {
    for (int i = 0; i < n; ++i) {
      clock.advance(10ms);
      host.activity().publish({id, kind, "c" + std::to_string(i)});
    }
  }
};

TEST_F(ServiceLadderTest, PausesAScriptThatFloodsItsGameAndResumesIt) {
  ASSERT_TRUE(start(script("attack")));
  spam("attack", 20, ScriptActivity::Kind::command);
  ASSERT_TRUE(
      loop.run_until([&] { return host.calls.find("pause attack") != std::string::npos; }, 10s));
  EXPECT_NE(service->active_json().find("Pattern: 20 commands in 5 s"), std::string::npos);
  clock.advance(31s);
  (void)service->check();
  EXPECT_NE(host.calls.find("resume attack"), std::string::npos);
}

TEST_F(ServiceLadderTest, CancelsAScriptThatOnlyFails) {
  ASSERT_TRUE(start(script("attack")));
  spam("attack", 30, ScriptActivity::Kind::error);
  ASSERT_TRUE(all_gone());
  EXPECT_EQ(service->events()[0].rule, "pattern:errors");
  EXPECT_EQ(service->events()[0].reason, "Pattern: 30 errors in 10 s");
}

TEST_F(ServiceLadderTest, ThrottlesByTheMeasuredPaceBeforeItPauses) {
  ASSERT_TRUE(start(script("craft")));
  for (int i = 0; i < 65; ++i) {
    if (i % 5 == 0) port.commands().publish({"world", "macro:craft", "dig", false, true});
    clock.advance(100ms);
    observer.next.processes["macro:craft"].demand_pct = observer.known(100);
    observer.next.processes["macro:craft"].cpu_pct = observer.known(100);
    observer.publish();
  }
  EXPECT_NE(host.calls.find("pace-"), std::string::npos);
  EXPECT_LT(host.calls.find("pace-"), host.calls.find("pause craft"));
  ASSERT_FALSE(port.paces.empty());
  EXPECT_TRUE(port.paces[0].starts_with("macro:craft "));
}

TEST_F(ServiceLadderTest, KeepsACancelledMacroOutUntilItsBackOffIsOverOrAnAdminLiftsIt) {
  ASSERT_TRUE(start(external("dance")));
  breach_fps();
  ASSERT_TRUE(all_gone());
  const auto blocked = start(external("dance"));
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().code, Errc::failed_precondition);
  EXPECT_NE(blocked.error().message.find("quarantine/dance/lift"), std::string::npos);
  EXPECT_EQ(store.quarantine.at("dance").strikes, 1U) << "it outlives the daemon";
  std::optional<Result<void>> lifted;
  service->lift_quarantine("dance", "admin", [&](Result<void> r) { lifted = std::move(r); });
  ASSERT_TRUE(loop.run_until([&] { return lifted.has_value(); }, 10s));
  EXPECT_TRUE(store.quarantine.empty());
  EXPECT_TRUE(start(external("dance")));
}

TEST_F(ServiceLadderTest, RemembersAQuarantineAfterARestart) {
  StoredMacros stored;
  stored.quarantine.push_back({"heal", 3, clock.wall(), true, "x"});
  service->restore(std::move(stored));
  EXPECT_EQ(start(external("heal")).error().code, Errc::failed_precondition);
}

TEST_F(ServiceLadderTest, CountsNeitherAStopNorAnEmergencyAsAStrike) {
  ASSERT_TRUE(start(external("heal")));
  ASSERT_TRUE(service->stop("heal", [](bool) {}));
  ASSERT_TRUE(all_gone());
  ASSERT_TRUE(start(external("heal")));
  service->stop_all("Emergency stop");
  ASSERT_TRUE(all_gone());
  EXPECT_TRUE(start(external("heal")));
}

}  // namespace
}  // namespace gk::macros
