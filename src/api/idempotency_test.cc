#include "api/idempotency.h"

#include <gtest/gtest.h>

#include "testing/manual_clock.h"

namespace gk::api {
namespace {

using Verdict = IdempotencyTable::Verdict;

net::Request post(std::string path, std::string body) {
  net::Request request;
  request.method = net::Method::post;
  request.path = std::move(path);
  request.body = std::move(body);
  return request;
}

net::Response created(std::string body) {
  net::Response response;
  response.status = 201;
  response.body = std::move(body);
  return response;
}

class IdempotencyTableTest : public testing::Test {
 protected:
  Verdict verdict(std::string_view holder, std::string_view key, const net::Request& request) {
    return table.begin(holder, key, request).verdict;
  }
  void carry_out(std::string_view holder, std::string_view key, const net::Request& request,
                 const net::Response& answer) {
    const auto outcome = table.begin(holder, key, request);
    ASSERT_EQ(outcome.verdict, Verdict::fresh);
    table.finish(*outcome.claim, answer);
  }

  ManualClock clock;
  IdempotencyTable table{
      clock, {.max_keys = 4, .max_keys_of_holder = 3, .max_bytes = 100, .max_answer_bytes = 60}};
  const net::Request thing = post("/api/things", R"({"a":1})");
};

TEST_F(IdempotencyTableTest, GivesTheFirstAnswerAgain) {
  carry_out("ann", "k", thing, created("first"));
  const auto again = table.begin("ann", "k", thing);
  ASSERT_EQ(again.verdict, Verdict::replay);
  EXPECT_EQ(again.answer->status, 201);
  EXPECT_EQ(again.answer->body, "first");
}

TEST_F(IdempotencyTableTest, TakesBothMountsForOneResource) {
  carry_out("ann", "k", thing, created("first"));
  EXPECT_EQ(verdict("ann", "k", post("/api/v1/things", thing.body)), Verdict::replay);
}

TEST_F(IdempotencyTableTest, RefusesAKeyOfAnotherRequest) {
  carry_out("ann", "k", thing, created("first"));
  EXPECT_EQ(verdict("ann", "k", post("/api/things", R"({"a":2})")), Verdict::mismatch);
  EXPECT_EQ(verdict("ann", "k", post("/api/others", thing.body)), Verdict::mismatch);
}

TEST_F(IdempotencyTableTest, KeepsTheKeysOfHoldersApart) {
  carry_out("ann", "k", thing, created("first"));
  EXPECT_EQ(verdict("bob", "k", thing), Verdict::fresh);
}

TEST_F(IdempotencyTableTest, SaysThatTheFirstStillRuns) {
  const auto first = table.begin("ann", "k", thing);
  EXPECT_EQ(verdict("ann", "k", thing), Verdict::running);
}

TEST_F(IdempotencyTableTest, FreesTheKeyOfADroppedRequest) {
  {
    const auto first = table.begin("ann", "k", thing);
  }
  EXPECT_EQ(verdict("ann", "k", thing), Verdict::fresh);
}

TEST_F(IdempotencyTableTest, LetsARefusedRequestBeTriedAgain) {
  net::Response refused;
  refused.status = 503;
  carry_out("ann", "k", thing, refused);
  EXPECT_EQ(verdict("ann", "k", thing), Verdict::fresh);
  EXPECT_EQ(table.size(), 1U);
}

TEST_F(IdempotencyTableTest, ForgetsAfterADayAndNotBefore) {
  carry_out("ann", "k", thing, created("first"));
  clock.advance(std::chrono::hours(24) - Nanos(1));
  EXPECT_EQ(verdict("ann", "k", thing), Verdict::replay);
  clock.advance(Nanos(1));
  EXPECT_EQ(verdict("ann", "k", thing), Verdict::fresh);
}

TEST_F(IdempotencyTableTest, AHoldersOldestLosesFirst) {
  carry_out("bob", "1", thing, created("b"));
  for (const auto* key : {"1", "2", "3", "4"}) carry_out("ann", key, thing, created("a"));
  EXPECT_EQ(verdict("bob", "1", thing), Verdict::replay) << "ann pushed out her own";
  EXPECT_EQ(verdict("ann", "4", thing), Verdict::replay);
  EXPECT_EQ(verdict("ann", "1", thing), Verdict::fresh);
}

TEST_F(IdempotencyTableTest, NeverForgetsWhatRuns) {
  const auto running = table.begin("ann", "run", thing);
  for (const auto* key : {"1", "2", "3", "4"}) carry_out("bob", key, thing, created("b"));
  EXPECT_EQ(verdict("ann", "run", thing), Verdict::running);
  EXPECT_LE(table.size(), 4U);
}

TEST_F(IdempotencyTableTest, BoundsTheBytesOfAnswers) {
  carry_out("ann", "1", thing, created(std::string(60, 'x')));
  carry_out("ann", "2", thing, created(std::string(60, 'y')));
  EXPECT_LE(table.bytes(), 100U);
  EXPECT_EQ(verdict("ann", "2", thing), Verdict::replay);
  EXPECT_EQ(verdict("ann", "1", thing), Verdict::fresh);
}

TEST_F(IdempotencyTableTest, DoesNotRepeatWhatHadALargeAnswer) {
  carry_out("ann", "k", thing, created(std::string(61, 'x')));
  EXPECT_EQ(verdict("ann", "k", thing), Verdict::done);
  EXPECT_EQ(table.bytes(), 0U);
}

TEST(IdempotencyKey, IsVisibleAscii) {
  EXPECT_TRUE(IdempotencyTable::is_key("8e03978e-40d5-43dd-bc93-6894a57f9324"));
  EXPECT_FALSE(IdempotencyTable::is_key(""));
  EXPECT_FALSE(IdempotencyTable::is_key("a b"));
  EXPECT_FALSE(IdempotencyTable::is_key("\xc3\xa9"));
  EXPECT_FALSE(IdempotencyTable::is_key(std::string(256, 'k')));
}

}  // namespace
}  // namespace gk::api
