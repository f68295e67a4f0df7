#include "accounts/audit.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "accounts/service_fixture_test.h"

namespace gk::accounts {
namespace {

class AuditTest : public AccountsFixture {
 protected:
  void SetUp() override {
    cookie = start_with_admin();
    (void)make_user("bob", "viewer");
    (void)ask(login("bob"));
  }
  void tamper(const std::string& sql) {
    ASSERT_TRUE(writer->run([&](store::Database& db) {
      return db.execute("DROP TRIGGER audit_refuses_update; DROP TRIGGER audit_refuses_delete; " +
                        sql);
    }));
  }
  std::string actions() const {
    auto* query = reader->query("SELECT actor, action FROM audit ORDER BY seq").value();
    std::string out;
    while (query->step().value()) {
      out += std::string(query->text(0)) + ":" + std::string(query->text(1)) + " ";
    }
    return out;
  }
  std::string cookie;
};

TEST_F(AuditTest, HoldsEveryChangeAndItsActor) {
  EXPECT_EQ(actions(), "setup:setup.complete local-admin:user.create bob:auth.login ");
}
TEST_F(AuditTest, NamesTargetsNowOrAsTheRowDoesWhenTheyAreGone) {
  const auto names = [&](const std::string& action) {
    const auto page = ask({.path = "/api/audit", .cookie = cookie, .query = "action=" + action});
    const auto json = parse_json(page.body);
    if (!json || json->find("items")->as_array().empty()) return page.body;
    return to_json(*json->find("items")->as_array()[0].find("target_name"));
  };
  EXPECT_EQ(names("user.create"), "\"bob\"");
  EXPECT_EQ(names("auth.login"), "\"bob\"") << "whose session it is";
  const std::string bob = service->users().by_name("bob")->id;
  ASSERT_EQ(ask({.method = net::Method::del, .path = "/api/users/" + bob, .cookie = cookie}).status,
            204);
  EXPECT_EQ(names("user.delete"), "\"bob\"") << "from the row's before";
  EXPECT_EQ(names("user.create"), "\"bob\"") << "from the row's after";
  EXPECT_EQ(names("auth.login"), "\"bob\"") << "the session has ended: its actor";
  ASSERT_EQ(ask({.method = net::Method::put,
                 .path = "/api/roles/keeper",
                 .body = R"({"scopes":["metrics:read"]})",
                 .cookie = cookie})
                .status,
            200);
  EXPECT_EQ(names("role.set"), "null") << "the target is a name itself";
}
TEST_F(AuditTest, OfTheDaemonVerifies) { EXPECT_EQ(verify_audit(*reader).value().seq, 3); }
TEST_F(AuditTest, PlantedEditIsFound) {
  tamper("UPDATE audit SET actor = 'eve' WHERE seq = 2");
  const auto result = verify_audit(*reader);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::data_loss);
  EXPECT_NE(result.error().message.find("row 2 was changed"), std::string::npos);
}
TEST_F(AuditTest, PlantedRemovalIsFound) {
  tamper("DELETE FROM audit WHERE seq = 2");
  EXPECT_FALSE(verify_audit(*reader));
}
TEST_F(AuditTest, CutOffTailIsFoundWithAHeadKeptElsewhere) {
  const AuditHead head = verify_audit(*reader).value();
  tamper("DELETE FROM audit WHERE seq = 3");
  EXPECT_TRUE(verify_audit(*reader)) << "the chain alone cannot see it";
  EXPECT_FALSE(verify_audit(*reader, head));
}
TEST_F(AuditTest, TableRefusesUpdateAndDelete) {
  EXPECT_FALSE(writer->run(
      [](store::Database& db) { return db.execute("UPDATE audit SET actor = 'eve'"); }));
  EXPECT_FALSE(writer->run([](store::Database& db) { return db.execute("DELETE FROM audit"); }));
}
TEST_F(AuditTest, RefusedChangeLeavesNoRow) {
  const std::string before = actions();
  const std::string ann = service->users().by_name("ann")->id;
  ASSERT_EQ(ask({.method = net::Method::del, .path = "/api/users/" + ann, .cookie = cookie}).status,
            409);
  EXPECT_EQ(actions(), before);
}
TEST_F(AuditTest, ChangeFailsWhenItCannotBeRecorded) {
  ASSERT_TRUE(writer->run(
      [](store::Database& db) { return db.execute("ALTER TABLE audit RENAME TO away"); }));
  EXPECT_GE(ask(login("bob")).status, 500);
}
TEST_F(AuditTest, HeadIsLoggedWithEachRow) {
  const AuditHead head = verify_audit(*reader).value();
  const auto lines = log.lines();
  const std::string hash = to_hex(head.hash);
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return line.find(hash) != std::string::npos;
  }));
}

class SecretsTest : public AccountsFixture {
 protected:
  /// All bytes of the database files and all log lines.
  std::string everything_written() {
    settle();
    std::ostringstream out;
    for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
      const auto name = entry.path().filename();
      if (name == "setup-code" || name == "accounts.key") continue;  // They are secrets.
      out << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    }
    for (const auto& line : log.lines()) out << line;
    return out.str();
  }
};

TEST_F(SecretsTest, AreNeitherInTheLogNorInTheDatabase) {
  start();
  const std::string code = service->take_setup_code();
  (void)ask({.method = net::Method::post, .path = "/api/setup", .body = setup_body("beef-beef")});
  const auto admin =
      ask({.method = net::Method::post, .path = "/api/setup", .body = setup_body(code)});
  const std::string cookie = cookie_of(admin);
  const std::string token = cookie.substr(cookie.find('=') + 1);
  (void)ask(login("ann", "a wrong but secret one"));
  (void)ask(login("typed password as name", kOtherPassword));
  (void)ask({.method = net::Method::post,
             .path = "/api/auth/password",
             .body = std::string(R"({"current_password":")") + kGoodPassword +
                     R"(","new_password":")" + kOtherPassword + R"("})",
             .cookie = cookie});
  const std::string written = everything_written();
  EXPECT_NE(written.find("ann"), std::string::npos) << "negative control: there is something";
  for (const std::string& secret :
       {std::string(kGoodPassword), std::string(kOtherPassword), code, token,
        std::string("a wrong but secret one"), std::string("typed password as name"),
        std::string("beef-beef")}) {
    EXPECT_EQ(written.find(secret), std::string::npos) << secret;
  }
}

}  // namespace
}  // namespace gk::accounts
