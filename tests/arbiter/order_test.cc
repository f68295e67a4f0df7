// The order of a lane against a model of it: random settings, random callers, each millisecond of
// virtual time compared. Every difference is a wrong winner, a wrong moment, or a wrong refusal.

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "arbiter/rules/core.h"
#include "order_model.h"
#include "testing/seeded_random.h"

namespace gk::arbiter {
namespace {

using namespace std::chrono_literals;

/// The same lane twice: as the rules decide, and as the model says.
class Twins {
 public:
  Twins(std::uint64_t seed, MutantForTest mutant)
      : random_(seed), ring_(16), core_(Core::create(options(), ring_, at(0)).value()) {
#ifdef GK_ARBITER_MUTANTS
    core_.plant_for_test(mutant);
#else
    (void)mutant;
#endif
    const std::size_t count = 2 + below(7);
    for (std::size_t i = 0; i < count; ++i) {
      model_.actors.emplace_back();
      draw_actor(i);
      if (below(4) == 0) model_.actors[i].pacing = {2 + span(40), span(60), 0};
      (void)core_.add_actor(config(i), at(0)).value();
    }
    draw_lane();
    if (below(3) == 0) model_.pacing = {1 + span(8), span(12), 0};
    lane_ = core_.add_lane(lane_options(), Token(5), at(0)).value();
  }

  /// Runs until the model has granted `grants` times. Returns the first difference.
  std::optional<std::string> run(std::uint64_t grants) {
    for (Ms now = 1; model_.grants < grants; ++now) {
      // The timer of the shell: it looks when the rules asked for it, and only then.
      if (core_.next_event() <= at(now)) core_.poll(at(now));
      model_.look(now);
      if (auto wrong = compare(now, "time passed")) return wrong;
      while (below(3) == 0) {
        const char* what = act(now);
        if (auto wrong = compare(now, what)) return wrong;
      }
      core_.clear_changed();
    }
    return std::nullopt;
  }
  const OrderModel& model() const { return model_; }

 private:
  static MonoTime at(Ms now) { return MonoTime(1h) + Millis(now); }
  static ArbiterOptions options() {
    ArbiterOptions options;
    options.trace_records = 16;
    return options;
  }
  std::uint64_t below(std::uint64_t limit) { return random_.below(limit); }
  Ms span(std::uint64_t limit) { return static_cast<Ms>(random_.below(limit)); }

  void draw_actor(std::size_t i) {
    model_.actors[i].group = static_cast<int>(below(3));
    // Close to each other, so that age, favour and number of request decide often.
    model_.actors[i].priority = static_cast<int>(below(4) == 0 ? below(256) : 50 + below(4));
  }
  void draw_lane() {
    model_.gap = below(3) == 0 ? 0 : span(9);
    model_.longest_hold = 1 + span(12);
    model_.aging = 1 + span(30);
    model_.burst_limit = static_cast<int>(below(5));
    model_.queue_limit = 1 + below(12);
    model_.groups = below(4) != 0;
  }
  static Pacing pacing(const ModelPacing& from) {
    return {Millis(from.interval), Millis(from.tolerance)};
  }
  ActorConfig config(std::size_t i) const {
    const ModelActor& actor = model_.actors[i];
    return {static_cast<Group>(actor.group), static_cast<std::uint8_t>(actor.priority),
            pacing(actor.pacing)};
  }
  LaneOptions lane_options() const {
    LaneOrder order;
    order.aging_step = Millis(model_.aging);
    order.same_group_burst = static_cast<std::uint32_t>(model_.burst_limit);
    order.max_waiting = static_cast<std::uint32_t>(model_.queue_limit);
    order.grouping = model_.groups ? Grouping::by_actor : Grouping::off;
    return {Millis(model_.gap), Millis(model_.longest_hold), pacing(model_.pacing), order};
  }

  const char* act(Ms now) {
    switch (below(16)) {
      case 0: return change(now);
      case 1: return cancel(now);
      case 2:
      case 3:
      case 4:
      case 5: return release(now);
      case 6: return ask(now, Wait::no);
      default: return ask(now, Wait::allowed);
    }
  }
  const char* change(Ms now) {
    if (below(4) != 0) return "nothing";
    if (below(2) == 0) {
      draw_lane();
      (void)core_.set_lane(lane_, lane_options(), at(now)).ok();
      model_.choose(now);
      return "the lane was changed";
    }
    const std::size_t actor = below(model_.actors.size());
    draw_actor(actor);
    (void)core_.set_actor(ActorId(actor + 1), config(actor), at(now)).ok();
    model_.choose(now);
    return "an actor was changed";
  }
  const char* cancel(Ms now) {
    if (model_.queue.empty()) return "nothing";
    const std::uint64_t name = model_.queue[below(model_.queue.size())].name;
    cancelled_ = core_.cancel(TicketId(name), at(now)).ok();
    model_.withdraw(name, now);
    return "a ticket was cancelled";
  }
  const char* release(Ms now) {
    if (!model_.hold) return "nothing";
    const auto& hold = core_.lanes()[0].hold;
    if (hold) (void)core_.release({lane_, hold->token}, ShareId(1), at(now)).ok();
    model_.release(now);
    return "the holder released";
  }
  const char* ask(Ms now, Wait wait) {
    const std::size_t actor = below(model_.actors.size());
    const Ms deadline = now + 1 + span(below(8) == 0 ? 20 : 4000);
    const auto id = core_.request(
        {.actor = ActorId(actor + 1), .lanes = {&lane_, 1}, .deadline = at(deadline), .wait = wait},
        at(now));
    const bool full = model_.queue.size() >= model_.queue_limit;
    if (id.ok() == full) refusal_is_wrong_ = true;
    if (!id) return "a request was refused";
    const int priority = model_.actors[actor].priority;
    model_.ask({id->value, actor, priority, now, deadline, 0}, now);
    if (wait == Wait::no) model_.withdraw(id->value, now);
    return "a request came";
  }

