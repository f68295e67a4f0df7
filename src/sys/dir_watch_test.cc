#include "sys/dir_watch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace gk::sys {
namespace {

class DirWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    path = testing::TempDir() + "/gk-dir-watch-XXXXXX";
    ASSERT_NE(::mkdtemp(path.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(path); }
  void write(const std::string& name) const { std::ofstream(path + "/" + name) << "{}"; }
  std::string path;
};

TEST_F(DirWatchTest, TellsWhatWasWrittenMovedHereAndRemoved) {
  const auto watch = DirWatch::open(path);
  ASSERT_TRUE(watch) << watch.error().message;
  EXPECT_TRUE(watch->changed().empty());
  write("a");
  write("draft");
  std::filesystem::rename(path + "/draft", path + "/b");
  std::filesystem::remove(path + "/a");
  std::vector<std::string> told;
  for (const auto& change : watch->changed())
    told.push_back((change.gone ? "-" : "+") + change.name);
  EXPECT_EQ(told, (std::vector<std::string>{"+a", "+draft", "-draft", "+b", "-a"}));
  EXPECT_TRUE(watch->changed().empty()) << "told once";
}

TEST_F(DirWatchTest, SaysWhichDirectoryIsMissing) {
  const auto watch = DirWatch::open(path + "/none");
  ASSERT_FALSE(watch);
  EXPECT_EQ(watch.error().code, Errc::not_found);
  EXPECT_NE(watch.error().message.find("/none"), std::string::npos);
}

}  // namespace
}  // namespace gk::sys
