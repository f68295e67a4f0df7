#include "store/testing/fault_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <vector>

#include "base/assert.h"
#include "base/try.h"
#include "sys/files.h"

namespace gk::store {
namespace {

constexpr std::size_t kSector = 512;  // Smallest piece that a disk writes whole.
constexpr std::size_t kMaxFile = 256U << 20;

enum class OpKind : std::uint8_t { write, truncate, sync };

struct Op {
  OpKind kind;
  std::uint64_t offset = 0;  // Of a write; the new size of a truncation.
  std::string data{};
  std::uint64_t at = 0;  // Position among the operations of all files.
};

/// A file as SQLite sees it: this head, then the real file's own structure.
struct ShimFile {
  sqlite3_file head;
  FaultVfs::Impl* owner;
  char path[512];  // Plain data: SQLite allocates and frees this memory.
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

ShimFile* shim(sqlite3_file* file) { return reinterpret_cast<ShimFile*>(file); }
sqlite3_file* real(sqlite3_file* file) { return shim(file)->real(); }

struct FaultPlan {
  FileCall call = FileCall::write;
  int code = 0;
  std::uint64_t skip = 0;
  std::uint64_t times = 0;
};

int code_of(FileCall call, Fault fault) {
  if (fault == Fault::disk_full) return SQLITE_FULL;
  return call == FileCall::write ? SQLITE_IOERR_WRITE : SQLITE_IOERR_FSYNC;
}

void apply(const Op& op, std::size_t keep, std::string& content) {
  if (op.kind == OpKind::truncate) content.resize(op.offset);
  if (op.kind != OpKind::write || keep == 0) return;
  content.resize(std::max(content.size(), static_cast<std::size_t>(op.offset) + keep));
  content.replace(op.offset, keep, op.data, 0, keep);
}

/// Applies an operation that was not synced: whole, not at all, or its first sectors.
void apply_by_chance(const Op& op, Random& random, std::string& content) {
  const std::uint64_t draw = random.u64() % 4;
  if (draw < 2) return;
  const bool torn = op.kind == OpKind::write && draw == 2;
  const std::size_t sectors = op.data.size() / kSector + 1;
  apply(op, torn ? std::min(op.data.size(), kSector * (random.u64() % sectors)) : op.data.size(),
        content);
}

}  // namespace

struct FaultVfs::Impl {
  std::string name;
  sqlite3_vfs vfs{};
  sqlite3_vfs* base = nullptr;
  sqlite3_io_methods methods{};
  std::atomic<std::uint64_t> writes{0}, syncs{0}, faults{0};
  std::atomic<bool> planned{false}, recording{false};

  mutable std::mutex mu;  // Guards what follows. A leaf: nothing is called with it held.
  FaultPlan plan;
  std::uint64_t position = 0;
  std::map<std::string, std::vector<Op>> ops;
  std::map<std::string, std::string> at_start;

  int planned_failure(FileCall call);
  void note(const char* path, Op op);
  std::string content_after(const std::string& path, std::uint64_t cut, Random& random) const;
};

int FaultVfs::Impl::planned_failure(FileCall call) {
  if (!planned.load(std::memory_order_relaxed)) return SQLITE_OK;
  const std::lock_guard lock(mu);
  if (plan.call != call || plan.times == 0) return SQLITE_OK;
  if (plan.skip > 0) {
    --plan.skip;
    return SQLITE_OK;
  }
  --plan.times;
  faults.fetch_add(1);
  return plan.code;
}

void FaultVfs::Impl::note(const char* path, Op op) {
  if (!recording.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mu);
  op.at = position++;
  ops[path].push_back(std::move(op));
}

std::string FaultVfs::Impl::content_after(const std::string& path, std::uint64_t cut,
                                          Random& random) const {
  const std::lock_guard lock(mu);
  const auto start = at_start.find(path);
  std::string content = start == at_start.end() ? std::string() : start->second;
  const auto found = ops.find(path);
  if (found == ops.end()) return content;
  std::uint64_t synced = 0;  // Position of the last sync before the cut.
  for (const Op& op : found->second) {
    if (op.kind == OpKind::sync && op.at < cut) synced = op.at;
  }
  for (const Op& op : found->second) {
    if (op.at >= cut) break;
    if (op.at < synced) {
      apply(op, op.data.size(), content);
    } else {
      apply_by_chance(op, random, content);
    }
  }
  return content;
}

namespace {

int shim_write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  FaultVfs::Impl& owner = *shim(file)->owner;
  owner.writes.fetch_add(1, std::memory_order_relaxed);
  if (const int code = owner.planned_failure(FileCall::write)) return code;
  const int code = real(file)->pMethods->xWrite(real(file), data, size, offset);
  if (code == SQLITE_OK) {
    owner.note(shim(file)->path,
               {OpKind::write, static_cast<std::uint64_t>(offset),
                std::string(static_cast<const char*>(data), static_cast<std::size_t>(size))});
  }
  return code;
}

int shim_sync(sqlite3_file* file, int flags) {
  FaultVfs::Impl& owner = *shim(file)->owner;
  owner.syncs.fetch_add(1, std::memory_order_relaxed);
  if (const int code = owner.planned_failure(FileCall::sync)) return code;
  const int code = real(file)->pMethods->xSync(real(file), flags);
  if (code == SQLITE_OK) owner.note(shim(file)->path, {OpKind::sync});
  return code;
}

int shim_truncate(sqlite3_file* file, sqlite3_int64 size) {
  const int code = real(file)->pMethods->xTruncate(real(file), size);
  if (code == SQLITE_OK) {
    shim(file)->owner->note(shim(file)->path, {OpKind::truncate, static_cast<std::uint64_t>(size)});
  }
  return code;
}

int shim_close(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }

/// Calls that go straight through.
sqlite3_io_methods pass_through() {
  sqlite3_io_methods m{};
  m.iVersion = 2;  // Shared memory yes, mmap no.
  m.xClose = shim_close;
  m.xWrite = shim_write;
  m.xSync = shim_sync;
  m.xTruncate = shim_truncate;
  m.xRead = [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
    return real(f)->pMethods->xRead(real(f), to, n, at);
  };
  m.xFileSize = [](sqlite3_file* f, sqlite3_int64* n) {
    return real(f)->pMethods->xFileSize(real(f), n);
  };
  m.xLock = [](sqlite3_file* f, int l) { return real(f)->pMethods->xLock(real(f), l); };
  m.xUnlock = [](sqlite3_file* f, int l) { return real(f)->pMethods->xUnlock(real(f), l); };
  m.xCheckReservedLock = [](sqlite3_file* f, int* r) {
    return real(f)->pMethods->xCheckReservedLock(real(f), r);
  };
  m.xFileControl = [](sqlite3_file* f, int op, void* arg) {
    return real(f)->pMethods->xFileControl(real(f), op, arg);
  };
  m.xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); };
  m.xDeviceCharacteristics = [](sqlite3_file* f) {
    return real(f)->pMethods->xDeviceCharacteristics(real(f));
  };
  m.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** at) {
    return real(f)->pMethods->xShmMap(real(f), page, size, extend, at);
  };
  m.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
    return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
  };
  m.xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); };
  m.xShmUnmap = [](sqlite3_file* f, int d) { return real(f)->pMethods->xShmUnmap(real(f), d); };
  return m;
}

