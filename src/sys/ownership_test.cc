#include "sys/ownership.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "testing/temp_dir.h"

namespace gk::sys {
namespace {

constexpr uid_t kNobody = 65534;

class OwnershipTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    std::filesystem::create_directories(dir / "data/config");
    write("data/state.db");
    write("data/config/gamekeeper.toml");
    write("elsewhere");
    ASSERT_EQ(::chown((dir / "data").c_str(), kNobody, kNobody), 0);
  }
  void write(const std::string& name) { std::ofstream(dir / name) << "x"; }
  uid_t owner(const std::string& name) {
    struct stat state{};
    EXPECT_EQ(::lstat((dir / name).c_str(), &state), 0) << name;
    return state.st_uid;
  }
  TempDir dir;
};

TEST_F(OwnershipTest, GivesFilesAndFoldersOfRootToTheFoldersOwner) {
  ASSERT_TRUE(give_to_owner_of(dir / "data"));
  EXPECT_EQ(owner("data/state.db"), kNobody);
  EXPECT_EQ(owner("data/config"), kNobody);
  EXPECT_EQ(owner("data/config/gamekeeper.toml"), kNobody);
}

TEST_F(OwnershipTest, LeavesWhatIsBehindALinkOrHasAnotherName) {
  std::filesystem::create_symlink(dir / "elsewhere", dir / "data/link");
  write("shared");
  std::filesystem::create_hard_link(dir / "shared", dir / "data/hard");
  ASSERT_TRUE(give_to_owner_of(dir / "data"));
  EXPECT_EQ(owner("elsewhere"), 0U);
  EXPECT_EQ(owner("data/link"), 0U);
  EXPECT_EQ(owner("shared"), 0U);
}

TEST_F(OwnershipTest, DoesNothingInAFolderOfRoot) {
  ASSERT_EQ(::chown((dir / "data").c_str(), 0, 0), 0);
  ASSERT_EQ(::chown((dir / "data/state.db").c_str(), 1, 1), 0);
  ASSERT_TRUE(give_to_owner_of(dir / "data"));
  EXPECT_EQ(owner("data/state.db"), 1U);
  EXPECT_EQ(owner("data/config"), 0U);
}

}  // namespace
}  // namespace gk::sys
