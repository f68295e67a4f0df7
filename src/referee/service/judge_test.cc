#include "referee/service/judge.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "referee/offline/replay.h"
#include "referee/service/judge_fixture_test.h"
#include "sys/file_below.h"
#include "testing/temp_dir.h"

namespace gk::referee {
namespace {

TEST_F(JudgeTest, AcceptsHonestPlayAndRefusesACheatWithItsReason) {
  const Played honest = play("honest", 20);
  EXPECT_EQ(feed(join("alice", 0, honest.profile), honest), 0);
  EXPECT_EQ(judge.stats().rejections[static_cast<std::size_t>(RefereeRule::speed)], 0U);
  const Played cheat = play("speed-2", 20);
  const int refused = feed(join("mallory", 0, cheat.profile), cheat);
  EXPECT_GT(refused, 10);
  EXPECT_EQ(judge.view("mallory", at(20'000'000))->rejected, static_cast<unsigned>(refused));
  const Digest news = judge.take_digest();
  ASSERT_FALSE(news.rejected.empty());
  const VerdictRecord& first = news.rejected.front();
  EXPECT_EQ(first.player, "mallory");
  ASSERT_TRUE(first.why.has_value());
  EXPECT_GT(first.why->distance, first.why->allowed);
  EXPECT_FALSE(first.set_back == first.position);
  EXPECT_LE(first.number, judge.verdicts().back().number);
}

TEST_F(JudgeTest, KeepsAtMostSoManyPlayersAndTheLongestIdleLoses) {
  for (int i = 0; i < 16; ++i) join("p" + std::to_string(i), i);
  auto refused = judge.join("late", walker(), std::nullopt, at(1'000'000), at(1'000'000).us);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted) << "all were seen in the last 30 s";
  const Handle first = *judge.find("p0");
  EXPECT_TRUE(judge.join("late", walker(), std::nullopt, at(31'000'000), at(0).us).ok());
  EXPECT_FALSE(judge.find("p0").has_value());
  EXPECT_TRUE(judge.find("p1").has_value());
  EXPECT_FALSE(judge.alive(first)) << "an old handle never reaches who has the slot now";
  EXPECT_EQ(judge.names().size(), 16U);
}

TEST_F(JudgeTest, DropsPlayersIdleForTenMinutesAndRemembersTheirBaseline) {
  const Played honest = play("honest", 60);
  feed(join("alice", 0, honest.profile), honest);
  judge.sweep(at(700'000'000));
  EXPECT_TRUE(judge.names().empty());
  const Digest news = judge.take_digest();
  ASSERT_EQ(news.baselines.size(), 1U);
  EXPECT_EQ(news.baselines[0].first, "alice");
  EXPECT_EQ(news.baselines[0].second.sessions, 1U);
  EXPECT_NEAR(news.baselines[0].second.minutes, 1, 0.1) << "the time away does not count";
  join("alice", 700'000'001);
  EXPECT_EQ(judge.view("alice", at(700'000'002))->baseline.sessions, 2U);
}

TEST_F(JudgeTest, ChangedOptionsDoNotFreeAnybodyToJump) {
  const Handle alice = join("alice");
  for (std::uint32_t i = 1; i <= 100; ++i)
    ASSERT_EQ(move(alice, i, 0.2F * static_cast<float>(i)).outcome, MoveOutcome::accepted);
  ServiceOptions options;
  options.referee.review_at = 2e4;
  ASSERT_TRUE(judge.configure(options, at(5'000'000)).ok());
  const Handle same = *judge.find("alice");
  for (std::uint32_t i = 101; i < 160; ++i)
    EXPECT_EQ(move(same, i, 1000).outcome, MoveOutcome::rejected) << i;
  EXPECT_FLOAT_EQ(judge.view("alice", at(8'000'000))->status.position.x, 20);
}

TEST_F(JudgeTest, OpensOneCaseAndTellsAgainOnlyWhenTheEvidenceGrowsTenfold) {
  const Played cheat = play("speed-3", 40);
  feed(join("mallory", 0, cheat.profile), cheat);
  const auto cases = judge.take_digest().cases;
  ASSERT_FALSE(cases.empty());
  EXPECT_EQ(cases[0].player, "mallory");
  EXPECT_GE(cases[0].max_e, 1e4F);
  for (std::size_t i = 1; i < cases.size(); ++i) EXPECT_GE(cases[i].max_e, 10 * cases[i - 1].max_e);
  EXPECT_NE(cases[0].path_json.find("\"accepted\":false"), std::string::npos);
  EXPECT_GT(cases[0].rejected, 0U);
  judge.clear_suspicion("mallory");
  EXPECT_EQ(judge.view("mallory", at(40'000'000))->status.state, PlayerState::ok);
}

TEST_F(JudgeTest, ShadowModeFollowsTheClientButRecordsWhatItWouldHaveRefused) {
  ServiceOptions options;
  options.mode = ServiceMode::shadow;
  options.referee.mode = RefereeMode::shadow;
  ASSERT_TRUE(judge.configure(options, at(0)).ok());
  const Handle alice = join("alice");
  move(alice, 1, 0);
  EXPECT_EQ(move(alice, 2, 500).outcome, MoveOutcome::rejected);
  EXPECT_FLOAT_EQ(judge.view("alice", at(100'000))->status.position.x, 500);
  EXPECT_TRUE(judge.take_digest().rejected.at(0).shadow);
}

TEST_F(JudgeTest, TheSmartSetsAcceptThreefoldSpeedFromAClientThatClaimsToStutter) {
  // What makes them unsafe, and why the bounded mode is the default.
  const auto accepted = [&](ServiceMode mode, bool claims, const std::string& name) {
    ServiceOptions options;
    options.mode = mode;
    EXPECT_TRUE(judge.configure(options, at(0)).ok());
    const Handle player = join(name);
    int count = 0;
    for (std::uint32_t i = 1; i <= 200; ++i) {
      EventRecord claim;
      claim.kind = EventKind::claim;
      claim.severity = 3;
      claim.duration_us = 400'000;
      if (claims && i % 20 == 2) {
        EXPECT_TRUE(judge.apply(player, claim, at(50'000LL * i).us).ok());
      }
      const float x = 0.25F * 2.6F * static_cast<float>(i);  // 2.6 times the speed.
      count += move(player, i, x).outcome == MoveOutcome::accepted ? 1 : 0;
    }
    return count;
  };
  EXPECT_GT(accepted(ServiceMode::smart_ts, true, "liar"),
            accepted(ServiceMode::bounded, true, "bounded") + 100);
  EXPECT_EQ(accepted(ServiceMode::bounded, true, "b1"), accepted(ServiceMode::bounded, false, "b2"))
      << "claims never widen what the bounded mode accepts";
}

TEST_F(JudgeTest, NamesWhatTheServerSawWhenCreditWasUsed) {
  const Handle alice = join("alice");
  for (std::uint32_t i = 1; i <= 40; ++i) move(alice, i, 0.2F * static_cast<float>(i));
  // 800 ms of silence, then everything that waited comes at once.
  const std::int64_t burst_us = 50'000LL * 40 + 800'000;
  for (std::uint32_t i = 41; i <= 56; ++i) {
    Move m;
    m.player = judge.id_of(alice);
    m.sequence = i;
    m.client_us = 50'000LL * i;
    m.received_us = at(burst_us).us;
    m.position = {0.2F * static_cast<float>(i), 0, 0};
    Verdict verdict;
    judge.judge({&m, 1}, {&alice, 1}, {&verdict, 1}, at(burst_us));
    EXPECT_EQ(verdict.outcome, MoveOutcome::accepted) << i;
  }
  EXPECT_GT(judge.stats().adjustments[static_cast<std::size_t>(CreditReason::silence)], 0U);
  EXPECT_EQ(judge.stats().adjustments[static_cast<std::size_t>(CreditReason::rtt)], 0U);
}

TEST_F(JudgeTest, ErasesEverythingAboutAPlayer) {
  const Played cheat = play("speed-3", 20);
  feed(join("mallory", 0, cheat.profile), cheat);
  feed(join("alice", 0, cheat.profile), play("honest", 5));
  EXPECT_TRUE(judge.erase("mallory", at(20'000'000)));
  EXPECT_FALSE(judge.find("mallory").has_value());
  for (std::size_t i = 0; i < judge.verdicts().size(); ++i)
    EXPECT_NE(judge.verdicts()[i].player, "mallory");
  for (const auto& found : judge.take_digest().cases) EXPECT_NE(found.player, "mallory");
  EXPECT_FALSE(judge.erase("mallory", at(20'000'001))) << "nothing is left";
  EXPECT_TRUE(judge.find("alice").has_value());
}

TEST_F(JudgeTest, KeepsRefusalsWhenMuchIsAccepted) {
  const Handle alice = join("alice");
  for (std::uint32_t i = 1; i <= 100; ++i) move(alice, i, 0.1F * static_cast<float>(i));
  move(alice, 101, 5000);
  for (std::uint32_t i = 102; i <= 5000; ++i) move(alice, i, 10);
  bool kept = false;
  int accepted = 0;
  for (std::size_t i = 0; i < judge.verdicts().size(); ++i) {
    kept = kept || judge.verdicts()[i].sequence == 101;
    accepted += judge.verdicts()[i].valid() ? 1 : 0;
  }
  EXPECT_LE(judge.verdicts().size(), 200U);
  EXPECT_GT(accepted, 0) << "a sample of the accepted is shown";
}

TEST_F(JudgeTest, ARecordingReplaysToTheSameVerdicts) {
  const TempDir dir;
  auto folder = sys::ConfinedDir::open(dir.path().string()).value();
  judge.recorder().start("r", folder.open_file("r.jsonl", sys::BelowMode::create_new).value(),
                         10'000'000, at(0).us);
  const Played cheat = play("speed-1.5", 30);
  const Played honest = play("honest", 30);
  const int refused = feed(join("mallory", 0, cheat.profile), cheat);
  EXPECT_EQ(feed(join("alice", 0, honest.profile), honest), 0);
  judge.recorder().stop("stopped");
  EXPECT_FALSE(judge.recorder().running());
  std::ifstream in(dir / "r.jsonl");
  std::ostringstream out;
  std::ostringstream error;
  const auto stats = replay(in, out, error, {}).value();
  EXPECT_EQ(stats.errors, 0U) << error.str();
  EXPECT_EQ(stats.sessions, 2U);
  EXPECT_NE(out.str().find("\"id\":\"mallory\",\"moves\":"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("\"rejected\":" + std::to_string(refused) + ","), std::string::npos)
      << refused << " in " << out.str();
}

TEST_F(JudgeTest, ARecordingEndsWhenItsFileIsFull) {
  const TempDir dir;
  auto folder = sys::ConfinedDir::open(dir.path().string()).value();
  judge.recorder().start("r", folder.open_file("r.jsonl", sys::BelowMode::create_new).value(),
                         20'000, at(0).us);
  const Handle alice = join("alice");
  for (std::uint32_t i = 1; i <= 1000; ++i) move(alice, i, 0);
  EXPECT_FALSE(judge.recorder().running());
  EXPECT_EQ(judge.recorder().state().ended, "full");
  EXPECT_LE(std::filesystem::file_size(dir / "r.jsonl"), 20'000U);
  std::ifstream in(dir / "r.jsonl");
  std::ostringstream out;
  std::ostringstream error;
  EXPECT_EQ(replay(in, out, error, {}).value().errors, 0U) << "no line is cut";
}

}  // namespace
}  // namespace gk::referee
