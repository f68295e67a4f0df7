#include "server/audited_routes.h"

#include <gtest/gtest.h>

namespace gk::server {
namespace {

TEST(AuditedCommand, IsKeptUnlessItMayHoldASecret) {
  EXPECT_EQ(without_secret_words("say hello there"), "say hello there");
  EXPECT_EQ(without_secret_words("sv_rcon_PASSWORD hunter2"),
            "sv_rcon_PASSWORD (not kept: may hold a secret)");
  EXPECT_EQ(without_secret_words("set token=abc"), "set (not kept: may hold a secret)");
}

}  // namespace
}  // namespace gk::server
