#include "api/ticket_table.h"

#include <gtest/gtest.h>

#include "testing/manual_clock.h"
#include "testing/seeded_random.h"

namespace gk::api {
namespace {

class TicketTableTest : public testing::Test {
 protected:
  static std::shared_ptr<const Principal> holder(std::string session) {
    Principal principal;
    principal.session_id = std::move(session);
    return std::make_shared<const Principal>(std::move(principal));
  }
  ManualClock clock;
  SeededRandom random{7};
  TicketTable table{random, clock, {.max_tickets = 3}};
};

TEST_F(TicketTableTest, OpensOnceForItsHolder) {
  const std::string ticket = table.issue(holder("s1"));
  EXPECT_EQ(ticket.size(), 64U);
  EXPECT_EQ(table.take(ticket.substr(1)), nullptr);
  const auto principal = table.take(ticket);
  ASSERT_NE(principal, nullptr);
  EXPECT_EQ(principal->session_id, "s1");
  EXPECT_EQ(table.take(ticket), nullptr) << "a second use";
}

TEST_F(TicketTableTest, IsWorthlessAfterThirtySeconds) {
  const std::string ticket = table.issue(holder("s1"));
  clock.advance(Seconds(30));
  EXPECT_EQ(table.take(ticket), nullptr);
  EXPECT_EQ(table.size(), 0U);
}

TEST_F(TicketTableTest, EndsWithItsSession) {
  const std::string ended = table.issue(holder("s1")), other = table.issue(holder("s2"));
  table.drop_session("s1");
  EXPECT_EQ(table.take(ended), nullptr);
  EXPECT_NE(table.take(other), nullptr);
}

TEST_F(TicketTableTest, IsBoundedAndTheOldestLoses) {
  const std::string first = table.issue(holder("s1"));
  for (int i = 0; i < 3; ++i) table.issue(holder("s2"));
  EXPECT_EQ(table.size(), 3U);
  EXPECT_EQ(table.take(first), nullptr);
}

}  // namespace
}  // namespace gk::api
