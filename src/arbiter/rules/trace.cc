#include "arbiter/rules/trace.h"

#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "base/assert.h"

namespace gk::arbiter {

std::string_view trace_event_name(TraceEvent event) {
  static constexpr std::string_view kNames[] = {
      // chosen: the enumerators
      "lost",        "config",    "config_lane", "pace_lane",     "config_actor",  "pace_actor",
      "queued",      "granted",   "timed_out",   "cancelled",     "rejected",      "shared",
      "share_ended", "released",  "expired",     "revoked",       "renewed",       "stale_send",
      "fast_hold",   "adopted",   "owner_gone",  "external_hold", "external_wait", "external_end",
      "closed",      "order_lane"};
  const auto i = static_cast<std::size_t>(event);
  return i < std::size(kNames) ? kNames[i] : "unknown";
}

bool plausible(const TraceRecord& r) {
  constexpr std::int64_t kHour = 3'600'000'000'000;         // chosen: the longest of an option
  constexpr std::int64_t kLongest = std::int64_t{1} << 60;  // chosen: 36 years of nanoseconds
  const auto within = [](std::int64_t value, std::int64_t most) {
    return value >= 0 && value <= most;
  };
  if (!within(r.time.time_since_epoch().count(), kLongest)) return false;
  switch (r.event) {
    case TraceEvent::config:
    case TraceEvent::order_lane:
      return within(r.value, kHour) && r.value > 0 && r.token <= 4096 && r.depth <= 15;
    case TraceEvent::config_lane:
    case TraceEvent::pace_lane:
    case TraceEvent::pace_actor: return within(r.value, kHour) && within(r.until, kHour);
    case TraceEvent::config_actor:
    case TraceEvent::queued: return r.eff <= 255;
    case TraceEvent::owner_gone:
    case TraceEvent::external_hold:
    case TraceEvent::external_wait:
    case TraceEvent::external_end: return true;  // only compared
    default: return within(r.value, kLongest) && within(r.until, kLongest);
  }
}

std::string to_text(const TraceRecord& r) {
  std::array<char, 256> out{};
  const double seconds = static_cast<double>(r.time.time_since_epoch().count()) * 1e-9;
  const int n = std::snprintf(
      out.data(), out.size(),
      "%.6f lane=%u %-13s actor=%u ticket=%llu token=%llu eff=%u depth=%u value=%lld until=%lld %s",
      seconds, r.lane, trace_event_name(r.event).data(), unsigned(r.actor),
      static_cast<unsigned long long>(r.ticket), static_cast<unsigned long long>(r.token), r.eff,
      r.depth, static_cast<long long>(r.value), static_cast<long long>(r.until),
      r.reason == Reason::none ? "" : reason_name(r.reason).data());
  return std::string(out.data(), static_cast<std::size_t>(n));
}

TraceRing::TraceRing(std::uint32_t capacity)
    : mask_(capacity - 1), slots_(static_cast<Slot*>(std::calloc(capacity, sizeof(Slot)))) {
  GK_ASSERT(std::has_single_bit(capacity));  // checked by the options
  GK_ASSERT(slots_ != nullptr);              // as new would end the process
}

void TraceRing::Free::operator()(Slot* slots) const { std::free(slots); }

void TraceRing::publish(std::uint64_t place, const TraceRecord& record) {
  Slot& slot = slots_[place & mask_];
  const auto words = std::bit_cast<std::array<std::uint64_t, kWords>>(record);
  // The release on each word keeps a reader from seeing new words under the old stamp; on x86 it
  // costs nothing. A writer that laps another one by a whole ring may garble one slot.
  Word(slot.stamp).store(0, std::memory_order_relaxed);
  for (std::size_t i = 0; i < kWords; ++i) {
    Word(slot.words[i]).store(words[i], std::memory_order_release);
  }
  Word(slot.stamp).store(place + 1, std::memory_order_release);
}

std::optional<TraceRecord> TraceRing::read(std::uint64_t place) const {
  Slot& slot = slots_[place & mask_];
  if (Word(slot.stamp).load(std::memory_order_acquire) != place + 1) return std::nullopt;
  std::array<std::uint64_t, kWords> words;
  for (std::size_t i = 0; i < kWords; ++i) {
    words[i] = Word(slot.words[i]).load(std::memory_order_acquire);
  }
  if (Word(slot.stamp).load(std::memory_order_relaxed) != place + 1) return std::nullopt;
  return std::bit_cast<TraceRecord>(words);
}

std::vector<TraceRecord> TraceRing::snapshot() const {
  const std::uint64_t end = written();
  const std::uint64_t begin = end > capacity() ? end - capacity() : 0;
  std::vector<TraceRecord> out;
  out.reserve(static_cast<std::size_t>(end - begin));
  for (std::uint64_t place = begin; place < end; ++place) {
    const auto record = read(place);
    if (record && record->event != TraceEvent::lost) out.push_back(*record);
  }
  return out;
}

}  // namespace gk::arbiter
