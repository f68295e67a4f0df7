#include "arbiter/rules/lock_table.h"

#include <gtest/gtest.h>

#include "testing/seeded_random.h"

namespace gk::arbiter {
namespace {

constexpr LockOwner kOne{1}, kTwo{2}, kThree{3};

TEST(LockTable, TakesAllOrNothing) {
  LockTable table;
  EXPECT_TRUE(table.acquire(kOne, {"a", "b"}).value());
  EXPECT_FALSE(table.acquire(kTwo, {"b", "c"}).value());
  EXPECT_FALSE(table.acquire(kThree, {"c"}).value()) << "an earlier owner wants it";
  EXPECT_EQ(table.release(kOne), std::vector{kTwo});
  EXPECT_EQ(table.release(kTwo), std::vector{kThree});
}

TEST(LockTable, AWaitThatEndsLetsTheNextOnePass) {
  LockTable table;
  ASSERT_TRUE(table.acquire(kOne, {"a"}).value());
  ASSERT_FALSE(table.acquire(kTwo, {"a", "b"}).value());
  ASSERT_FALSE(table.acquire(kThree, {"b"}).value());
  EXPECT_EQ(table.release(kTwo), std::vector{kThree});
}

TEST(LockTable, NamesAResourceTwiceWithoutBlockingItself) {
  LockTable table;
  EXPECT_TRUE(table.acquire(kOne, {"a", "a"}).value());
}

TEST(LockTable, IsBoundedAndEmptiesItself) {
  LockTable table({.max_owners = 2, .max_each = 2, .max_bytes = 3});
  EXPECT_EQ(table.acquire(kOne, {}).error().code, Errc::invalid_argument);
  EXPECT_EQ(table.acquire(kOne, {"a", "b", "c"}).error().code, Errc::invalid_argument);
  EXPECT_EQ(table.acquire(kOne, {"long"}).error().code, Errc::invalid_argument);
  ASSERT_TRUE(table.acquire(kOne, {"a"}).value());
  EXPECT_EQ(table.acquire(kOne, {"b"}).error().code, Errc::already_exists);
  ASSERT_FALSE(table.acquire(kTwo, {"a"}).value());
  EXPECT_EQ(table.acquire(kThree, {"b"}).error().code, Errc::resource_exhausted);
  (void)table.release(kOne);
  (void)table.release(kTwo);
  EXPECT_TRUE(table.release(kThree).empty());
  EXPECT_EQ(table.owners(), 0U);
  EXPECT_EQ(table.resources(), 0U);
}

/// Against a model: the owners in order of arrival; one holds when no earlier one shares a name.
TEST(LockTable, RandomUseFollowsTheModelAndNobodyIsStuck) {
  SeededRandom random(3);
  LockTable table;
  std::vector<std::pair<LockOwner, std::set<std::string>>> model;
  std::uint64_t last = 0;
  for (int step = 0; step < 20'000; ++step) {
    if (model.size() < 12 && random.below(2) == 0) {
      std::vector<std::string> wanted;
      for (std::uint64_t i = 0; i <= random.below(3); ++i) {
        wanted.push_back(std::string(1, static_cast<char>('a' + random.below(6))));
      }
      model.emplace_back(LockOwner(++last), std::set<std::string>(wanted.begin(), wanted.end()));
      ASSERT_TRUE(table.acquire(LockOwner(last), wanted));
    } else if (!model.empty()) {
      const auto at = model.begin() + static_cast<std::ptrdiff_t>(random.below(model.size()));
      (void)table.release(at->first);
      model.erase(at);
    }
    std::set<std::string> taken;
    for (const auto& [owner, names] : model) {
      bool free = true;
      for (const auto& name : names) free = taken.insert(name).second && free;
      ASSERT_EQ(table.holds(owner), free) << "step " << step;
    }
    ASSERT_EQ(table.resources(), taken.size());
    ASSERT_TRUE(model.empty() || table.holds(model.front().first)) << "the first one never waits";
  }
}

}  // namespace
}  // namespace gk::arbiter
