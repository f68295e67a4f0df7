// Edges: input that no honest caller sends, sums that could overflow, ids and credit that could
// come back. Run under UBSan too (./test --sanitizers).
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "gamekeeper/referee.h"

namespace gk {
namespace {

constexpr std::int64_t kMs = 1000;
constexpr std::int64_t kLast = (std::int64_t{1} << 60U) - 1;  // The last time that is valid.
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

/// One runner on a steady link of 50 ms.
class RefereeEdges : public testing::Test {
 protected:
  explicit RefereeEdges(RefereeOptions options = {}, MoveProfile kind = {.max_speed = 5})
      : referee(Referee::create(options).value()),
        profile(referee.add_profile(kind).value()),
        player(referee.add_player(profile, 0).value()) {
    move.player = player;
    (void)referee.move(move);
  }
  Verdict step(float dx, std::int64_t server_ms = 50, std::int64_t client_ms = 50) {
    move.received_us += server_ms * kMs;
    move.client_us += client_ms * kMs;
    ++move.sequence;
    move.position.x += dx;
    const Verdict verdict = referee.move(move);
    move.position = verdict.set_back;
    return verdict;
  }
  int refused(int steps, float dx) {
    int count = 0;
    for (int i = 0; i < steps; ++i) count += step(dx).outcome != MoveOutcome::accepted;
    return count;
  }
  PlayerStatus status() { return referee.status(player, move.received_us).value(); }

