// file_system.h: refuses to keep data where locks and mmap do not work.
//
// SQLite's WAL needs shared memory and working locks; on NFS, SMB and their like both fail
// silently and the database is lost.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gamekeeper/result.h"

namespace gk::sys {

/// The name of a network file system, or nothing for a local one.
/// `type` is statfs(2)'s f_type; `mount_type` the type in /proc/self/mountinfo, which tells FUSE
/// file systems apart ("fuse.sshfs").
std::optional<std::string> network_file_system(std::uint64_t type, std::string_view mount_type);

/// Succeeds when `path` (a file or directory that exists) is on a local file system.
/// Errors: failed_precondition (a network file system: says which), as file_error().
/// Cost: two system calls; reads /proc/self/mountinfo for FUSE only.
Result<void> require_local_file_system(const std::string& path);

}  // namespace gk::sys
