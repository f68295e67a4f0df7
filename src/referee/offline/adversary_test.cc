#include "referee/offline/adversary.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace gk::referee {
namespace {

/// GK_REFEREE_ATTACKS multiplies the search: the longer mode of these tests.
int tries(int usual) {
  const char* factor = std::getenv("GK_REFEREE_ATTACKS");
  return usual * (factor ? std::max(1, std::atoi(factor)) : 1);
}

TEST(Adversary, NeverExceedsTheTheoremWithFreeClocksSilencesClaimsAndPongs) {
  Adversary<NoBugs> adversary({.tries = tries(150), .seed = 7});
  const double best = adversary.attack();
  std::printf("best excess %.3f s of full speed, bound %.3f s\n", best, adversary.bound());
  EXPECT_LE(best, adversary.bound() + 1e-3);
  EXPECT_GT(best, 0.5 * adversary.bound()) << "the adversary became weak";
}

TEST(Adversary, NeverExceedsTheTheoremWithoutAClock) {
  Adversary<NoBugs> adversary({.clock = false, .tries = tries(100), .seed = 8});
  const double best = adversary.attack();
  std::printf("no clock: best excess %.3f s, bound %.3f s\n", best, adversary.bound());
  EXPECT_LE(best, adversary.bound() + 1e-3);
}

TEST(Adversary, GainsAQuarterSecondAtMostOnASteadyLink) {
  Adversary<NoBugs> adversary(
      {.longest_silence_s = 0, .fake_rtt = false, .warm_s = 30, .tries = tries(60), .seed = 9});
  const double best = adversary.attack();
  std::printf("steady link: largest burst %.3f s of full speed\n", best);
  EXPECT_LE(best, 0.25);
}

TEST(Adversary, GainsFourTenthsAtMostOnASteadyLinkWithoutAClock) {
  Adversary<NoBugs> adversary({.longest_silence_s = 0,
                               .fake_rtt = false,
                               .clock = false,
                               .warm_s = 30,
                               .tries = tries(60),
                               .seed = 12});
  const double best = adversary.attack();
  std::printf("steady link, no clock: largest burst %.3f s of full speed\n", best);
  EXPECT_LE(best, 0.4);
}

TEST(Adversary, CompetitivePresetHoldsItsSmallerBound) {
  RefereeOptions options;
  options.max_credit_us = 1'000'000;
  Adversary<NoBugs> adversary({.referee = options, .tries = tries(60), .seed = 10});
  EXPECT_LE(adversary.attack(), adversary.bound() + 1e-3);
}

/// The same search with and without forged claims finds the same: claims change no distance.
TEST(Adversary, ClaimsHaveNoEffectOnAnyAcceptedDistance) {
  Dice dice(11);
  int different = 0;
  for (int round = 0; round < tries(40); ++round) {
    RefereeOptions options;
    options.max_players = 2;
    Core<NoBugs> honest(options);
    Core<NoBugs> forging(options);
    MoveProfile profile;
    profile.max_speed = 5;
    const PlayerId player =
        honest.add_player(honest.add_profile(profile).value(), 0, std::nullopt).value();
    (void)forging.add_player(forging.add_profile(profile).value(), 0, std::nullopt);
    Move move;
    move.player = player;
    for (int i = 0; i < 1500; ++i) {
      move.received_us += static_cast<std::int64_t>(dice.exponential(50'000));
      move.client_us += static_cast<std::int64_t>(dice.exponential(52'000));
      move.position.x += static_cast<float>(dice.between(-0.05, 0.35));
      move.sequence += dice.chance(0.98) ? 1 : 0;
      if (dice.chance(0.3))
        (void)forging.claim(player, {ClaimKind::stutter, 3, 4'000'000}, move.received_us);
      const Verdict a = honest.move(move);
      const Verdict b = forging.move(move);
      different += a.outcome != b.outcome || a.rule != b.rule || !(a.set_back == b.set_back);
      move.position = a.set_back;
    }
  }
  EXPECT_EQ(different, 0);
}

}  // namespace
}  // namespace gk::referee
