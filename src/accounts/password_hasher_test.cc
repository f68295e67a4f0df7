#include "accounts/password_hasher.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <optional>

#include "accounts/service_fixture_test.h"

namespace gk::accounts {
namespace {

class PasswordHasherTest : public testing::Test {
 protected:
  Result<std::string> hash(const std::string& password) {
    std::optional<Result<std::string>> out;
    EXPECT_TRUE(hasher.hash(password, [&](Result<std::string> h) { out = std::move(h); }));
    EXPECT_TRUE(loop.run_until([&] { return out.has_value(); }));
    return *out;
  }
  PasswordVerdict verify(const std::string& password, std::optional<std::string> stored) {
    std::optional<PasswordVerdict> out;
    EXPECT_TRUE(hasher.verify(password, std::move(stored), [&](PasswordVerdict v) { out = v; }));
    EXPECT_TRUE(loop.run_until([&] { return out.has_value(); }));
    return *out;
  }
  TestLoop loop;
  Metrics metrics;
  WorkerPool pool{{.threads = 1, .max_queue = 4, .name = "gk-password"}};
  PasswordHasher hasher{pool, {}, [this](auto task) { loop.post(std::move(task)); }, metrics};
};

TEST_F(PasswordHasherTest, IsArgon2idWith19MibAndTwoPasses) {
  EXPECT_TRUE(hash("x")->starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
}
TEST_F(PasswordHasherTest, SaltsEachHash) { EXPECT_NE(*hash("x"), *hash("x")); }
TEST_F(PasswordHasherTest, TellsRightFromWrong) {
  const std::string stored = *hash("right");
  EXPECT_TRUE(verify("right", stored).right);
  EXPECT_FALSE(verify("wrong", stored).right);
  EXPECT_FALSE(verify("right", std::nullopt).right);
}
TEST_F(PasswordHasherTest, RightAtTodaysCostIsNotRenewed) {
  EXPECT_EQ(verify("right", *hash("right")).renewed, std::nullopt);
}
TEST(NobodysHash, IsWellFormedAtTheSameCost) {
  // 0: the text parses and has these parameters. Were it malformed, libsodium would refuse it in
  // no time, and the time of an answer would tell which users exist.
  const PasswordCost cost;
  EXPECT_EQ(
      crypto_pwhash_str_needs_rehash(nobodys_hash(cost).c_str(), cost.passes, cost.memory_bytes),
      0);
}

}  // namespace
}  // namespace gk::accounts
