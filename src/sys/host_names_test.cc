#include "sys/host_names.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gk::sys {
namespace {

TEST(OwnHostNames, HoldsLoopbackNamesWithoutPortsOrBrackets) {
  const auto names = own_host_names();
  const auto has = [&](const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  EXPECT_TRUE(has("localhost"));
  EXPECT_TRUE(has("127.0.0.1"));
  EXPECT_TRUE(has("::1"));
  EXPECT_TRUE(std::none_of(names.begin(), names.end(), [](const std::string& name) {
    return name.empty() || name.find_first_of("[]%/") != std::string::npos;
  }));
}

}  // namespace
}  // namespace gk::sys
