#include "sys/file_system.h"

#include <gtest/gtest.h>

#include "testing/temp_dir.h"

namespace gk::sys {
namespace {

constexpr std::uint64_t kExt4 = 0xef53, kNfs = 0x6969, kCifs = 0xff534d42, kFuse = 0x65735546;

TEST(NetworkFileSystem, NamesTheNetworkOnes) {
  EXPECT_EQ(network_file_system(kNfs, ""), "nfs");
  EXPECT_EQ(network_file_system(kCifs, ""), "cifs");
  EXPECT_EQ(network_file_system(kFuse, "fuse.sshfs"), "fuse.sshfs");
}

TEST(NetworkFileSystem, LeavesLocalOnesAlone) {
  EXPECT_EQ(network_file_system(kExt4, "ext4"), std::nullopt);
  EXPECT_EQ(network_file_system(kFuse, "fuseblk"), std::nullopt);
  EXPECT_EQ(network_file_system(kFuse, "virtiofs"), std::nullopt);
  EXPECT_EQ(network_file_system(kFuse, "fuse.fuse-overlayfs"), std::nullopt);
}

TEST(RequireLocalFileSystem, AcceptsTheTestDirectoryAndReportsAMissingOne) {
  const TempDir dir;
  EXPECT_TRUE(require_local_file_system(dir.path()));
  EXPECT_EQ(require_local_file_system(dir / "none").error().code, Errc::not_found);
}

}  // namespace
}  // namespace gk::sys
