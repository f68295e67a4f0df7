#include "gamekeeper/arbiter_c.h"

#include <gtest/gtest.h>

#include <string>

namespace {

int append(void* user, uint64_t token, const void* bytes, size_t size) {
  auto* out = static_cast<std::string*>(user);
  out->append(static_cast<const char*>(bytes), size).append(":" + std::to_string(token) + " ");
  return 0;
}

TEST(ArbiterC, GrantsSendsSharesAndReleases) {
  gk_arbiter* arbiter = gk_arbiter_create();
  ASSERT_NE(arbiter, nullptr);
  uint64_t lane = 0, actor = 0;
  ASSERT_EQ(gk_arbiter_add_lane(arbiter, "character", 0, 30'000'000'000, 41, &lane), 0);
  ASSERT_EQ(gk_arbiter_set_actor(arbiter, "fisher", nullptr, 60, &actor), 0);
  std::string sent;
  ASSERT_EQ(gk_arbiter_set_sink(arbiter, lane, append, &sent), 0);
  gk_grant *grant = nullptr, *share = nullptr, *rival = nullptr;
  ASSERT_EQ(gk_arbiter_acquire(arbiter, lane, actor, 1'000'000'000, &grant), 0);
  EXPECT_EQ(gk_grant_token(grant), 42U);
  EXPECT_EQ(gk_grant_send(grant, "use", 3), 0);
  EXPECT_NE(gk_arbiter_acquire(arbiter, lane, actor, 0, &rival), 0);
  EXPECT_STREQ(gk_last_error(), "the lane cannot start this now");
  ASSERT_EQ(gk_grant_sub(grant, &share), 0);
  int64_t expires = 0;
  EXPECT_EQ(gk_grant_renew(share, &expires), 0);
  EXPECT_GT(expires, 0);
  gk_grant_release(grant);
  gk_lane_status status;
  ASSERT_EQ(gk_arbiter_status(arbiter, lane, &status), 0);
  EXPECT_EQ(status.holder, actor);
  gk_grant_release(share);
  EXPECT_EQ(sent, "use:42 ");
  EXPECT_NE(gk_arbiter_status(arbiter, 99, &status), 0);
  gk_arbiter_destroy(arbiter);
}

TEST(ArbiterC, SaysWhatIsWrongWithAnArgument) {
  gk_arbiter* arbiter = gk_arbiter_create();
  uint64_t lane = 0;
  EXPECT_EQ(gk_arbiter_add_lane(arbiter, "a", -1, 1'000'000, 0, &lane), 1);
  EXPECT_STREQ(gk_last_error(), "switch_gap must be in [0, 60 s]");
  EXPECT_EQ(gk_arbiter_add_lane(arbiter, nullptr, 0, 1'000'000, 0, &lane), 1);
  gk_arbiter_destroy(arbiter);
}

}  // namespace