  Referee referee;
  ProfileId profile;
  PlayerId player;
  Move move;
};

TEST_F(RefereeEdges, TimesAtTheEndsOfTheirRangeAreJudgedWithoutOverflow) {
  for (const std::int64_t t : {-kLast, kLast, -kLast, std::int64_t{0}, kLast}) {
    move.received_us = t;
    move.client_us = -t;
    ++move.sequence;
    move.position.x += 1;
    EXPECT_LE(referee.move(move).outcome, MoveOutcome::duplicate);
  }
  for (const std::int64_t t : {kMost, kLeast, kLast + 1, -kLast - 1}) {
    move.received_us = t;
    EXPECT_EQ(referee.move(move).outcome, MoveOutcome::invalid);
    move.received_us = 0;
    move.client_us = t;
    EXPECT_EQ(referee.move(move).outcome, MoveOutcome::invalid);
  }
}

TEST_F(RefereeEdges, EveryCallTakesAnyTime) {
  (void)step(0);
  for (const std::int64_t t : {kMost, kLeast, kLast, std::int64_t{0}}) {
    (void)referee.rtt(player, 50 * kMs, t);
    referee.tick(kMost, t);
    (void)referee.claim(player, {ClaimKind::stutter, 3, 4'000'000'000U}, t);
    (void)referee.declare_teleport(player, {1, 0, 0}, t);
    (void)referee.declare_speed(player, 2, kLast, t);
    (void)referee.declare_frozen(player, kMs, t);
    (void)referee.declare_knockback(player, {9e8F, 9e8F, 9e8F}, 1e-30F, t);
    (void)referee.declare_profile(player, profile, t);
    (void)referee.declare_free(player, false, t);
    (void)referee.check_reach(player, player, 1, t);
    (void)referee.check_point(player, {}, 1, t);
    (void)referee.check_action(player, 0, t);
    EXPECT_TRUE(referee.status(player, t));
    EXPECT_TRUE(referee.close(player, t));
    (void)step(0);
  }
  EXPECT_TRUE(std::isfinite(status().distance_ratio));
  EXPECT_TRUE(std::isfinite(status().position.x));
}

TEST_F(RefereeEdges, PositionsOfAnyKindLeaveAFiniteState) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const std::array<float, 8> values = {NAN, kInf, -kInf, 1e9F, -9.9e8F, 9.9e8F, 3.4e38F, 1e-45F};
  std::uint32_t seed = 3;
  const auto below = [&](std::uint32_t n) {
    seed = seed * 1664525U + 1013904223U;
    return (seed >> 8U) % n;
  };
  for (int i = 0; i < 5000; ++i) {
    move.received_us += below(100'000);
    move.client_us += below(100'000);
    ++move.sequence;
    move.position = {values[below(8)], values[below(8)], values[below(8)]};
    const Verdict verdict = referee.move(move);
    ASSERT_TRUE(std::isfinite(verdict.set_back.x + verdict.set_back.y + verdict.set_back.z));
    ASSERT_TRUE(verdict.confidence >= 0 && verdict.confidence < 1);
  }
  move.position = {0, 0, 0};
  EXPECT_LT(std::abs(status().position.x), 1e-6F) << "nothing else was within reach";
}

TEST_F(RefereeEdges, NoTimeAtAllGivesNoDistance) {
  ASSERT_EQ(refused(400, 0.25F), 0);
  const float x = move.position.x;
  for (int i = 0; i < 1000; ++i) (void)step(0.01F, 0, 0);  // The client's clock stands still.
  EXPECT_EQ(status().position.x, x);
  EXPECT_EQ(status().order_events, 1000U);
  move.has_clock = false;
  for (int i = 0; i < 600; ++i) (void)step(0.25F, 0, 0);
  EXPECT_LE(status().position.x, x + 0.25F * 5) << "no more than the credit";
}

TEST_F(RefereeEdges, ServerTimeThatRunsBackGivesNoDistance) {
  ASSERT_EQ(refused(400, 0.25F), 0);
  const float x = move.position.x;
  for (int i = 0; i < 400; ++i) (void)step(0.25F, -50, 50);
  EXPECT_LE(status().position.x, x + 0.25F * 5);
  EXPECT_EQ(status().order_events, 400U);
}

TEST_F(RefereeEdges, UnknownPlayerIsAnAnswerEverywhere) {
  for (const std::uint64_t value : {std::uint64_t{0}, player.value + 1, std::uint64_t{kLast}}) {
    const PlayerId nobody{value};
    EXPECT_EQ(referee.move({.player = nobody}).outcome, MoveOutcome::unknown_player);
    EXPECT_EQ(referee.check_reach(player, nobody, 1, 0).outcome, MoveOutcome::unknown_player);
    EXPECT_EQ(referee.check_point(nobody, {}, 1, 0).outcome, MoveOutcome::unknown_player);
    EXPECT_EQ(referee.check_action(nobody, 0, 0).outcome, MoveOutcome::unknown_player);
    EXPECT_EQ(referee.take_item(nobody, 1, {}, 1, 0, 1, 0).outcome, MoveOutcome::unknown_player);
    for (const auto& result :
         {referee.rtt(nobody, 1, 0), referee.claim(nobody, {}, 0), referee.remove_player(nobody),
          referee.declare_teleport(nobody, {}, 0), referee.declare_speed(nobody, 1, 1, 0),
          referee.declare_knockback(nobody, {}, 1, 0), referee.declare_free(nobody, true, 0),
          referee.declare_profile(nobody, profile, 0), referee.close(nobody, 0),
          referee.clear_suspicion(nobody)}) {
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().code, Errc::not_found);
    }
    EXPECT_EQ(referee.explain(nobody).error().code, Errc::not_found);
    EXPECT_EQ(referee.status(nobody, 0).error().code, Errc::not_found);
  }
}

TEST_F(RefereeEdges, DeclarationsOutsideTheWorldAreTypedErrors) {
  for (const float bad : {NAN, 1e9F, 3e38F, -std::numeric_limits<float>::infinity()}) {
    EXPECT_EQ(referee.declare_teleport(player, {bad, 0, 0}, 0).error().code,
              Errc::invalid_argument);
    EXPECT_EQ(referee.declare_knockback(player, {0, bad, 0}, 1, 0).error().code,
              Errc::invalid_argument);
    EXPECT_EQ(referee.add_player(profile, 0, Vec3{0, 0, bad}).error().code, Errc::invalid_argument);
    EXPECT_EQ(referee.check_point(player, {bad, 0, 0}, 1, 0).outcome, MoveOutcome::invalid);
    EXPECT_EQ(referee.take_item(player, 1, {0, bad, 0}, 1, 0, 1, 0).outcome, MoveOutcome::invalid);
  }
  EXPECT_EQ(referee.declare_knockback(player, {1, 0, 0}, NAN, 0).error().code,
            Errc::invalid_argument);
  EXPECT_EQ(referee.declare_speed(player, NAN, 1, 0).error().code, Errc::invalid_argument);
  EXPECT_EQ(referee.rtt(player, -1, 0).error().code, Errc::invalid_argument);
  EXPECT_EQ(status().rejections, 0U) << "garbage is no accusation";
}

TEST(RefereeIds, NeverComeBackWhenASlotIsUsedAgain) {
  Referee referee = Referee::create({.max_players = 2}).value();
  const ProfileId profile = referee.add_profile({}).value();
  const PlayerId stays = referee.add_player(profile, 0).value();
  const PlayerId first = referee.add_player(profile, 0).value();
  ASSERT_TRUE(referee.remove_player(first));
  std::set<std::uint64_t> seen{stays.value, first.value};
  for (int i = 0; i < 140'000; ++i) {  // Twice the generations of one slot.
    const auto next = referee.add_player(profile, 0);
    ASSERT_TRUE(next) << "a used-up slot must not count";
    ASSERT_TRUE(seen.insert(next->value).second) << "after " << i;
    ASSERT_EQ(referee.add_player(profile, 0).error().code, Errc::resource_exhausted);
    ASSERT_TRUE(referee.remove_player(*next));
  }
  EXPECT_EQ(referee.move({.player = first}).outcome, MoveOutcome::unknown_player);
  EXPECT_EQ(referee.move({.player = stays}).outcome, MoveOutcome::accepted);
}

TEST_F(RefereeEdges, FreeMovementSavesNoCreditForLater) {
  ASSERT_EQ(refused(1000, 0.25F), 0);
  ASSERT_TRUE(referee.declare_free(player, true, move.received_us));
  ASSERT_EQ(refused(200, 0.25F), 0);
  ASSERT_TRUE(referee.declare_free(player, false, move.received_us));
  ASSERT_EQ(refused(40, 0.25F), 0);  // The grace is over.
  EXPECT_EQ(step(5, 50, 1000).outcome, MoveOutcome::rejected) << "a clock that jumps a second";
}

TEST_F(RefereeEdges, SpeedEffectThatIsLearntLateEndsLateButLastsNoLonger) {
  ASSERT_EQ(refused(400, 0.25F), 0);
  ASSERT_TRUE(referee.declare_speed(player, 2, 2'000 * kMs, move.received_us));
  EXPECT_EQ(refused(30, 0.25F), 0) << "the message was lost, and sent again, for 1.5 s";
  EXPECT_EQ(refused(40, 0.5F), 0) << "then the effect lasts its 2 s";
  EXPECT_EQ(refused(12, 0.5F), 0) << "and 600 ms, as for everybody";
  EXPECT_GT(refused(8, 0.5F), 0);
}

TEST_F(RefereeEdges, SlackUsedInAFastVehicleDoesNotFollowTheWalker) {
  const ProfileId plane = referee.add_profile({.max_speed = 100}).value();
  ASSERT_TRUE(referee.declare_profile(player, plane, move.received_us));
  ASSERT_EQ(refused(60, 5), 0);
  for (int i = 0; i < 400 && step(5.3F).outcome == MoveOutcome::accepted; ++i) {
  }  // All of the slack is used.
  ASSERT_TRUE(referee.declare_profile(player, profile, move.received_us));
  (void)refused(40, 0);  // The grace for the change is over.
  EXPECT_EQ(refused(200, 0.2505F), 0) << "0.2 % too fast for 10 s is within eps and leak";
}

TEST_F(RefereeEdges, RestartedClockDoesNotCountAsDrift) {
  ASSERT_EQ(refused(100, 0), 0);
  move.client_us -= 3'600'000 * kMs;
  (void)refused(30, 0);
  EXPECT_LE(std::abs(status().clock_drift_us), 1'000 * kMs);
}

TEST(RefereeFlood, InventedTimeDoesNotWrapAroundToNone) {
  // 1 ms intervals and the highest rate: thousands of movements in one block, each with a stolen
  // second. Their sum in 32 bits would be 5,032,704 µs, and the next multiple nearly none.
  RefereeOptions options;
  options.max_move_rate = 1000;
  Referee referee = Referee::create(options).value();
  Move move;
  move.player =
      referee.add_player(referee.add_profile({.max_speed = 5, .nominal_us = 1000}).value(), 0)
          .value();
  for (int i = 0; i < 40 * 4295; ++i) {  // 4,295 s a block: 2^32 µs and 32,704 more.
    move.received_us += 1'000'000 / 4295;
    move.client_us += 1'000'000;
    ++move.sequence;
    (void)referee.move(move);
  }
  EXPECT_EQ(referee.status(move.player, move.received_us)->state, PlayerState::review);
}

TEST(RefereeEvidence, DecaysToNothingAtAnyRateAndAfterAnyTime) {
  for (const double decay : {0.5, 10.0}) {
    RefereeOptions options;
    options.evidence_decay = decay;
    Referee referee = Referee::create(options).value();
    Move move;
    move.player = referee.add_player(referee.add_profile({.max_speed = 5}).value(), 0).value();
    (void)referee.move(move);
    ASSERT_TRUE(referee.rtt(move.player, 0, 0));
    ASSERT_TRUE(referee.rtt(move.player, 2'000 * kMs, 0));
    EXPECT_GT(referee.status(move.player, 0)->lag_us, 1'900 * kMs);
    for (const std::int64_t later : {60'000 * kMs, std::int64_t{999'000'000'000}, kLast})
      EXPECT_EQ(referee.status(move.player, later)->lag_us, 0) << decay << ' ' << later;
  }
}

TEST(RefereeOverrun, OfOneClockIsForgottenWhenItRestarts) {
  Referee referee = Referee::create({}).value();
  const ProfileId profile = referee.add_profile({.max_speed = 5}).value();
  referee.tick(300 * kMs, 50'000 * kMs);
  const PlayerId player = referee.add_player(profile, 50'000 * kMs).value();
  EXPECT_EQ(referee.status(player, 50'000 * kMs)->lag_us, 300 * kMs);
  referee.restart_clock();
  EXPECT_EQ(referee.status(player, 0)->lag_us, 0);
}

TEST(RefereeActions, SlowestRateIsARateAndSlowerIsAnError) {
  RefereeOptions options;
  options.actions[0] = {.per_second = 1e-6F, .burst = 1e6F};
  Referee referee = Referee::create(options).value();
  const PlayerId player = referee.add_player(referee.add_profile({}).value(), 0).value();
  EXPECT_EQ(referee.check_action(player, 0, 0).outcome, MoveOutcome::accepted);
  options.actions[0].per_second = 1e-30F;
  EXPECT_EQ(Referee::create(options).error().code, Errc::invalid_argument);
}

TEST(RefereeConfidence, StaysBelowOneHoweverMuchEvidence) {
  Referee referee = Referee::create({}).value();
  Move move;
  move.player = referee.add_player(referee.add_profile({.max_speed = 5}).value(), 0).value();
  for (int i = 0; i < 20 * 300; ++i) {
    move.received_us += 50 * kMs;
    move.client_us += 50 * kMs;
    ++move.sequence;
    move.position.x = static_cast<float>(i) * 100;
    (void)referee.move(move);
  }
  const PlayerStatus status = referee.status(move.player, move.received_us).value();
  EXPECT_GE(status.max_e, 1e29F);
  EXPECT_LT(status.confidence, 1);
}

/// A flyer whose clock nearly stands still hangs in the air, but goes nowhere: distance needs
/// granted time, and granted time brings him down (docs/referee.md, "What it does not catch").
TEST(RefereeFlight, SlowClockBuysNoDistanceInTheAir) {
  Referee referee = Referee::create({}).value();
  const MoveProfile jumper{
      .space = Space::solid_3d, .max_speed = 5, .max_rise_speed = 8, .gravity = 20};
  Move move;
  move.player = referee.add_player(referee.add_profile(jumper).value(), 0).value();
  move.ground = Ground::contact;
  for (int i = 0; i < 400; ++i) {
    move.received_us += 50 * kMs;
    move.client_us += 50 * kMs;
    ++move.sequence;
    (void)referee.move(move);
  }
  move.ground = Ground::air;
  float farthest = 0;
  for (int i = 0; i < 4000; ++i) {  // 200 s in the air at a fiftieth of the clock.
    move.received_us += 50 * kMs;
    move.client_us += kMs;
    ++move.sequence;
    move.position.y = std::min(1.5F, move.position.y + 0.008F);
    move.position.x += 0.005F;
    const Verdict verdict = referee.move(move);
    farthest = std::max(farthest, verdict.set_back.x);
    if (verdict.outcome == MoveOutcome::rejected) break;
  }
  EXPECT_LE(farthest, 5.0F) << "one jump's distance";
}

TEST(RefereeMovements, AHundredThousandHonestSessionsOfOneSlotStayHonest) {
  Referee referee = Referee::create({.max_players = 1}).value();
  const ProfileId profile = referee.add_profile({.max_speed = 5}).value();
  int refused = 0;
  for (int session = 0; session < 100'000; ++session) {
    Move move;
    move.player = referee.add_player(profile, 0).value();
    for (int i = 0; i < 3; ++i) {
      move.received_us += 50 * kMs;
      move.client_us += 50 * kMs;
      ++move.sequence;
      move.position.x += 0.25F;
      refused += referee.move(move).outcome != MoveOutcome::accepted;
    }
    (void)referee.remove_player(move.player);
  }
  EXPECT_EQ(refused, 0) << "nothing of an earlier player is left in a slot";
}

}  // namespace
}  // namespace gk