int shim_open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  auto* owner = static_cast<FaultVfs::Impl*>(vfs->pAppData);
  ShimFile* self = shim(file);
  self->head.pMethods = nullptr;
  self->owner = owner;
  std::memset(self->path, 0, sizeof self->path);
  if (path != nullptr) std::strncpy(self->path, path, sizeof self->path - 1);
  const int code = owner->base->xOpen(owner->base, path, self->real(), flags, out_flags);
  if (self->real()->pMethods != nullptr) self->head.pMethods = &owner->methods;
  return code;
}

int shim_delete(sqlite3_vfs* vfs, const char* path, int sync_dir) {
  auto* owner = static_cast<FaultVfs::Impl*>(vfs->pAppData);
  return owner->base->xDelete(owner->base, path, sync_dir);
}

}  // namespace

FaultVfs::FaultVfs(std::string name) : impl_(std::make_unique<Impl>()) {
  impl_->name = std::move(name);
  impl_->base = sqlite3_vfs_find(nullptr);
  GK_ASSERT(impl_->base != nullptr);  // SQLite always has a default.
  impl_->methods = pass_through();
  impl_->vfs = *impl_->base;  // The other functions use none of the VFS's own data.
  impl_->vfs.pNext = nullptr;
  impl_->vfs.zName = impl_->name.c_str();
  impl_->vfs.szOsFile = static_cast<int>(sizeof(ShimFile)) + impl_->base->szOsFile;
  impl_->vfs.pAppData = impl_.get();
  impl_->vfs.xOpen = shim_open;
  impl_->vfs.xDelete = shim_delete;
  GK_ASSERT(sqlite3_vfs_register(&impl_->vfs, 0) == SQLITE_OK);  // Fails on a lack of memory only.
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(&impl_->vfs); }

const std::string& FaultVfs::name() const { return impl_->name; }

FaultVfs::Counts FaultVfs::counts() const {
  return {impl_->writes.load(), impl_->syncs.load(), impl_->faults.load()};
}

void FaultVfs::fail(FileCall call, Fault fault, std::uint64_t skip, std::uint64_t times) {
  const std::lock_guard lock(impl_->mu);
  impl_->plan = {call, code_of(call, fault), skip, times};
  impl_->planned = true;
}

void FaultVfs::heal() { impl_->planned = false; }

Result<void> FaultVfs::record(const std::string& path) {
  const std::lock_guard lock(impl_->mu);
  impl_->ops.clear();
  impl_->at_start.clear();
  impl_->position = 0;
  for (const char* suffix : {"", "-wal"}) {
    auto content = sys::read_file(path + suffix, kMaxFile);
    if (!content && content.error().code != Errc::not_found) return content.error();
    if (content) impl_->at_start[path + suffix] = std::move(*content);
  }
  impl_->recording = true;
  return {};
}

std::uint64_t FaultVfs::recorded() const {
  const std::lock_guard lock(impl_->mu);
  return impl_->position;
}

Result<void> FaultVfs::power_loss_image(const std::string& path, std::uint64_t cut, Random& random,
                                        const std::string& to) const {
  for (const char* suffix : {"", "-wal"}) {
    std::ofstream file(to + suffix, std::ios::binary | std::ios::trunc);  // Needs no sync.
    file << impl_->content_after(path + suffix, cut, random);
    if (!file.flush()) return Error{Errc::unavailable, "cannot write " + to + suffix};
  }
  return {};
}

}  // namespace gk::store
