// gate.h: Core behind a mutex, with a lock-free way past it when there is no rival.
//
// This is what gamekeeper/arbiter.h wraps; rooms inside the daemon use it with their own Clock.
// A lane is either parked (lane_word.h grants it) or slow (Core decides). The first rival, and any
// command but a plain acquire and release, makes it slow; it is parked again when nobody holds it
// or waits. Lock order: a lane's send mutex, then mu_. No callback runs under mu_.

#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <thread>

#include "arbiter/lane_word.h"
#include "arbiter/rules/core.h"
#include "arbiter/snapshot.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "gamekeeper/arbiter.h"

namespace gk::arbiter {

/// Thread: safe.
class Gate {
 public:
  /// Requires: `clock` outlives it.
  /// Errors: invalid_argument (an option outside its range).
  static Result<std::unique_ptr<Gate>> create(const ArbiterOptions& options, const Clock& clock);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // As the functions of gk::Arbiter with the same names.
  Result<LaneId> add_lane(std::string_view name, const LaneOptions& options, Token high_water);
  Result<void> set_lane(LaneId lane, const LaneOptions& options);
  /// Forgets a lane's name; its place is used again by add_lane().
  /// Errors: not_found, failed_precondition (held, or somebody waits).
  Result<void> remove_lane(LaneId lane);
  Result<void> set_sink(LaneId lane, Arbiter::Sink sink);
  Result<ActorId> set_actor(std::string_view name, const ActorOptions& options);
  Result<ActorId> actor(std::string_view name);
  Result<LaneId> lane(std::string_view name) const;
  Result<Grant> acquire(LaneId lane, ActorId actor, MonoTime deadline);
  Result<Grant> acquire_with_timeout(LaneId lane, ActorId actor, Nanos timeout);
  Result<std::vector<Grant>> acquire_all(std::span<const LaneId> lanes, ActorId actor,
                                         MonoTime deadline);
  Result<Grant> acquire_nested(const Grant& parent, LaneId lane, MonoTime deadline);
  std::optional<Grant> try_acquire(LaneId lane, ActorId actor);
  Result<TicketId> acquire_async(const Request& request, Arbiter::Callback callback);
  Result<void> cancel(TicketId ticket);
  Result<void> revoke(LaneId lane);
  Result<void> send(LaneId lane, Token token, std::span<const std::byte> bytes);
  /// Whether bytes of this grant may go out now; a refusal is counted and traced. For lanes whose
  /// sink is elsewhere.
  bool may_send(LaneId lane, Token token);
  LaneStatus status(LaneId lane) const;
  bool has_lane(LaneId lane) const { return lane_at(lane) != nullptr; }
  std::vector<WaitingStatus> queue(LaneId lane);
  Token high_water(LaneId lane) const;
  /// Told of each grant that ended without its holder's doing, from any thread, with no lock held,
  /// and before whoever got the lane next is called back. Call before the first request.
  void set_on_ended(std::function<void(const Ended&)> on_ended);
  MonoTime now() const { return clock_.mono(); }
  const ArbiterOptions& options() const { return options_; }

  /// Ends all that a dead connection or process held and waited for.
  void drop_owner(OwnerId owner);
  /// Rejects all that wait and takes no more. Safe to call twice.
  void shutdown();
  std::vector<TraceRecord> trace() const { return ring_.snapshot(); }

  // For Grant.
  void release(const Grant& grant);
  Result<Grant> sub(const Grant& grant);
  Result<MonoTime> renew(const Grant& grant);

 private:
  struct Waiter;
  struct LaneSnapshot;
  /// What to tell once the mutex is free.
  struct Woken {
    std::vector<Waiter*> waiters;
    std::vector<Ended> ended;
  };
  struct GateLane;
  class Section;

  Gate(const ArbiterOptions& options, const Clock& clock);
  GateLane* lane_at(LaneId lane) const;
  bool try_fast(GateLane& lane, LaneId id, ActorId actor, MonoTime deadline, Grant& grant);
  bool release_fast(const Grant& grant);
  bool fast_token_is_live(const GateLane& lane, Token token) const;
  Result<Decision> wait_for(const Request& request);
  Grant make_grant(const Decision& decision, std::size_t index);

  void make_slow(std::size_t index, MonoTime now) GK_REQUIRES(mu_);
  void make_slow_all(MonoTime now) GK_REQUIRES(mu_);
  void park(std::size_t index) GK_REQUIRES(mu_);
  void publish_status(std::size_t index, MonoTime now) GK_REQUIRES(mu_);
  void finish(Woken& woken, MonoTime now) GK_REQUIRES(mu_);
  void collect(Woken& woken) GK_REQUIRES(mu_);
  void wake(const Woken& woken);
  void arm_timer() GK_REQUIRES(mu_);
  void keep_options(LaneId lane) GK_REQUIRES(mu_);
  void run_timer();
  void set_fast_actor(ActorId actor, bool paced) GK_REQUIRES(mu_);
  Result<Group> group_number(const std::string& name) GK_REQUIRES(mu_);

  const ArbiterOptions options_;
  const Clock& clock_;
  TraceRing ring_;
  const std::unique_ptr<GateLane[]> lanes_;                     // max_lanes of them.
  const std::unique_ptr<std::atomic<std::uint32_t>[]> actors_;  // Group, and whether it is fast.
  std::function<void(const Ended&)> on_ended_;                  // Constant after the first request.
  std::atomic<std::size_t> lane_count_{0};
  std::atomic<std::uint32_t> blocked_{0};  // Threads inside wait_for().

  mutable Mutex mu_{MutexRank::queue};
  Core core_ GK_GUARDED_BY(mu_);
  std::vector<Waiter*> waiters_ GK_GUARDED_BY(mu_);  // By slot of the ticket.
  std::vector<std::string> lane_names_ GK_GUARDED_BY(mu_);
  std::vector<std::string> actor_names_ GK_GUARDED_BY(mu_);
  std::vector<std::string> groups_ GK_GUARDED_BY(mu_);
  std::condition_variable_any timer_wake_;
  std::thread timer_ GK_GUARDED_BY(mu_);
  MonoTime timer_at_ GK_GUARDED_BY(mu_) = MonoTime::max();
  bool stopping_ GK_GUARDED_BY(mu_) = false;
};

}  // namespace gk::arbiter
