// fault_vfs.h: a shim between SQLite and the file system that counts, fails and records.
//
// Three uses: a bench counts the disk syncs of a commit; a fault test makes the n-th write or sync
// fail; a power-loss test records what was written and synced, and rebuilds the files as a disk
// that lost its cache at any moment could hold them. Files still are real files.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/random.h"
#include "gamekeeper/result.h"

namespace gk::store {

enum class FileCall : std::uint8_t { write, sync };
enum class Fault : std::uint8_t { io_error, disk_full };

/// Registered with SQLite under `name` while it lives; give the name in OpenOptions::vfs.
/// Requires: outlives the databases that use it.
/// Thread:   safe.
class FaultVfs {
 public:
  explicit FaultVfs(std::string name);
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;
  const std::string& name() const;

  struct Counts {
    std::uint64_t writes = 0;
    std::uint64_t syncs = 0;
    std::uint64_t faults = 0;  ///< Calls that were made to fail.
  };
  Counts counts() const;

  /// Lets `skip` calls of this kind succeed from now on, then fails the next `times`.
  void fail(FileCall call, Fault fault, std::uint64_t skip, std::uint64_t times);
  /// No further call fails.
  void heal();

  /// Keeps every write, truncation and sync from now on; what the database `path` and its WAL hold
  /// now counts as on disk. Call when no transaction runs.
  /// Errors: as sys::read_file().
  Result<void> record(const std::string& path);
  /// How many operations have been recorded.
  std::uint64_t recorded() const;
  /// Writes the files of the database `path` as `<to>` and `<to>-wal`, as they may be after a power
  /// loss behind the first `cut` operations: all that was synced, and of each later write all,
  /// nothing or some first sectors, by chance.
  Result<void> power_loss_image(const std::string& path, std::uint64_t cut, Random& random,
                                const std::string& to) const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace gk::store
