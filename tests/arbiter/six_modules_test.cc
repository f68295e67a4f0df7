// Six modules on one lane for an hour of virtual time: exclusion, spacing, bounded waiting.

#include <gtest/gtest.h>

#include <array>

#include "arbiter/rules/core.h"
#include "arbiter/rules/trace_check.h"
#include "testing/seeded_random.h"

namespace gk::arbiter {
namespace {

using namespace std::chrono_literals;

constexpr Nanos kGap = 1s, kMaxHold = 2s, kAging = 1s;
constexpr std::uint32_t kBurst = 4, kMaxWaiting = 6;

/// One module in a closed loop: asks, acts for a while, thinks, asks again.
struct Module {
  const char* name;
  ActorConfig config;
  Nanos think{0};
  // State.
  enum class Is : std::uint8_t { thinking, waiting, acting } is = Is::thinking;
  MonoTime next{1h};  // thinking: asks then; acting: ends then.
  MonoTime asked{};
  GrantRef grant{};
  int granted = 0, timed_out = 0;
  Nanos longest_wait{0};
};

/// What went wrong, counted by an oracle of its own.
struct Findings {
  int overlaps = 0;          // Somebody acted while another did.
  int early = 0;             // Less than the gap after another group.
  int out_of_bounds = 0;     // Waited longer than rule 3 promises.
  int starved = 0;           // Modules with fewer than 20 grants.
  std::size_t breaches = 0;  // Of the trace checker.
  int total() const { return overlaps + early + out_of_bounds + starved + (breaches > 0 ? 1 : 0); }
};

class SixModules {
 public:
  SixModules(bool greedy, MutantForTest mutant)
      : options_(arbiter_options()),
        ring_(options_.trace_records),
        core_(Core::create(options_, ring_, now_).value()) {
    core_.plant_for_test(mutant);
    lane_ = core_.add_lane({kGap, kMaxHold, {}}, Token(), now_).value();
    for (Module& module : modules_) {
      if (greedy) module.think = 0s;
      (void)core_.add_actor(module.config, now_).value();
    }
    wait_ = greedy ? Nanos(10min) : Nanos(30s);
  }

  Findings run(Nanos time) {
    const MonoTime end = now_ + time;
    while (now_ < end) step();
    Findings found = found_;
    for (const Module& module : modules_) found.starved += module.granted < 20;
    const auto report = check_trace(ring_.snapshot(), {});
    found.breaches = report ? report->breaches.size() : 1;
    return found;
  }
  const std::array<Module, 6>& modules() const { return modules_; }

 private:
  static ArbiterOptions arbiter_options() {
    ArbiterOptions options;
    options.max_waiting = kMaxWaiting;
    options.aging_step = kAging;
    options.same_group_burst = kBurst;
    options.trace_records = 1U << 17;
    return options;
  }
  /// Rule 3: (Pmax - p)·A + (M + 1)·(Hmax + D) + B·Hmax.
  static Nanos bound_of(const Module& module) {
    return (100 - module.config.priority) * kAging + (kMaxWaiting + 1) * (kMaxHold + kGap) +
           kBurst * kMaxHold;
  }
  /// To the next thing that happens, to anybody.
  void step() {
    MonoTime next = core_.next_event();
    for (const Module& m : modules_) {
      if (m.is != Module::Is::waiting) next = std::min(next, m.next);
    }
    now_ = std::max(now_, next);
    core_.poll(now_);
    hear();
    for (std::uint32_t i = 0; i < modules_.size(); ++i) {
      Module& module = modules_[i];
      if (module.is == Module::Is::waiting || module.next > now_) continue;
      if (module.is == Module::Is::acting) {
        (void)core_.release(module.grant, ShareId(1), now_);
        last_end_ = now_;
        last_group_ = module.config.group;
        module.is = Module::Is::thinking;
        module.next = now_ + module.think / 2 +
                      Nanos(random_.below(1 + static_cast<std::uint64_t>(module.think.count())));
      } else {
        const std::array<LaneId, 1> lanes{lane_};
        (void)core_.request({ActorId(i + 1), lanes, now_ + wait_}, now_).value();
        module.is = Module::Is::waiting;
        module.asked = now_;
      }
      hear();
    }
  }
  void hear() {
    for (const Decision& decision : std::exchange(core_.decisions(), {})) {
      Module& module = modules_[decision.actor.value - 1];
      const bool granted = decision.outcome == Outcome::granted;
      const Nanos waited = now_ - module.asked;
      module.longest_wait = std::max(module.longest_wait, waited);
      found_.out_of_bounds += waited > bound_of(module);
      module.is = granted ? Module::Is::acting : Module::Is::thinking;
      module.timed_out += !granted;
      module.granted += granted;
      module.next = now_ + (granted ? 100ms + Millis(random_.below(400)) : 1ms);
      if (!granted) continue;
      module.grant = decision.grants[0];
      for (const Module& other : modules_) {
        found_.overlaps += &other != &module && other.is == Module::Is::acting;
      }
      const bool changes = last_group_ != 0 && last_group_ != module.config.group;
      found_.early += changes && now_ - last_end_ < kGap;
    }
  }

  MonoTime now_{1h};
  const ArbiterOptions options_;
  TraceRing ring_;
  Core core_;
  LaneId lane_;
  Nanos wait_{};
  SeededRandom random_{1};
  std::array<Module, 6> modules_{{{"fisher", {1, 60, {}}, 6s},
                                  {"trainer", {2, 80, {}}, 8s},
                                  {"auto_loot", {3, 40, {}}, 10s},
                                  {"runemaker", {4, 100, {}}, 30s},
                                  {"stacker", {1, 30, {}}, 20s},
                                  {"eater", {3, 20, {}}, 40s}}};
  MonoTime last_end_{};
  Group last_group_ = 0;
  Findings found_;
};

TEST(SixModulesHour, ModulesThatThinkNeverTimeOutOrStarve) {
  SixModules world(false, MutantForTest::none);
  EXPECT_EQ(world.run(1h).total(), 0);
  for (const Module& module : world.modules()) {
    EXPECT_EQ(module.timed_out, 0) << module.name;
    EXPECT_GT(module.granted, 60) << module.name;
    EXPECT_LT(module.longest_wait, 30s) << module.name;
  }
}

TEST(SixModulesHour, GreedyModulesAllComeToTheirTurnWithinTheBound) {
  SixModules world(true, MutantForTest::none);
  EXPECT_EQ(world.run(1h).total(), 0);
  for (const Module& module : world.modules()) EXPECT_EQ(module.timed_out, 0) << module.name;
}

TEST(SixModulesHour, PlantedBugsAreNoticed) {
  for (const auto mutant : {MutantForTest::grant_while_held, MutantForTest::no_aging,
                            MutantForTest::no_spacing, MutantForTest::early_by_a_millisecond}) {
    SixModules world(true, mutant);
    EXPECT_GT(world.run(1h).total(), 0) << static_cast<int>(mutant);
  }
}

}  // namespace
}  // namespace gk::arbiter
