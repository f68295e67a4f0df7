// lane_service.h: the daemon's lanes: who holds what, for HTTP callers, other processes and rooms.
//
// A Gate decides; this adds names, stored settings, tokens that outlive a kill -9, holders with an
// identity, shares of the past, and events. It never blocks: a grant comes by callback on the
// loop. Not here: sockets (lane_socket.h), routes (routes.h), what a lane is for.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "arbiter/gate.h"
#include "arbiter/service/lane_fences.h"
#include "arbiter/service/lane_settings.h"
#include "arbiter/service/lane_store.h"
#include "arbiter/service/token_reserve.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/topic.h"
#include "net/loop.h"

namespace gk {
class JsonWriter;
}

namespace gk::arbiter {

/// Source: chosen, but for what docs/arbiter.md names.
struct LaneServiceOptions {
  ArbiterOptions arbiter{.max_lanes = 256, .max_tickets = 4096, .trace_records = 16'384};
  std::uint64_t token_block = 65'536;  ///< Tokens reserved on disk at a time. [1, 2^32]
  std::string first_lane = "character";
  Nanos store_retry{Seconds(1)};  ///< Before a failed reservation is tried again.
  LaneFenceLimits fences;
};

enum class PartyKind : std::uint8_t { local, http, socket, child };

/// Who asks: a room, an HTTP caller, or a connection of another process or of the daemon's child.
struct Party {
  PartyKind kind = PartyKind::local;
  OwnerId owner;       ///< Of a socket or child: its connection; ends by drop().
  std::string user;    ///< Of an HTTP caller.
  bool admin = false;  ///< May end what others hold.
  std::optional<int> pid;
  std::optional<unsigned> uid;
  std::vector<std::string> identities;  ///< lane_identity.h: what it would share with a macro.
};

using WaitId = std::uint64_t;  ///< 0: none.

struct AcquireRequest {
  std::string lane, actor;
  Party party;
  std::optional<Nanos> timeout;  ///< Else the lane's.
  std::optional<Nanos> lease;    ///< Shorter than the lane's.
  std::string correlation_id;    ///< Of the request that waits; for the log.
};

/// A grant as its holder sees it.
struct Lease {
  std::string lane, actor;
  TicketId ticket;
  Token token;
  Nanos expires_in{0};
};

/// What happened on a lane. Each of them means that its view has changed.
struct LaneNotice {
  enum class Kind : std::uint8_t { granted, timeout, lost, changed };
  Kind kind = Kind::changed;
  std::string lane, actor;
  TicketId ticket;
  Token token;
  Nanos waited{0};
  OwnerId owner;                 ///< Of `lost`: the connection that held it.
  Reason reason = Reason::none;  ///< Of `lost`.
};

/// Thread:     loop.
/// Invariants: a token is shown only when its ceiling is on disk; a lane has at most one holder.
class LaneService {
 public:
  using Done = std::function<void(Result<void>)>;
  using Granted = std::function<void(Result<Lease>)>;

  /// Requires: loop, clock, log, metrics and store outlive it.
  /// Errors: as Gate::create(); what is stored and not valid is logged and left out.
  static Result<std::unique_ptr<LaneService>> create(const LaneServiceOptions& options,
                                                     net::Loop& loop, const Clock& clock, Log& log,
                                                     Metrics& metrics, LaneStore& store,
                                                     const StoredLanes& stored);
  ~LaneService();
  LaneService(const LaneService&) = delete;
  LaneService& operator=(const LaneService&) = delete;

  // Settings. Stored first, then in force, then `done`.
  /// Errors to `done`: as LaneStore; resource_exhausted (max_lanes), failed_precondition (a lane
  /// of that name is just being made).
  void set_lane(const std::string& lane, const LaneSettings& settings, Done done);
  /// Errors: not_found, failed_precondition (held, or somebody waits).
  void remove_lane(const std::string& lane, Done done);
  void set_module(const Module& module, Done done);
  /// A default module gets its defaults again, another is forgotten: whoever asks under its name
  /// is alone, of priority 50, and bound to no process. Its place among max_actors stays taken.
  /// Errors: not_found, failed_precondition (it holds a lane or waits for one, or it is a default
  /// of which nothing was changed).
  void remove_module(const std::string& name, Done done);
  /// Null: not found.
  const LaneSettings* settings(const std::string& lane) const;
  const Module* module(const std::string& name) const;
  const std::map<std::string, Module>& modules() const { return modules_; }

