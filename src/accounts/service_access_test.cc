// Access and refresh tokens, as a client sees them.

#include "accounts/key_file.h"
#include "accounts/rules/access_token.h"
#include "accounts/service_fixture_test.h"

namespace gk::accounts {
namespace {

using namespace std::chrono_literals;

class AccessTest : public AccountsFixture {
 protected:
  void SetUp() override {
    cookie = start_with_admin();
    bob = make_user("bob", "user");
    login = token_login("bob");
    access = text(login, "access_token");
    refresh_token = text(login, "refresh_token");
  }
  /// The key that the daemon signs with.
  AccessTokenKey key() {
    return AccessTokenKey(
        subkey(load_or_make_key(dir / "accounts.key", random, log).value(), "access-token"));
  }
  AccessClaims claims() {
    const std::int64_t now = clock.wall().time_since_epoch().count() / 1'000'000;
    return {.subject = bob,
            .session_id = text(login, "session_id"),
            .token_id = "t",
            .scopes = {"macros:read"},
            .issued_at_s = now,
            .expires_at_s = now + 600};
  }
  std::string cookie, bob, access, refresh_token;
  JsonValue login;
};

TEST_F(AccessTest, TokenOpensWhatItsHolderMay) {
  EXPECT_EQ(bearer_status(access), 200);
  EXPECT_EQ(bearer_status(access, "/api/auth/sessions"), 200) << "a log-in is its user";
  EXPECT_EQ(bearer_status(access, "/api/users"), 403);
  EXPECT_EQ(text(login, "token_type"), "Bearer");
  EXPECT_EQ(text(login, "access_expires_at"), "2026-01-01T00:10:00.000Z");
}
TEST_F(AccessTest, NeedsNoCsrfHeader) {
  EXPECT_EQ(ask(as_bearer(post("/api/auth/logout", ""), access)).status, 204);
}
TEST_F(AccessTest, ExpiresAfterTenMinutesAndSaysSo) {
  clock.advance(10min - 1s);
  EXPECT_EQ(bearer_status(access), 200);
  clock.advance(1s);
  const auto answer = ask(as_bearer({.path = "/api/auth/verify"}, access));
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(type_of(answer), "token-expired");
}
TEST_F(AccessTest, IsNotProlongedByTheCache) {
  for (int i = 0; i < 600; ++i) {
    ASSERT_EQ(bearer_status(access), 200);
    clock.advance(1s);
  }
  EXPECT_EQ(bearer_status(access), 401);
}
TEST_F(AccessTest, EndsWithItsSession) {
  ASSERT_EQ(bearer_status(access), 200) << "now it is cached";
  ASSERT_EQ(ask({.method = net::Method::del,
                 .path = "/api/auth/sessions/" + text(login, "session_id"),
                 .cookie = cookie})
                .status,
            204);
  EXPECT_EQ(bearer_status(access), 401);
  EXPECT_EQ(refresh(refresh_token).status, 401);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].session_id, text(login, "session_id")) << "sockets are closed by this";
}
TEST_F(AccessTest, EndsWithARoleChangeADisabledOrDeletedUser) {
  for (const char* body : {R"({"role":"viewer"})", R"({"disabled":true})"}) {
    const std::string name = std::string("u") + (body[2] == 'r' ? "1" : "2");
    const std::string id = make_user(name, "user");
    const std::string token = text(token_login(name), "access_token");
    ASSERT_EQ(bearer_status(token), 200);
    ASSERT_EQ(ask({.method = net::Method::patch,
                   .path = "/api/users/" + id,
                   .body = body,
                   .cookie = cookie})
                  .status,
              200);
    EXPECT_EQ(bearer_status(token), 401) << body;
  }
  ASSERT_EQ(ask({.method = net::Method::del, .path = "/api/users/" + bob, .cookie = cookie}).status,
            204);
  EXPECT_EQ(bearer_status(access), 401);
}
TEST_F(AccessTest, SurvivesARestartWithItsSession) {
  stop();
  start();
  EXPECT_EQ(bearer_status(access), 200);
  EXPECT_EQ(refresh(refresh_token).status, 200);
}
TEST_F(AccessTest, ForgedClaimsBehindAForeignKeyAreRefused) {
  const AccessTokenKey foreign(new_secret_key(random));
  EXPECT_EQ(bearer_status(key().sign(claims())), 200) << "negative control: our key";
  EXPECT_EQ(bearer_status(foreign.sign(claims())), 401);
}
TEST_F(AccessTest, AnotherUsersSessionIsRefusedEvenWhenSigned) {
  AccessClaims swapped = claims();
  swapped.subject = service->users().by_name("ann")->id;
  EXPECT_EQ(bearer_status(key().sign(swapped)), 401);
}
TEST_F(AccessTest, CookieSessionsAreNoneOfATokens) {
  const std::string bob_cookie = cookie_of(ask(AccountsFixture::login("bob")));
  const auto profile = json_of(ask({.path = "/api/auth/profile", .cookie = bob_cookie}));
  AccessClaims swapped = claims();
  swapped.session_id = profile.find("session")->find("id")->as_string();
  EXPECT_EQ(bearer_status(key().sign(swapped)), 401);
}
TEST_F(AccessTest, ScopesOfTheTokenBoundTheHolderAndTheOtherWayRound) {
  AccessClaims narrow = claims();
  EXPECT_EQ(bearer_status(key().sign(narrow), "/api/users"), 403);
  AccessClaims wide = claims();
  wide.scopes = {"*"};
  EXPECT_EQ(bearer_status(key().sign(wide), "/api/users"), 403) << "bob holds no more";
}
TEST_F(AccessTest, RefreshGivesANewPairAndTheOldAccessTokenRunsOut) {
  const auto next = json_of(refresh(refresh_token));
  EXPECT_NE(text(next, "access_token"), access);
  EXPECT_NE(text(next, "refresh_token"), refresh_token);
  EXPECT_EQ(text(next, "session_id"), text(login, "session_id"));
  EXPECT_EQ(bearer_status(text(next, "access_token")), 200);
}
TEST_F(AccessTest, RepeatWithinTenSecondsGetsTheSameSuccessor) {
  const auto first = json_of(refresh(refresh_token));
  clock.advance(9s);
  const auto second = json_of(refresh(refresh_token));
  EXPECT_EQ(text(first, "refresh_token"), text(second, "refresh_token"));
}
TEST_F(AccessTest, FiftyParallelRefreshesGetOneSuccessor) {
  std::vector<std::optional<net::Response>> answers(50);
  for (auto& answer : answers) {
    send(post("/api/auth/refresh", R"({"refresh_token":")" + refresh_token + R"("})"), answer);
  }
  ASSERT_TRUE(loop.run_until([&] {
    return std::all_of(answers.begin(), answers.end(), [](const auto& a) { return a.has_value(); });
  }));
  const std::string successor = text(json_of(*answers[0]), "refresh_token");
  for (const auto& answer : answers) {
    ASSERT_EQ(answer->status, 200) << answer->body;
    EXPECT_EQ(text(json_of(*answer), "refresh_token"), successor);
  }
  EXPECT_EQ(refresh(successor).status, 200);
}
TEST_F(AccessTest, LaterReuseEndsTheFamilyAndIsAudited) {
  const std::string next = text(json_of(refresh(refresh_token)), "refresh_token");
  clock.advance(11s);
  const auto answer = refresh(refresh_token);
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(type_of(answer), "token-reused");
  EXPECT_EQ(refresh(next).status, 401) << "the thief's or the victim's: both end";
  EXPECT_EQ(bearer_status(access), 401);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].reason, "token_reused");
  EXPECT_EQ(audited("auth.refresh_reused"), 1);
  stop();
  start();
  EXPECT_EQ(refresh(next).status, 401);
}
TEST_F(AccessTest, ReuseOfOneFamilyLeavesTheOthers) {
  const auto other = token_login("bob");
  (void)refresh(refresh_token);
  clock.advance(11s);
  ASSERT_EQ(refresh(refresh_token).status, 401);
  EXPECT_EQ(bearer_status(text(other, "access_token")), 200);
  EXPECT_EQ(refresh(text(other, "refresh_token")).status, 200);
}
TEST_F(AccessTest, UnknownOrMalformedRefreshTokensEndNothing) {
  EXPECT_EQ(refresh("gk_rt_" + std::string(32, 'a') + "_" + std::string(64, 'a')).status, 401);
  EXPECT_EQ(refresh("nonsense").status, 401);
  EXPECT_EQ(refresh(access).status, 401);
  EXPECT_EQ(bearer_status(refresh_token), 401) << "nor is one an access token";
  EXPECT_EQ(bearer_status(access), 200);
}
TEST_F(AccessTest, RefreshFailsWhenItsClaimCannotBeWritten) {
  ASSERT_TRUE(writer->run(
      [](store::Database& db) { return db.execute("ALTER TABLE sessions RENAME TO away"); }));
  EXPECT_GE(refresh(refresh_token).status, 500);
  ASSERT_TRUE(writer->run(
      [](store::Database& db) { return db.execute("ALTER TABLE away RENAME TO sessions"); }));
  EXPECT_EQ(refresh(refresh_token).status, 200) << "nothing was used up";
}
TEST_F(AccessTest, UnusedForAWeekEndsTheFamily) {
  clock.advance(7 * 24h);
  EXPECT_EQ(refresh(refresh_token).status, 401);
}
TEST_F(AccessTest, RefreshFloodIsLimitedPerAddress) {
  int limited = 0;
  for (int i = 0; i < 200; ++i) limited += refresh("nonsense").status == 429 ? 1 : 0;
  EXPECT_EQ(limited, 80);
  Ask elsewhere = post("/api/auth/refresh", R"({"refresh_token":")" + refresh_token + R"("})");
  elsewhere.address = "10.0.0.9";
  EXPECT_EQ(ask(elsewhere).status, 200);
}
TEST_F(AccessTest, VerifySaysWhoATokenIsAndNothingOfOthers) {
  const auto good = json_of(ask(post("/api/auth/verify", R"({"token":")" + access + R"("})")));
  EXPECT_TRUE(good.find("active")->as_bool());
  EXPECT_EQ(text(good, "held_by"), "access_token");
  EXPECT_EQ(text(*good.find("user"), "username"), "bob");
  EXPECT_EQ(ask(post("/api/auth/verify", R"({"token":"x"})")).body, R"({"active":false})");
  clock.advance(10min);
  EXPECT_EQ(ask(post("/api/auth/verify", R"({"token":")" + access + R"("})")).body,
            R"({"active":false})");
}
TEST_F(AccessTest, OneSignatureCheckATokenHoweverOftenItIsUsed) {
  AccessTokens tokens(new_secret_key(random), 2, CacheMeters(metrics, "tokens"));
  const api::Principal holder{.user_id = "u", .session_id = "s"};
  const std::string token = tokens.issue(holder, "t", clock.wall());
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(tokens.verify(token, clock.wall()));
  EXPECT_EQ(tokens.checks(), 1U);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(tokens.verify(tokens.issue(holder, std::to_string(i), clock.wall()), clock.wall()));
    ASSERT_LE(tokens.cached(), 2U);
  }
}
TEST_F(AccessTest, AFullCacheForgetsWhatWasUsedLongestAgo) {
  AccessTokens tokens(new_secret_key(random), 2, CacheMeters(metrics, "tokens"));
  const api::Principal holder{.user_id = "u", .session_id = "s"};
  const std::string mine = tokens.issue(holder, "mine", clock.wall());
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(tokens.verify(mine, clock.wall()));
    ASSERT_TRUE(tokens.verify(tokens.issue(holder, std::to_string(i), clock.wall()), clock.wall()));
  }
  EXPECT_EQ(tokens.checks(), 11U) << "others' tokens cost their own checks only";
}
TEST_F(AccessTest, ForgetsTheTokensOfASessionThatEnds) {
  const Gauge remembered = CacheMeters(metrics, AccountsService::kTokenCache).entries;
  ASSERT_EQ(bearer_status(access), 200);
  ASSERT_EQ(remembered.value(), 1);
  ASSERT_EQ(ask(as_bearer(post("/api/auth/logout", ""), access)).status, 204);
  EXPECT_EQ(remembered.value(), 0);
}
TEST_F(AccessTest, RowsOfDeadSessionsAreDeletedAtStart) {
  stop();
  clock.advance(8 * 24h);
  start();
  settle();
  EXPECT_EQ(stored("SELECT count(*) FROM sessions"), 0);
}

