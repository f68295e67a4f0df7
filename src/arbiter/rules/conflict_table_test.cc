#include "arbiter/rules/conflict_table.h"

#include <gtest/gtest.h>

#include "testing/seeded_random.h"

namespace gk::arbiter {
namespace {

using What = OperationEvent::What;

Operation op(std::string kind, std::uint8_t priority = 50, bool abortable = false) {
  return {"net0", std::move(kind), "", priority, abortable};
}

class ConflictTableTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(table.add_rule("configure", "restart", ConflictStrategy::queue));
    ASSERT_TRUE(table.add_rule("join", "leave", ConflictStrategy::abort));
    ASSERT_TRUE(table.add_rule("allocate", "allocate", ConflictStrategy::merge, [](auto a, auto b) {
      return std::string(a) + "+" + std::string(b);
    }));
    ASSERT_TRUE(table.add_rule("kick", "kick", ConflictStrategy::prioritise));
    ASSERT_TRUE(table.add_rule("configure", "allocate", ConflictStrategy::queue));
  }
  /// What happened to one operation, in order.
  std::vector<What> events_of(OperationId id) {
    for (auto& event : table.take_events()) all.push_back(event);
    std::vector<What> out;
    for (const auto& event : all) {
      if (event.operation == id) out.push_back(event.what);
    }
    return out;
  }
  ConflictTable table{{.max_rules = 8, .max_operations = 8}};
  std::vector<OperationEvent> all;
};

TEST_F(ConflictTableTest, QueueMakesTheSecondWaitForTheFirst) {
  const auto first = table.submit(op("configure")).value();
  const auto second = table.submit(op("restart")).value();
  EXPECT_EQ(events_of(first), (std::vector{What::start}));
  EXPECT_TRUE(events_of(second).empty());
  ASSERT_TRUE(table.finish(first, {}));
  EXPECT_EQ(events_of(second), (std::vector{What::start}));
}

TEST_F(ConflictTableTest, KindsWithoutARuleRunSideBySide) {
  const auto first = table.submit(op("configure")).value();
  const auto second = table.submit(op("join")).value();
  EXPECT_EQ(events_of(first), (std::vector{What::start}));
  EXPECT_EQ(events_of(second), (std::vector{What::start}));
}

TEST_F(ConflictTableTest, AbortFailsTheSecondAndNamesTheFirst) {
  const auto first = table.submit(op("join")).value();
  const auto second = table.submit(op("leave")).value();
  EXPECT_EQ(events_of(second), (std::vector{What::fail}));
  EXPECT_EQ(all.back().with, first);
  EXPECT_NE(all.back().error->message.find("join 1 on net0"), std::string::npos);
}

TEST_F(ConflictTableTest, MergeGivesBothCallersOneResult) {
  const auto blocker = table.submit(op("configure")).value();
  Operation one = op("allocate"), two = op("allocate");
  one.argument = "1";
  two.argument = "2";
  const auto first = table.submit(one).value();
  const auto second = table.submit(two).value();
  EXPECT_EQ(events_of(second), (std::vector{What::merged}));
  ASSERT_TRUE(table.finish(blocker, {}));
  EXPECT_EQ(events_of(first), (std::vector{What::start}));
  EXPECT_EQ(all.back().argument, "1+2");
  ASSERT_TRUE(table.finish(first, Error{Errc::unavailable, "no address"}));
  EXPECT_EQ(events_of(second), (std::vector{What::merged, What::ended}));
  EXPECT_EQ(all.back().error, all[all.size() - 2].error);
}

TEST_F(ConflictTableTest, ARunningOperationIsNotMergedInto) {
  const auto first = table.submit(op("allocate")).value();
  const auto second = table.submit(op("allocate")).value();
  EXPECT_EQ(events_of(first), (std::vector{What::start}));
  EXPECT_TRUE(events_of(second).empty());
  ASSERT_TRUE(table.finish(first, {}));
  EXPECT_EQ(events_of(second), (std::vector{What::start}));
}

