// arbiter_types.h: the words of the arbiter: lanes, actors, tickets, tokens, limits, outcomes.
//
// A lane is one serial resource (a game connection, a character). An actor is a module with a
// group and a base priority. A ticket is one request; a grant is the right to act on a lane, with
// a token that strictly increases per lane. arbiter.h is the thread-safe form; docs/arbiter.md
// has the rules, the bounds and their proofs. Options are checked where they are taken.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/ids.h"
#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk {

using LaneId = Id<struct LaneTag>;      ///< 1, 2, … in order of creation.
using ActorId = Id<struct ActorTag>;    ///< 1, 2, … in order of creation.
using TicketId = Id<struct TicketTag>;  ///< Increases with each request; never reused.
using Token = Id<struct TokenTag>;      ///< Increases with each grant of its lane.
using ShareId = Id<struct ShareTag>;    ///< One handle on a grant; the root handle is 1.
using OwnerId = Id<struct OwnerTag>;    ///< A connection or process that can die; 0 is none.

/// Most lanes of one ticket. Source: chosen; a routine that needs more wants one coarser lane.
inline constexpr std::size_t kMaxLanesPerTicket = 8;

/// GCRA: one action each `interval` on average, early by at most `tolerance`. No limit while
/// `interval` is 0. In any window of length w at most 1 + (w + tolerance) / interval start.
struct Pacing {
  Nanos interval{0};   ///< T. [0, 1 h]; 0 is off.
  Nanos tolerance{0};  ///< τ. [0, 1 h]

  friend bool operator==(const Pacing&, const Pacing&) = default;
};

enum class Grouping : std::uint8_t {
  by_actor,  ///< Groups as the actors name them.
  off,       ///< Each actor is alone: the gap stands between any two.
};

/// Source: D, Hmax, A, B and the timeout are the defaults of the spec; the bounds are chosen.
struct ArbiterOptions {
  std::uint32_t max_lanes = 64;        ///< [1, 4096]
  std::uint32_t max_actors = 256;      ///< [1, 1023]
  std::uint32_t max_tickets = 1024;    ///< Waiting on all lanes; beyond it: rejected. [1, 32768]
  std::uint32_t max_waiting = 64;      ///< M, tickets waiting on one lane. [1, 4096]
  std::uint32_t max_shares = 32;       ///< Handles on one grant. [1, 1024]
  Nanos aging_step{Seconds(1)};        ///< A: waiting this long adds 1 to the priority. [1 ms, 1 h]
  std::uint32_t same_group_burst = 4;  ///< B, grants in a row that a group may keep. [0, 15]
  Nanos wait_timeout{Seconds(30)};     ///< When the caller gives no deadline. [1 ms, 1 h]
  std::uint32_t trace_records = 4096;  ///< Ring size, a power of two; oldest loses. [16, 2^20]
  Grouping grouping = Grouping::by_actor;
};

/// What one lane may do otherwise than ArbiterOptions says, with the same ranges. Tickets of
/// several lanes age by ArbiterOptions, so that they stand in the same order on each.
struct LaneOrder {
  Nanos aging_step{Seconds(1)};
  std::uint32_t same_group_burst = 4;
  std::uint32_t max_waiting = 64;
  Grouping grouping = Grouping::by_actor;

  friend bool operator==(const LaneOrder&, const LaneOrder&) = default;
};

struct LaneOptions {
  Nanos switch_gap{Seconds(1)};      ///< D: quiet time when the group changes. [0, 60 s]
  Nanos max_hold{Seconds(30)};       ///< Hmax: the lease of a grant. [1 ms, 10 min]
  Pacing pacing{};                   ///< Of the lane: all actors together.
  std::optional<LaneOrder> order{};  ///< None: as ArbiterOptions.
};

struct ActorOptions {
  std::string group;           ///< Same group, no gap. Empty: alone. At most 64 bytes.
  std::uint8_t priority = 50;  ///< p: higher goes first. [0, 255]
  Pacing pacing{};             ///< Of this actor, over all lanes; per ticket.
};

