#include "sys/paths.h"

#include <gtest/gtest.h>

#include <fstream>

#include "testing/temp_dir.h"

namespace gk::sys {
namespace {

TEST(ClientDataDir, IsTheServicesOnlyWhenNothingOfOnesOwnIsThere) {
  const TempDir own, service;
  EXPECT_EQ(client_data_dir(own.path(), service.path()), own.path());
  std::ofstream(socket_path(service.path()));
  EXPECT_EQ(client_data_dir(own.path(), service.path()), service.path());
  std::ofstream(socket_path(own.path()));
  EXPECT_EQ(client_data_dir(own.path(), service.path()), own.path());
}

TEST(ClientDataDir, IsTheStoppedServicesWhenOnlyThatHasData) {
  const TempDir own, service;
  std::ofstream(service.path() / "state.db");
  EXPECT_EQ(client_data_dir(own.path(), service.path()), service.path());
  std::ofstream(own.path() / "state.db");
  EXPECT_EQ(client_data_dir(own.path(), service.path()), own.path());
}

TEST(HelperPath, IsBesideTheProgramWhenNoPackageHasIt) {
  EXPECT_EQ(helper_path("no-such-helper"), program_dir() + "/no-such-helper");
  const std::string self = program_dir() + "/sys_tests";
  EXPECT_EQ(helper_path("sys_tests"), self);
}

}  // namespace
}  // namespace gk::sys
