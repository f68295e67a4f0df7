#include "macros/rules/quarantine.h"

#include <algorithm>

#include "base/clock.h"
#include "macros/rules/mutant.h"

namespace gk::macros {

namespace {

Nanos back_off(const QuarantineSettings& s, std::uint32_t strikes) {
  Nanos time = s.first;
  if (GK_MACROS_MUTANT(quarantine_no_doubling)) return time;
  for (std::uint32_t i = 1; i < strikes && time < s.longest; ++i) time *= 2;
  return std::min(time, s.longest);
}

}  // namespace

void Quarantine::restore(QuarantineEntry entry) {
  if (settings_.first <= Nanos(0)) return;
  make_room();
  std::string id = entry.macro_id;
  entries_.insert_or_assign(std::move(id), std::move(entry));
}

const QuarantineEntry* Quarantine::blocked(std::string_view macro_id, WallTime now) const {
  const auto it = entries_.find(macro_id);
  if (it == entries_.end()) return nullptr;
  const QuarantineEntry& entry = it->second;
  if (entry.needs_confirmation) return &entry;
  const bool waits = now < entry.until && entry.until - now <= settings_.longest;
  return waits ? &entry : nullptr;
}

const QuarantineEntry* Quarantine::cancelled(std::string_view macro_id, std::string reason,
                                             WallTime now) {
  if (settings_.first <= Nanos(0)) return nullptr;
  auto it = entries_.find(macro_id);
  if (it == entries_.end()) {
    make_room();
    it = entries_.emplace(std::string(macro_id), QuarantineEntry{}).first;
    it->second.macro_id = macro_id;
  }
  QuarantineEntry& entry = it->second;
  entry.strikes = GK_MACROS_MUTANT(quarantine_forgets) ? 1 : entry.strikes + 1;
  entry.until =
      now + std::chrono::duration_cast<WallTime::duration>(back_off(settings_, entry.strikes));
  const std::uint32_t most =
      settings_.confirm_after + (GK_MACROS_MUTANT(quarantine_off_by_a_step) ? 1 : 0);
  entry.needs_confirmation = entry.strikes >= most;
  entry.reason = std::move(reason);
  return &entry;
}

bool Quarantine::ended(std::string_view macro_id, bool by_itself, Nanos ran) {
  const auto it = entries_.find(macro_id);
  if (it == entries_.end()) return false;
  const bool proved =
      by_itself || ran >= settings_.trial || GK_MACROS_MUTANT(quarantine_stop_clears);
  if (!proved) return false;
  entries_.erase(it);
  return true;
}

bool Quarantine::lift(std::string_view macro_id) {
  const auto it = entries_.find(macro_id);
  if (it == entries_.end()) return false;
  entries_.erase(it);
  return true;
}

void Quarantine::make_room() {
  if (entries_.size() < settings_.max_entries) return;
  entries_.erase(
      std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
        return std::pair(a.second.needs_confirmation, a.second.until) <
               std::pair(b.second.needs_confirmation, b.second.until);
      }));
}

std::string quarantine_text(const QuarantineEntry& entry) {
  const std::string lift = "POST /api/macro-safety/quarantine/" + entry.macro_id + "/lift";
  const std::string how_often =
      entry.strikes == 1 ? "once" : std::to_string(entry.strikes) + " times in a row";
  std::string out =
      "macro " + entry.macro_id + " was cancelled " + how_often + ", last: " + entry.reason;
  if (entry.needs_confirmation) return out + ". It starts again when an admin confirms: " + lift;
  return out + ". It may start again after " + rfc3339(entry.until) +
         ", or when an admin lifts it: " + lift;
}

}  // namespace gk::macros
