// Custom roles, lost-admin recovery, preferences and the audit's routes.

#include "accounts/service_fixture_test.h"

namespace gk::accounts {
namespace {

using namespace std::chrono_literals;

class RolesTest : public AccountsFixture {
 protected:
  void SetUp() override { cookie = start_with_admin(); }
  net::Response put_role(const std::string& name, const std::string& scopes,
                         const std::string& as) {
    return ask({.method = net::Method::put,
                .path = "/api/roles/" + name,
                .body = R"({"scopes":[)" + scopes + "]}",
                .cookie = as});
  }
  int delete_role(const std::string& name) {
    return ask({.method = net::Method::del, .path = "/api/roles/" + name, .cookie = cookie}).status;
  }
  std::string cookie;
};

TEST_F(RolesTest, BuiltinOnesAreListedAndCannotBeChanged) {
  const auto list = json_of(ask({.path = "/api/roles", .cookie = cookie}));
  EXPECT_EQ(list.find("items")->as_array().size(), 3U);
  for (const char* name : {"viewer", "user", "admin"}) {
    EXPECT_EQ(put_role(name, R"("macros:read")", cookie).status, 409);
    EXPECT_EQ(delete_role(name), 409);
  }
}
TEST_F(RolesTest, CustomOneGivesItsScopesAlsoAfterARestart) {
  ASSERT_EQ(put_role("auditor", R"("audit:read","users:read")", cookie).status, 200);
  (void)make_user("eve", "auditor");
  const std::string eve = cookie_of(ask(login("eve")));
  EXPECT_EQ(ask({.path = "/api/audit", .cookie = eve}).status, 200);
  EXPECT_EQ(put_role("x", R"("audit:read")", eve).status, 403);
  stop();
  start();
  EXPECT_EQ(ask({.path = "/api/audit", .cookie = eve}).status, 200);
}
TEST_F(RolesTest, ChangeBitesOnLiveSessionsAndTokensAtOnce) {
  ASSERT_EQ(put_role("auditor", R"("audit:read","users:read")", cookie).status, 200);
  (void)make_user("eve", "auditor");
  const std::string eve = cookie_of(ask(login("eve")));
  const std::string access = text(token_login("eve"), "access_token");
  const std::string pat = text(make_token(eve, R"("audit:read")"), "token");
  ASSERT_EQ(bearer_status(access, "/api/audit"), 200) << "cached";
  changed.clear();
  ASSERT_EQ(put_role("auditor", R"("users:read")", cookie).status, 200);
  EXPECT_EQ(ask({.path = "/api/audit", .cookie = eve}).status, 403);
  EXPECT_EQ(ask({.path = "/api/users", .cookie = eve}).status, 200) << "the session goes on";
  EXPECT_EQ(bearer_status(access, "/api/audit"), 403);
  EXPECT_EQ(bearer_status(pat, "/api/audit"), 403);
  EXPECT_EQ(changed.size(), 3U) << "open sockets of all three are looked at";
}
TEST_F(RolesTest, WideningDoesNotWidenATokenThatWasIssuedBefore) {
  ASSERT_EQ(put_role("auditor", R"("users:read")", cookie).status, 200);
  (void)make_user("eve", "auditor");
  const std::string access = text(token_login("eve"), "access_token");
  ASSERT_EQ(put_role("auditor", R"("audit:read","users:read")", cookie).status, 200);
  EXPECT_EQ(bearer_status(access, "/api/audit"), 403);
  EXPECT_EQ(bearer_status(access, "/api/users"), 200);
}
TEST_F(RolesTest, NobodyMakesARoleThatHoldsMoreThanTheyDo) {
  ASSERT_EQ(put_role("hr", R"("users:read","users:write")", cookie).status, 200);
  (void)make_user("hal", "hr");
  const std::string hal = cookie_of(ask(login("hal")));
  EXPECT_EQ(put_role("x", R"("*")", hal).status, 403);
  EXPECT_EQ(put_role("x", R"("macros:admin")", hal).status, 403);
  EXPECT_EQ(put_role("x", R"("users:read")", hal).status, 200);
  ASSERT_EQ(put_role("strong", R"("macros:admin")", cookie).status, 200);
  EXPECT_EQ(put_role("strong", R"("users:read")", hal).status, 403) << "nor takes it from others";
}
TEST_F(RolesTest, LastAdministratorCannotBeMadeLessByTheirRole) {
  ASSERT_EQ(put_role("root", R"("*")", cookie).status, 200);
  const std::string ann = service->users().by_name("ann")->id;
  ASSERT_EQ(ask({.method = net::Method::patch,
                 .path = "/api/users/" + ann,
                 .body = R"({"role":"root"})",
                 .uid = 0})
                .status,
            200);
  const Ask narrow{.method = net::Method::put,
                   .path = "/api/roles/root",
                   .body = R"({"scopes":["macros:read"]})",
                   .uid = 0};
  EXPECT_EQ(ask(narrow).status, 409);
  EXPECT_EQ(audited("role.set"), 1) << "the refused one left no row";
}
TEST_F(RolesTest, RoleInUseIsNotDeleted) {
  ASSERT_EQ(put_role("auditor", R"("audit:read")", cookie).status, 200);
  (void)make_user("eve", "auditor");
  EXPECT_EQ(delete_role("auditor"), 409);
  ASSERT_EQ(put_role("idle", R"("audit:read")", cookie).status, 200);
  EXPECT_EQ(delete_role("idle"), 204);
  EXPECT_EQ(delete_role("idle"), 404);
}
TEST_F(RolesTest, FaultsAreNamed) {
  EXPECT_EQ(put_role("UPPER", R"("macros:read")", cookie).status, 400);
  EXPECT_EQ(put_role("x", R"("macro:read")", cookie).status, 400);
  EXPECT_EQ(put_role("x", "", cookie).status, 400);
  EXPECT_EQ(put_role("x", "7", cookie).status, 400);
}

class RecoveryTest : public AccountsFixture {
 protected:
  void SetUp() override {
    cookie = start_with_admin();
    ann = service->users().by_name("ann")->id;
  }
  net::Response reset(std::optional<unsigned> uid, const std::string& as,
                      const std::string& more = "") {
    Ask ask_reset = post("/api/users/" + ann + "/reset",
                         std::string(R"({"password":")") + kOtherPassword + '"' + more + "}", as);
    ask_reset.uid = uid;
    return ask(ask_reset);
  }
  std::string cookie, ann;
};

TEST_F(RecoveryTest, IsForTheLocalAdminAlone) {
  EXPECT_EQ(reset(std::nullopt, cookie).status, 403) << "an administrator over TCP";
  EXPECT_EQ(reset(1000, cookie).status, 403) << "another user of the machine";
  EXPECT_EQ(reset(0, "").status, 200);
}
TEST_F(RecoveryTest, LetsTheOwnerInAndEverybodyElseOut) {
  const std::string pat = text(make_token(cookie, R"("users:read")"), "token");
  const std::string access = text(token_login("ann"), "access_token");
  ASSERT_EQ(reset(0, "").status, 200);
  EXPECT_EQ(profile_status(cookie), 401);
  EXPECT_EQ(bearer_status(pat), 401);
  EXPECT_EQ(bearer_status(access), 401);
  EXPECT_EQ(ask(login("ann")).status, 401);
  EXPECT_EQ(ask(login("ann", kOtherPassword)).status, 200);
  EXPECT_EQ(audited("user.reset"), 1);
  EXPECT_EQ(stored("SELECT count(*) FROM api_tokens"), 0);
}
TEST_F(RecoveryTest, EnablesAndMakesAdminOnRequest) {
  const std::string bob = make_user("bob", "viewer");
  ann = bob;
  ASSERT_EQ(ask({.method = net::Method::patch,
                 .path = "/api/users/" + bob,
                 .body = R"({"disabled":true})",
                 .cookie = cookie})
                .status,
            200);
  ASSERT_EQ(reset(0, "", R"(,"make_admin":true)").status, 200);
  const std::string bobs = cookie_of(ask(login("bob", kOtherPassword)));
  EXPECT_EQ(ask({.path = "/api/audit", .cookie = bobs}).status, 200);
}
TEST_F(RecoveryTest, WeakPasswordIsRefused) {
  Ask weak = post("/api/users/" + ann + "/reset", R"({"password":"password1234"})");
  weak.uid = 0;
  EXPECT_EQ(ask(weak).status, 400);
  EXPECT_EQ(profile_status(cookie), 200);
}

class PreferencesTest : public AccountsFixture {
 protected:
  void SetUp() override { cookie = start_with_admin(); }
  net::Response get(const std::string& as) {
    return ask({.path = "/api/auth/preferences", .cookie = as});
  }
  net::Response put(const std::string& body, net::Headers headers = {}) {
    return ask({.method = net::Method::put,
                .path = "/api/auth/preferences",
                .body = body,
                .cookie = cookie,
                .headers = std::move(headers)});
  }
  std::string cookie;
};

TEST_F(PreferencesTest, AreEmptyAtFirstAndReadBackByteExact) {
  EXPECT_EQ(get(cookie).body, "{}");
  const std::string body =
      R"({"theme":"dark","name":"Ω <b>'; DROP TABLE--","deep":{"list":[1,2.5,null,true]}})";
  EXPECT_EQ(put(body).status, 200);
  EXPECT_EQ(get(cookie).body, body);
  stop();
  start();
  EXPECT_EQ(get(cookie).body, body);
}
TEST_F(PreferencesTest, AreOnesOwn) {
  (void)make_user("bob", "viewer");
  ASSERT_EQ(put(R"({"a":1})").status, 200);
  EXPECT_EQ(get(cookie_of(ask(login("bob")))).body, "{}");
  EXPECT_EQ(ask({.path = "/api/auth/preferences", .uid = 0}).status, 409);
}
TEST_F(PreferencesTest, StaleTagIsRefused) {
  const auto first = put(R"({"a":1})", {{"if-match", "\"0\""}});
  ASSERT_EQ(first.status, 200);
  EXPECT_EQ(header(first, "ETag"), "\"1\"");
  EXPECT_EQ(put(R"({"a":2})", {{"if-match", "\"0\""}}).status, 412);
  EXPECT_EQ(put(R"({"a":2})", {{"if-match", "\"1\""}}).status, 200);
  EXPECT_EQ(get(cookie).body, R"({"a":2})");
}
TEST_F(PreferencesTest, AreBoundedAndAnObject) {
  EXPECT_EQ(put("{\"a\":\"" + std::string(20'000, 'x') + "\"}").status, 413);
  EXPECT_EQ(put("[1]").status, 400);
  EXPECT_EQ(get(cookie).body, "{}");
}

class AuditRoutesTest : public AccountsFixture {
 protected:
  void SetUp() override {
    cookie = start_with_admin();
    for (int i = 0; i < 5; ++i) (void)make_user("u" + std::to_string(i), "viewer");
  }
  JsonValue list(const std::string& query) {
    Ask ask_list{.path = "/api/audit", .cookie = cookie};
    ask_list.query = query;
    return json_of(ask(ask_list));
  }
  JsonValue verify(const std::string& query = "") {
    Ask ask_verify{.path = "/api/audit/verify", .cookie = cookie};
    ask_verify.query = query;
    return json_of(ask(ask_verify));
  }
  std::string cookie;
};

TEST_F(AuditRoutesTest, PagesGoBackInTimeWithoutGapOrRepeat) {
  std::vector<std::int64_t> seen;
  std::string cursor;
  do {
    const auto page = list("limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor));
    for (const JsonValue& row : page.find("items")->as_array()) {
      seen.push_back(row.find("seq")->as_int());
    }
    cursor = text(page, "next_cursor");
  } while (!cursor.empty());
  EXPECT_EQ(seen, (std::vector<std::int64_t>{6, 5, 4, 3, 2, 1}));
}
TEST_F(AuditRoutesTest, FilterByActionAndItsStart) {
  EXPECT_EQ(list("action=user.create").find("items")->as_array().size(), 5U);
  EXPECT_EQ(list("action=user").find("items")->as_array().size(), 5U);
  EXPECT_EQ(list("action=use").find("items")->as_array().size(), 0U);
  EXPECT_EQ(list("actor=setup").find("items")->as_array().size(), 1U);
}
TEST_F(AuditRoutesTest, RowTellsWhoWhatAndAfter) {
  const auto row = list("limit=1").find("items")->as_array()[0];
  EXPECT_EQ(text(row, "actor"), "local-admin");
  EXPECT_EQ(text(row, "action"), "user.create");
  EXPECT_EQ(text(*row.find("after"), "username"), "u4");
  EXPECT_TRUE(row.find("before")->is_null());
  EXPECT_FALSE(text(row, "correlation_id").empty());
}
TEST_F(AuditRoutesTest, MalformedPageIsRefused) {
  for (const char* query : {"limit=0", "limit=1001", "limit=x", "cursor=x", "cursor=-1"}) {
    Ask bad{.path = "/api/audit", .cookie = cookie};
    bad.query = query;
    EXPECT_EQ(ask(bad).status, 400) << query;
  }
}
TEST_F(AuditRoutesTest, SoundAuditIsSoundAndItsHeadIsToldForKeeping) {
  const auto verdict = verify();
  EXPECT_TRUE(verdict.find("sound")->as_bool());
  EXPECT_EQ(verdict.find("rows")->as_int(), 6);
  const std::string hash = text(verdict, "hash");
  (void)make_user("late", "viewer");
  EXPECT_TRUE(verify("seq=6&hash=" + hash).find("sound")->as_bool());
  EXPECT_FALSE(verify("seq=5&hash=" + hash).find("sound")->as_bool());
}
TEST_F(AuditRoutesTest, TamperedAuditIsNotSound) {
  const std::string head = text(verify(), "hash");
  ASSERT_TRUE(writer->run([](store::Database& db) {
    return db.execute(
        "DROP TRIGGER audit_refuses_update; "
        "UPDATE audit SET actor = 'nobody' WHERE seq = 3");
  }));
  const auto verdict = verify();
  EXPECT_FALSE(verdict.find("sound")->as_bool());
  EXPECT_NE(text(verdict, "fault").find("row 3"), std::string::npos) << text(verdict, "fault");
}
TEST_F(AuditRoutesTest, CutOffTailIsFoundByTheKeptHead) {
  const std::string head = text(verify(), "hash");
  ASSERT_TRUE(writer->run([](store::Database& db) {
    return db.execute("DROP TRIGGER audit_refuses_delete; DELETE FROM audit WHERE seq = 6");
  }));
  EXPECT_TRUE(verify().find("sound")->as_bool()) << "the chain alone cannot see it …";
  EXPECT_FALSE(verify("seq=6&hash=" + head).find("sound")->as_bool()) << "… the kept head does";
}

}  // namespace
}  // namespace gk::accounts