class KeyFileTest : public testing::Test {
 protected:
  Result<SecretKey> load() { return load_or_make_key(dir / "k", random, log); }
  static mode_t mode_of(const std::string& path) {
    return static_cast<mode_t>(std::filesystem::status(path).permissions());
  }
  TempDir dir;
  SeededRandom random{1};
  CaptureLog log;
};

TEST_F(KeyFileTest, IsMadeOnceForItsOwnerAlone) {
  const SecretKey key = load().value();
  EXPECT_EQ(load().value(), key);
  EXPECT_EQ(mode_of(dir / "k"), 0600U);
}
TEST_F(KeyFileTest, ExposedOneIsClosedWithAWarning) {
  const SecretKey key = load().value();
  std::filesystem::permissions(dir / "k", std::filesystem::perms(0644));
  EXPECT_EQ(load().value(), key);
  EXPECT_EQ(mode_of(dir / "k"), 0600U);
  EXPECT_EQ(log.lines().size(), 1U);
}
TEST_F(KeyFileTest, DamagedOneIsNotReplaced) {
  std::ofstream(dir / "k") << "nonsense";
  std::filesystem::permissions(dir / "k", std::filesystem::perms(0600));
  EXPECT_EQ(load().error().code, Errc::data_loss);
}
TEST_F(KeyFileTest, LinkIsNotFollowed) {
  std::ofstream(dir / "elsewhere") << std::string(64, 'a');
  std::filesystem::create_symlink(dir / "elsewhere", dir / "k");
  EXPECT_FALSE(load());
}

}  // namespace
}  // namespace gk::accounts
