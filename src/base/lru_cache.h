// lru_cache.h: a bounded memory of what is dear to make again and may be lost at any time.

#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "base/assert.h"
#include "base/metrics.h"
#include "gamekeeper/time.h"

namespace gk {

/// What a cache counts, under `{cache="NAME"}`. Borrowed from a Metrics. Thread: safe.
struct CacheMeters {
  CacheMeters(Metrics& metrics, const std::string& name);

  Counter hits, misses;
  Counter displaced;  ///< Entries that still held and had to make room.
  Gauge entries;
};

/// At most `capacity` values, each for a time of its own. The one that was asked for longest ago
/// makes room. Tags name entries together, for when what they were made of has changed.
///
/// Thread:     compatible.
/// Cost:       find() O(1), no allocation; put() and removals O(tags).
/// Invariants: find() never returns what has expired, was invalidated or was replaced.
template <typename Key, typename Value, typename Hash = std::hash<Key>, typename Time = MonoTime>
class LruCache {
 public:
  /// Requires: capacity > 0.
  LruCache(std::size_t capacity, CacheMeters meters) : capacity_(capacity), meters_(meters) {
    GK_ASSERT(capacity > 0);
  }
  LruCache(const LruCache&) = delete;
  LruCache& operator=(const LruCache&) = delete;

  /// Null: not there, or no longer. Valid until the next call of put(), erase() or invalidate().
  Value* find(const Key& key, Time now) {
    const auto found = index_.find(key);
    if (found != index_.end() && now < found->second->expires) {
      entries_.splice(entries_.begin(), entries_, found->second);
      meters_.hits.inc();
      return &found->second->value;
    }
    if (found != index_.end()) remove(found->second);
    meters_.misses.inc();
    return nullptr;
  }

  /// Replaces what stands under `key`. Valid as that of find().
  Value* put(const Key& key, Value value, Time now, Time expires,
             std::vector<std::string> tags = {}) {
    erase(key);
    if (entries_.size() == capacity_) {
      const auto oldest = std::prev(entries_.end());
      if (now < oldest->expires) meters_.displaced.inc();
      remove(oldest);
    }
    entries_.push_front({key, std::move(value), expires, std::move(tags)});
    index_[key] = entries_.begin();
    for (const std::string& tag : entries_.front().tags) tagged_[tag].insert(key);
    meters_.entries.set(static_cast<double>(entries_.size()));
    return &entries_.front().value;
  }

  void erase(const Key& key) {
    if (const auto found = index_.find(key); found != index_.end()) remove(found->second);
  }

  /// Forgets all entries with that tag; returns how many.
  std::size_t invalidate(std::string_view tag) {
    const auto found = tagged_.find(tag);
    if (found == tagged_.end()) return 0;
    const std::vector<Key> keys(found->second.begin(), found->second.end());
    for (const Key& key : keys) erase(key);
    return keys.size();
  }

  /// Entries, those included that have expired and were not asked for since.
  std::size_t size() const { return entries_.size(); }
  std::size_t capacity() const { return capacity_; }

 private:
  struct Entry {
    Key key;
    Value value;
    Time expires;
    std::vector<std::string> tags;
  };
  using Place = typename std::list<Entry>::iterator;
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  void remove(Place place) {
    for (const std::string& tag : place->tags) {
      const auto found = tagged_.find(tag);
      if (found == tagged_.end()) continue;  // The same tag twice.
      found->second.erase(place->key);
      if (found->second.empty()) tagged_.erase(found);
    }
    index_.erase(place->key);
    entries_.erase(place);
    meters_.entries.set(static_cast<double>(entries_.size()));
  }

  std::size_t capacity_;
  CacheMeters meters_;
  std::list<Entry> entries_;  // The one that was asked for last comes first.
  boost::unordered_flat_map<Key, Place, Hash> index_;
  boost::unordered_flat_map<std::string, boost::unordered_flat_set<Key, Hash>, TextHash,
                            std::equal_to<>>
      tagged_;
};

}  // namespace gk
