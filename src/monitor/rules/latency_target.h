// latency_target.h: what an operator writes to have a path measured: "name=address" or
// "name=address:port".

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gamekeeper/result.h"

namespace gk::monitor {

/// One end of a path whose latency is measured.
struct LatencyTarget {
  std::string name;        ///< [a-z0-9_-]{1,64}; the subject of the signal is "path:NAME".
  std::string address;     ///< IPv4 or IPv6 in digits: a name would be looked up each round.
  std::uint16_t port = 0;  ///< Of the TCP connect where an echo gets no answer; 0: none.

  std::string subject() const { return "path:" + name; }
  friend bool operator==(const LatencyTarget&, const LatencyTarget&) = default;
};

/// Reads "gateway=192.168.1.1", "peer=203.0.113.7:443" or "six=[2001:db8::1]:80".
/// Errors: invalid_argument (says what was expected).
Result<LatencyTarget> read_latency_target(std::string_view text);

}  // namespace gk::monitor
