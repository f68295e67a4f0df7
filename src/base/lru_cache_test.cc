#include "base/lru_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "testing/seeded_random.h"

namespace gk {
namespace {

using namespace std::chrono_literals;

class LruCacheTest : public testing::Test {
 protected:
  using Cache = LruCache<std::string, int>;
  // What a cache has, or nothing.
  std::optional<int> ask(Cache& cache, const std::string& key) const {
    const int* value = cache.find(key, now);
    return value == nullptr ? std::nullopt : std::optional(*value);
  }
  Metrics metrics;
  CacheMeters meters{metrics, "test"};
  MonoTime now{};
};

TEST_F(LruCacheTest, GivesRoomToTheNewestOfTheOneThatWasAskedForLongestAgo) {
  Cache cache(2, meters);
  cache.put("a", 1, now, now + 1s);
  cache.put("b", 2, now, now + 1s);
  EXPECT_EQ(ask(cache, "a"), 1);
  cache.put("c", 3, now, now + 1s);
  EXPECT_EQ(ask(cache, "b"), std::nullopt);
  EXPECT_EQ(ask(cache, "a"), 1);
  EXPECT_EQ(ask(cache, "c"), 3);
  EXPECT_EQ(meters.displaced.value(), 1);
  EXPECT_EQ(meters.hits.value(), 3);
  EXPECT_EQ(meters.misses.value(), 1);
  EXPECT_EQ(meters.entries.value(), 2);
}

TEST_F(LruCacheTest, ForgetsWhatHasExpired) {
  Cache cache(1, meters);
  cache.put("a", 1, now, now + 1s);
  now += 1s;
  EXPECT_EQ(ask(cache, "a"), std::nullopt);
  EXPECT_EQ(cache.size(), 0U);
  cache.put("a", 1, now, now + 1s);
  now += 1s;
  cache.put("b", 2, now, now + 1s);
  EXPECT_EQ(meters.displaced.value(), 0) << "what has expired is no loss";
}

TEST_F(LruCacheTest, InvalidatesByTag) {
  Cache cache(8, meters);
  cache.put("a", 1, now, now + 1s, {"ada", "x", "x"});
  cache.put("b", 2, now, now + 1s, {"ada"});
  cache.put("c", 3, now, now + 1s, {"bob"});
  cache.put("b", 4, now, now + 1s, {"bob"});  // Replaced: the first tag names it no more.
  EXPECT_EQ(cache.invalidate("ada"), 1U);
  EXPECT_EQ(ask(cache, "a"), std::nullopt);
  EXPECT_EQ(ask(cache, "b"), 4);
  EXPECT_EQ(cache.invalidate("bob"), 2U);
  EXPECT_EQ(cache.invalidate("bob"), 0U);
  EXPECT_EQ(cache.size(), 0U);
}

// A model that is slow and evident: all entries in a map, each with the moment of its last use.
TEST_F(LruCacheTest, IsWhatANaiveModelIs) {
  struct Kept {
    int value;
    MonoTime expires;
    std::string tag;
    int used;
  };
  constexpr std::size_t kCapacity = 7;
  Cache cache(kCapacity, meters);
  std::map<std::string, Kept> model;
  SeededRandom random(7);
  for (int step = 0; step < 20'000; ++step) {
    now += Millis(random.below(20));
    const std::string key = std::to_string(random.below(12)),
                      tag = "t" + std::to_string(random.below(3));
    switch (random.below(8)) {
      case 0:
        std::erase_if(model, [&](const auto& one) { return one.second.tag == tag; });
        cache.invalidate(tag);
        break;
      case 1:
      case 2:
      case 3: {
        const MonoTime expires = now + Millis(random.below(500));
        model.erase(key);
        if (model.size() == kCapacity) {
          model.erase(std::min_element(model.begin(), model.end(), [](auto& a, auto& b) {
            return a.second.used < b.second.used;
          }));
        }
        model[key] = {step, expires, tag, step};
        EXPECT_EQ(*cache.put(key, step, now, expires, {tag}), step);
        break;
      }
      default: {
        const auto found = model.find(key);
        std::optional<int> wanted;
        if (found != model.end() && now < found->second.expires) {
          found->second.used = step;
          wanted = found->second.value;
        } else if (found != model.end()) {
          model.erase(found);
        }
        ASSERT_EQ(ask(cache, key), wanted) << "step " << step;
      }
    }
    ASSERT_EQ(cache.size(), model.size()) << "step " << step;
  }
  EXPECT_GT(meters.hits.value(), 1'000);
  EXPECT_GT(meters.displaced.value(), 100);
}

}  // namespace
}  // namespace gk
