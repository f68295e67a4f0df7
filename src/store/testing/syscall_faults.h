// syscall_faults.h: makes SQLite's own read and write system calls fail, one at a time: an error,
// an interruption, or a call that did less than it was asked. Syncs are fault_vfs.h's part.

#pragma once

#include <cstdint>

namespace gk::store {

enum class Syscall : std::uint8_t { read, write };
enum class SyscallFault : std::uint8_t {
  io_error,     ///< EIO
  disk_full,    ///< ENOSPC
  interrupted,  ///< EINTR
  partial,      ///< Does the first half only.
};

/// Stands between SQLite's default VFS and the kernel while it lives. Only one may live.
/// Thread: safe.
class SyscallFaults {
 public:
  SyscallFaults();
  ~SyscallFaults();
  SyscallFaults(const SyscallFaults&) = delete;
  SyscallFaults& operator=(const SyscallFaults&) = delete;

  /// Lets `skip` calls of this kind through from now on, then fails the next `times`.
  void fail(Syscall call, SyscallFault fault, std::uint64_t skip, std::uint64_t times);
  /// No further call fails.
  void heal();
  /// Calls that were made to fail.
  std::uint64_t faults() const;
};

}  // namespace gk::store
