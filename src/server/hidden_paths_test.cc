#include "server/hidden_paths.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "testing/temp_dir.h"

namespace gk::server {
namespace {

TEST(HiddenPaths, AreTheDataAndTheSessionBus) {
  const std::vector<std::string> expected{"/data", "/run/user/" + std::to_string(::getuid())};
  EXPECT_EQ(hidden_paths("/data", {}), expected);
}

TEST(HiddenPaths, HoldTheFolderOfTheKeyAsNamedAndWhereItsLinkLeads) {
  TempDir dir;
  std::filesystem::create_directories(dir / "live");
  std::filesystem::create_directories(dir / "archive");
  std::ofstream(dir / "archive/key1.pem") << "x";
  std::filesystem::create_symlink(dir / "archive/key1.pem", dir / "live/key.pem");
  const auto paths = hidden_paths("/data", {.tls_key = dir / "live/key.pem"});
  ASSERT_EQ(paths.size(), 4u);
  EXPECT_EQ(paths[2], dir / "live");
  EXPECT_EQ(paths[3], std::filesystem::canonical(dir / "archive").string());
}

TEST(HiddenPaths, NeverHoldTheRoot) {
  EXPECT_EQ(hidden_paths("/data", {.tls_key = "/key.pem"}).back(), "/key.pem");
}

}  // namespace
}  // namespace gk::server
