#include "sys/file_system.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <array>
#include <cerrno>

#include "sys/files.h"

namespace gk::sys {
namespace {

struct NetworkType {
  std::uint64_t magic;
  const char* name;
};

// Source: linux/magic.h and fs/*/super.c of Linux 6.1.
constexpr std::array<NetworkType, 11> kNetworkTypes = {{
    {0x6969, "nfs"},
    {0xff534d42, "cifs"},
    {0xfe534d42, "smb2"},
    {0x517b, "smb"},
    {0x00c36400, "ceph"},
    {0x5346414f, "afs"},
    {0x6b414653, "kafs"},
    {0x73757245, "coda"},
    {0x01021997, "9p"},
    {0x0bd00bd0, "lustre"},
    {0x7461636f, "ocfs2"},
}};
constexpr std::uint64_t kFuse = 0x65735546;

/// The type of the mount with device `device`, from /proc/self/mountinfo; empty if not found.
/// A line: "36 35 98:0 /root /mount opts … - type source superopts".
std::string mount_type_of(dev_t device) {
  constexpr std::size_t kMaxMountInfo = 1U << 20;
  const auto table = read_file("/proc/self/mountinfo", kMaxMountInfo);
  if (!table) return {};
  const std::string wanted =
      " " + std::to_string(major(device)) + ":" + std::to_string(minor(device)) + " ";
  const auto entry = table->find(wanted);
  if (entry == std::string::npos) return {};
  const auto dash = table->find(" - ", entry);
  if (dash == std::string::npos) return {};
  const auto end = table->find(' ', dash + 3);
  return table->substr(dash + 3, end - dash - 3);
}

}  // namespace

std::optional<std::string> network_file_system(std::uint64_t type, std::string_view mount_type) {
  for (const auto& known : kNetworkTypes) {
    if (known.magic == type) return known.name;
  }
  // Local file systems that also live in FUSE: block devices, rootless container layers, VM shares.
  if (type == kFuse && mount_type.starts_with("fuse.") && mount_type != "fuse.fuse-overlayfs") {
    return std::string(mount_type);
  }
  return std::nullopt;
}

Result<void> require_local_file_system(const std::string& path) {
  struct statfs fs{};
  if (::statfs(path.c_str(), &fs) != 0) return file_error("inspect", path, errno);
  const auto type = static_cast<std::uint64_t>(fs.f_type) & 0xffffffffU;
  std::string mount_type;
  if (type == kFuse) {
    struct stat st{};
    if (::stat(path.c_str(), &st) != 0) return file_error("inspect", path, errno);
    mount_type = mount_type_of(st.st_dev);
  }
  const auto network = network_file_system(type, mount_type);
  if (!network) return {};
  return Error{Errc::failed_precondition,
               path + " is on a network file system (" + *network +
                   "), where a database can be lost; use a directory on a local disk"};
}

}  // namespace gk::sys
