#include "arbiter/rules/transact.h"

#include <gtest/gtest.h>

#include <set>

namespace gk::arbiter {
namespace {

/// A disk that stops after so many operations, as a process does that is killed.
class CutJournal final : public Journal {
 public:
  explicit CutJournal(MemoryJournal& disk, int until) : disk_(disk), left_(until) {}
  Result<TransactionId> begin() override { return cut() ? gone() : disk_.begin(); }
  Result<void> append(TransactionId id, const JournalStep& step) override {
    return cut() ? Result<void>(gone()) : disk_.append(id, step);
  }
  Result<void> pop(TransactionId id) override {
    return cut() ? Result<void>(gone()) : disk_.pop(id);
  }
  Result<void> end(TransactionId id) override {
    return cut() ? Result<void>(gone()) : disk_.end(id);
  }
  Result<std::vector<OpenTransaction>> open() override { return disk_.open(); }
  /// Also counts what happens outside the journal. True: the process is dead.
  bool cut() { return left_-- <= 0; }
  bool dead() const { return left_ < 0; }

 private:
  static Error gone() { return {Errc::unavailable, "killed"}; }
  MemoryJournal& disk_;
  int left_;
};

/// The world that steps change: a set of names.
class TransactTest : public testing::Test {
 protected:
  TransactStep add(const std::string& name, CutJournal* cut = nullptr, bool fails = false) {
    return {{"add", name}, [this, name, cut, fails]() -> Result<void> {
              if (fails) return Error{Errc::unavailable, "step failed"};
              if (cut != nullptr && cut->cut()) return Error{Errc::unavailable, "killed"};
              world.insert(name);
              return {};
            }};
  }
  UndoTable undo(CutJournal* cut = nullptr) {
    return {{"add", [this, cut](std::string_view name) -> Result<void> {
               if (cut != nullptr && cut->cut()) return Error{Errc::unavailable, "killed"};
               undone.emplace_back(name);
               world.erase(std::string(name));
               return {};
             }}};
  }
  MemoryJournal disk{4};
  std::set<std::string> world;
  std::vector<std::string> undone;
};

TEST_F(TransactTest, RunsAllStepsAndForgetsThem) {
  const auto report = transact(disk, undo(), {add("a"), add("b")}).value();
  EXPECT_EQ(report.end, TransactEnd::committed);
  EXPECT_EQ(world, (std::set<std::string>{"a", "b"}));
  EXPECT_TRUE(disk.open()->empty());
}

TEST_F(TransactTest, UndoesInReverseWhenAStepFails) {
  const auto report = transact(disk, undo(), {add("a"), add("b"), add("c", nullptr, true)}).value();
  EXPECT_EQ(report.end, TransactEnd::rolled_back);
  EXPECT_EQ(report.error->message, "step failed");
  EXPECT_EQ(undone, (std::vector<std::string>{"c", "b", "a"}));
  EXPECT_TRUE(world.empty());
  EXPECT_TRUE(disk.open()->empty());
}

TEST_F(TransactTest, CancelOrTimeoutBetweenStepsRollsBack) {
  for (int stop_at = 0; stop_at <= 2; ++stop_at) {
    int asked = 0;
    const auto stop = [&]() -> Result<void> {
      if (asked++ == stop_at) return Error{Errc::deadline_exceeded, "too late"};
      return {};
    };
    const auto report = transact(disk, undo(), {add("a"), add("b")}, stop).value();
    EXPECT_EQ(report.end, TransactEnd::rolled_back) << stop_at;
    EXPECT_EQ(report.error->code, Errc::deadline_exceeded);
    EXPECT_TRUE(world.empty());
  }
}

TEST_F(TransactTest, RefusesAStepThatNothingCanUndo) {
  auto step = add("a");
  step.note.kind = "unknown";
  EXPECT_EQ(transact(disk, undo(), {step}).error().code, Errc::invalid_argument);
  EXPECT_TRUE(world.empty());
}

TEST_F(TransactTest, BoundsOpenTransactionsAndSteps) {
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(disk.begin());
  EXPECT_EQ(transact(disk, undo(), {add("a")}).error().code, Errc::resource_exhausted);
  EXPECT_EQ(transact(disk, undo(), std::vector(65, add("a"))).error().code, Errc::invalid_argument);
}

TEST_F(TransactTest, OneThatCannotBeUndoneDoesNotKeepTheOthersOpen) {
  for (const char* name : {"a", "b", "c"}) {
    const auto id = disk.begin().value();
    ASSERT_TRUE(disk.append(id, {name == std::string("b") ? "unknown" : "add", name}));
    world.insert(name);
  }
  EXPECT_EQ(recover(disk, undo()).error().code, Errc::data_loss);
  EXPECT_EQ(disk.open()->size(), 1U);
  EXPECT_EQ(world, std::set<std::string>{"b"});
}

/// Kill after every single operation, also in the roll-back and in the recovery after it.
TEST_F(TransactTest, ACrashBetweenAnyTwoStepsEndsAsAllOrNothing) {
  std::set<std::string> ends;
  for (const bool last_fails : {false, true}) {
    for (int first_cut = 0; first_cut < 30; ++first_cut) {
      for (int second_cut = 0; second_cut < 14; ++second_cut) {
        disk = MemoryJournal(4);
        world.clear();
        CutJournal cut(disk, first_cut);
        (void)transact(cut, undo(&cut),
                       {add("a", &cut), add("b", &cut), add("c", &cut, last_fails)});
        const bool committed = !last_fails && disk.open()->empty() && !world.empty();
        CutJournal again(disk, second_cut);
        (void)recover(again, undo(&again));  // the restart is killed too
        ASSERT_TRUE(recover(disk, undo()));
        EXPECT_TRUE(disk.open()->empty());
        const std::set<std::string> all{"a", "b", "c"};
        EXPECT_EQ(world, committed ? all : std::set<std::string>())
            << first_cut << " " << second_cut;
        ends.insert(committed ? "all" : "nothing");
      }
    }
  }
  EXPECT_EQ(ends.size(), 2U) << "the cuts reach both ends";
}

}  // namespace
}  // namespace gk::arbiter
