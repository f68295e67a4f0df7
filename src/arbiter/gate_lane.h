// gate_lane.h: what a Gate keeps for a lane outside Core: its word, its status, its sink.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "arbiter/gate.h"

namespace gk::arbiter {

/// A queue entry as published; ages are computed when it is read.
struct SnapshotEntry {
  std::uint64_t ticket = 0;
  std::int64_t enqueued = 0;
  std::uint32_t estimate_ms = 0, bound_ms = 0;  ///< After `enqueued`; saturated.
  std::uint16_t actor = 0;
  std::uint8_t priority = 0, ready = 1;
  std::uint32_t inherited = 0;
};

/// A slow lane as published; times are nanoseconds of the monotonic clock.
struct Gate::LaneSnapshot {
  std::uint64_t token = 0;
  std::int64_t start = 0, expires = 0, cool_until = 0;
  std::uint32_t holder = 0, shares = 0, eff = 0, depth = 0;
  LaneCounters counters;
  std::uint64_t queue_size = 0;
  std::array<SnapshotEntry, kStatusQueue> queue{};
};

struct alignas(64) Gate::GateLane {
  std::atomic<std::uint64_t> word{LaneWord{}.pack()};
  std::atomic<std::uint64_t> token_base{0};  // The token's bits above LaneWord::kTokenMask.
  std::atomic<std::int64_t> last_end{0};
  std::atomic<std::int64_t> start{0};  // Of the holder whose token is start_token.
  std::atomic<std::uint64_t> start_token{0};
  std::atomic<std::int64_t> gap{0}, max_hold{0}, aging{1};
  std::atomic<std::uint64_t> first_token{0};
  Snapshot<LaneSnapshot> snapshot;
  Mutex send_mu{MutexRank::service};
  std::unique_ptr<Arbiter::Sink> sink GK_GUARDED_BY(send_mu);  // Few lanes have one.
};

/// A request that a thread or a callback waits for.
struct Gate::Waiter {
  std::atomic<std::uint32_t> done{0};
  Decision decision;
  Arbiter::Callback callback;  // Empty: a thread waits on `done` and owns this.
};

/// One visit to Core: takes the mutex, does what is due, and on the way out publishes what
/// changed, sets the timer, and then, without the mutex, wakes and calls back.
class GK_SCOPED_CAPABILITY Gate::Section {
 public:
  explicit Section(Gate& gate) GK_ACQUIRE(gate.mu_);
  ~Section() GK_RELEASE();
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;
  MonoTime now() const { return now_; }

 private:
  Gate& gate_;
  MonoTime now_;
  Woken woken_;
};

}  // namespace gk::arbiter