  /// Asks for a lane. `granted` is called once on the loop, maybe before this returns.
  /// Errors: not_found (lane), invalid_argument, resource_exhausted (queue, or no room for one more
  ///         actor), cancelled (ending), permission_denied (a fenced macro). Then `granted` is not
  ///         called. To it: deadline_exceeded, cancelled, unavailable (the token could not be
  ///         reserved on disk).
  Result<WaitId> acquire(const AcquireRequest& request, Granted granted);
  /// Gives up a wait; harmless when it has ended. `granted` gets `cancelled`.
  void cancel(WaitId wait);
  /// Errors: not_found (lane), failed_precondition (the grant has ended; or others wait and the
  ///         longest hold is used), permission_denied (somebody else's).
  Result<Lease> renew(const std::string& lane, Token token, const Party& party);
  Result<void> release(const std::string& lane, Token token, const Party& party);
  /// Whether an act under `token` may happen now. Errors: not_found (lane).
  Result<bool> may_act(const std::string& lane, Token token);
  /// True: somebody held it. Errors: not_found (lane).
  Result<bool> revoke(const std::string& lane, std::string_view reason, std::string_view by);
  /// A connection ended: frees all it held, cancels all it waited for. What it asked is answered
  /// before this returns; nothing is called for it afterwards.
  void drop(OwnerId owner);
  OwnerId new_owner() { return OwnerId(++last_owner_); }

  // lane_service_fence.cc: macros that ask like any other program.
  /// A macro is about to start; see LaneFences::enter().
  void enter_macro(const std::string& macro, const std::string& process,
                   const std::vector<std::string>& others);
  void take_back_macro(const std::string& macro) { fences_.take_back(macro); }
  void leave_macro(const std::string& macro) { fences_.leave(macro); }
  /// The macro is being ended: it is refused every lane, and loses what it holds and waits for.
  void fence_macro(std::string_view macro, FenceReach reach);
  /// True: somebody who has none of `identities` holds a lane or waits for one as `actor`.
  bool is_used_by_others(std::string_view actor, const std::vector<std::string>& identities) const;

  // Views, as JSON.
  std::string lanes_json();
  Result<std::string> lane_json(const std::string& lane);
  /// Holder, token, depth and times only: at most 1 KiB.
  Result<std::string> brief_json(const std::string& lane);
  std::string graph_json();
  std::string modules_json() const;
  /// Newest first.
  Result<std::string> trace_json(const std::string& lane, std::size_t limit) const;
  /// All records as numbers, with what a replay needs.
  std::string raw_trace_json() const;

  Topic<LaneNotice>& notices() { return notices_; }
  /// Rejects all that wait and takes no more.
  void shutdown();

 private:
  struct Inbox;
  struct Held;
  struct Waiting;
  struct Share;
  struct LaneState;

  LaneService(const LaneServiceOptions& options, net::Loop& loop, const Clock& clock, Log& log,
              Metrics& metrics, LaneStore& store, std::unique_ptr<Gate> gate);
  void restore(const StoredLanes& stored);
  Result<void> add_lane(const std::string& name, const LaneSettings& settings, Token start,
                        Token ceiling);
  Result<void> apply_module(const Module& module);
  Result<void> unset_module(const std::string& name);
  Result<void> check_removable(const std::string& name) const;
  LaneState* find(const std::string& lane);
  LaneState* find(LaneId id);
  Result<ActorId> actor_id(const std::string& name);

  void drain();
  void on_decision(WaitId id, Result<Grant> result);
  void on_granted(WaitId id, Waiting waiting, Grant grant);
  void on_refused(WaitId id, const Error& error);
  void on_ended(const Ended& ended);
  void deliver(LaneState& lane);
  void reserve(LaneState& lane);
  void on_stored(const std::string& lane, const Result<void>& result);
  void lose(LaneState& lane, Reason reason);
  Result<Held*> held_by(LaneState& lane, Token token, const Party& party);
  Nanos lease_left(const LaneState& lane, const Held& held) const;
  void notify(LaneNotice notice);
  void write_lane(JsonWriter& w, LaneState& lane);
  void write_queue(JsonWriter& w, LaneState& lane);
  void write_holder(JsonWriter& w, LaneState& lane, const LaneStatus& status);
  std::string actor_name(ActorId actor) const;

  const LaneServiceOptions options_;
  net::Loop& loop_;
  const Clock& clock_;
  Log& log_;
  LaneStore& store_;
  const MonoTime started_;
  const std::shared_ptr<Inbox> inbox_;  // shared: with the gate's callbacks and posted drains.
  const std::unique_ptr<Gate> gate_;
  std::map<std::string, std::unique_ptr<LaneState>> lanes_;
  std::map<std::string, Module> modules_;
  std::map<std::string, ActorId> actors_;
  std::vector<std::string> actor_names_;  // By ActorId.
  LaneFences fences_;
  std::map<WaitId, std::unique_ptr<Waiting>> waiting_;
  std::map<std::uint64_t, WaitId> tickets_;
  std::set<std::string> making_;  // Lanes on their way to the disk.
  Token floor_;
  WaitId last_wait_ = 0;
  std::uint64_t last_owner_ = 0;
  bool draining_ = false;
  Topic<LaneNotice> notices_;
  Counter granted_, lost_, stale_, timed_out_;
  Histogram waited_;
};

}  // namespace gk::arbiter
