// Negative controls: each planted bug of rules/bugs.h must be noticed by the checks that the
// product passes.
#include <gtest/gtest.h>

#include "referee/offline/adversary.h"

namespace gk::referee {
namespace {

/// Small credits, so that a bug shows within a short attack.
AttackOptions tight() {
  AttackOptions options;
  options.referee.max_credit_us = 300'000;
  options.referee.join_credit_us = 100'000;
  options.referee.base_credit_us = 100'000;
  options.referee.loose_us = 100'000;
  options.referee.slack_us = 50'000;
  options.longest_silence_s = 1;
  options.tries = 60;
  return options;
}

template <class Bugs>
double overdraft(AttackOptions options = tight()) {
  Adversary<Bugs> adversary(options);
  return adversary.attack() - adversary.bound();
}

struct RefusalKeepsGrant : NoBugs {
  static constexpr bool refusal_keeps_grant = true;
};
struct CreditNeverLeaks : NoBugs {
  static constexpr bool credit_never_leaks = true;
};
struct ToleranceDoubled : NoBugs {
  static constexpr bool tolerance_doubled = true;
};
struct ClockBelieved : NoBugs {
  static constexpr bool clock_believed = true;
};
struct PoolForgets : NoBugs {
  static constexpr bool pool_forgets = true;
};
struct CarryUnpaid : NoBugs {
  static constexpr bool carry_unpaid = true;
};
struct StaleGranted : NoBugs {
  static constexpr bool stale_granted = true;
};
struct ClaimsWiden : NoBugs {
  static constexpr bool claims_widen_credit = true;
};
struct ClientSilence : NoBugs {
  static constexpr bool client_silence = true;
};
struct SpeedForever : NoBugs {
  static constexpr bool speed_forever = true;
};
struct TeleportUnspent : NoBugs {
  static constexpr bool teleport_unspent = true;
};
struct AirTimeStops : NoBugs {
  static constexpr bool air_time_stops = true;
};

TEST(Mutants, ProductKeepsTheBoundThatTheMutantsBreak) { EXPECT_LE(overdraft<NoBugs>(), 1e-3); }
TEST(Mutants, RefusalThatKeepsItsGrantIsCaught) { EXPECT_GT(overdraft<RefusalKeepsGrant>(), 0.1); }
TEST(Mutants, CreditThatNeverLeaksIsCaught) { EXPECT_GT(overdraft<CreditNeverLeaks>(), 0.1); }
TEST(Mutants, BelievedClockIsCaught) { EXPECT_GT(overdraft<ClockBelieved>(), 0.1); }
TEST(Mutants, ForgetfulPoolIsCaught) { EXPECT_GT(overdraft<PoolForgets>(), 0.1); }
TEST(Mutants, UnpaidCarryIsCaught) { EXPECT_GT(overdraft<CarryUnpaid>(), 0.1); }

TEST(Mutants, DoubledToleranceIsCaughtByALongRun) {
  AttackOptions options = tight();
  options.long_run_s = 300;
  options.tries = 3;
  EXPECT_LE(overdraft<NoBugs>(options), 1e-3);
  EXPECT_GT(overdraft<ToleranceDoubled>(options), 0.1);
}

/// Burst on a steady link: claims or the client's own silence must not raise it.
AttackOptions steady() {
  AttackOptions options;
  options.longest_silence_s = 0;
  options.fake_rtt = false;
  options.warm_s = 20;
  options.tries = 40;
  return options;
}
template <class Bugs>
double burst() {
  return Adversary<Bugs>(steady()).attack();
}
TEST(Mutants, ClaimsThatWidenCreditAreCaught) {
  EXPECT_LE(burst<NoBugs>(), 0.25);
  EXPECT_GT(burst<ClaimsWiden>(), 0.3);
}
TEST(Mutants, EvidenceFromTheClientsClockIsCaught) { EXPECT_GT(burst<ClientSilence>(), 0.3); }

/// A player on a steady link for the directed checks.
template <class Bugs>
struct Table {
  explicit Table(bool solid = false) : core(RefereeOptions{}) {
    MoveProfile profile;
    profile.max_speed = 5;
    if (solid) {
      profile.space = Space::solid_3d;
      profile.max_rise_speed = 8;
      profile.gravity = 20;
    }
    move.player = core.add_player(core.add_profile(profile).value(), 0, std::nullopt).value();
    for (int i = 0; i < 400; ++i) (void)step(0.25F, Ground::contact);
  }
  Verdict step(float dx, Ground ground = Ground::unknown, float dy = 0) {
    move.received_us += 50'000;
    move.client_us += 50'000;
    ++move.sequence;
    move.position.x += dx;
    move.position.y += dy;
    move.ground = ground;
    const Verdict verdict = core.move(move);
    move.position = verdict.set_back;
    return verdict;
  }
  int refused(int steps, float dx, Ground ground = Ground::unknown) {
    int count = 0;
    for (int i = 0; i < steps; ++i) count += step(dx, ground).outcome != MoveOutcome::accepted;
    return count;
  }
  Core<Bugs> core;
  Move move;
};

template <class Bugs>
int refused_after_speed_ends() {
  Table<Bugs> table;
  (void)table.core.declare_speed(table.move.player, 2, 1'000'000, table.move.received_us);
  (void)table.refused(40, 0.5F);
  return table.refused(40, 0.5F);
}
TEST(Mutants, SpeedThatNeverEndsIsCaught) {
  EXPECT_GT(refused_after_speed_ends<NoBugs>(), 0);
  EXPECT_EQ(refused_after_speed_ends<SpeedForever>(), 0);
}

template <class Bugs>
bool second_jump_refused() {
  Table<Bugs> table;
  (void)table.core.declare_teleport(table.move.player, {1000, 0, 0}, table.move.received_us);
  (void)table.step(1000 - table.move.position.x);
  (void)table.refused(10, -0.25F);
  // Within the radius of the target, but the teleport is spent.
  return table.step(6).outcome == MoveOutcome::rejected;
}
TEST(Mutants, TeleportThatStaysOpenIsCaught) {
  EXPECT_TRUE(second_jump_refused<NoBugs>());
  EXPECT_FALSE(second_jump_refused<TeleportUnspent>());
}

template <class Bugs>
int hover_refused() {
  Table<Bugs> table(true);
  (void)table.step(0, Ground::air, 0.39F);
  return table.refused(60, 0, Ground::air);
}
TEST(Mutants, AirTimeThatStopsIsCaught) {
  Table<NoBugs> table(true);
  for (int i = 0; i < 4; ++i) (void)table.step(0, Ground::air, 0.35F);
  EXPECT_GT(table.refused(60, 0, Ground::air), 0);
  Table<AirTimeStops> mutant(true);
  for (int i = 0; i < 4; ++i) (void)mutant.step(0, Ground::air, 0.2F);
  EXPECT_EQ(mutant.refused(60, 0, Ground::air), 0);
}

template <class Bugs>
bool older_movement_taken() {
  Table<Bugs> table;
  table.move.client_us -= 500'000;
  --table.move.sequence;
  table.move.received_us += 50'000;
  return table.core.move(table.move).outcome == MoveOutcome::accepted;
}
TEST(Mutants, OlderMovementThatIsTakenIsCaught) {
  EXPECT_FALSE(older_movement_taken<NoBugs>());
  EXPECT_TRUE(older_movement_taken<StaleGranted>());
}

}  // namespace
}  // namespace gk::referee
