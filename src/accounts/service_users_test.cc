#include "accounts/service_fixture_test.h"

namespace gk::accounts {
namespace {

class UsersTest : public AccountsFixture {
 protected:
  void SetUp() override {
    cookie = start_with_admin();
    ann = service->users().by_name("ann")->id;
  }
  net::Response patch(const std::string& id, const std::string& body, const std::string& as) {
    return ask(
        {.method = net::Method::patch, .path = "/api/users/" + id, .body = body, .cookie = as});
  }
  net::Response remove(const std::string& id, const std::string& as) {
    return ask({.method = net::Method::del, .path = "/api/users/" + id, .cookie = as});
  }
  net::Response create(const std::string& name, const std::string& role, const std::string& as) {
    return ask({.method = net::Method::post,
                .path = "/api/users",
                .body = R"({"username":")" + name + R"(","role":")" + role + R"(","password":")" +
                        kGoodPassword + R"("})",
                .cookie = as});
  }
  std::string cookie;
  std::string ann;
};

TEST_F(UsersTest, AreListedByNameInPages) {
  (void)make_user("bob", "viewer");
  (void)make_user("cy", "user");
  const auto all = json_of(ask({.path = "/api/users", .cookie = cookie}));
  EXPECT_EQ(all.find("items")->as_array().size(), 3U);
  EXPECT_TRUE(all.find("next_cursor")->is_null());
  EXPECT_EQ(all.find("items")->as_array()[0].find("username")->as_string(), "ann");
  EXPECT_EQ(all.find("items")->as_array()[0].find("password_hash"), nullptr);
}
TEST_F(UsersTest, CreatedUserCanLogIn) {
  const auto answer = create("bob", "viewer", cookie);
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(header(answer, "ETag"), "\"1\"");
  EXPECT_EQ(ask(login("bob")).status, 200);
}
TEST_F(UsersTest, TakenNameIsAConflict) { EXPECT_EQ(create("ANN", "viewer", cookie).status, 409); }
TEST_F(UsersTest, TwoAtOnceWithOneNameMakeOneUser) {
  const Ask make{.method = net::Method::post,
                 .path = "/api/users",
                 .body = std::string(R"({"username":"bob","role":"viewer","password":")") +
                         kGoodPassword + R"("})",
                 .uid = 0};
  std::optional<net::Response> first;
  std::optional<net::Response> second;
  send(make, first);
  send(make, second);
  ASSERT_TRUE(loop.run_until([&] { return first && second; }));
  EXPECT_EQ(first->status, 201);
  EXPECT_EQ(second->status, 409);
}
TEST_F(UsersTest, AllFaultsAreNamedAtOnce) {
  const auto answer = ask({.method = net::Method::post,
                           .path = "/api/users",
                           .body = R"({"username":"a b","role":"king","password":"short"})",
                           .cookie = cookie});
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(json_of(answer).find("errors")->as_array().size(), 3U);
}
TEST_F(UsersTest, LastAdminCannotBeDemotedDisabledOrDeleted) {
  EXPECT_EQ(patch(ann, R"({"role":"user"})", cookie).status, 409);
  EXPECT_EQ(patch(ann, R"({"disabled":true})", cookie).status, 409);
  EXPECT_EQ(remove(ann, cookie).status, 409);
  EXPECT_EQ(profile_status(cookie), 200);
}
TEST_F(UsersTest, DisabledAdminIsNoReplacement) {
  const std::string bob = make_user("bob", "admin");
  ASSERT_EQ(patch(bob, R"({"disabled":true})", cookie).status, 200);
  EXPECT_EQ(remove(ann, cookie).status, 409);
}
TEST_F(UsersTest, TwoAdminsWhoDemoteEachOtherAtOnceLeaveOne) {
  const std::string bob = make_user("bob", "admin");
  const std::string bobs = cookie_of(ask(login("bob")));
  std::optional<net::Response> first;
  std::optional<net::Response> second;
  send({.method = net::Method::patch,
        .path = "/api/users/" + bob,
        .body = R"({"role":"viewer"})",
        .cookie = cookie},
       first);
  send({.method = net::Method::patch,
        .path = "/api/users/" + ann,
        .body = R"({"role":"viewer"})",
        .cookie = bobs},
       second);
  ASSERT_TRUE(loop.run_until([&] { return first && second; }));
  EXPECT_EQ(first->status, 200);
  EXPECT_EQ(second->status, 409);
}
TEST_F(UsersTest, RoleChangeEndsTheUsersSessionsAtOnce) {
  const std::string bob = make_user("bob", "user");
  const std::string bobs = cookie_of(ask(login("bob")));
  ASSERT_EQ(patch(bob, R"({"role":"viewer"})", cookie).status, 200);
  EXPECT_EQ(profile_status(bobs), 401);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].reason, "user_changed");
  const auto again = ask(login("bob"));
  EXPECT_EQ(json_of(again).find("user")->find("role")->as_string(), "viewer");
}
TEST_F(UsersTest, DeletedUserIsGoneWithItsSessions) {
  const std::string bob = make_user("bob", "user");
  const std::string bobs = cookie_of(ask(login("bob")));
  EXPECT_EQ(remove(bob, cookie).status, 204);
  EXPECT_EQ(profile_status(bobs), 401);
  EXPECT_EQ(ask(login("bob")).status, 401);
  EXPECT_EQ(ask({.path = "/api/users/" + bob, .cookie = cookie}).status, 404);
  stop();
  start();
  EXPECT_EQ(service->users().by_name("bob"), nullptr);
}
TEST_F(UsersTest, PatchThatChangesNothingKeepsSessionsAndVersion) {
  const auto answer = patch(ann, R"({"role":"admin"})", cookie);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(header(answer, "ETag"), "\"1\"");
  EXPECT_EQ(profile_status(cookie), 200);
}
TEST_F(UsersTest, StaleIfMatchIsRefused) {
  const std::string bob = make_user("bob", "user");
  Ask change{.method = net::Method::patch,
             .path = "/api/users/" + bob,
             .body = R"({"role":"viewer"})",
             .cookie = cookie,
             .headers = {{"if-match", "\"1\""}}};
  EXPECT_EQ(ask(change).status, 200);
  EXPECT_EQ(ask(change).status, 412);
}
TEST_F(UsersTest, OwnPasswordIsNotResetWithoutThePresentOne) {
  const std::string body = std::string(R"({"password":")") + kOtherPassword + R"("})";
  EXPECT_EQ(patch(ann, body, cookie).status, 403);
}
TEST_F(UsersTest, LocalAdminResetsALostPassword) {
  const auto answer = ask({.method = net::Method::patch,
                           .path = "/api/users/" + ann,
                           .body = std::string(R"({"password":")") + kOtherPassword + R"("})",
                           .uid = 0});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(profile_status(cookie), 401);
  EXPECT_EQ(ask(login("ann", kOtherPassword)).status, 200);
}
TEST_F(UsersTest, ViewersAndUsersReachNoUserRoute) {
  (void)make_user("bob", "user");
  const std::string bobs = cookie_of(ask(login("bob")));
  EXPECT_EQ(ask({.path = "/api/users", .cookie = bobs}).status, 403);
  EXPECT_EQ(ask({.path = "/api/users/" + ann, .cookie = bobs}).status, 403);
  EXPECT_EQ(create("eve", "admin", bobs).status, 403);
  EXPECT_EQ(patch(ann, R"({"disabled":true})", bobs).status, 403);
  EXPECT_EQ(remove(ann, bobs).status, 403);
}

class CustomRoleTest : public UsersTest {
 protected:
  void SetUp() override {
    UsersTest::SetUp();
    ASSERT_TRUE(writer->run([](store::Database& db) {
      return db.execute(
          "INSERT INTO roles (name, builtin) VALUES ('helper', 0);"
          "INSERT INTO role_scopes (role, scope) VALUES ('helper', 'users:write'),"
          "('helper', 'users:read')");
    }));
    stop();
    start();
    (void)make_user("hal", "helper");
    hal = cookie_of(ask(login("hal")));
  }
  std::string hal;
};

TEST_F(CustomRoleTest, ComesFromTheDatabase) {
  EXPECT_EQ(ask({.path = "/api/users", .cookie = hal}).status, 200);
}
TEST_F(CustomRoleTest, CannotHandOutMoreThanItHolds) {
  EXPECT_EQ(create("eve", "admin", hal).status, 403);
  EXPECT_EQ(create("eve", "viewer", hal).status, 403);
  EXPECT_EQ(create("eve", "helper", hal).status, 201);
}
TEST_F(CustomRoleTest, CannotTouchWhoHoldsMore) {
  EXPECT_EQ(patch(ann, R"({"disabled":true})", hal).status, 403);
  EXPECT_EQ(remove(ann, hal).status, 403);
  const auto annas = service->sessions().of_user(ann);
  ASSERT_FALSE(annas.empty());
  EXPECT_EQ(
      ask({.method = net::Method::del, .path = "/api/auth/sessions/" + annas[0].id, .cookie = hal})
          .status,
      403);
}
TEST_F(CustomRoleTest, CannotPromoteItself) {
  const std::string id = service->users().by_name("hal")->id;
  EXPECT_EQ(patch(id, R"({"role":"admin"})", hal).status, 403);
}

}  // namespace
}  // namespace gk::accounts
