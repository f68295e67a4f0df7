#include "accounts/rules/session_rules.h"
#include "accounts/service_fixture_test.h"

namespace gk::accounts {
namespace {

using namespace std::chrono_literals;

class SessionTest : public AccountsFixture {
 protected:
  void SetUp() override { cookie = start_with_admin(); }
  std::string session_id(const std::string& of) {
    const auto profile = ask({.path = "/api/auth/profile", .cookie = of});
    return json_of(profile).find("session")->find("id")->as_string();
  }
  Ask end(const std::string& id, const std::string& as) const {
    return {.method = net::Method::del, .path = "/api/auth/sessions/" + id, .cookie = as};
  }
  std::string cookie;
};

TEST_F(SessionTest, EndsAfterThirtyIdleMinutes) {
  clock.advance(30min - 1us);
  EXPECT_EQ(profile_status(cookie), 200);
  clock.advance(30min);
  EXPECT_EQ(profile_status(cookie), 401);
}
TEST_F(SessionTest, EndsAfterTwelveHoursHoweverBusy) {
  for (int i = 0; i < 35; ++i) {
    clock.advance(20min);
    ASSERT_EQ(profile_status(cookie), 200);
  }
  clock.advance(20min);
  EXPECT_EQ(profile_status(cookie), 401);
}
TEST_F(SessionTest, IsNotProlongedByAClockThatIsSetBack) {
  clock.jump_wall(-24h);
  clock.advance(30min);
  EXPECT_EQ(profile_status(cookie), 401);
}
TEST_F(SessionTest, TickEndsIdleSessionsAndTellsTheOthers) {
  const std::string id = session_id(cookie);
  clock.advance(30min);
  service->tick();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].session_id, id);
  EXPECT_EQ(ended[0].reason, "expired");
  settle();
  EXPECT_EQ(stored("SELECT count(*) FROM sessions"), 0);
}
TEST_F(SessionTest, SurvivesARestart) {
  stop();
  start();
  EXPECT_EQ(profile_status(cookie), 200);
}
TEST_F(SessionTest, RestartDoesNotProlongIt) {
  stop();
  clock.advance(12h);
  start();
  EXPECT_EQ(profile_status(cookie), 401);
}
TEST_F(SessionTest, LastUseIsWrittenAtMostOnceAMinute) {
  const auto seen = [&] { return stored("SELECT last_seen_at_us FROM sessions"); };
  const std::int64_t at_login = seen();
  clock.advance(59s);
  ASSERT_EQ(profile_status(cookie), 200);
  service->tick();
  settle();
  EXPECT_EQ(seen(), at_login);
  clock.advance(1s);
  ASSERT_EQ(profile_status(cookie), 200);
  service->tick();
  settle();
  EXPECT_EQ(seen(), at_login + 60'000'000);
}
TEST_F(SessionTest, LogoutBitesAtOnceAndClearsTheCookie) {
  const std::string id = session_id(cookie);
  std::optional<net::Response> answer;
  send({.method = net::Method::post, .path = "/api/auth/logout", .cookie = cookie}, answer);
  EXPECT_EQ(profile_status(cookie), 401) << "before the commit";
  ASSERT_TRUE(loop.run_until([&] { return answer.has_value(); }));
  EXPECT_EQ(answer->status, 204);
  EXPECT_NE(header(*answer, "Set-Cookie").find("__Host-gamekeeper=; "), std::string::npos);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].session_id, id);
  stop();
  start();
  EXPECT_EQ(profile_status(cookie), 401) << "and after a restart";
}
TEST_F(SessionTest, RevokingAnotherOfOnesOwnLeavesThisOne) {
  const std::string other = cookie_of(ask(login("ann")));
  EXPECT_EQ(ask(end(session_id(other), cookie)).status, 204);
  EXPECT_EQ(profile_status(other), 401);
  EXPECT_EQ(profile_status(cookie), 200);
}
TEST_F(SessionTest, OthersSessionsCannotBeSeenOrEndedByAViewer) {
  (void)make_user("bob", "viewer");
  const std::string bob = cookie_of(ask(login("bob")));
  EXPECT_EQ(ask(end(session_id(cookie), bob)).status, 404);
  EXPECT_EQ(profile_status(cookie), 200);
  const auto list = ask({.path = "/api/auth/sessions", .cookie = bob});
  EXPECT_EQ(json_of(list).find("items")->as_array().size(), 1U);
}
TEST_F(SessionTest, AdminEndsAnothersSession) {
  (void)make_user("bob", "viewer");
  const std::string bob = cookie_of(ask(login("bob")));
  EXPECT_EQ(ask(end(session_id(bob), cookie)).status, 204);
  EXPECT_EQ(profile_status(bob), 401);
}
TEST_F(SessionTest, CookieWithoutCsrfHeaderChangesNothing) {
  const auto answer = ask(
      {.method = net::Method::post, .path = "/api/auth/logout", .headers = {{"cookie", cookie}}});
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(profile_status(cookie), 200);
}
TEST_F(SessionTest, ThirtyThirdSessionReplacesTheLeastUsed) {
  std::vector<std::string> cookies{cookie};
  for (int i = 0; i < 31; ++i) {
    clock.advance(1s);
    cookies.push_back(cookie_of(ask(login("ann"))));
  }
  clock.advance(1s);
  ASSERT_EQ(profile_status(cookies[0]), 200);
  (void)ask(login("ann"));
  EXPECT_EQ(service->sessions().size(), 32U);
  EXPECT_EQ(profile_status(cookies[0]), 200);
  EXPECT_EQ(profile_status(cookies[1]), 401);
}
TEST_F(SessionTest, PasswordChangeEndsTheOthersOnly) {
  const std::string other = cookie_of(ask(login("ann")));
  const auto answer = ask({.method = net::Method::post,
                           .path = "/api/auth/password",
                           .body = std::string(R"({"current_password":")") + kGoodPassword +
                                   R"(","new_password":")" + kOtherPassword + R"("})",
                           .cookie = cookie});
  EXPECT_EQ(answer.status, 204) << answer.body;
  EXPECT_EQ(profile_status(other), 401);
  EXPECT_EQ(profile_status(cookie), 200);
  EXPECT_EQ(ask(login("ann")).status, 401);
  EXPECT_EQ(ask(login("ann", kOtherPassword)).status, 200);
}
TEST_F(SessionTest, PasswordChangeNeedsThePresentOne) {
  const auto answer = ask({.method = net::Method::post,
                           .path = "/api/auth/password",
                           .body = std::string(R"({"current_password":")") + kOtherPassword +
                                   R"(","new_password":")" + kOtherPassword + R"("})",
                           .cookie = cookie});
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(ask(login("ann")).status, 200);
}
TEST_F(SessionTest, GuessingThePresentPasswordIsLimited) {
  const Ask guess{
      .method = net::Method::post,
      .path = "/api/auth/password",
      .body = std::string(R"({"current_password":"x","new_password":")") + kOtherPassword + R"("})",
      .cookie = cookie};
  for (int i = 0; i < 10; ++i) ASSERT_EQ(ask(guess).status, 403);
  EXPECT_EQ(ask(guess).status, 429);
}

class AuthenticateTest : public SessionTest {
 protected:
  int status(std::optional<unsigned> uid, net::Headers headers) {
    return ask({.path = "/api/auth/profile", .uid = uid, .headers = std::move(headers)}).status;
  }
};

TEST_F(AuthenticateTest, RootAndOwnUidAreLocalAdminsOnTheUnixSocket) {
  EXPECT_EQ(status(0, {}), 200);
  EXPECT_EQ(status(4242, {}), 200);
  EXPECT_EQ(status(1000, {}), 401);
}
TEST_F(AuthenticateTest, AnotherUidMayUseASession) {
  EXPECT_EQ(status(1000, {{"cookie", cookie}}), 200);
}
TEST_F(AuthenticateTest, BearerTokensAreRefusedEvenWithAnotherCredential) {
  EXPECT_EQ(status(0, {{"authorization", "Bearer gk_pat_0123"}}), 401);
  EXPECT_EQ(status({}, {{"authorization", "bearer x"}, {"cookie", cookie}}), 401);
}
TEST_F(AuthenticateTest, BasicAuthOfAProxyDoesNotDisturb) {
  EXPECT_EQ(status({}, {{"authorization", "Basic eDp5"}, {"cookie", cookie}}), 200);
}
TEST_F(AuthenticateTest, PlainCookieNameIsNotReadOnLocalhost) {
  const std::string token = cookie.substr(cookie.find('='));
  EXPECT_EQ(status({}, {{"cookie", "gamekeeper_session" + token}}), 401);
}
TEST_F(AuthenticateTest, MalformedTokensAreRefused) {
  EXPECT_EQ(status({}, {{"cookie", "__Host-gamekeeper="}}), 401);
  EXPECT_EQ(status({}, {{"cookie", "__Host-gamekeeper=" + std::string(64, '0')}}), 401);
  EXPECT_EQ(status({}, {{"cookie", "__Host-gamekeeper=" + std::string(4096, 'a')}}), 401);
}
TEST_F(AuthenticateTest, ProfileOfTheLocalAdminHasNoSession) {
  const auto profile = json_of(ask({.path = "/api/auth/profile", .uid = 0}));
  EXPECT_TRUE(profile.find("session")->is_null());
  EXPECT_EQ(profile.find("user")->find("username")->as_string(), "local-admin");
}

}  // namespace
}  // namespace gk::accounts
