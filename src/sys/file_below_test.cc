#include "sys/file_below.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "testing/temp_dir.h"

namespace gk::sys {
namespace {

class ConfinedDirTest : public testing::Test {
 protected:
  ConfinedDirTest() {
    EXPECT_TRUE(make_private_dir(dir / "in/deep"));
    EXPECT_TRUE(replace_file(dir / "secret", "outside"));
    EXPECT_TRUE(replace_file(dir / "in/deep/f", "inside"));
  }
  ConfinedDir confined() { return ConfinedDir::open(dir / "in").value(); }
  Errc refusal(std::string_view name) { return confined().read_file(name, 100).error().code; }
  TempDir dir;
};

TEST_F(ConfinedDirTest, ReadsBelow) {
  EXPECT_EQ(confined().read_file("deep/f", 100).value(), "inside");
}

TEST_F(ConfinedDirTest, RefusesToClimbOut) {
  EXPECT_EQ(refusal("../secret"), Errc::permission_denied);
  EXPECT_EQ(refusal("deep/../../secret"), Errc::permission_denied);
  EXPECT_EQ(refusal(dir / "secret"), Errc::permission_denied);
}

TEST_F(ConfinedDirTest, RefusesSymbolicLinksAtTheEndAndOnTheWay) {
  ASSERT_EQ(::symlink("../secret", (dir / "in/link").c_str()), 0);
  ASSERT_EQ(::symlink("..", (dir / "in/up").c_str()), 0);
  ASSERT_EQ(::symlink("deep", (dir / "in/harmless").c_str()), 0);
  EXPECT_EQ(refusal("link"), Errc::permission_denied);
  EXPECT_EQ(refusal("up/secret"), Errc::permission_denied);
  EXPECT_EQ(refusal("harmless/f"), Errc::permission_denied);
}

TEST_F(ConfinedDirTest, RefusesWhatIsNotARegularFile) {
  ASSERT_EQ(::mkfifo((dir / "in/fifo").c_str(), 0600), 0);
  EXPECT_EQ(refusal("deep"), Errc::failed_precondition);
  EXPECT_EQ(refusal("fifo"), Errc::failed_precondition) << "and does not wait for its writer";
}

TEST_F(ConfinedDirTest, RefusesANameWithANulByte) {
  EXPECT_FALSE(confined().read_file(std::string_view("deep/f\0x", 8), 100));
}

TEST_F(ConfinedDirTest, CreatesNewFilesOnlyOnceAndPrivately) {
  ASSERT_TRUE(confined().open_file("new", BelowMode::create_new));
  EXPECT_EQ(confined().open_file("new", BelowMode::create_new).error().code, Errc::already_exists);
  struct stat st{};
  ASSERT_EQ(::stat((dir / "in/new").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777U, 0600U);
}

TEST_F(ConfinedDirTest, AppendsAtTheEnd) {
  const Fd fd = confined().open_file("deep/f", BelowMode::append).value();
  ASSERT_EQ(::write(fd.get(), "!", 1), 1);
  EXPECT_EQ(confined().read_file("deep/f", 100).value(), "inside!");
}

TEST_F(ConfinedDirTest, ReplacesAndRemovesFilesPrivately) {
  ASSERT_TRUE(confined().replace_file("deep/f", "new"));
  ASSERT_TRUE(confined().replace_file("other", "x"));
  EXPECT_EQ(confined().read_file("deep/f", 100).value(), "new");
  struct stat st{};
  ASSERT_EQ(::stat((dir / "in/other").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777U, 0600U);
  ASSERT_TRUE(confined().remove_file("other"));
  ASSERT_TRUE(confined().remove_file("other")) << "once is as good as twice";
  EXPECT_EQ(refusal("other"), Errc::not_found);
  EXPECT_EQ(list_dir(dir / "in", 10).value(), std::vector<std::string>{"deep"});
}

TEST_F(ConfinedDirTest, WritesNeitherOutsideNorOverWhatIsNoFile) {
  ASSERT_EQ(::symlink("../secret", (dir / "in/link").c_str()), 0);
  ASSERT_EQ(::symlink("..", (dir / "in/up").c_str()), 0);
  for (const std::string& name : {std::string("../secret"), std::string("deep/../../secret"),
                                  std::string("up/secret"), dir / "secret"}) {
    EXPECT_EQ(confined().replace_file(name, "x").error().code, Errc::permission_denied) << name;
    EXPECT_EQ(confined().remove_file(name).error().code, Errc::permission_denied) << name;
  }
  EXPECT_EQ(confined().replace_file("link", "x").error().code, Errc::failed_precondition);
  EXPECT_EQ(confined().remove_file("deep").error().code, Errc::failed_precondition);
  for (const char* name : {"", ".", "..", "deep/", "deep/..", "/f"}) {
    EXPECT_FALSE(confined().replace_file(name, "x")) << name;
  }
  EXPECT_EQ(confined().replace_file("none/f", "x").error().code, Errc::not_found);
  EXPECT_EQ(read_file(dir / "secret", 100).value(), "outside");
}

TEST_F(ConfinedDirTest, WhatACrashLeftIsTakenAwayByTheNextWrite) {
  for (const char* name : {"in/a.gk-tmp", "in/b.gk-tmp"})
    ASSERT_TRUE(replace_file(dir / name, "x"));
  ASSERT_TRUE(confined().replace_file("a", "new"));
  ASSERT_TRUE(confined().remove_file("b"));
  EXPECT_EQ(list_dir(dir / "in", 10).value(), (std::vector<std::string>{"a", "deep"}));
}

}  // namespace
}  // namespace gk::sys
