// arbiter.h: one at a time, highest priority first, from any thread.
//
// Modules that drive the same character or server ask for its lane and act while they hold the
// grant. Unlike a mutex with a priority field it compares priorities, ages, keeps a quiet gap when
// the group changes, ends a hung grant, and refuses bytes of a grant that has ended. Not here:
// other processes (the daemon's socket) and lanes over the network. Rules, bounds and proofs:
// docs/arbiter.md.
//
//   auto arbiter = gk::Arbiter::create({}).value();
//   const auto lane = arbiter->add_lane("character", {}).value();
//   if (auto grant = arbiter->acquire(lane, arbiter->actor("fisher").value())) {
//     (void)grant->send(bytes);  // refused once the grant has ended
//   }                            // released here

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/arbiter_types.h"
#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk {

namespace arbiter {
class Gate;
}

/// The right to act on one lane, or a share of it. Ends when destroyed.
///
/// Thread:   compatible; different handles may be used by different threads.
/// Requires: the Arbiter outlives it.
class Grant {
 public:
  Grant() = default;  ///< Holds nothing.
  Grant(Grant&& other) noexcept;
  Grant& operator=(Grant&& other) noexcept;
  ~Grant() { release(); }

  /// Whether it has not been released; the lease may have ended all the same.
  explicit operator bool() const { return gate_ != nullptr; }
  LaneId lane() const { return lane_; }
  ActorId actor() const { return actor_; }
  Token token() const { return token_; }

  /// Ends it now. The lane is free when the grant and all that came from sub() have ended.
  void release();
  /// Hands a share of the same grant to somebody else, with the same token.
  /// Errors: not_found (ended), resource_exhausted (max_shares).
  Result<Grant> sub();
  /// Moves the end of the lease to now + max_hold; while others wait, not past the full hold.
  /// Errors: not_found (ended), failed_precondition (others wait and the full hold is used).
  Result<MonoTime> renew();
  /// Gives `bytes` to the lane's sink. Errors: failed_precondition (ended, or no sink), the sink's.
  Result<void> send(std::span<const std::byte> bytes);

 private:
  friend class arbiter::Gate;
  arbiter::Gate* gate_ = nullptr;
  LaneId lane_;
  Token token_;
  ShareId share_;
  ActorId actor_;
  MonoTime start_{};
};

/// Decides who may act on each lane.
///
/// Thread:    safe. No call blocks but acquire(), acquire_all() and acquire_nested().
/// Cost:      acquire and release without a rival take no lock; one timer thread, asleep unless
///            a lane with rivals has something due.
/// Shutdown:  the destructor rejects all that wait. Requires: all grants have ended.
class Arbiter {
 public:
  /// Where the bytes of a lane go: called for one send at a time, with tokens that never
  /// decrease. It must not block and not call this lane again.
  using Sink = std::function<Result<void>(Token token, std::span<const std::byte> bytes)>;
  using Callback = std::function<void(Result<Grant>)>;

  /// With the actors of kKnownActors. Errors: invalid_argument (an option outside its range).
  static Result<std::unique_ptr<Arbiter>> create(const ArbiterOptions& options);
  ~Arbiter();
  Arbiter(const Arbiter&) = delete;
  Arbiter& operator=(const Arbiter&) = delete;

  /// A lane whose tokens start above `high_water`: pass high_water() of its last life, so that
  /// what was sent before a restart stays refused.
  /// Errors: invalid_argument, already_exists (name), resource_exhausted (max_lanes).
  Result<LaneId> add_lane(std::string_view name, const LaneOptions& options,
                          Token high_water = Token());
  /// Errors: invalid_argument, not_found. Applies at once.
  Result<void> set_lane(LaneId lane, const LaneOptions& options);
  Result<void> set_sink(LaneId lane, Sink sink);
  /// Adds the actor, or changes it. Errors: invalid_argument, resource_exhausted (max_actors).
  Result<ActorId> set_actor(std::string_view name, const ActorOptions& options);
  /// The actor of that name, added with default options when new. Errors: resource_exhausted.
  Result<ActorId> actor(std::string_view name);
  /// Errors: not_found.
  Result<LaneId> lane(std::string_view name) const;

  /// Waits until the lane is granted, until `deadline`, or wait_timeout from now.
  /// Errors: deadline_exceeded, cancelled, resource_exhausted (queue full), not_found.
  Result<Grant> acquire(LaneId lane, ActorId actor);
  Result<Grant> acquire(LaneId lane, ActorId actor, MonoTime deadline);
  /// All lanes or none, in ascending order of lane. Errors: as acquire(), invalid_argument.
  Result<std::vector<Grant>> acquire_all(std::span<const LaneId> lanes, ActorId actor,
                                         MonoTime deadline);
  /// For a caller that already holds `parent`. A higher or older holder may end the wait: then
  /// give up `parent` and start again.
  /// Errors: as acquire(), failed_precondition (parent ended, or the wait would close a cycle).
  Result<Grant> acquire_nested(const Grant& parent, LaneId lane, MonoTime deadline);
  /// The lane now, or nothing.
  std::optional<Grant> try_acquire(LaneId lane, ActorId actor);
  /// Calls back exactly once, from any thread, with no lock held; maybe before it returns.
  /// Errors: as acquire(), then without a callback.
  Result<TicketId> acquire_async(LaneId lane, ActorId actor, MonoTime deadline, Callback callback);
  /// Ends the wait of acquire_async(). Errors: not_found (it has ended).
  Result<void> cancel(TicketId ticket);
  /// Takes the lane from its holder, whose sends are refused from then on. Errors: not_found.
  Result<void> revoke(LaneId lane);
  /// As Grant::send(), for a holder known by its token. Errors: failed_precondition, not_found.
  Result<void> send(LaneId lane, Token token, std::span<const std::byte> bytes);

  /// A recent moment of the lane; empty for a lane that does not exist. Never waits for a lock.
  LaneStatus status(LaneId lane) const;
  /// The same. Errors: not_found.
  Result<LaneStatus> find_status(LaneId lane) const;
  /// All that wait, best first; takes the lock for a moment.
  std::vector<WaitingStatus> queue(LaneId lane);
  /// The highest token given out; store it to keep old tokens refused after a restart.
  Token high_water(LaneId lane) const;
  /// The trace as text, oldest record first.
  std::vector<std::string> trace() const;
  /// The clock of deadlines.
  MonoTime mono_now() const;

  /// The form that rooms inside Gamekeeper use.
  arbiter::Gate& gate() { return *gate_; }

 private:
  struct SystemParts;
  Arbiter(std::unique_ptr<SystemParts> parts, std::unique_ptr<arbiter::Gate> gate);

  std::unique_ptr<SystemParts> parts_;
  std::unique_ptr<arbiter::Gate> gate_;
};

}  // namespace gk
