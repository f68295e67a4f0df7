// Two-factor log-in, as a person and a thief of the password see it.

#include "accounts/rules/totp.h"
#include "accounts/service_fixture_test.h"

namespace gk::accounts {
namespace {

using namespace std::chrono_literals;

class SecondFactorTest : public AccountsFixture {
 protected:
  void SetUp() override { cookie = start_with_admin(); }
  static std::string from_base32(const std::string& text) {
    std::string out;
    unsigned pending = 0;
    int bits = 0;
    for (const char c : text) {
      pending = (pending << 5) | static_cast<unsigned>(c >= 'A' ? c - 'A' : c - '2' + 26);
      bits += 5;
      if (bits < 8) continue;
      bits -= 8;
      out += static_cast<char>(pending >> bits);
      pending &= (1U << bits) - 1;
    }
    return out;
  }
  std::string present_code() const { return totp_code(secret, totp_step(clock.wall())); }
  std::string with_password(const std::string& code = "") const {
    return std::string(R"({"current_password":")") + kGoodPassword + '"' +
           (code.empty() ? "" : R"(,"code":")" + code + '"') + "}";
  }
  net::Response confirm(const std::string& code) {
    return ask(post("/api/auth/2fa/confirm", R"({"code":")" + code + R"("})", cookie));
  }
  /// Enrols and confirms ann.
  void enrol() {
    const auto begun = ask(post("/api/auth/2fa", with_password(), cookie));
    ASSERT_EQ(begun.status, 201) << begun.body;
    secret = from_base32(text(json_of(begun), "secret"));
    const auto done = confirm(present_code());
    ASSERT_EQ(done.status, 200) << done.body;
    const JsonValue answer = json_of(done);
    for (const JsonValue& code : answer.find("recovery_codes")->as_array()) {
      codes.push_back(code.as_string());
    }
    clock.advance(30s);  // The code of that step is used up.
  }
  net::Response log_in(const std::string& code, const std::string& address = "127.0.0.1",
                       const std::string& password = kGoodPassword) {
    Ask login = AccountsFixture::login("ann", password, address);
    if (!code.empty()) login.body.insert(login.body.size() - 1, R"(,"code":")" + code + '"');
    return ask(login);
  }
  std::string wrong_code() const { return present_code() == "000000" ? "000001" : "000000"; }

