#include "server/health_inputs.h"

#include <gtest/gtest.h>

namespace gk::server {
namespace {

using monitor::HealthStatus;

TEST(CacheCheck, IsDegradedWhileMoreMakesRoomThanIsFound) {
  Metrics metrics;
  LruCache<int, int> cache(2, CacheMeters(metrics, "numbers"));
  const auto check = cache_check("numbers", CacheMeters(metrics, "numbers"));
  const MonoTime now{};
  const auto ask = [&](int key) {
    if (cache.find(key, now) == nullptr) cache.put(key, key, now, now + Seconds(1));
  };
  EXPECT_EQ(check().detail, "0 numbers, found 0 of 0 times");
  for (int i = 0; i < 6; ++i) ask(i % 2);
  EXPECT_EQ(check().detail, "2 numbers, found 4 of 6 times");
  for (int i = 0; i < 6; ++i) ask(i % 3);  // One more in use than it holds.
  const auto full = check();
  EXPECT_EQ(full.status, HealthStatus::degraded);
  EXPECT_EQ(full.detail, "numbers: 4 made room and 2 were found since the last check");
  for (int i = 0; i < 6; ++i) ask(2);
  EXPECT_EQ(check().status, HealthStatus::ok);
}

}  // namespace
}  // namespace gk::server
