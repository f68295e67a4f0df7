#include <regex>

#include "accounts/service_fixture_test.h"

namespace gk::accounts {
namespace {

using namespace std::chrono_literals;

class LoginTest : public AccountsFixture {
 protected:
  void SetUp() override { (void)start_with_admin(); }
  double hashes() {
    return metrics.counter("gamekeeper_accounts_password_hashes_total", "").value();
  }
  /// What a client sees, but for the correlation id.
  static std::string seen(const net::Response& response) {
    static const std::regex kCorrelation(R"re("correlation_id":"[^"]*")re");
    return std::to_string(response.status) + std::regex_replace(response.body, kCorrelation, "");
  }
};

TEST_F(LoginTest, RightPasswordOpensASession) {
  const auto answer = ask(login("ANN"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(json_of(answer).find("expires_at")->as_string(), "2026-01-01T12:00:00.000Z");
  EXPECT_EQ(profile_status(cookie_of(answer)), 200);
}
TEST_F(LoginTest, CookieIsHostOnlyHttpOnlyAndStrict) {
  const std::string cookie = header(ask(login("ann")), "Set-Cookie");
  EXPECT_TRUE(std::regex_match(
      cookie, std::regex("__Host-gamekeeper=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict; "
                         "Secure")))
      << cookie;
}
TEST_F(LoginTest, TokenIsNewEachTime) {
  EXPECT_NE(cookie_of(ask(login("ann"))), cookie_of(ask(login("ann"))));
}
TEST_F(LoginTest, UnknownUserLooksLikeAWrongPassword) {
  const auto wrong = ask(login("ann", kOtherPassword));
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(seen(ask(login("nobody", kOtherPassword))), seen(wrong));
  EXPECT_EQ(seen(ask(login("no body/!", kOtherPassword))), seen(wrong));
}
TEST_F(LoginTest, DisabledUserLooksLikeAWrongPassword) {
  const std::string id = make_user("bob", "viewer");
  ASSERT_EQ(ask({.method = net::Method::patch,
                 .path = "/api/users/" + id,
                 .body = R"({"disabled":true})",
                 .uid = 0})
                .status,
            200);
  EXPECT_EQ(seen(ask(login("bob"))), seen(ask(login("ann", kOtherPassword))));
}
TEST_F(LoginTest, EveryFailureCostsExactlyOneHash) {
  const double before = hashes();
  (void)ask(login("ann", kOtherPassword));
  EXPECT_EQ(hashes(), before + 1);
  (void)ask(login("nobody", kOtherPassword));
  EXPECT_EQ(hashes(), before + 2);
  (void)ask(login("no body/!", kOtherPassword));
  EXPECT_EQ(hashes(), before + 3);
}
TEST_F(LoginTest, FloodIsStoppedWithoutHashing) {
  for (int i = 0; i < 10; ++i) ASSERT_EQ(ask(login("ann", kOtherPassword)).status, 401);
  const double before = hashes();
  for (int i = 0; i < 1000; ++i) {
    const auto refused = ask(login("ann", kOtherPassword));
    ASSERT_EQ(refused.status, 429);
    ASSERT_EQ(header(refused, "Retry-After"), "6");
  }
  EXPECT_EQ(hashes(), before);
}
TEST_F(LoginTest, OwnerGetsInFromElsewhereDuringAFlood) {
  for (int i = 0; i < 100; ++i) (void)ask(login("ann", kOtherPassword, "10.0.0.66"));
  EXPECT_EQ(ask(login("ann", kGoodPassword, "10.0.0.66")).status, 429);
  EXPECT_EQ(ask(login("ann", kGoodPassword, "10.0.0.9")).status, 200);
}
TEST_F(LoginTest, OwnerGetsInFromAKnownAddressWhileManyAddressesGuess) {
  ASSERT_EQ(ask(login("ann", kGoodPassword, "10.0.0.9")).status, 200);
  for (int i = 0; i < 60; ++i) {
    (void)ask(login("ann", kOtherPassword, "10.0.1." + std::to_string(i % 6)));
  }
  EXPECT_EQ(ask(login("ann", kGoodPassword, "10.0.2.1")).status, 429);
  EXPECT_EQ(ask(login("ann", kGoodPassword, "10.0.0.9")).status, 200);
}
TEST_F(LoginTest, KnownAddressesSurviveARestart) {
  ASSERT_EQ(ask(login("ann", kGoodPassword, "10.0.0.9")).status, 200);
  stop();
  start();
  for (int i = 0; i < 60; ++i) {
    (void)ask(login("ann", kOtherPassword, "10.0.1." + std::to_string(i % 6)));
  }
  EXPECT_EQ(ask(login("ann", kGoodPassword, "10.0.0.9")).status, 200);
}
TEST_F(LoginTest, RightPasswordsAreNotLimited) {
  for (int i = 0; i < 40; ++i) ASSERT_EQ(ask(login("ann")).status, 200);
}
TEST_F(LoginTest, MissingAndUnknownFieldsAreAllNamed) {
  const auto answer =
      ask({.method = net::Method::post, .path = "/api/auth/login", .body = R"({"user":"ann"})"});
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(json_of(answer).find("errors")->as_array().size(), 3U);
}
TEST_F(LoginTest, IsNotAcknowledgedWhenTheWriteFails) {
  ASSERT_TRUE(writer->run(
      [](store::Database& db) { return db.execute("ALTER TABLE sessions RENAME TO away"); }));
  const std::size_t before = service->sessions().size();
  const auto answer = ask(login("ann"));
  EXPECT_GE(answer.status, 500);
  EXPECT_EQ(header(answer, "Set-Cookie"), "");
  EXPECT_EQ(service->sessions().size(), before);
}
TEST_F(LoginTest, PasswordChangeThatOvertakesALoginWins) {
  const std::string id = make_user("bob", "viewer");
  std::optional<net::Response> reset;
  std::optional<net::Response> late;
  send(login("bob"), late);  // Judged with the old password …
  send({.method = net::Method::patch,
        .path = "/api/users/" + id,
        .body = std::string(R"({"password":")") + kOtherPassword + R"("})",
        .uid = 0},
       reset);
  ASSERT_TRUE(loop.run_until([&] { return reset && late; }));
  settle();
  EXPECT_EQ(reset->status, 200);
  const bool got_in = late->status == 200 && profile_status(cookie_of(*late)) == 200;
  EXPECT_FALSE(got_in) << "… must not outlive the new one";
}
TEST_F(LoginTest, LoginThatFollowsAPasswordChangeIsJudgedByTheNewOne) {
  const std::string id = make_user("bob", "viewer");
  std::optional<net::Response> reset;
  std::optional<net::Response> late;
  send({.method = net::Method::patch,
        .path = "/api/users/" + id,
        .body = std::string(R"({"password":")") + kOtherPassword + R"("})",
        .uid = 0},
       reset);
  send(login("bob"), late);  // The old password, while the new one is on its way.
  ASSERT_TRUE(loop.run_until([&] { return reset && late; }));
  settle();
  EXPECT_EQ(late->status, 401);
  auto* query = reader->query("SELECT count(*) FROM sessions WHERE user_id = $1").value();
  (void)query->bind(1, std::string_view(id)).step().value();
  EXPECT_EQ(query->integer(0), 0) << "no row that a restart would bring back";
}
TEST_F(LoginTest, FullQueueIsRefusedAtOnceAndCostsNoBudget) {
  stop();
  options.max_password_queue = 1;
  options.password_cost = {};  // 15 ms: nothing is finished while the loop sends.
  start();
  std::vector<std::optional<net::Response>> answers(8);
  for (auto& answer : answers) send(login("ann"), answer);
  ASSERT_TRUE(answers.back().has_value());
  EXPECT_EQ(answers.back()->status, 503);
  EXPECT_EQ(header(*answers.back(), "Retry-After"), "1");
  ASSERT_TRUE(loop.run_until([&] { return answers.front().has_value(); }));
  EXPECT_EQ(answers.front()->status, 200);
  settle();
  EXPECT_EQ(ask(login("ann")).status, 200);
}
TEST_F(LoginTest, OldCostIsRenewedAtLogin) {
  stop();
  options.password_cost.passes = 2;
  start();
  ASSERT_EQ(ask(login("ann")).status, 200);
  EXPECT_NE(service->users().by_name("ann")->password_hash.find("t=2"), std::string::npos);
  stop();
  start();
  EXPECT_NE(service->users().by_name("ann")->password_hash.find("t=2"), std::string::npos);
  EXPECT_EQ(ask(login("ann")).status, 200);
}

}  // namespace
}  // namespace gk::accounts
