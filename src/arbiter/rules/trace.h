// trace.h: what the arbiter did, as fixed-size records in a ring that never blocks a writer.
//
// A record is either an input (a request, a release, a new option) or a result (granted, timed
// out). trace_replay.h feeds the inputs to a fresh core and compares; trace_check.h proves the
// invariants from the records alone. The fields of each event are in docs/arbiter.md.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/arbiter_types.h"

namespace gk::arbiter {

/// Append only: the values are stored in files. `lost` never is: it marks a void slot.
enum class TraceEvent : std::uint8_t {
  lost = 0,
  config,         ///< value=A ns, until=timeout ns, depth=B, eff=grouping, token=M
  config_lane,    ///< value=D ns, until=Hmax ns, token=mark it started from; higher: begun anew
  pace_lane,      ///< value=T ns, until=tolerance ns
  config_actor,   ///< eff=p, depth=group number
  pace_actor,     ///< value=T ns, until=tolerance ns
  queued,         ///< eff=p, until=deadline, value=owner, token=parent's, flags=TicketFlags
  granted,        ///< eff, depth, value=waited ns, until=lease end, token
  timed_out,      ///< value=waited ns
  cancelled,      ///< reason, value=waited ns
  rejected,       ///< reason
  shared,         ///< token, value=share
  share_ended,    ///< token, value=share
  released,       ///< token, value=held ns, until=end
  expired,        ///< token, until=end of the lease
  revoked,        ///< token, reason, until=end
  renewed,        ///< token, until=new end of the lease
  stale_send,     ///< token refused
  fast_hold,      ///< token, actor; value=held ns; until=end: granted and released uncontended
  adopted,        ///< token, actor; until=start: an uncontended grant met its first rival
  owner_gone,     ///< value=owner
  external_hold,  ///< token=of the holder on lane, value=foreign lock
  external_wait,  ///< the same; reason=would_cycle when refused
  external_end,   ///< the same; the hold or the wait ended
  closed,         ///< the arbiter shut down
  order_lane,     ///< value=A ns, depth=B, eff=grouping, token=M, flags=1 when as `config` says
};

/// Bits of TraceRecord::flags in `queued`.
enum TicketFlags : std::uint16_t {
  kTryOnly = 1,
  kNested = 2,
  kLanesShift = 4,  ///< Lanes of the ticket, 4 bits; one record for each of them.
};

/// One event. 64 bytes, one cache line.
struct TraceRecord {
  std::uint64_t ticket = 0, token = 0;
  MonoTime time{};
  std::int64_t value = 0;
  std::int64_t until = 0;
  std::uint32_t lane = 0, parent_lane = 0;
  std::uint32_t eff = 0, depth = 0;
  std::uint16_t actor = 0, flags = 0;
  TraceEvent event = TraceEvent::lost;
  Reason reason = Reason::none;
  std::uint16_t unused = 0;

  friend bool operator==(const TraceRecord&, const TraceRecord&) = default;
};
static_assert(sizeof(TraceRecord) == 64);

/// Whether the numbers are such as an arbiter writes, so that arithmetic on them cannot overflow.
/// For records from outside.
bool plausible(const TraceRecord& record);
/// "granted", …; "unknown" for a foreign value.
std::string_view trace_event_name(TraceEvent event);
/// One line for people; names are looked up by the caller's tables, ids are printed else.
std::string to_text(const TraceRecord& record);

/// Keeps the newest records.
///
/// Thread: safe and lock-free for writers; snapshot() never delays them.
/// Order:  of reserve(), which callers place so that it is the order of the lane's history.
/// Loss:   the oldest record; counted by written() - capacity().
class TraceRing {
 public:
  /// Requires: `capacity` is a power of two.
  explicit TraceRing(std::uint32_t capacity);

  void push(const TraceRecord& record) { publish(reserve(), record); }

  /// Takes the next place without filling it; a void place is skipped by readers.
  std::uint64_t reserve() { return next_.fetch_add(1, std::memory_order_relaxed); }
  void publish(std::uint64_t place, const TraceRecord& record);
  void discard(std::uint64_t place) { publish(place, TraceRecord{}); }

  /// The records that are still there, oldest first, without void ones.
  std::vector<TraceRecord> snapshot() const;
  std::uint64_t written() const { return next_.load(std::memory_order_relaxed); }
  std::uint32_t capacity() const { return mask_ + 1; }

 private:
  static constexpr std::size_t kWords = sizeof(TraceRecord) / sizeof(std::uint64_t);  // chosen
  using Word = std::atomic_ref<std::uint64_t>;
  struct Slot {
    std::uint64_t stamp;  // place + 1 when filled, 0 while being written.
    std::uint64_t words[kWords];
  };
  struct Free {
    void operator()(Slot* slots) const;
  };
  std::optional<TraceRecord> read(std::uint64_t place) const;

  const std::uint32_t mask_;
  // Zero pages of the system: what no record has reached yet takes no memory.
  const std::unique_ptr<Slot[], Free> slots_;
  alignas(64) std::atomic<std::uint64_t> next_{0};
};

}  // namespace gk::arbiter
