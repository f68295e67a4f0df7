#include "referee/service/baseline.h"

#include <algorithm>

namespace gk::referee {

void PlayerBaseline::learn(double played_minutes, double gaps, double rtt, double interval,
                           double nominal) {
  if (!(played_minutes > 0)) return;
  const double known = std::min(minutes, kMemoryMinutes);
  const double weight = played_minutes / (known + played_minutes);
  const auto mix = [&](double& field, double now) { field += weight * (now - field); };
  mix(gaps_per_minute, gaps / played_minutes);
  if (rtt > 0) rtt_ms > 0 ? mix(rtt_ms, rtt) : void(rtt_ms = rtt);
  if (interval > 0) interval_ms > 0 ? mix(interval_ms, interval) : void(interval_ms = interval);
  nominal_ms = nominal;
  minutes += played_minutes;
}

const char* PlayerBaseline::machine() const {
  if (minutes < 1 || nominal_ms <= 0) return "unknown";
  const double ratio = interval_ms / nominal_ms;
  return ratio <= 1.25 ? "keeps_up" : ratio <= 2 ? "slow" : "poor";
}

bool PlayerBaseline::gaps_unusual(double gaps_per_minute_now) const {
  return minutes < kTrustMinutes || gaps_per_minute_now > 2 * gaps_per_minute + 1;
}

void write_baseline(JsonWriter& json, const PlayerBaseline& b) {
  json.begin_object()
      .field("sessions", b.sessions)
      .field("minutes", b.minutes)
      .field("gaps_per_minute", b.gaps_per_minute)
      .key("rtt_ms");
  b.rtt_ms > 0 ? json.value(b.rtt_ms) : json.null();
  json.key("interval_ms");
  b.interval_ms > 0 ? json.value(b.interval_ms) : json.null();
  json.field("machine", b.machine()).end_object();
}

}  // namespace gk::referee
