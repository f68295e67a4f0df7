#include "tls/rules/admission.h"

#include <gtest/gtest.h>

namespace gk::tls {
namespace {

TEST(Admission, RefusesTheNewestOfOneAddressAndNobodyElse) {
  Admission gate({.max_connections = 10, .max_per_address = 2});
  EXPECT_TRUE(gate.enter("192.0.2.1"));
  EXPECT_TRUE(gate.enter("192.0.2.1"));
  EXPECT_FALSE(gate.enter("192.0.2.1"));
  EXPECT_TRUE(gate.enter("192.0.2.2"));
}

TEST(Admission, RefusesTheNewestOverTheTotal) {
  Admission gate({.max_connections = 2, .max_per_address = 2});
  EXPECT_TRUE(gate.enter("192.0.2.1"));
  EXPECT_TRUE(gate.enter("192.0.2.2"));
  EXPECT_FALSE(gate.enter("192.0.2.3"));
  EXPECT_EQ(gate.total(), 2u);
}

TEST(Admission, GivesPlacesBack) {
  Admission gate({.max_connections = 1, .max_per_address = 1});
  ASSERT_TRUE(gate.enter("192.0.2.1"));
  gate.leave("192.0.2.1");
  EXPECT_TRUE(gate.enter("192.0.2.1"));
  gate.leave("192.0.2.9");
  EXPECT_EQ(gate.total(), 1u) << "who was not there gives nothing back";
}

TEST(Admission, LimitsNoProxyButByTheTotal) {
  Admission gate({.max_connections = 3, .max_per_address = 1, .unlimited = {"192.0.2.1"}});
  EXPECT_TRUE(gate.enter("192.0.2.1"));
  EXPECT_TRUE(gate.enter("192.0.2.1"));
  EXPECT_TRUE(gate.enter("192.0.2.1"));
  EXPECT_FALSE(gate.enter("192.0.2.1"));
}

}  // namespace
}  // namespace gk::tls
