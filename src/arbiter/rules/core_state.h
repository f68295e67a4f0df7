// core_state.h: what a Core remembers. Plain data: core.h has the rules.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "arbiter/rules/pacing.h"
#include "gamekeeper/arbiter_types.h"

namespace gk::arbiter {

using Slot = std::uint16_t;  ///< Place of a ticket or chain in its table.
using Group = std::uint16_t;

inline constexpr Slot kNoSlot = 0xffff;         // chosen: max_tickets stays below it
inline constexpr Group kAloneBase = 0x4000;     // chosen: an actor alone is kAloneBase + its id
inline constexpr std::uint32_t kMaxBurst = 15;  // chosen: 4 bits of the fast path's lane word

/// An actor as the rules see it: names live with the caller.
struct ActorConfig {
  Group group = 0;  ///< Equal numbers share a group; 0: alone. Below kAloneBase.
  std::uint8_t priority = 50;
  Pacing pacing;
};

struct ActorState {
  ActorConfig config;
  Group group = 0;  // Never 0: an actor alone has a number of its own.
  Gcra gcra;
};

/// A request that waits.
struct Ticket {
  TicketId id;  // 0: the slot is free.
  MonoTime enqueued{}, deadline{};
  OwnerId owner;
  Slot chain = kNoSlot;
  std::uint16_t actor = 0;  // Index, not id.
  std::uint8_t priority = 0;
  std::uint8_t lane_count = 0;
  bool nested = false;                                    // Its chain held a lane when it asked.
  std::uint32_t inherited = 0;                            // Rule 10, when its chain holds lanes.
  std::array<std::uint16_t, kMaxLanesPerTicket> lanes{};  // Indexes, ascending.

  bool single() const { return lane_count == 1; }
};

/// A root grant.
struct Hold {
  TicketId ticket;
  Token token;
  OwnerId owner;
  MonoTime start{}, expires{};
  Slot chain = kNoSlot;
  std::uint16_t actor = 0;  // Index.
};

/// Of LaneOptions; the pacing is in the lane's Gcra.
struct LaneTimes {
  Nanos switch_gap{0}, max_hold{0};
};

struct Lane {
  LaneTimes options;
  LaneOrder order;  // Its own, or the arbiter's.
  Gcra gcra;
  std::optional<Hold> hold;
  std::vector<std::uint32_t> shares;  // Live handles of `hold`.
  std::uint32_t next_share = 0;
  std::vector<Slot> queue;       // Unordered: the order is decided when something is granted.
  Token high;                    // The last token given out.
  Token first;                   // The high-water mark at creation.
  std::uint16_t last_actor = 0;  // Id of who held it last; 0: nobody.
  std::uint32_t burst = 0;       // Grants in a row of its group, at most kMaxBurst.
  MonoTime last_end{MonoTime::min()};
  Nanos usual_hold{0};  // Moving average, for estimates only.
  LaneCounters counters;
  bool own_order = false;
  bool dirty = false;
  bool changed = false;  // Since the caller last cleared Core::changed().
  bool parked = false;   // The fast path owns it; core_fast.cc.
};

/// Everything one caller holds and waits for: a first request and those nested in its grants.
struct Chain {
  TicketId first;  // With `priority`, the stamp of wound-wait; 0: the slot is free.
  std::uint8_t priority = 0;
  std::uint8_t held = 0;
  Slot waiting = kNoSlot;          // At most one ticket waits.
  std::uint64_t foreign_wait = 0;  // A lock outside that it waits for.
  std::array<std::uint16_t, 16> lanes{};

  bool senior_to(const Chain& other) const {
    return priority != other.priority ? priority > other.priority : first < other.first;
  }
};

/// A lock outside the arbiter and the chain that holds it.
struct ForeignLock {
  std::uint64_t lock = 0;
  Slot chain = kNoSlot;
};

/// A state of a parked lane, as the fast path keeps it.
struct ParkedLane {
  Token high;
  ActorId last_actor;
  std::uint32_t burst = 0;
  MonoTime last_end{MonoTime::min()};
};

}  // namespace gk::arbiter
