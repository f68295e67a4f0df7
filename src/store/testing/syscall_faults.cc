#include "store/testing/syscall_faults.h"

#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <optional>

#include "base/assert.h"

namespace gk::store {
namespace {

// SQLite's table of system calls takes plain functions, so what they look at is global.
struct Plan {
  std::mutex mu;  // Guards what follows. A leaf.
  bool installed = false;
  Syscall call = Syscall::read;
  SyscallFault fault = SyscallFault::io_error;
  std::uint64_t skip = 0;
  std::uint64_t times = 0;
  std::uint64_t faults = 0;
};
Plan& plan() {
  static Plan the_plan;
  return the_plan;
}

std::optional<SyscallFault> planned(Syscall call) {
  Plan& p = plan();
  const std::lock_guard lock(p.mu);
  if (p.call != call || p.times == 0) return std::nullopt;
  if (p.skip > 0) {
    --p.skip;
    return std::nullopt;
  }
  --p.times;
  ++p.faults;
  return p.fault;
}

/// Sets errno and returns -1, or shortens `size`.
ssize_t fail_or_shorten(SyscallFault fault, std::size_t& size) {
  switch (fault) {
    case SyscallFault::io_error: errno = EIO; return -1;
    case SyscallFault::disk_full: errno = ENOSPC; return -1;
    case SyscallFault::interrupted: errno = EINTR; return -1;
    case SyscallFault::partial: break;
  }
  size = size > 1 ? size / 2 : size;
  return 0;
}

ssize_t faulty_pread(int fd, void* to, std::size_t size, off_t at) {
  if (const auto fault = planned(Syscall::read); fault && fail_or_shorten(*fault, size) < 0) {
    return -1;
  }
  return ::pread(fd, to, size, at);
}

ssize_t faulty_pwrite(int fd, const void* from, std::size_t size, off_t at) {
  if (const auto fault = planned(Syscall::write); fault && fail_or_shorten(*fault, size) < 0) {
    return -1;
  }
  return ::pwrite(fd, from, size, at);
}

struct Replacement {
  const char* name;
  sqlite3_syscall_ptr function;
};
/// off_t has 64 bits here, so one function serves both names.
std::array<Replacement, 4> replacements() {
  const auto read = reinterpret_cast<sqlite3_syscall_ptr>(faulty_pread);
  const auto write = reinterpret_cast<sqlite3_syscall_ptr>(faulty_pwrite);
  return {{{"pread", read}, {"pread64", read}, {"pwrite", write}, {"pwrite64", write}}};
}

}  // namespace

SyscallFaults::SyscallFaults() {
  static_assert(sizeof(off_t) == 8);
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  GK_ASSERT(vfs != nullptr && vfs->iVersion >= 3);  // Every SQLite since 3.7.6.
  GK_ASSERT(!plan().installed);                     // Only one may live.
  plan().installed = true;
  plan().faults = 0;
  for (const auto& [name, function] : replacements()) {
    if (vfs->xGetSystemCall(vfs, name) != nullptr) vfs->xSetSystemCall(vfs, name, function);
  }
}

SyscallFaults::~SyscallFaults() {
  heal();
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  for (const auto& [name, function] : replacements()) {
    if (vfs->xGetSystemCall(vfs, name) != nullptr) vfs->xSetSystemCall(vfs, name, nullptr);
  }
  plan().installed = false;
}

void SyscallFaults::fail(Syscall call, SyscallFault fault, std::uint64_t skip,
                         std::uint64_t times) {
  Plan& p = plan();
  const std::lock_guard lock(p.mu);
  p.call = call;
  p.fault = fault;
  p.skip = skip;
  p.times = times;
}

void SyscallFaults::heal() {
  const std::lock_guard lock(plan().mu);
  plan().times = 0;
}

std::uint64_t SyscallFaults::faults() const {
  const std::lock_guard lock(plan().mu);
  return plan().faults;
}

}  // namespace gk::store
