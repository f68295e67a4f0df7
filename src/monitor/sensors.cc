#include "monitor/sensors.h"

#include <algorithm>
#include <utility>

namespace gk::monitor {
namespace {

// /proc/stat of 256 cores with a long intr line. Source: chosen, twice the largest seen.
constexpr std::size_t kBufferBytes = 128 * 1024;
// Longest pause before a failed sensor is tried again. Source: chosen.
constexpr Nanos kMaxBackOff = Seconds(60);

}  // namespace

SensorTable::SensorTable(std::vector<std::unique_ptr<Sensor>> sensors, Metrics& metrics)
    : buffer_(kBufferBytes) {
  slots_.reserve(sensors.size());
  for (auto& sensor : sensors) {
    const Counter failed =
        metrics.counter("gamekeeper_sampler_failures_total", "Readings of a sensor that failed",
                        {{"sensor", std::string(sensor->name)}});
    slots_.push_back({.sensor = std::move(sensor), .failed = failed});
  }
}

std::uint64_t SensorTable::read(Snapshot& out, MonoTime now, WallTime wall, Nanos interval) {
  std::uint64_t forks = 0;
  for (auto& slot : slots_) {
    // Half an interval of slack: a timer that is a few microseconds early is not a round too early.
    if (slot.due > now + interval / 2) continue;
    const Nanos period = std::max(slot.sensor->min_period, interval);
    Reading reading{
        .now = now, .wall = wall, .period = period, .buffer = buffer_, .out = out, .forks = forks};
    const auto result = slot.sensor->read(reading);
    if (result) {
      slot.failures = 0;
      slot.due = now + period;
    } else {
      fail(slot, reading, result.error(), interval);
    }
  }
  return forks;
}

void SensorTable::fail(Slot& slot, Reading& reading, const Error& error, Nanos interval) {
  const bool absent = slot.sensor->optional && error.code == Errc::not_found;
  for (const auto output : slot.sensor->outputs) {
    reading.out.*output = Signal::unknown(error.message, reading.now, reading.wall);
  }
  slot.sensor->clear(reading.out);
  if (!absent) {
    ++slot.failures;
    slot.failed.inc();
  }
  const unsigned doublings = std::min(slot.failures, 10U);
  const Nanos pause = absent ? kMaxBackOff : interval * (1U << (doublings - 1));
  slot.due = reading.now + std::clamp(pause, interval, std::max(kMaxBackOff, interval));
}

unsigned SensorTable::failures(std::string_view name) const {
  for (const auto& slot : slots_) {
    if (slot.sensor->name == name) return slot.failures;
  }
  return 0;
}

}  // namespace gk::monitor