TEST_F(ConflictTableTest, HigherUndoesALowerThatMayBeUndone) {
  const auto low = table.submit(op("kick", 10, true)).value();
  const auto high = table.submit(op("kick", 20)).value();
  EXPECT_EQ(events_of(low), (std::vector{What::start, What::undo}));
  EXPECT_TRUE(events_of(high).empty()) << "it starts when the undo is done";
  ASSERT_TRUE(table.finish(low, Error{Errc::cancelled, "undone"}));
  EXPECT_EQ(events_of(low), (std::vector{What::start, What::undo, What::ended}));
  EXPECT_EQ(all[all.size() - 2].error->message, "kick 1 on net0 gave way to operation 2");
  EXPECT_EQ(events_of(high), (std::vector{What::start}));
}

TEST_F(ConflictTableTest, OneThatWasDoneBeforeItCouldBeUndoneStands) {
  const auto low = table.submit(op("kick", 10, true)).value();
  const auto high = table.submit(op("kick", 20)).value();
  ASSERT_TRUE(table.finish(low, {}));
  EXPECT_EQ(events_of(low), (std::vector{What::start, What::undo, What::ended}));
  EXPECT_FALSE(all[all.size() - 2].error);
  EXPECT_EQ(events_of(high), (std::vector{What::start}));
}

TEST_F(ConflictTableTest, AMergedOperationRanksAsTheHigherOfBoth) {
  ASSERT_TRUE(table.add_rule("allocate", "kick", ConflictStrategy::prioritise));
  const auto blocker = table.submit(op("configure")).value();
  const auto first = table.submit(op("allocate", 10, true)).value();
  const auto second = table.submit(op("allocate", 60)).value();
  const auto rival = table.submit(op("kick", 50)).value();
  EXPECT_EQ(events_of(second), (std::vector{What::merged}));
  EXPECT_EQ(events_of(rival), (std::vector{What::fail})) << "not above 60";
  ASSERT_TRUE(table.finish(blocker, {}));
  EXPECT_EQ(events_of(first), (std::vector{What::start}));
}