  std::string cookie, secret;
  std::vector<std::string> codes;
};

TEST_F(SecondFactorTest, IsNotAskedForUntilItIsConfirmed) {
  ASSERT_EQ(ask(post("/api/auth/2fa", with_password(), cookie)).status, 201);
  EXPECT_EQ(log_in("").status, 200);
  EXPECT_EQ(ask({.path = "/api/auth/2fa", .cookie = cookie}).body,
            R"({"enabled":false,"pending":true,"recovery_codes_left":0})");
}
TEST_F(SecondFactorTest, EnrolmentNeedsThePasswordAndConfirmationACode) {
  EXPECT_EQ(ask(post("/api/auth/2fa", R"({"current_password":"no"})", cookie)).status, 403);
  ASSERT_EQ(ask(post("/api/auth/2fa", with_password(), cookie)).status, 201);
  EXPECT_EQ(confirm("000000").status, 400);
  EXPECT_EQ(log_in("").status, 200);
}
TEST_F(SecondFactorTest, ThenTheRightPasswordAloneIsNotEnough) {
  enrol();
  const auto answer = log_in("");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(text(json_of(answer).find("errors")->as_array()[0], "path"), "code");
  EXPECT_EQ(header(answer, "Set-Cookie"), "");
  EXPECT_EQ(log_in(wrong_code()).status, 401);
  EXPECT_EQ(log_in(present_code()).status, 200);
}
TEST_F(SecondFactorTest, WrongPasswordDoesNotTellThatThereIsOne) {
  enrol();
  const auto with = log_in("", "127.0.0.1", kOtherPassword);
  EXPECT_EQ(with.status, 401);
  EXPECT_EQ(json_of(with).find("errors"), nullptr);
}
TEST_F(SecondFactorTest, TokensAskForItAsWell) {
  enrol();
  const std::string base =
      std::string(R"({"username":"ann","token":true,"password":")") + kGoodPassword + '"';
  EXPECT_EQ(ask(post("/api/auth/login", base + "}")).status, 401);
  EXPECT_EQ(ask(post("/api/auth/login", base + R"(,"code":")" + present_code() + R"("})")).status,
            200);
}
TEST_F(SecondFactorTest, NoCodeWorksTwiceNotEvenInParallelOrAfterARestart) {
  enrol();
  const std::string code = present_code();
  Ask twice = AccountsFixture::login("ann");
  twice.body.insert(twice.body.size() - 1, R"(,"code":")" + code + '"');
  std::optional<net::Response> first, second;
  send(twice, first);
  send(twice, second);
  ASSERT_TRUE(loop.run_until([&] { return first && second; }));
  EXPECT_EQ(std::min(first->status, second->status), 200);
  EXPECT_EQ(std::max(first->status, second->status), 401);
  stop();
  start();
  EXPECT_EQ(log_in(code).status, 401);
  clock.advance(30s);
  EXPECT_EQ(log_in(present_code()).status, 200);
}
TEST_F(SecondFactorTest, RecoveryCodeWorksOnce) {
  enrol();
  ASSERT_EQ(codes.size(), kRecoveryCodes);
  EXPECT_EQ(log_in(codes[3]).status, 200);
  EXPECT_EQ(log_in(codes[3]).status, 401);
  stop();
  start();
  EXPECT_EQ(log_in(codes[3]).status, 401);
  EXPECT_EQ(log_in(codes[4]).status, 200);
}
TEST_F(SecondFactorTest, CodesAreCountedOnTheServer) {
  enrol();
  for (int i = 0; i < 5; ++i) ASSERT_EQ(log_in(wrong_code(), "10.0.0.66").status, 401);
  const auto answer = log_in(present_code(), "10.0.0.66");
  EXPECT_EQ(answer.status, 429) << "even the right one";
  EXPECT_EQ(header(answer, "Retry-After"), "60");
  EXPECT_EQ(log_in(present_code(), "10.0.0.9").status, 200) << "the owner elsewhere";
}
TEST_F(SecondFactorTest, ThiefWithManyAddressesIsBoundedByTheAccount) {
  enrol();
  int judged = 0;
  for (int i = 0; i < 60; ++i) {
    judged += log_in(wrong_code(), "10.0.1." + std::to_string(i)).status == 401 ? 1 : 0;
  }
  EXPECT_EQ(judged, 10);
}
TEST_F(SecondFactorTest, DisablingNeedsPasswordAndCode) {
  enrol();
  EXPECT_EQ(ask(post("/api/auth/2fa/disable", with_password(wrong_code()), cookie)).status, 403);
  EXPECT_EQ(log_in("").status, 401);
  EXPECT_EQ(ask(post("/api/auth/2fa/disable", with_password(codes[0]), cookie)).status, 204);
  EXPECT_EQ(log_in("").status, 200);
  EXPECT_EQ(audited("2fa.begin"), 1);
  EXPECT_EQ(audited("2fa.enable"), 1);
  EXPECT_EQ(audited("2fa.disable"), 1);
}
TEST_F(SecondFactorTest, EnrollingAgainCannotReplaceAConfirmedOne) {
  enrol();
  EXPECT_EQ(ask(post("/api/auth/2fa", with_password(), cookie)).status, 409);
  EXPECT_EQ(confirm(present_code()).status, 409);
}
TEST_F(SecondFactorTest, NewRecoveryCodesVoidTheOldOnes) {
  enrol();
  const auto renewed =
      ask(post("/api/auth/2fa/recovery-codes", with_password(present_code()), cookie));
  ASSERT_EQ(renewed.status, 200) << renewed.body;
  EXPECT_EQ(log_in(codes[0]).status, 401);
  const auto fresh = json_of(renewed).find("recovery_codes")->as_array()[0].as_string();
  EXPECT_EQ(log_in(fresh).status, 200);
  EXPECT_EQ(log_in(present_code()).status, 401) << "the step was used up by the renewal";
}
TEST_F(SecondFactorTest, AdminTakesItFromAnotherWhoLostIt) {
  enrol();
  const std::string ann = service->users().by_name("ann")->id;
  EXPECT_EQ(
      ask({.method = net::Method::del, .path = "/api/users/" + ann + "/2fa", .uid = 0}).status,
      204);
  EXPECT_EQ(log_in("").status, 200);
  EXPECT_EQ(
      ask({.method = net::Method::del, .path = "/api/users/" + ann + "/2fa", .cookie = cookie})
          .status,
      403)
      << "one's own is not taken without a code";
}
TEST_F(SecondFactorTest, SecretIsNotReadableInTheDatabase) {
  enrol();
  settle();
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    std::ostringstream bytes;
    bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    EXPECT_EQ(bytes.str().find(secret), std::string::npos) << entry.path();
    EXPECT_EQ(bytes.str().find(base32(secret)), std::string::npos) << entry.path();
    EXPECT_EQ(bytes.str().find(codes[0]), std::string::npos) << entry.path();
  }
}
TEST_F(SecondFactorTest, LostKeyFileLeavesTheRecoveryCodes) {
  enrol();
  stop();
  std::filesystem::remove(dir / "accounts.key");
  start();
  EXPECT_EQ(log_in(present_code()).status, 401);
  EXPECT_EQ(log_in(codes[0]).status, 200);
}

}  // namespace
}  // namespace gk::accounts
