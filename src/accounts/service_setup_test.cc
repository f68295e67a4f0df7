#include <sys/stat.h>

#include <fstream>

#include "accounts/service_fixture_test.h"
#include "base/clock.h"

namespace gk::accounts {
namespace {

using namespace std::chrono_literals;

class SetupTest : public AccountsFixture {
 protected:
  void SetUp() override {
    start();
    code = service->take_setup_code();
  }
  Ask attempt(const std::string& with, const std::string& name = "ann",
              const std::string& password = kGoodPassword) const {
    return {.method = net::Method::post,
            .path = "/api/setup",
            .body = setup_body(with, name, password)};
  }
  std::string code_in_file() const {
    std::ifstream file(service->setup_file());
    std::string line;
    std::getline(file, line);
    return line;
  }
  std::size_t stored_users() const {
    auto* query = reader->query("SELECT count(*) FROM users").value();
    (void)query->step().value();
    return static_cast<std::size_t>(query->integer(0));
  }
  std::string code;
};

TEST_F(SetupTest, IsNeededUntilTheAdminExists) {
  EXPECT_EQ(ask({.path = "/api/setup"}).body, R"({"needed":true})");
  ASSERT_EQ(ask(attempt(code)).status, 201);
  EXPECT_EQ(ask({.path = "/api/setup"}).body, R"({"needed":false})");
}
TEST_F(SetupTest, AnswersWithASessionOfTheAdmin) {
  const auto answer = ask(attempt(code, "Ann"));
  ASSERT_EQ(answer.status, 201);
  EXPECT_EQ(json_of(answer).find("user")->find("username")->as_string(), "ann");
  EXPECT_EQ(json_of(answer).find("user")->find("role")->as_string(), "admin");
  EXPECT_EQ(profile_status(cookie_of(answer)), 200);
}
TEST_F(SetupTest, CodeIsInAFileOnlyItsOwnerReads) {
  struct stat info{};
  ASSERT_EQ(::stat(service->setup_file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(code_in_file(), code);
}
TEST_F(SetupTest, CodeIsShownOnce) { EXPECT_EQ(service->take_setup_code(), ""); }
TEST_F(SetupTest, FileIsGoneAfterwards) {
  const std::string path = service->setup_file();
  ASSERT_EQ(ask(attempt(code)).status, 201);
  stop();  // Joins the worker that removes it.
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}
TEST_F(SetupTest, WrongCodeMakesNobody) {
  EXPECT_EQ(ask(attempt("0000-0000")).status, 403);
  EXPECT_EQ(stored_users(), 0U);
}
TEST_F(SetupTest, WrongCodesAreLimitedPerAddress) {
  for (int i = 0; i < 5; ++i) ASSERT_EQ(ask(attempt("0000")).status, 403);
  const auto sixth = ask(attempt(code));
  EXPECT_EQ(sixth.status, 429);
  EXPECT_EQ(header(sixth, "Retry-After"), "10");
  clock.advance(10s);
  EXPECT_EQ(ask(attempt(code)).status, 201);
}
TEST_F(SetupTest, ExpiredCodeIsRefusedAndReplaced) {
  clock.advance(15min);
  EXPECT_EQ(ask(attempt(code)).status, 403);
  clock.advance(1min);
  EXPECT_EQ(ask(attempt(code)).status, 403) << "the old code stays dead";
  EXPECT_EQ(stored_users(), 0U);
}
TEST_F(SetupTest, TickRenewsAVoidCodeInTheFile) {
  clock.advance(15min);
  service->tick();
  ASSERT_TRUE(loop.run_until([] { return true; }));
  std::string renewed;
  const SystemClock real;
  const MonoTime give_up = real.mono() + 20s;  // The worker writes the file in its own time.
  while ((renewed.empty() || renewed == code) && real.mono() < give_up) {
    settle();
    renewed = code_in_file();
  }
  ASSERT_NE(renewed, code);
  EXPECT_EQ(ask(attempt(renewed)).status, 201);
}
TEST_F(SetupTest, UsedCodeIsDead) {
  ASSERT_EQ(ask(attempt(code)).status, 201);
  EXPECT_EQ(ask(attempt(code, "eve")).status, 409);
  EXPECT_EQ(stored_users(), 1U);
}
TEST_F(SetupTest, ParallelUseMakesExactlyOneAdmin) {
  std::optional<net::Response> first;
  std::optional<net::Response> second;
  send(attempt(code, "ann"), first);
  send(attempt(code, "eve"), second);
  ASSERT_TRUE(loop.run_until([&] { return first && second; }));
  EXPECT_EQ(first->status, 201);
  EXPECT_EQ(second->status, 409);
  EXPECT_EQ(stored_users(), 1U);
}
TEST_F(SetupTest, WeakPasswordDoesNotUseUpTheCode) {
  const auto weak = ask(attempt(code, "a/b", "password1234"));
  EXPECT_EQ(weak.status, 400);
  EXPECT_EQ(json_of(weak).find("errors")->as_array().size(), 2U);
  EXPECT_EQ(ask(attempt(code)).status, 201);
}
TEST_F(SetupTest, FailedWriteDoesNotUseUpTheCode) {
  ASSERT_TRUE(writer->run([](store::Database& db) {
    return db.execute("ALTER TABLE sessions RENAME TO sessions_away");
  }));
  EXPECT_GE(ask(attempt(code)).status, 500);
  EXPECT_EQ(stored_users(), 0U) << "user and session are one change";
  ASSERT_TRUE(writer->run([](store::Database& db) {
    return db.execute("ALTER TABLE sessions_away RENAME TO sessions");
  }));
  EXPECT_EQ(ask(attempt(code)).status, 201);
}
TEST_F(SetupTest, LocalAdminMayMakeTheFirstAdminInstead) {
  (void)make_user("bob", "viewer");
  EXPECT_FALSE(service->is_set_up()) << "a viewer is no administrator";
  (void)make_user("ann", "admin");
  EXPECT_TRUE(service->is_set_up());
  EXPECT_EQ(ask(attempt(code, "eve")).status, 409);
}
TEST_F(SetupTest, RestartWithoutAdminMakesAnotherCode) {
  stop();
  start();
  EXPECT_NE(service->take_setup_code(), code);
  EXPECT_EQ(ask(attempt(code)).status, 403);
}

}  // namespace
}  // namespace gk::accounts
