#include "macros/tallies.h"

#include "macros/service_fixture_test.h"
#include "macros/tally_store_fake_test.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

class TalliesTest : public ServiceFixture {
 protected:
  TalliesTest() {
    tallies = std::make_unique<MacroTallies>(TalliesOptions{.memory_total_bytes = 1000}, loop,
                                             clock, log, metrics, *service, observer, disk);
    tallies->set_games(&port);
  }
  // What is on disk of one macro, all quarters together.
  QuarterTally stored(const std::string& macro_id) {
    EXPECT_TRUE(flush());
    QuarterTally sum;
    for (const auto& [key, entry] : disk.rows) {
      if (key.macro_id == macro_id) add_tally(sum, entry.tally);
    }
    return sum;
  }
  Result<void> flush() {
    std::optional<Result<void>> answer;
    tallies->flush([&](Result<void> result) { answer = std::move(result); });
    EXPECT_TRUE(loop.run_until([&] { return answer.has_value(); }, 10s));
    return *answer;
  }
  // 100 ms of a macro at `demand` % of a core and `rss` bytes.
  void sample(const std::string& macro_id, double demand, double rss) {
    clock.advance(100ms);
    monitor::ProcessSample& process = observer.next.processes["macro:" + macro_id];
    process.demand_pct = observer.known(demand);
    process.rss_bytes = observer.known(rss);
    observer.publish();
  }
  void send(const std::string& sender) {
    port.send({.game = "world", .command = "x", .sender = sender, .actor = ""},
              [](const Result<games::SendReply>&) {});
  }

  FakeTallyStore disk{loop};
  std::unique_ptr<MacroTallies> tallies;
};

TEST_F(TalliesTest, CountsRunsTheirTimeAndTheirEnd) {
  ASSERT_TRUE(start(external("heal")));
  clock.advance(3s);
  ASSERT_TRUE(service->stop("heal", [](bool) {}));
  ASSERT_TRUE(all_gone());
  clock.advance(5s);
  ASSERT_TRUE(start(external("heal")));
  clock.advance(1s);
  const QuarterTally tally = stored("heal");
  EXPECT_EQ(tally.runs, 2U);
  EXPECT_EQ(tally.run_time, 4s) << "of the second run what is over";
  EXPECT_EQ(disk.rows.begin()->first.game, "world");
}

TEST_F(TalliesTest, CountsHowLongTheDaemonWasThereWithAWriteAQuarter) {
  observer.publish();
  clock.advance(10s);
  ASSERT_TRUE(loop.run_until([&] { return !disk.daemon.empty(); }, 10s)) << "the first, soon";
  clock.advance(5min);
  observer.publish();
  loop.run_until([] { return false; }, 50ms);
  EXPECT_EQ(disk.daemon.begin()->second, 10s) << "no second write in one quarter";
  clock.advance(10min);
  observer.publish();
  clock.advance(10s);
  ASSERT_TRUE(loop.run_until([&] { return disk.daemon.size() == 2; }, 10s));
  EXPECT_EQ(disk.daemon.begin()->second, 15min);
  EXPECT_EQ(disk.daemon.rbegin()->second, 20s);
}

TEST_F(TalliesTest, CutsARunAtTheQuarter) {
  clock.advance(14min);
  ASSERT_TRUE(start(external("heal")));
  clock.advance(2min);
  EXPECT_EQ(stored("heal").run_time, 2min);
  ASSERT_EQ(disk.rows.size(), 2U);
  EXPECT_EQ(disk.rows.begin()->second.tally.run_time, 1min);
  EXPECT_EQ(disk.rows.begin()->second.tally.runs, 1U);
  EXPECT_EQ(disk.rows.rbegin()->second.tally.runs, 0U);
}

TEST_F(TalliesTest, AClockThatIsSetDoesNotLengthenARun) {
  ASSERT_TRUE(start(external("heal")));
  clock.advance(1s);
  clock.jump_wall(24h);
  clock.advance(1s);
  clock.jump_wall(-48h);
  clock.advance(1s);
  EXPECT_EQ(stored("heal").run_time, 3s);
}

