#include "base/lru_cache.h"

namespace gk {

CacheMeters::CacheMeters(Metrics& metrics, const std::string& name)
    : hits(metrics.counter("gamekeeper_cache_hits_total", "Values that a cache had",
                           {{"cache", name}})),
      misses(metrics.counter("gamekeeper_cache_misses_total",
                             "Values that a cache did not have, or no longer", {{"cache", name}})),
      displaced(metrics.counter("gamekeeper_cache_displaced_total",
                                "Values that still held and made room for others",
                                {{"cache", name}})),
      entries(metrics.gauge("gamekeeper_cache_entries", "Values in a cache", {{"cache", name}})) {}

}  // namespace gk
