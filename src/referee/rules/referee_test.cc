#include "gamekeeper/referee.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace gk {
namespace {

constexpr std::int64_t kMs = 1000;

/// One player on a steady 50 ms link, running along x at `speed` units/s.
class RefereeTest : public testing::Test {
 protected:
  explicit RefereeTest(RefereeOptions options = {})
      : referee(Referee::create(options).value()),
        profile(referee.add_profile({.max_speed = 5}).value()),
        player(referee.add_player(profile, 0).value()) {
    (void)step(0, 0, {});
  }

  Verdict step(std::int64_t client_ms, std::int64_t server_ms, Vec3 at) {
    client += client_ms * kMs;
    server += server_ms * kMs;
    position = at;
    return referee.move({.player = player,
                         .received_us = server,
                         .client_us = client,
                         .position = at,
                         .sequence = ++sequence});
  }
  /// Honest running; returns how many were not accepted.
  int run(int steps, float speed = 5) {
    int bad = 0;
    for (int i = 0; i < steps; ++i)
      bad += step(50, 50, {position.x + speed * 0.05F, 0, 0}).outcome != MoveOutcome::accepted;
    return bad;
  }
  PlayerStatus status() { return referee.status(player, server).value(); }

  Referee referee;
  ProfileId profile;
  PlayerId player;
  std::int64_t client = 0, server = 0;
  std::uint32_t sequence = 0;
  Vec3 position;
};

TEST_F(RefereeTest, AcceptsFullSpeedForAnHour) {
  EXPECT_EQ(run(72'000), 0);
  EXPECT_EQ(status().state, PlayerState::ok);
  EXPECT_NEAR(status().distance_ratio, 1, 0.01);
}

TEST_F(RefereeTest, RefusesFivePercentMoreWithinFiveSeconds) {
  run(200);
  EXPECT_GT(run(100, 5.25F), 0);
}

TEST_F(RefereeTest, AcceptsCatchUpAfterASilenceInFull) {
  run(400);
  EXPECT_EQ(step(900, 900, {position.x + 4.5F, 0, 0}).outcome, MoveOutcome::accepted);
}

TEST_F(RefereeTest, AcceptsABurstOfPacketsThatASilenceHeldBack) {
  run(400);
  EXPECT_EQ(step(50, 900, {position.x + 0.25F, 0, 0}).outcome, MoveOutcome::accepted);
  int bad = 0;
  for (int i = 0; i < 17; ++i)
    bad += step(50, 0, {position.x + 0.25F, 0, 0}).outcome != MoveOutcome::accepted;
  EXPECT_EQ(bad, 0);
  EXPECT_GT(status().credit_used_us, 0);
}

TEST_F(RefereeTest, RefusesWhatASilenceBeyondTheCapWouldNeed) {
  run(400);
  const Verdict verdict = step(6000, 6000, {position.x + 30, 0, 0});
  EXPECT_EQ(verdict.outcome, MoveOutcome::rejected);
}

TEST_F(RefereeTest, SetsBackToTheLastAcceptedPositionAndSaysWhy) {
  run(400);
  const float x = position.x;
  const Verdict verdict = step(50, 50, {x + 100, 0, 0});
  EXPECT_EQ(verdict.outcome, MoveOutcome::rejected);
  EXPECT_EQ(verdict.rule, RefereeRule::teleport);
  EXPECT_EQ(verdict.set_back, (Vec3{x, 0, 0}));
  const Explanation why = referee.explain(player).value();
  EXPECT_STREQ(why.sentence,
               "teleport: 100 units in 50 ms, 1.001 allowed, no lag seen; undeclared teleport?");
}

TEST_F(RefereeTest, RefusalGivesNoCredit) {
  run(400);
  const std::int64_t before = status().credit_us;
  (void)step(50, 50, {position.x + 100, 0, 0});
  EXPECT_LE(status().credit_us, before + 50 * kMs);
}

TEST_F(RefereeTest, FastClockIsReviewedWithinEightSecondsOfItsStart) {
  run(400);
  int steps = 0;
  while (status().state != PlayerState::review && steps < 400) {
    (void)step(50 + (steps % 2 ? 3 : 2), 50, position);  // 1.05 times, standing still.
    ++steps;
  }
  EXPECT_LE(steps, 160);
}

TEST_F(RefereeTest, SlowClockSavesNoBurstOnASteadyLink) {
  run(1000);
  for (int i = 0; i < 60; ++i) (void)step(1, 50, position);
  EXPECT_LE(status().credit_us, 100 * kMs);
}

TEST_F(RefereeTest, OlderAndRepeatedMovementsAreCountedNotGranted) {
  run(10);
  Move old{.player = player,
           .received_us = server,
           .client_us = client - 20 * kMs,
           .position = {99, 0, 0},
           .sequence = sequence - 1};
  EXPECT_EQ(referee.move(old).outcome, MoveOutcome::stale);
  old.sequence = sequence;
  EXPECT_EQ(referee.move(old).outcome, MoveOutcome::duplicate);
  old.sequence = sequence + 1;
  old.client_us = client;
  EXPECT_EQ(referee.move(old).outcome, MoveOutcome::duplicate) << "no client time passed";
  EXPECT_EQ(status().order_events, 3U);
  EXPECT_EQ(status().position, position);
}

TEST_F(RefereeTest, FollowsARestartedClockWithoutAGrant) {
  run(400);
  client -= 3600'000 * kMs;
  int stale = 0;
  for (int i = 0; i < 20; ++i) stale += step(50, 50, position).outcome == MoveOutcome::stale;
  EXPECT_EQ(stale, 8);
  EXPECT_EQ(run(20), 0);
}

TEST_F(RefereeTest, NumbersThatAreNoPositionAreInvalid) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(step(50, 50, {nan, 0, 0}).outcome, MoveOutcome::invalid);
  EXPECT_EQ(step(50, 50, {0, inf, 0}).outcome, MoveOutcome::invalid);
  EXPECT_EQ(step(50, 50, {2e9F, 0, 0}).outcome, MoveOutcome::invalid);
  Move far{.player = player, .received_us = std::numeric_limits<std::int64_t>::max()};
  EXPECT_EQ(referee.move(far).outcome, MoveOutcome::invalid);
  EXPECT_EQ(status().invalid_events, 4U);
}

TEST_F(RefereeTest, AMillionMovementsAtOnceAreMostlyRefusedByRate) {
  run(200);
  int accepted = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    client += 1;
    accepted += referee
                    .move({.player = player,
                           .received_us = server,
                           .client_us = client,
                           .position = position,
                           .sequence = ++sequence})
                    .outcome == MoveOutcome::accepted;
  }
  EXPECT_LE(accepted, 640);
}

TEST_F(RefereeTest, FollowsADeclaredTeleportAndRefusesAnUndeclaredOne) {
  run(200);
  ASSERT_TRUE(referee.declare_teleport(player, {1000, 0, 0}, server));
  EXPECT_EQ(run(5), 0) << "movements that were under way continue the old chain";
  EXPECT_EQ(step(50, 50, {1000.2F, 0, 0}).outcome, MoveOutcome::accepted);
  EXPECT_EQ(step(50, 50, {0, 0, 0}).outcome, MoveOutcome::rejected);
}

TEST_F(RefereeTest, SetsBackToTheTargetOfATeleportThatIsIgnored) {
  run(200);
  ASSERT_TRUE(referee.declare_teleport(player, {1000, 0, 0}, server));
  EXPECT_EQ(run(100), 0);
  const Verdict verdict = step(50, 50, position);
  EXPECT_EQ(verdict.rule, RefereeRule::target);
  EXPECT_EQ(verdict.set_back, (Vec3{1000, 0, 0}));
}

TEST_F(RefereeTest, DeclaredSpeedEndsAfterItsTimeAndTheLatenessAllowed) {
  run(400);
  ASSERT_TRUE(referee.declare_speed(player, 2, 1'000 * kMs, server));
  EXPECT_EQ(run(20, 10), 0);
  EXPECT_EQ(run(12, 10), 0) << "600 ms for an effect that came late";
  EXPECT_GT(run(5, 10), 0);
}

TEST_F(RefereeTest, FrozenPlayerIsRefusedOnceHeCanKnow) {
  run(400);
  ASSERT_TRUE(referee.declare_frozen(player, 3'000 * kMs, server));
  EXPECT_EQ(run(12), 0);
  EXPECT_GT(run(20), 0);
  server += 3'000 * kMs;
  client += 3'000 * kMs;
  (void)step(50, 50, status().position);
  EXPECT_EQ(run(20), 0);
}

TEST_F(RefereeTest, KnockbackBuysItsDistanceOnce) {
  run(400);
  ASSERT_TRUE(referee.declare_knockback(player, {10, 0, 0}, 20, server));
  EXPECT_EQ(step(50, 50, {position.x + 4, 0, 0}).outcome, MoveOutcome::accepted);
  EXPECT_EQ(step(50, 50, {position.x + 4, 0, 0}).outcome, MoveOutcome::rejected);
}

TEST_F(RefereeTest, FreePlayerGoesAnywhereUntilTheGraceIsOver) {
  run(200);
  ASSERT_TRUE(referee.declare_free(player, true, server));
  EXPECT_EQ(step(50, 50, {900, 0, 0}).outcome, MoveOutcome::accepted);
  ASSERT_TRUE(referee.declare_free(player, false, server));
  EXPECT_EQ(run(20), 0);
  EXPECT_EQ(step(50, 50, {0, 0, 0}).outcome, MoveOutcome::rejected);
}

TEST_F(RefereeTest, VehicleHasItsOwnSpeed) {
  run(400);
  const ProfileId car = referee.add_profile({.max_speed = 30}).value();
  ASSERT_TRUE(referee.declare_profile(player, car, server));
  EXPECT_EQ(run(100, 30), 0);
  ASSERT_TRUE(referee.declare_profile(player, profile, server));
  EXPECT_GT(run(40, 30), 0);
}

TEST_F(RefereeTest, ClaimsNeverChangeWhatIsAccepted) {
  run(400);
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(referee.claim(player, {ClaimKind::stutter, 3, 3'000'000}, server + i * kMs));
  EXPECT_LE(status().credit_limit_us, 70 * kMs);
  EXPECT_EQ(step(50, 50, {position.x + 10, 0, 0}).outcome, MoveOutcome::rejected);
  EXPECT_EQ(status().claims_dropped, 90U) << "10 a second";
}

TEST_F(RefereeTest, ClaimNearASilenceIsCorroborated) {
  run(400);
  (void)step(900, 900, position);
  ASSERT_TRUE(referee.claim(player, {ClaimKind::stutter, 3, 900'000}, server + 100 * kMs));
  EXPECT_EQ(status().claims_corroborated, 1U);
}

TEST_F(RefereeTest, ReachIsMeasuredBetweenBallsNotPoints) {
  run(400);
  const PlayerId other = referee.add_player(profile, server).value();
  (void)referee.move(
      {.player = other, .received_us = server, .client_us = 0, .position = {position.x + 8, 0, 0}});
  EXPECT_EQ(referee.check_reach(player, other, 3, server).outcome, MoveOutcome::accepted);
  EXPECT_EQ(referee.check_point(player, {position.x + 8, 0, 0}, 3, server).rule,
            RefereeRule::reach);
}

TEST(RefereeActions, RateLimitTakesBurstThenRate) {
  RefereeOptions options;
  options.actions[2] = {.per_second = 10, .burst = 3};
  Referee referee = Referee::create(options).value();
  const PlayerId player = referee.add_player(referee.add_profile({}).value(), 0).value();
  int accepted = 0;
  for (int i = 0; i < 10; ++i)
    accepted += referee.check_action(player, 2, 0).outcome == MoveOutcome::accepted;
  EXPECT_EQ(accepted, 3);
  EXPECT_EQ(referee.check_action(player, 2, 99 * kMs).rule, RefereeRule::rate);
  EXPECT_EQ(referee.check_action(player, 2, 100 * kMs).outcome, MoveOutcome::accepted);
  EXPECT_EQ(referee.check_action(player, 8, 0).outcome, MoveOutcome::invalid);
}

TEST_F(RefereeTest, ItemIsTakenOnceInReachAndInItsLane) {
  run(10);
  EXPECT_EQ(referee.take_item(player, 7, {3, 40, 0}, 5, 0, 2, server).rule, RefereeRule::lane);
  EXPECT_EQ(referee.take_item(player, 7, {99, 1, 0}, 5, 0, 2, server).rule, RefereeRule::reach);
  EXPECT_EQ(referee.take_item(player, 7, {3, 1, 0}, 5, 0, 2, server).outcome,
            MoveOutcome::accepted);
  EXPECT_EQ(referee.take_item(player, 7, {3, 1, 0}, 5, 0, 2, server).rule, RefereeRule::item);
}

TEST(RefereeShadow, FollowsTheClientAfterARefusal) {
  RefereeOptions options;
  options.mode = RefereeMode::shadow;
  Referee referee = Referee::create(options).value();
  const PlayerId player =
      referee.add_player(referee.add_profile({.max_speed = 5}).value(), 0).value();
  (void)referee.move({.player = player, .sequence = 1});
  Move move{.player = player,
            .received_us = 50'000,
            .client_us = 50'000,
            .position = {500, 0, 0},
            .sequence = 2};
  EXPECT_EQ(referee.move(move).outcome, MoveOutcome::rejected);
  move.received_us = move.client_us = 100'000;
  move.sequence = 3;
  EXPECT_EQ(referee.move(move).outcome, MoveOutcome::accepted);
}

TEST(RefereeBounds, StaticBoxIsInclusive) {
  Referee referee = Referee::create({}).value();
  const ProfileId profile =
      referee.add_profile({.max_speed = 1000, .bounded_world = true, .high = {10, 10, 0}}).value();
  const PlayerId player = referee.add_player(profile, 0).value();
  (void)referee.move({.player = player, .position = {5, 5, 0}, .sequence = 1});
  Move move{.player = player,
            .received_us = 50'000,
            .client_us = 50'000,
            .position = {10, 10, 0},
            .sequence = 2};
  EXPECT_EQ(referee.move(move).outcome, MoveOutcome::accepted);
  move.received_us = move.client_us = 100'000;
  move.sequence = 3;
  move.position.x = 10.01F;
  EXPECT_EQ(referee.move(move).rule, RefereeRule::bounds);
}

TEST(RefereeErrors, NameTheOptionAndItsRange) {
  RefereeOptions options;
  options.credit_leak = 2;
  EXPECT_EQ(Referee::create(options).error().message,
            "credit_leak: expected 0.000000 to 1.000000, got 2.000000");
  Referee referee = Referee::create({.max_players = 1}).value();
  EXPECT_EQ(referee.add_player(ProfileId{9}, 0).error().code, Errc::not_found);
  EXPECT_EQ(referee.add_profile({.max_speed = NAN}).error().code, Errc::invalid_argument);
  const ProfileId profile = referee.add_profile({}).value();
  const PlayerId first = referee.add_player(profile, 0).value();
  EXPECT_EQ(referee.add_player(profile, 0).error().code, Errc::resource_exhausted);
  ASSERT_TRUE(referee.remove_player(first));
  EXPECT_EQ(referee.move({.player = first}).outcome, MoveOutcome::unknown_player);
  EXPECT_NE(referee.add_player(profile, 0).value(), first) << "an old handle names nobody";
}

TEST(RefereeMemory, HotStateIsTwoCacheLines) {
  RecordProperty("cold_bytes", static_cast<int>(Referee::cold_bytes()));
  EXPECT_EQ(Referee::hot_bytes(), 128U);
  EXPECT_LE(Referee::cold_bytes(), 1024U);
}

TEST(RefereeBatch, EqualsOneByOne) {
  Referee one = Referee::create({}).value();
  Referee many = Referee::create({}).value();
  std::array<PlayerId, 20> players;
  for (PlayerId& player : players) {
    player = one.add_player(one.add_profile({.max_speed = 5}).value(), 0).value();
    EXPECT_EQ(many.add_player(many.add_profile({.max_speed = 5}).value(), 0).value(), player);
  }
  std::vector<Move> moves;
  for (std::uint32_t i = 0; i < 2000; ++i)
    moves.push_back({.player = players[i % 20],
                     .received_us = 2500 * std::int64_t{i},
                     .client_us = 2500 * std::int64_t{i},
                     .position = {static_cast<float>(i * (i % 7)) * 0.01F, 0, 0},
                     .sequence = i + 1});
  std::vector<Verdict> verdicts(moves.size());
  many.move_batch(moves, verdicts);
  int different = 0;
  for (std::size_t i = 0; i < moves.size(); ++i) {
    const Verdict verdict = one.move(moves[i]);
    different += verdict.outcome != verdicts[i].outcome || verdict.rule != verdicts[i].rule;
  }
  EXPECT_EQ(different, 0);
}

/// A jumper in 3d: gravity 20, jump speed 8.
class VerticalTest : public testing::Test {
 protected:
  VerticalTest() {
    (void)at(0, Ground::contact);
    for (int i = 0; i < 200; ++i) (void)at(0, Ground::contact);
  }
  Verdict at(float y, Ground ground) {
    time += 50'000;
    return referee.move({.player = player,
                         .received_us = time,
                         .client_us = time,
                         .position = {0, y, 0},
                         .sequence = ++sequence,
                         .ground = ground});
  }
  Referee referee = Referee::create({}).value();
  PlayerId player = referee
                        .add_player(referee
                                        .add_profile({.space = Space::solid_3d,
                                                      .max_speed = 5,
                                                      .max_rise_speed = 8,
                                                      .gravity = 20})
                                        .value(),
                                    0)
                        .value();
  std::int64_t time = 0;
  std::uint32_t sequence = 0;
};

TEST_F(VerticalTest, AcceptsAJumpAndRefusesHoveringWithinASecond) {
  int accepted = 0;
  for (int i = 1; i <= 8; ++i) {
    const float t = static_cast<float>(i) * 0.05F;
    accepted += at(8 * t - 10 * t * t, Ground::air).outcome == MoveOutcome::accepted;
  }
  EXPECT_EQ(accepted, 8);
  int hovering = 0;
  while (at(1.6F, Ground::air).outcome == MoveOutcome::accepted && hovering < 100) ++hovering;
  EXPECT_LE(hovering, 12) << "0.4 s of rise and 0.6 s of hovering";
}

TEST_F(VerticalTest, SetsAFlyerBackToTheGroundHeLeft) {
  Verdict verdict;
  for (int i = 1; i < 40 && verdict.outcome == MoveOutcome::accepted; ++i)
    verdict = at(0.3F * static_cast<float>(i), Ground::air);
  EXPECT_EQ(verdict.rule, RefereeRule::airborne);
  EXPECT_EQ(verdict.set_back, (Vec3{0, 0, 0}));
}

TEST_F(VerticalTest, RefusesARiseFasterThanTheRiseSpeed) {
  EXPECT_EQ(at(5, Ground::contact).rule, RefereeRule::rise);
}

TEST_F(VerticalTest, KnockbackUpwardsStartsANewArc) {
  ASSERT_TRUE(referee.declare_knockback(player, {0, 10, 0}, 0, time));
  int accepted = 0;
  for (int i = 1; i <= 20; ++i) {
    const float t = static_cast<float>(i) * 0.05F;
    accepted +=
        at(std::max(0.0F, 10 * t - 10 * t * t), Ground::air).outcome == MoveOutcome::accepted;
  }
  EXPECT_EQ(accepted, 20);
}

}  // namespace
}  // namespace gk