TEST_F(ConflictTableTest, WhatCannotBeMergedWaits) {
  ASSERT_TRUE(table.add_rule("big", "big", ConflictStrategy::merge,
                             [](auto, auto) { return std::string(65'537, 'x'); }));
  ASSERT_TRUE(table.add_rule("big", "configure", ConflictStrategy::queue));
  const auto blocker = table.submit(op("configure")).value();
  const auto first = table.submit(op("big")).value();
  const auto second = table.submit(op("big")).value();
  ASSERT_TRUE(table.finish(blocker, {}));
  EXPECT_EQ(events_of(first), (std::vector{What::start}));
  EXPECT_TRUE(events_of(second).empty());
}

TEST_F(ConflictTableTest, RulesAreReplacedAndWhatWaitedForThemStarts) {
  ASSERT_TRUE(table.submit(op("configure")));
  const auto second = table.submit(op("restart")).value();
  EXPECT_EQ(table.rules().size(), 5U);
  table.clear_rules();
  ASSERT_TRUE(table.add_rule("configure", "restart", ConflictStrategy::queue));
  table.start_waiting();
  EXPECT_TRUE(events_of(second).empty()) << "the new rules say the same";
  table.clear_rules();
  table.start_waiting();
  EXPECT_TRUE(table.rules().empty());
  EXPECT_EQ(events_of(second), (std::vector{What::start}));
}

TEST_F(ConflictTableTest, LowerFailsAndHigherWaitsForOneThatCannotBeUndone) {
  const auto running = table.submit(op("kick", 20)).value();
  const auto lower = table.submit(op("kick", 20)).value();
  const auto higher = table.submit(op("kick", 30)).value();
  EXPECT_EQ(events_of(lower), (std::vector{What::fail}));
  EXPECT_TRUE(events_of(higher).empty());
  ASSERT_TRUE(table.finish(running, {}));
  EXPECT_EQ(events_of(higher), (std::vector{What::start}));
}

TEST_F(ConflictTableTest, IsBoundedAndEmptiesItself) {
  std::vector<OperationId> ids;
  for (int i = 0; i < 8; ++i) ids.push_back(table.submit(op("restart")).value());
  EXPECT_EQ(table.submit(op("restart")).error().code, Errc::resource_exhausted);
  for (const auto id : ids) ASSERT_TRUE(table.finish(id, {}));
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.resources(), 0U);
  EXPECT_EQ(table.finish(ids[0], {}).error().code, Errc::not_found);
}

TEST_F(ConflictTableTest, CancelWithdrawsAWaitingOperationOnly) {
  const auto first = table.submit(op("configure")).value();
  const auto second = table.submit(op("restart")).value();
  EXPECT_EQ(table.cancel(first).error().code, Errc::failed_precondition);
  ASSERT_TRUE(table.cancel(second));
  EXPECT_EQ(events_of(second), (std::vector{What::ended}));
}

/// Random operations against a model of who runs: nothing that conflicts runs together, everything
/// is answered once, and the table is empty at the end.
class ConflictTableModel {
 public:
  explicit ConflictTableModel(std::uint64_t seed) : random_(seed) {
    for (const char* one : kKinds) {
      for (const char* other : kKinds) {
        const auto strategy = static_cast<ConflictStrategy>(random_.below(5));
        if (static_cast<int>(strategy) == 4 || rules_.contains({other, one})) continue;
        rules_[{one, other}] = strategy;
        EXPECT_TRUE(table_.add_rule(
            one, other, strategy, [](auto a, auto b) { return std::string(a) + std::string(b); }));
      }
    }
  }
  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      if (random_.below(2) == 0) submit();
      look();
      if (random_.below(3) == 0) end_one();
      if (random_.below(8) == 0 && last_ != OperationId()) (void)table_.cancel(last_);
      look();
    }
    for (int i = 0; i < 100'000 && !running_.empty(); ++i) {
      end_one();
      look();
    }
    EXPECT_EQ(table_.size(), 0U) << "somebody waits for ever";
    EXPECT_EQ(table_.resources(), 0U);
    EXPECT_EQ(ended_, submitted_);
  }

 private:
  static constexpr const char* kKinds[] = {"a", "b", "c", "d"};
  void submit() {
    Operation operation{random_.below(2) == 0 ? "x" : "y", kKinds[random_.below(4)], "m",
                        static_cast<std::uint8_t>(random_.below(4)), random_.below(2) == 0};
    const auto id = table_.submit(operation);
    if (!id) return;
    last_ = *id;
    ++submitted_;
    known_[*id] = operation;
  }
  void end_one() {
    if (running_.empty()) return;
    auto at = running_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random_.below(running_.size())));
    const OperationId id = *at;
    running_.erase(at);
    const bool fails = undoing_.erase(id) > 0 || random_.below(3) == 0;
    EXPECT_TRUE(
        table_.finish(id, fails ? Result<void>(Error{Errc::unavailable, "x"}) : Result<void>()));
  }
  bool conflict(const Operation& one, const Operation& other) const {
    return one.resource == other.resource &&
           (rules_.contains({one.kind, other.kind}) || rules_.contains({other.kind, one.kind}));
  }
  void look() {
    for (const OperationEvent& event : table_.take_events()) {
      if (event.what == What::start) {
        for (const OperationId other : running_) {
          EXPECT_FALSE(conflict(known_[event.operation], known_[other]));
        }
        EXPECT_TRUE(running_.insert(event.operation).second);
      }
      if (event.what == What::undo) {
        EXPECT_TRUE(running_.contains(event.operation));
        EXPECT_TRUE(known_[event.operation].abortable);
        EXPECT_TRUE(undoing_.insert(event.operation).second) << "told once";
      }
      if (event.what == What::ended || event.what == What::fail) {
        EXPECT_EQ(known_.count(event.operation), 1U) << "answered twice";
        EXPECT_FALSE(running_.contains(event.operation)) << "it had not ended";
        known_.erase(event.operation);
        ++ended_;
      }
    }
  }
  SeededRandom random_;
  ConflictTable table_{{.max_rules = 64, .max_operations = 12}};
  std::map<std::pair<std::string, std::string>, ConflictStrategy> rules_;
  std::map<OperationId, Operation> known_;
  std::set<OperationId> running_, undoing_;
  OperationId last_;
  int submitted_ = 0, ended_ = 0;
};

TEST(ConflictTableProperty, NothingThatConflictsRunsTogetherAndEachEndsOnce) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    ConflictTableModel(seed).run(400);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace gk::arbiter