TEST_F(TalliesTest, WeighsDemandByTimeAndKeepsThePeaks) {
  ASSERT_TRUE(start(external("heal")));
  observer.publish();
  sample("heal", 10, 100);
  sample("heal", 10, 300);
  sample("heal", 40, 200);
  const QuarterTally tally = stored("heal");
  EXPECT_EQ(tally.demand_known, 300ms);
  EXPECT_NEAR(*tally.demand_mean_pct(), 20, 1e-9);
  EXPECT_EQ(tally.demand_peak_pct, 40);
  EXPECT_EQ(tally.memory_peak_pct, 30);
}

TEST_F(TalliesTest, ALongSilenceOfTheMonitorIsNotDemand) {
  ASSERT_TRUE(start(external("heal")));
  observer.publish();
  clock.advance(1h);
  sample("heal", 10, 100);
  EXPECT_EQ(stored("heal").demand_known, 5s);
}

TEST_F(TalliesTest, CountsCommandsOfMacrosThatRun) {
  ASSERT_TRUE(start(external("heal")));
  send("macro:heal");
  port.commands().publish({"world", "macro:heal", "y", false, false});
  send("macro:other");
  send("user:heal");
  const QuarterTally tally = stored("heal");
  EXPECT_EQ(tally.commands, 2U);
  EXPECT_EQ(tally.commands_failed, 1U);
  EXPECT_EQ(disk.rows.size(), 1U);
}

TEST_F(TalliesTest, CountsWhatTheRulesDid) {
  profiles.restore({.events = {},
                    .total_cancellations = 0,
                    .profiles = {{"heal", R"({"max_duration":1})"}},
                    .approvals = {}});
  host.has_process = false;
  ASSERT_TRUE(start(script("heal")));
  ASSERT_TRUE(service->pause("heal", "by hand"));
  ASSERT_TRUE(service->resume("heal"));
  clock.advance(2s);
  EXPECT_EQ(service->check().size(), 1U);
  ASSERT_TRUE(all_gone());
  const QuarterTally tally = stored("heal");
  EXPECT_EQ(tally.pauses, 1U);
  EXPECT_EQ(tally.cancellations, (decltype(tally.cancellations){{"duration", 1}}));
}

TEST_F(TalliesTest, WhatCouldNotBeWrittenIsWrittenLater) {
  ASSERT_TRUE(start(external("heal")));
  clock.advance(1s);
  disk.broken = true;
  EXPECT_FALSE(flush());
  EXPECT_NE(log.lines().back().find("macros.tallies_not_stored"), std::string::npos);
  clock.advance(1s);
  disk.broken = false;
  const QuarterTally tally = stored("heal");
  EXPECT_EQ(tally.runs, 1U);
  EXPECT_EQ(tally.run_time, 2s);
  EXPECT_EQ(stored("heal").run_time, 2s) << "nothing is written twice";
}

// Negative control: a disk that keeps what it says it did not.
TEST_F(TalliesTest, AStoreThatLiesIsSeenByTheTestAbove) {
  ASSERT_TRUE(start(external("heal")));
  disk.broken = true;
  disk.keeps_what_it_refuses = true;
  EXPECT_FALSE(flush());
  disk.broken = false;
  EXPECT_EQ(stored("heal").runs, 2U);
}

TEST_F(TalliesTest, HandsOverWhatIsLeftAtTheEnd) {
  ASSERT_TRUE(start(external("heal")));
  clock.advance(7s);
  tallies.reset();
  EXPECT_EQ(disk.rows.begin()->second.tally.run_time, 7s);
}

// With a period of its own, so that real time does not matter: written without being asked.
TEST_F(TalliesTest, WritesByItselfAfterAWhile) {
  const auto writes_by_itself = [this](Nanos every) {
    tallies = std::make_unique<MacroTallies>(TalliesOptions{.flush_every = every}, loop, clock, log,
                                             metrics, *service, observer, disk);
    EXPECT_TRUE(start(external("m" + std::to_string(every.count()))));
    return loop.run_until([&] { return !disk.rows.empty(); }, 300ms);
  };
  EXPECT_FALSE(writes_by_itself(1h)) << "the negative control: one that never writes";
  tallies = nullptr;
  disk.rows.clear();
  EXPECT_TRUE(writes_by_itself(10ms));
}

}  // namespace
}  // namespace gk::macros