  std::optional<std::string> compare(Ms now, const char* after) {
    core_.decisions().clear();
    core_.ended().clear();
    const Lane& lane = core_.lanes()[0];
    const std::uint64_t holder = lane.hold ? lane.hold->ticket.value : 0;
    const std::uint64_t expected = model_.hold ? model_.hold->name : 0;
    bool same = holder == expected && lane.queue.size() == model_.queue.size() &&
                !refusal_is_wrong_ && cancelled_;
    for (const ModelTicket& ticket : model_.queue) {
      same = same && core_.find(TicketId(ticket.name)) != nullptr;
    }
    if (same) return std::nullopt;
    return "at " + std::to_string(now) + " ms, after " + after + ": ticket " +
           std::to_string(holder) + " holds, expected " + std::to_string(expected) + "; " +
           std::to_string(lane.queue.size()) + " wait, expected " +
           std::to_string(model_.queue.size()) + (refusal_is_wrong_ ? "; wrong refusal" : "");
  }

  SeededRandom random_;
  OrderModel model_;
  TraceRing ring_;
  Core core_;
  LaneId lane_;
  bool refusal_is_wrong_ = false, cancelled_ = true;
};

TEST(ArbiterOrder, EachWinnerIsTheMaximumAtItsInstant) {
  // GK_ARBITER_ORDER_GRANTS=10000000 is the long form, run by hand.
  const char* asked = std::getenv("GK_ARBITER_ORDER_GRANTS");
  const std::uint64_t wanted = asked != nullptr ? std::strtoull(asked, nullptr, 10) : 400'000;
  std::uint64_t grants = 0, by_burst = 0, by_age = 0, held_back = 0;
  for (std::uint64_t seed = 1; grants < wanted; ++seed) {
    Twins twins(seed, MutantForTest::none);
    const auto wrong = twins.run(2'000);
    ASSERT_FALSE(wrong) << "seed " << seed << ": " << *wrong;
    grants += twins.model().grants;
    by_burst += twins.model().decided_by_burst;
    by_age += twins.model().decided_by_age;
    held_back += twins.model().held_back;
  }
  std::printf(
      "%llu grants, 0 inversions; %llu comparisons by favour, %llu by age, %llu held back\n",
      static_cast<unsigned long long>(grants), static_cast<unsigned long long>(by_burst),
      static_cast<unsigned long long>(by_age), static_cast<unsigned long long>(held_back));
  // A test that never comes to these would find nothing.
  EXPECT_GT(by_burst, grants / 100);
  EXPECT_GT(by_age, grants / 100);
  EXPECT_GT(held_back, grants / 100);
}

class OrderMutant : public testing::TestWithParam<MutantForTest> {};

TEST_P(OrderMutant, IsCaught) {
  std::optional<std::string> wrong;
  for (std::uint64_t seed = 1; seed <= 200 && !wrong; ++seed) {
    wrong = Twins(seed, GetParam()).run(300);
  }
  EXPECT_TRUE(wrong);
}

INSTANTIATE_TEST_SUITE_P(
    Planted, OrderMutant,
    testing::Values(MutantForTest::grant_while_held, MutantForTest::ignore_priority,
                    MutantForTest::ignore_age_order, MutantForTest::ignore_burst_limit,
                    MutantForTest::burst_never_resets, MutantForTest::slip_in_during_cooldown,
                    MutantForTest::no_aging, MutantForTest::aging_rounds_up,
                    MutantForTest::early_by_a_millisecond, MutantForTest::no_spacing,
                    MutantForTest::gap_within_group, MutantForTest::no_lane_pacing,
                    MutantForTest::no_actor_pacing, MutantForTest::paced_ticket_blocks,
                    MutantForTest::grant_after_deadline, MutantForTest::lease_never_ends,
                    MutantForTest::forget_to_grant));

}  // namespace
}  // namespace gk::arbiter
