// late_fd.h: a descriptor whose close may block, closed on a thread that nobody waits for.

#pragma once

#include <memory>
#include <utility>

#include "base/worker_pool.h"
#include "sys/files.h"

namespace gk::sys {

/// Owns a descriptor; without a pool it is closed where the owner ends, as Fd does.
/// Thread: compatible; the close runs on the pool.
class LateFd {
 public:
  LateFd() = default;
  explicit LateFd(Fd fd) : fd_(std::move(fd)) {}
  LateFd(LateFd&&) noexcept = default;
  LateFd& operator=(LateFd&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = std::move(other.fd_);
      pool_ = std::move(other.pool_);
    }
    return *this;
  }
  ~LateFd() { close(); }

  /// From now on `pool` closes it; if its queue is full, the owner's end.
  void close_on(std::shared_ptr<WorkerPool> pool) { pool_ = std::move(pool); }
  explicit operator bool() const { return static_cast<bool>(fd_); }

 private:
  void close() {
    if (!fd_) return;
    if (pool_ == nullptr) return fd_.reset();
    // A std::function must be copyable: the descriptor is shared with nobody.
    (void)pool_->post([fd = std::make_shared<Fd>(std::move(fd_))] {});
  }

  Fd fd_;
  std::shared_ptr<WorkerPool> pool_;
};

}  // namespace gk::sys
