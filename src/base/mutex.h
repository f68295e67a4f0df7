// mutex.h: the only mutex. Annotated for clang's thread-safety analysis, and ranked: a thread may
// lock only mutexes of increasing rank, which debug builds assert, so a lock cycle cannot hide.

#pragma once

#include <cstdint>
#include <mutex>

#if defined(__clang__)
#define GK_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define GK_THREAD_ANNOTATION(x)
#endif
#define GK_CAPABILITY(x) GK_THREAD_ANNOTATION(capability(x))
#define GK_SCOPED_CAPABILITY GK_THREAD_ANNOTATION(scoped_lockable)
#define GK_GUARDED_BY(x) GK_THREAD_ANNOTATION(guarded_by(x))
#define GK_REQUIRES(...) GK_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define GK_ACQUIRE(...) GK_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define GK_RELEASE(...) GK_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define GK_EXCLUDES(...) GK_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace gk {

/// Lower ranks are locked first. A callback is never called with any of them held.
enum class MutexRank : std::uint8_t { service = 10, queue = 20, pool = 30, store = 40, leaf = 90 };

/// A mutex with a rank.
/// Thread: safe.
class GK_CAPABILITY("mutex") Mutex {
 public:
  explicit Mutex(MutexRank rank) : rank_(rank) {}
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() GK_ACQUIRE();
  void unlock() GK_RELEASE();
  /// For std::condition_variable_any and tests only.
  MutexRank rank() const { return rank_; }

 private:
  std::mutex mu_;
  const MutexRank rank_;
};

/// Holds a Mutex for a scope.
class GK_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mu) GK_ACQUIRE(mu) : mu_(mu) { mu_.lock(); }
  ~MutexLock() GK_RELEASE() { mu_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mu_;
};

}  // namespace gk
