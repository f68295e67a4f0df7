// API tokens, as their owners and their scripts see them.

#include "accounts/rules/api_token.h"
#include "accounts/service_fixture_test.h"

namespace gk::accounts {
namespace {

using namespace std::chrono_literals;

class ApiTokensTest : public AccountsFixture {
 protected:
  void SetUp() override {
    cookie = start_with_admin();
    bob = make_user("bob", "user");
    bobs = cookie_of(ask(login("bob")));
  }
  int remove(const std::string& id, const std::string& as) {
    return ask({.method = net::Method::del, .path = "/api/auth/tokens/" + id, .cookie = as}).status;
  }
  net::Response patch(const std::string& body) {
    return ask({.method = net::Method::patch,
                .path = "/api/users/" + bob,
                .body = body,
                .cookie = cookie});
  }
  /// The scopes that a token has now.
  std::vector<std::string> scopes_of(const std::string& token) {
    const auto verdict = json_of(ask(as_bearer({.path = "/api/auth/verify"}, token)));
    std::vector<std::string> out;
    for (const JsonValue& scope : verdict.find("user")->find("scopes")->as_array()) {
      out.push_back(scope.as_string());
    }
    return out;
  }
  using Scopes = std::vector<std::string>;
  std::string cookie, bob, bobs;
};

TEST_F(ApiTokensTest, WorksWithItsScopesAndNoMore) {
  const std::string token = text(make_token(cookie, R"("users:read")"), "token");
  EXPECT_TRUE(is_api_token(token));
  EXPECT_EQ(bearer_status(token, "/api/users"), 200);
  EXPECT_EQ(bearer_status(token, "/api/audit"), 403);
}
TEST_F(ApiTokensTest, TextIsShownOnceAndIsNowhereOnDisk) {
  const std::string token = text(make_token(cookie, R"("users:read")"), "token");
  const auto list = ask({.path = "/api/auth/tokens", .cookie = cookie});
  EXPECT_EQ(json_of(list).find("items")->as_array().size(), 1U);
  EXPECT_EQ(list.body.find(token), std::string::npos);
  settle();
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    std::ostringstream bytes;
    bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    EXPECT_EQ(bytes.str().find(token.substr(7)), std::string::npos) << entry.path();
  }
  for (const auto& line : log.lines()) EXPECT_EQ(line.find(token), std::string::npos);
}
TEST_F(ApiTokensTest, NeverHoldsMoreThanItsOwnerOrItsMaker) {
  EXPECT_EQ(ask(post("/api/auth/tokens", R"({"name":"x","scopes":["users:write"]})", bobs)).status,
            403);
  EXPECT_EQ(ask(post("/api/auth/tokens", R"({"name":"x","scopes":["*"]})", bobs)).status, 403);
  EXPECT_EQ(
      ask(post("/api/users/" + bob + "/tokens", R"({"name":"x","scopes":["users:read"]})", cookie))
          .status,
      403)
      << "not even when an admin makes it for bob";
}
TEST_F(ApiTokensTest, LosesWhatItsOwnerLosesAndGetsItBack) {
  const std::string token = text(make_token(bobs, R"("macros:run","macros:read")"), "token");
  EXPECT_EQ(scopes_of(token), (Scopes{"macros:read", "macros:run"}));
  ASSERT_EQ(patch(R"({"role":"viewer"})").status, 200);
  EXPECT_EQ(scopes_of(token), Scopes{"macros:read"});
  EXPECT_EQ(changed.back().principal->scopes, Scopes{"macros:read"}) << "sockets learn of it";
  ASSERT_EQ(patch(R"({"role":"user"})").status, 200);
  EXPECT_EQ(scopes_of(token), (Scopes{"macros:read", "macros:run"}));
}
TEST_F(ApiTokensTest, IsRefusedWhileItsOwnerIsDisabled) {
  const auto made = make_token(bobs, R"("macros:read")");
  ASSERT_EQ(patch(R"({"disabled":true})").status, 200);
  EXPECT_EQ(bearer_status(text(made, "token")), 401);
  EXPECT_EQ(ended.back().session_id, text(made, "id")) << "sockets are closed by this";
  ASSERT_EQ(patch(R"({"disabled":false})").status, 200);
  EXPECT_EQ(bearer_status(text(made, "token")), 200);
}
TEST_F(ApiTokensTest, GoesWithItsOwner) {
  const auto made = make_token(bobs, R"("macros:read")");
  ASSERT_EQ(ask({.method = net::Method::del, .path = "/api/users/" + bob, .cookie = cookie}).status,
            204);
  EXPECT_EQ(bearer_status(text(made, "token")), 401);
  EXPECT_EQ(stored("SELECT count(*) FROM api_tokens"), 0);
}
TEST_F(ApiTokensTest, RevokedIsRefusedBeforeTheCommitAndAfterARestart) {
  const auto made = make_token(bobs, R"("macros:read")");
  std::optional<net::Response> answer;
  send({.method = net::Method::del, .path = "/api/auth/tokens/" + text(made, "id"), .cookie = bobs},
       answer);
  EXPECT_EQ(bearer_status(text(made, "token")), 401);
  ASSERT_TRUE(loop.run_until([&] { return answer.has_value(); }));
  EXPECT_EQ(answer->status, 204);
  EXPECT_EQ(ended.back().reason, "revoked");
  stop();
  start();
  EXPECT_EQ(bearer_status(text(made, "token")), 401);
}
TEST_F(ApiTokensTest, OthersTokensAreNotThereForWhoMayNotWriteUsers) {
  const auto made = make_token(cookie, R"("macros:read")");
  EXPECT_EQ(remove(text(made, "id"), bobs), 404);
  EXPECT_EQ(bearer_status(text(made, "token")), 200);
  const auto theirs = make_token(bobs, R"("macros:read")");
  EXPECT_EQ(remove(text(theirs, "id"), cookie), 204) << "an admin may";
}
TEST_F(ApiTokensTest, ExpiresAndSaysSo) {
  const auto made = make_token(bobs, R"("macros:read")", R"(,"expires_at":"2026-01-01T01:00:00Z")");
  EXPECT_EQ(bearer_status(text(made, "token")), 200);
  clock.advance(1h);
  const auto answer = ask(as_bearer({.path = "/api/auth/verify"}, text(made, "token")));
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(type_of(answer), "token-expired");
  ended.clear();
  service->tick();
  bool told = false;
  for (const auto& event : ended) told = told || event.session_id == text(made, "id");
  EXPECT_TRUE(told) << "sockets are closed by this";
}
TEST_F(ApiTokensTest, ExpiryInThePastAndOtherFaultsAreNamed) {
  const auto answer = ask(post(
      "/api/auth/tokens",
      R"({"name":"","scopes":["macro:read","x"],"expires_at":"2025-01-01T00:00:00Z"})", cookie));
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(json_of(answer).find("errors")->as_array().size(), 4U) << answer.body;
}
TEST_F(ApiTokensTest, MayNotLookAfterItsOwnersAccount) {
  const std::string token = text(make_token(cookie, R"("*")"), "token");
  EXPECT_EQ(bearer_status(token, "/api/users"), 200) << "it holds everything …";
  for (const char* path :
       {"/api/auth/sessions", "/api/auth/tokens", "/api/auth/2fa", "/api/auth/preferences"}) {
    EXPECT_EQ(bearer_status(token, path), 403) << path;
  }
  for (const char* path :
       {"/api/auth/password", "/api/auth/tokens", "/api/auth/2fa", "/api/auth/logout"}) {
    EXPECT_EQ(ask(as_bearer(post(path, "{}"), token)).status, 403) << path;
  }
  const std::string body = R"({"name":"x","scopes":["macros:read"]})";
  EXPECT_EQ(ask(as_bearer(post("/api/users/" + bob + "/tokens", body), token)).status, 403)
      << "nor make one that outlives it";
}
TEST_F(ApiTokensTest, LastUseIsWrittenAndReadBack) {
  const auto made = make_token(bobs, R"("macros:read")");
  clock.advance(5s);
  ASSERT_EQ(bearer_status(text(made, "token")), 200);
  service->tick();
  settle();
  stop();
  start();
  const auto list = json_of(ask({.path = "/api/users/" + bob + "/tokens", .cookie = cookie}));
  EXPECT_EQ(text(list.find("items")->as_array()[0], "last_used_at"), "2026-01-01T00:00:05.000Z");
}
TEST_F(ApiTokensTest, FiftyFirstIsRefused) {
  for (int i = 0; i < 50; ++i) (void)make_token(bobs, R"("macros:read")");
  EXPECT_EQ(ask(post("/api/auth/tokens", R"({"name":"x","scopes":["macros:read"]})", bobs)).status,
            409);
  (void)make_token(cookie, R"("macros:read")");
}
TEST_F(ApiTokensTest, NaughtyNamesReadBackByteExact) {
  for (const char* name :
       {"<script>alert(1)</script>", "'; DROP TABLE users; --", "Ω≈ç√∫˜µ≤≥÷", "𝄞 מה 中文 \u202egnp",
        "%00%0a", "{{7*7}}", "../../etc/passwd", "\\\"quoted\\\"", "null", "1e309"}) {
    const std::string json = std::string("\"") + name + "\"";
    const auto answer =
        ask(post("/api/auth/tokens", R"({"scopes":["macros:read"],"name":)" + json + "}", bobs));
    ASSERT_EQ(answer.status, 201) << name << answer.body;
    const auto list = json_of(ask({.path = "/api/auth/tokens", .cookie = bobs}));
    EXPECT_EQ(text(list.find("items")->as_array()[0], "name"),
              parse_json(json).value().as_string());
    clock.advance(1ms);
  }
}
TEST_F(ApiTokensTest, AuditTellsOfMakingAndRevoking) {
  const auto made = make_token(bobs, R"("macros:read")");
  (void)remove(text(made, "id"), bobs);
  EXPECT_EQ(audited("token.create"), 1);
  EXPECT_EQ(audited("token.revoke"), 1);
}

}  // namespace
}  // namespace gk::accounts
