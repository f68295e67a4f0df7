// sampler.h: the thread that looks at the machine. One immutable snapshot a tick, published without
// a lock; ticks are absolute, so they do not drift, and a missed tick is skipped and counted.

#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "gamekeeper/result.h"
#include "monitor/frame_reader.h"
#include "monitor/process_table.h"
#include "monitor/rules/external.h"
#include "monitor/rules/snapshot.h"
#include "monitor/sensors.h"

namespace gk::monitor {

// Source of the numbers: monitor specification, Sensors.
inline constexpr Nanos kMinInterval = Millis(100);
inline constexpr Nanos kMaxInterval = Seconds(60);
inline constexpr Nanos kFastInterval = Millis(100);  ///< While a macro runs.

struct SamplerOptions {
  Nanos interval = Seconds(1);  ///< [100 ms, 60 s]
  SensorOptions sensors = {};
  sys::ProcLimits processes = {};  ///< Its root is that of `sensors`, unless set.
  ExternalLimits external = {};
  std::size_t max_watched = 256;  ///< Subjects; the newest is refused. [1, 4096]
};

/// Thread: safe, except start(), stop() and sample_once().
class Sampler {
 public:
  /// Shared: the sampler keeps the newest for latest(), every reader owns what it took.
  using Published = std::shared_ptr<const Snapshot>;
  using OnSnapshot = std::function<void(Published)>;

  /// Requires: the interval is within its range (assert). The references outlive the sampler.
  Sampler(SamplerOptions options, const Clock& clock, Log& log, Metrics& metrics);
  ~Sampler();  ///< Stops.
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  /// Starts the thread, which takes the first snapshot at once. `on_snapshot` is called on it.
  /// Errors: resource_exhausted (no descriptors), failed_precondition (runs already).
  Result<void> start(OnSnapshot on_snapshot);
  void stop();
  /// Takes and publishes one snapshot on the calling thread. Requires: not started.
  Published sample_once() { return sample_once_for_test({}); }
  /// The same; `meanwhile` happens while what the games' frames say is not taken over yet.
  Published sample_once_for_test(const std::function<void()>& meanwhile);

  /// The newest snapshot; null before the first. No lock is held while the caller reads it.
  Published latest() const { return latest_.load(std::memory_order_acquire); }

  /// Errors: invalid_argument (outside [100 ms, 60 s]). Takes effect at once.
  Result<void> set_interval(Nanos interval);
  /// What is in effect: the set interval, or 100 ms while somebody holds it fast.
  Nanos interval() const;

  /// Keeps the interval at 100 ms or below while it lives. Requires: the sampler outlives it.
  class FastHold {
   public:
    FastHold() = default;
    explicit FastHold(Sampler* sampler) : sampler_(sampler) {}
    FastHold(FastHold&& other) noexcept : sampler_(std::exchange(other.sampler_, nullptr)) {}
    FastHold& operator=(FastHold&& other) noexcept {
      reset();
      sampler_ = std::exchange(other.sampler_, nullptr);
      return *this;
    }
    ~FastHold() { reset(); }
    void reset() {
      if (sampler_ != nullptr) sampler_->release_fast();
      sampler_ = nullptr;
    }

   private:
    Sampler* sampler_ = nullptr;
  };
  [[nodiscard]] FastHold hold_fast();

  /// Watches the tree of `pid` as `subject` from the next snapshot on; replaces an earlier pid.
  /// Errors: invalid_argument (pid < 1, empty subject), resource_exhausted (too many subjects).
  Result<void> watch(std::string_view subject, int pid);
  void unwatch(std::string_view subject);

  /// Hands in a value; see ExternalSignals::submit().
  Result<void> submit(std::string_view signal, double value, std::string_view subject,
                      SampleSource source, std::optional<Nanos> period = {});

  /// Reads the frames that a game counts in `memory`, a duplicate of which it keeps, with every
  /// snapshot: the rate is the signal fps of `subject`, a claim. What comes of a program that lies,
  /// hangs or has ended is unknown, with the reason.
  /// Errors: as FrameReader::add().
  Result<FrameReader::PageId> read_frames(std::string_view subject, int memory);
  /// Ends it; the rate is unknown, for `reason`. Nothing happens to another page of the subject.
  void end_frames(FrameReader::PageId page, std::string_view reason);
  /// The frames since the last call, by subject.
  FrameReader::Frames take_frames() { return frames_.take(); }

  /// Forgets the values that were handed in about a subject. True: there were some.
  bool forget(std::string_view subject);

  std::uint64_t missed_ticks() const { return missed_.load(std::memory_order_relaxed); }

 private:
  void run();
  void wake();
  void arm(Nanos interval);
  void release_fast();
  Published take(MonoTime now, const std::function<void()>& meanwhile);
  void take_rates(const std::vector<FrameReader::Rate>& rates, MonoTime now, Nanos period)
      GK_REQUIRES(mu_);
  void note_refused(const Result<void>& taken, std::string_view signal, std::string_view subject)
      GK_REQUIRES(mu_);
  void tell_of_refused(MonoTime now);

  const Clock& clock_;
  Log& log_;
  const std::size_t max_watched_;
  Histogram duration_;
  Counter missed_total_;

  std::atomic<Published> latest_;
  std::atomic<std::int64_t> interval_ns_;
  std::atomic<int> fast_holds_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> missed_{0};

  mutable Mutex mu_{MutexRank::service};  // Held while the reader of frames is asked.
  WatchList wanted_ GK_GUARDED_BY(mu_);
  bool wanted_changed_ GK_GUARDED_BY(mu_) = false;
  ExternalSignals external_ GK_GUARDED_BY(mu_);
  /// Values that no place was left for, until they are told of.
  struct Refused {
    std::uint64_t count = 0;
    std::string signal, subject, why;  // Of the last one.
  };
  Refused refused_ GK_GUARDED_BY(mu_);

  FrameReader frames_;

  // Confined to the sampler thread (or to the caller of sample_once).
  SensorTable sensors_;
  ProcessTable processes_;
  Snapshot work_;  // What sensors wrote so far; copied into each published snapshot.
  MonoTime next_refused_ = MonoTime::min();

  OnSnapshot on_snapshot_;
  const int timer_fd_, wake_fd_;  // -1: none was free; start() says so.
  std::thread thread_;
};

}  // namespace gk::monitor