/// An actor that exists from the start.
struct KnownActor {
  std::string_view name, group;
  std::uint8_t priority;
};

/// Source: spec (the modules of the first published version). Anything else: alone, 50.
inline constexpr std::array<KnownActor, 7> kKnownActors{{{"runemaker", "runemaker", 100},
                                                         {"trainer", "trainer", 80},
                                                         {"fisher", "fisher_stacker", 60},
                                                         {"auto_loot", "auto_loot_eater", 40},
                                                         {"stacker", "fisher_stacker", 30},
                                                         {"eater", "auto_loot_eater", 20},
                                                         {"cavebot", "cavebot", 50}}};

/// How a ticket ends: exactly one of these.
enum class Outcome : std::uint8_t { pending = 0, granted, timeout, cancelled, rejected };

/// Why it ended, or why a grant ended.
enum class Reason : std::uint8_t {
  none = 0,
  deadline,     ///< The ticket's deadline passed.
  by_caller,    ///< cancel() or release().
  wounded,      ///< A nested wait gave way to an older or higher holder (wound-wait).
  owner_gone,   ///< Its connection or process ended.
  lease,        ///< Held longer than max_hold.
  revoked,      ///< An operator took it back.
  quota,        ///< A queue or table is full.
  busy,         ///< try_acquire, and the lane could not start it now.
  shutdown,     ///< The arbiter is ending.
  would_cycle,  ///< The wait would have closed a cycle with locks taken outside.
};

/// Names in snake_case for JSON, logs and the trace; "unknown" for a foreign value.
constexpr std::string_view outcome_name(Outcome outcome) {
  constexpr std::string_view kNames[] = {"pending", "granted", "timeout", "cancelled", "rejected"};
  const auto i = static_cast<std::size_t>(outcome);
  return i < std::size(kNames) ? kNames[i] : "unknown";
}
constexpr std::string_view reason_name(Reason reason) {
  constexpr std::string_view kNames[] = {"none",       "deadline", "by_caller",  "wounded",
                                         "owner_gone", "lease",    "revoked",    "quota",
                                         "busy",       "shutdown", "would_cycle"};
  const auto i = static_cast<std::size_t>(reason);
  return i < std::size(kNames) ? kNames[i] : "unknown";
}

/// The error that a caller sees for an outcome other than granted.
Error outcome_error(Outcome outcome, Reason reason);

/// One waiting ticket, as a status shows it.
struct WaitingStatus {
  TicketId ticket;
  ActorId actor;
  std::uint32_t effective_priority = 0;
  Nanos waited{0};
  MonoTime estimate{};  ///< When it should start, from recent hold times; a guess.
  MonoTime bound{};     ///< When it has ended at the latest (docs/arbiter.md has the proof).
  bool ready = true;    ///< False: held back by the pacing of its own actor.
};

/// Counters since the lane exists.
struct LaneCounters {
  std::uint64_t granted = 0, timed_out = 0, cancelled = 0, rejected = 0;
  std::uint64_t expired = 0;      ///< Grants ended by their lease.
  std::uint64_t revoked = 0;      ///< Grants ended by an operator or a dead owner.
  std::uint64_t stale_sends = 0;  ///< send() refused for its token.
};

/// Entries of the queue that a snapshot carries. Source: chosen, so that a lane stays below 1 KB.
inline constexpr std::size_t kStatusQueue = 4;

/// A lane at one moment.
struct LaneStatus {
  ActorId holder;  ///< None: free.
  Token token;     ///< Of the holder; when free, the last one given out.
  Nanos held{0};
  Nanos lease_left{0};
  Nanos cooldown_left{0};                ///< Until an actor of another group may start.
  std::uint32_t effective_priority = 0;  ///< Of the holder, with what it inherits.
  std::uint32_t shares = 0;
  std::uint32_t depth = 0;  ///< All that wait; `queue` shows the first kStatusQueue.
  std::uint32_t queue_size = 0;
  std::array<WaitingStatus, kStatusQueue> queue{};  ///< Best first.
  LaneCounters counters;
};

}  // namespace gk
