#include "sys/file_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "testing/temp_dir.h"

namespace gk::sys {
namespace {

TEST(DirLock, SecondHolderIsRefusedAndToldThePidAndTheDirectory) {
  const TempDir dir;
  const auto held = DirLock::acquire(dir.path());
  ASSERT_TRUE(held) << held.error().message;
  const auto second = DirLock::acquire(dir.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::failed_precondition);
  EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos);
  EXPECT_NE(second.error().message.find(dir.path().string()), std::string::npos);
}

TEST(DirLock, IsFreeAgainAfterItsHolder) {
  const TempDir dir;
  {
    const auto held = DirLock::acquire(dir.path()).value();
  }
  EXPECT_TRUE(DirLock::acquire(dir.path()));
}

TEST(DirLock, MessageDoesNotQuoteAForeignLockFile) {
  const TempDir dir;
  const auto held = DirLock::acquire(dir.path());
  ASSERT_TRUE(replace_file(dir / "other", ""));
  ASSERT_EQ(::truncate((dir / "gamekeeper.lock").c_str(), 0), 0);
  EXPECT_NE(DirLock::acquire(dir.path()).error().message.find("another process"),
            std::string::npos);
}

}  // namespace
}  // namespace gk::sys
