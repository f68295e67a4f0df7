#include "accounts/session_table.h"

#include <gtest/gtest.h>

#include <map>

#include "testing/seeded_random.h"

namespace gk::accounts {
namespace {

using namespace std::chrono_literals;
constexpr MonoTime t0{1h};
constexpr WallTime w0{Seconds(1'767'225'600)};

SessionRecord record(const std::string& id, const std::string& user, Nanos age) {
  const auto us = std::chrono::duration_cast<Micros>(age);
  return {
      .id = id,
      .token = session_token_digest(id),
      .user_id = user,
      .address = {},
      .limit_key = {},
      .user_agent = {},
      .times = {
          .created = t0 + age, .seen = t0 + age, .created_wall = w0 + us, .seen_wall = w0 + us}};
}
std::shared_ptr<const api::Principal> holder() { return std::make_shared<api::Principal>(); }

class SessionTableTest : public testing::Test {
 protected:
  SessionTable table{{.max_sessions = 3, .max_per_user = 2}, {}};
};

TEST_F(SessionTableTest, FullTableEndsTheLeastRecentlyUsed) {
  (void)table.add(record("a", "ann", 0s), holder());
  (void)table.add(record("b", "bob", 1s), holder());
  (void)table.add(record("c", "cy", 2s), holder());
  ASSERT_TRUE(table.use(session_token_digest("a"), t0 + 3s, w0 + 3s));
  const auto ended = table.add(record("d", "dan", 4s), holder());
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].id, "b");
  EXPECT_EQ(table.size(), 3U);
}
TEST_F(SessionTableTest, FullUserEndsItsOwnNotAnothers) {
  (void)table.add(record("b", "bob", 0s), holder());
  (void)table.add(record("a1", "ann", 1s), holder());
  (void)table.add(record("a2", "ann", 2s), holder());
  const auto ended = table.add(record("a3", "ann", 3s), holder());
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].id, "a1");
}
TEST_F(SessionTableTest, UseOfAnUnknownTokenIsNull) {
  EXPECT_EQ(table.use(session_token_digest("x"), t0, w0), nullptr);
}
TEST_F(SessionTableTest, SeenIsDueOncePerMinute) {
  (void)table.add(record("a", "ann", 0s), holder());
  (void)table.use(session_token_digest("a"), t0 + 60s, w0 + 60s);
  EXPECT_EQ(table.due_seen().size(), 1U);
  EXPECT_EQ(table.due_seen().size(), 0U);
}

// Model: against a plain map of last uses, with idle ends only.
TEST(SessionTableModel, AgreesWithANaiveTable) {
  SeededRandom random(9);
  SessionTable table({.max_sessions = 10'000, .max_per_user = 1'000}, {});
  std::map<std::string, Nanos> last_use;
  Nanos now{0};
  for (int step = 0; step < 20'000; ++step) {
    now += Seconds(random.below(60));
    const auto us = std::chrono::duration_cast<Micros>(now);
    const std::string id = "s" + std::to_string(random.below(200));
    const auto known = last_use.find(id);
    const bool live = known != last_use.end() && now - known->second < 30min;
    if (known == last_use.end()) {
      (void)table.add(record(id, "u" + id, now), holder());
      last_use[id] = now;
    } else if (random.below(10) == 0) {
      const auto gone = table.remove_if([&](const SessionRecord& r) { return r.id == id; });
      ASSERT_EQ(gone.size(), 1U);
      last_use.erase(known);
    } else {
      ASSERT_EQ(table.use(session_token_digest(id), t0 + now, w0 + us) != nullptr, live) << step;
      if (live) known->second = now;
    }
    // A session that idled out stays until it is swept; keep the model the same.
    if (random.below(50) == 0) {
      (void)table.sweep(t0 + now, w0 + us);
      std::erase_if(last_use, [&](const auto& entry) { return now - entry.second >= 30min; });
      ASSERT_EQ(table.size(), last_use.size());
    }
  }
}

}  // namespace
}  // namespace gk::accounts
