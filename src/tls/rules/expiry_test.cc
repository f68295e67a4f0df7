#include "tls/rules/expiry.h"

#include <gtest/gtest.h>

namespace gk::tls {
namespace {

TEST(Expiry, IsADayOfUtc) {
  EXPECT_EQ(expiry_date(1'767'225'599), "2025-12-31");
  EXPECT_EQ(expiry_date(1'767'225'600), "2026-01-01");
}

}  // namespace
}  // namespace gk::tls
