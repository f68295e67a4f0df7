// Every history of three actors on two lanes, six steps deep: nothing that can be written down
// with these steps breaks a rule. States that were seen with the same time left are not repeated.

#include <gtest/gtest.h>

#include <unordered_set>

#include "script.h"

namespace gk::arbiter {
namespace {

enum class Act : std::uint8_t { first, second, both, nested_first, nested_second, let_go, give_up };

struct Move {
  std::uint8_t actor = 0;  // 3: time passes instead
  Act act = Act::first;
};

WorldOptions small_world() {
  WorldOptions world;
  world.arbiter.max_waiting = 4;
  world.arbiter.aging_step = 80ms;
  world.arbiter.same_group_burst = 1;
  world.arbiter.trace_records = 128;
  world.lanes = {{100ms, 250ms, {}}, {40ms, 300ms, {120ms, 120ms}}};
  world.actors = {{1, 60, {}}, {1, 61, {}}, {2, 60, {90ms, 0ms}}};
  return world;
}

class Explorer {
 public:
  explicit Explorer(MutantForTest mutant) : mutant_(mutant) {}

  std::optional<std::string> explore(std::size_t depth) {
    std::vector<Move> path;
    visit(path, depth);
    return violation_;
  }
  std::size_t nodes() const { return nodes_; }

 private:
  static bool idle(const World& world, std::uint8_t actor) {
    for (const Slot slot : waiting_slots(world)) {
      if (world_core(world).ticket_at(slot).actor == actor) return false;
    }
    return true;
  }
  static const Core& world_core(const World& world) { return const_cast<World&>(world).core(); }
  static std::vector<Slot> waiting_slots(const World& world) {
    std::vector<Slot> out;
    for (const TicketId id : world.waiting()) out.push_back(static_cast<Slot>(id.value & 0xffff));
    return out;
  }
  static std::optional<GrantRef> held_by(const World& world, std::uint8_t actor) {
    for (const GrantRef grant : world.live()) {
      if (world_core(world).lanes()[grant.lane.value - 1].hold->actor == actor) return grant;
    }
    return std::nullopt;
  }

  /// Whether the move means anything in this state; else it is another move's twin.
  static bool enabled(const World& world, Move move) {
    if (move.actor == 3) return move.act <= Act::both;
    const bool waits = !idle(world, move.actor);
    const bool holds = held_by(world, move.actor).has_value();
    switch (move.act) {
      case Act::first:
      case Act::second:
      case Act::both: return !waits && !holds;
      case Act::nested_first:
      case Act::nested_second: return !waits && holds;
      case Act::let_go: return holds;
      case Act::give_up: return waits;
    }
    return false;
  }

  static void apply(World& world, Move move) {
    if (move.actor == 3) {
      const MonoTime next = world.core().next_event();
      const bool any = next < world.now() + 1h;
      if (move.act == Act::first) return world.pass(any ? next - world.now() : Nanos(10ms));
      return world.pass(move.act == Act::second ? Nanos(39ms) : Nanos(300ms));
    }
    const LaneId one(1), two(2);
    const auto held = held_by(world, move.actor);
    const Nanos patience = move.actor == 1 ? Nanos(190ms) : Nanos(1h);
    switch (move.act) {
      case Act::first: return world.request(move.actor, {one}, patience);
      case Act::second: return world.request(move.actor, {two}, patience);
      case Act::both: return world.request(move.actor, {one, two}, patience);
      case Act::nested_first: return world.request(move.actor, {one}, patience, *held);
      case Act::nested_second: return world.request(move.actor, {two}, patience, *held);
      case Act::let_go: (void)world.core().release(*held, ShareId(1), world.now()); break;
      case Act::give_up:
        for (const Slot slot : waiting_slots(world)) {
          const Ticket ticket = world.core().ticket_at(slot);
          if (ticket.actor == move.actor) (void)world.core().cancel(ticket.id, world.now());
        }
        break;
    }
    world.look();
  }

  static std::uint64_t key_of(World& world, std::size_t depth) {
    std::uint64_t key = world.core().digest() * 31 + depth;
    const auto add = [&](std::int64_t value) {
      key = (key ^ static_cast<std::uint64_t>(value)) * 0x100000001b3U;
    };
    add(world.now().time_since_epoch().count());
    for (const TicketId id : world.waiting()) {
      const Ticket* ticket = world.core().find(id);
      add(static_cast<std::int64_t>(id.value));
      add(ticket->enqueued.time_since_epoch().count());
      add(ticket->actor * 16 + ticket->lane_count);
    }
    return key;
  }

  void visit(std::vector<Move>& path, std::size_t depth) {
    ++nodes_;
    World world(small_world(), mutant_);
    for (const Move move : path) apply(world, move);
    if (!world.violation()) {
      const auto report = check_trace(world.trace());
      if (!report) world.fail("trace");
      if (report && !report->breaches.empty()) world.fail(report->breaches[0]);
    }
    if (world.violation()) {
      violation_ = world.violation();
      return;
    }
    if (depth == 0 || !seen_.insert(key_of(world, depth)).second) return;
    for (std::uint8_t actor = 0; actor < 4; ++actor) {
      for (int act = 0; act <= static_cast<int>(Act::give_up) && !violation_; ++act) {
        const Move move{actor, static_cast<Act>(act)};
        if (!enabled(world, move)) continue;
        path.push_back(move);
        visit(path, depth - 1);
        path.pop_back();
      }
    }
  }

  const MutantForTest mutant_;
  std::unordered_set<std::uint64_t> seen_;
  std::optional<std::string> violation_;
  std::size_t nodes_ = 0;
};

TEST(ArbiterExplorer, NoHistoryOfThreeActorsTwoLanesAndSixStepsBreaksARule) {
  Explorer explorer(MutantForTest::none);
  const auto violation = explorer.explore(6);
  EXPECT_FALSE(violation) << *violation;
  EXPECT_GT(explorer.nodes(), 100'000U);
  RecordProperty("nodes", static_cast<int>(explorer.nodes()));
}

TEST(ArbiterExplorer, FindsPlantedBugsThatShortHistoriesCanShow) {
  for (const MutantForTest mutant :
       {MutantForTest::grant_while_held, MutantForTest::ignore_priority,
        MutantForTest::slip_in_during_cooldown, MutantForTest::early_by_a_millisecond,
        MutantForTest::no_spacing, MutantForTest::gap_within_group, MutantForTest::no_lane_pacing,
        MutantForTest::no_actor_pacing, MutantForTest::grant_after_deadline,
        MutantForTest::two_outcomes, MutantForTest::reuse_token, MutantForTest::lease_never_ends,
        MutantForTest::no_wound, MutantForTest::partial_acquire_all, MutantForTest::no_inheritance,
        MutantForTest::forget_to_grant}) {
    Explorer explorer(mutant);
    EXPECT_TRUE(explorer.explore(6)) << "planted bug " << static_cast<int>(mutant);
  }
}

}  // namespace
}  // namespace gk::arbiter
