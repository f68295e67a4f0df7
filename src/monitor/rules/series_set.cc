#include "monitor/rules/series_set.h"

#include "base/assert.h"

namespace gk::monitor {
namespace {

// Bytes of a map node besides key and entry. Source: libstdc++ _Rb_tree_node_base, 32, rounded up.
constexpr std::size_t kNodeOverhead = 48;

}  // namespace

SeriesSet::SeriesSet(const SeriesSetLimits& limits) : limits_(limits) {
  GK_ASSERT(limits.memory_bytes > 0 && limits.alert_share > 0 && limits.alert_share <= 1);
}

std::size_t SeriesSet::cost(const SeriesKey& key, const Entry& entry) {
  return kNodeOverhead + sizeof(SeriesKey) + sizeof(Entry) - sizeof(Series) + key.name.capacity() +
         key.subject.capacity() + entry.unit.capacity() + entry.series.memory_bytes();
}

SeriesSet::Entry* SeriesSet::find_or_make(std::string_view name, std::string_view subject,
                                          std::string_view unit) {
  if (const auto it = entries_.find(SeriesKeyView{name, subject}); it != entries_.end()) {
    return &it->second;
  }
  SeriesKey key{std::string(name), std::string(subject)};
  Entry entry{.series = Series(limits_.series), .unit = std::string(unit), .last_seen = {}};
  const std::size_t bytes = cost(key, entry) + entry.series.growth_bytes();
  if (memory_ + bytes > limits_.memory_bytes) return nullptr;
  memory_ += cost(key, entry);
  return &entries_.emplace(std::move(key), std::move(entry)).first->second;
}

void SeriesSet::record(std::string_view name, std::string_view subject, std::string_view unit,
                       Sample sample, MonoTime now) {
  Entry* entry = find_or_make(name, subject, unit);
  if (entry == nullptr) {
    ++refused_;
    return;
  }
  entry->last_seen = now;
  const std::size_t before = entry->series.memory_bytes();
  const bool may_grow = memory_ + entry->series.growth_bytes() <= limits_.memory_bytes;
  const auto made = entry->series.push(sample, may_grow);
  memory_ += entry->series.memory_bytes() - before;
  if (made && on_fold_) on_fold_({std::string(name), std::string(subject)}, *made);
}

void SeriesSet::restore(const SeriesKey& key, std::string_view unit,
                        std::span<const Aggregate> aggregates, std::span<const Sample> raw,
                        MonoTime now) {
  if (entries_.contains(key)) return;
  Entry entry{.series = Series(limits_.series), .unit = std::string(unit), .last_seen = now};
  entry.series.restore(aggregates, raw);
  const std::size_t bytes = cost(key, entry);
  if (memory_ + bytes > limits_.memory_bytes) {
    refused_ += raw.size();
    return;
  }
  memory_ += bytes;
  entries_.emplace(key, std::move(entry));
}

bool SeriesSet::erase(std::string_view name, std::string_view subject) {
  const auto it = entries_.find(SeriesKeyView{name, subject});
  if (it == entries_.end()) return false;
  memory_ -= cost(it->first, it->second);
  entries_.erase(it);
  return true;
}

std::size_t SeriesSet::drop_vanished(MonoTime now) {
  std::size_t gone = 0;
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (now - it->second.last_seen < limits_.vanish_after) {
      ++it;
      continue;
    }
    retire(it->second);
    memory_ -= cost(it->first, it->second);
    it = entries_.erase(it);
    ++gone;
  }
  return gone;
}

void SeriesSet::retire(const Entry& entry) {
  retired_.buffer_fills += entry.series.fills();
  retired_.aggregations_performed += entry.series.folds();
  retired_.dropped += entry.series.dropped();
  retired_.unsaved_lost += entry.series.unsaved_lost() + entry.series.unsaved();
}

const SeriesSet::Entry* SeriesSet::find(std::string_view name, std::string_view subject) const {
  const auto it = entries_.find(SeriesKeyView{name, subject});
  return it == entries_.end() ? nullptr : &it->second;
}

void SeriesSet::begin_save(
    const std::function<void(const SeriesKey&, const Entry&, RawSpan)>& take) {
  for (auto& [key, entry] : entries_) take(key, entry, entry.series.begin_save());
}

void SeriesSet::end_save(bool saved) {
  for (auto& [key, entry] : entries_) entry.series.end_save(saved);
}

SeriesStats SeriesSet::stats() const {
  SeriesStats out = retired_;
  out.series = entries_.size();
  for (const auto& [key, entry] : entries_) {
    out.buffer_fills += entry.series.fills();
    out.aggregations_performed += entry.series.folds();
    out.dropped += entry.series.dropped();
    out.unsaved_lost += entry.series.unsaved_lost();
  }
  out.dropped += refused_;
  out.memory_mb = static_cast<double>(memory_) / (1024.0 * 1024.0);
  return out;
}

bool SeriesSet::over_alert() const {
  return static_cast<double>(memory_) >=
         limits_.alert_share * static_cast<double>(limits_.memory_bytes);
}

}  // namespace gk::monitor
