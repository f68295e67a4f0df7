#include "sys/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "testing/temp_dir.h"

namespace gk::sys {
namespace {

constexpr std::size_t kPlenty = 1U << 20;

unsigned mode_of(const std::string& path) {
  struct stat st{};
  return ::stat(path.c_str(), &st) == 0 ? st.st_mode & 07777U : 0;
}

class FilesTest : public testing::Test {
 protected:
  TempDir dir;
};

TEST_F(FilesTest, ReplaceWritesTheContentPrivately) {
  ASSERT_TRUE(replace_file(dir / "key", "one"));
  ASSERT_TRUE(replace_file(dir / "key", "two"));
  EXPECT_EQ(read_file(dir / "key", kPlenty).value(), "two");
  EXPECT_EQ(mode_of(dir / "key"), 0600U);
}

TEST_F(FilesTest, ReplaceLeavesNoTemporaryFile) {
  ASSERT_TRUE(replace_file(dir / "key", "one"));
  EXPECT_EQ(list_dir(dir.path(), 10).value(), std::vector<std::string>{"key"});
}

TEST_F(FilesTest, FailedReplaceKeepsTheOldFileAndLeavesNoTemporaryFile) {
  ASSERT_TRUE(make_private_dir(dir / "key/inside"));  // A directory cannot be replaced by a file.
  const auto replaced = replace_file(dir / "key", "one");
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, Errc::failed_precondition);
  EXPECT_EQ(list_dir(dir.path(), 10).value(), std::vector<std::string>{"key"});
}

TEST_F(FilesTest, ReplaceInAMissingDirectorySaysPathAndReason) {
  const auto replaced = replace_file(dir / "nowhere/key", "one");
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, Errc::not_found);
  EXPECT_NE(replaced.error().message.find(dir / "nowhere/key"), std::string::npos);
  EXPECT_NE(replaced.error().message.find("No such file"), std::string::npos);
}

TEST_F(FilesTest, ReadRefusesOneByteMoreThanTheLimit) {
  ASSERT_TRUE(replace_file(dir / "f", "12345"));
  EXPECT_EQ(read_file(dir / "f", 5).value(), "12345");
  EXPECT_EQ(read_file(dir / "f", 4).error().code, Errc::resource_exhausted);
}

TEST_F(FilesTest, ReadOfAMissingFileIsNotFound) {
  EXPECT_EQ(read_file(dir / "f", 5).error().code, Errc::not_found);
}

TEST_F(FilesTest, EnsurePrivateFileCreatesOnce) {
  EXPECT_TRUE(ensure_private_file(dir / "f").value());
  EXPECT_FALSE(ensure_private_file(dir / "f").value());
  EXPECT_EQ(mode_of(dir / "f"), 0600U);
}

TEST_F(FilesTest, MakePrivateDirCreatesParentsAndMayBeRepeated) {
  ASSERT_TRUE(make_private_dir(dir / "a/b/c"));
  ASSERT_TRUE(make_private_dir(dir / "a/b/c/"));
  EXPECT_EQ(mode_of(dir / "a"), 0700U);
  EXPECT_EQ(mode_of(dir / "a/b/c"), 0700U);
}

TEST_F(FilesTest, MakePrivateDirClosesAnOpenDirectory) {
  ASSERT_EQ(::mkdir((dir / "open").c_str(), 0755), 0);
  ASSERT_TRUE(make_private_dir(dir / "open"));
  EXPECT_EQ(mode_of(dir / "open"), 0700U);
}

TEST_F(FilesTest, MakePrivateDirRefusesAFile) {
  ASSERT_TRUE(replace_file(dir / "f", ""));
  EXPECT_EQ(make_private_dir(dir / "f").error().code, Errc::failed_precondition);
}

TEST_F(FilesTest, ListDirIsSortedAndBounded) {
  ASSERT_TRUE(replace_file(dir / "b", ""));
  ASSERT_TRUE(replace_file(dir / "a", ""));
  EXPECT_EQ(list_dir(dir.path(), 2).value(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(list_dir(dir.path(), 1).error().code, Errc::resource_exhausted);
  EXPECT_EQ(list_dir(dir / "none", 1).error().code, Errc::not_found);
}

TEST(ParentDir, IsWhatDirnameSays) {
  EXPECT_EQ(parent_dir("/a/b"), "/a");
  EXPECT_EQ(parent_dir("/a/b/"), "/a");
  EXPECT_EQ(parent_dir("/a"), "/");
  EXPECT_EQ(parent_dir("/"), "/");
  EXPECT_EQ(parent_dir("a"), ".");
  EXPECT_EQ(parent_dir("a/b"), "a");
}

TEST(IsSafeName, AllowsLowerCaseDigitsDashAndUnderscoreUpTo64) {
  EXPECT_TRUE(is_safe_name("heal-bot_2"));
  EXPECT_TRUE(is_safe_name(std::string(64, 'a')));
  EXPECT_FALSE(is_safe_name(std::string(65, 'a')));
  EXPECT_FALSE(is_safe_name(""));
  EXPECT_FALSE(is_safe_name(".."));
  EXPECT_FALSE(is_safe_name("a/b"));
  EXPECT_FALSE(is_safe_name("Heal"));
  EXPECT_FALSE(is_safe_name("a.toml"));
  EXPECT_FALSE(is_safe_name("h\xc3\xa9"));
  EXPECT_FALSE(is_safe_name(std::string_view("a\0", 2)));
}

TEST(FileError, MapsErrnoToCodes) {
  EXPECT_EQ(file_error("open", "p", ENOSPC).code, Errc::resource_exhausted);
  EXPECT_EQ(file_error("open", "p", EACCES).code, Errc::permission_denied);
  EXPECT_EQ(file_error("open", "p", EEXIST).code, Errc::already_exists);
  EXPECT_EQ(file_error("open", "p", EIO).code, Errc::unavailable);
  EXPECT_EQ(file_error("open", "p", EIO).message, "cannot open p: Input/output error");
}

}  // namespace
}  // namespace gk::sys
