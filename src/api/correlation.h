// correlation.h: the id that ties an answer, its log lines and its audit rows together.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"
#include "net/http.h"

namespace gk::api {

/// The trace id of a W3C traceparent ("00-<32 hex>-<16 hex>-<2 hex>"), or empty.
std::string_view trace_id(std::string_view traceparent);

/// Thread: loop.
class CorrelationIds {
 public:
  explicit CorrelationIds(Random& random) : prefix_(random_hex(random, 6)) {}

  /// The trace id that `request` brings, or a new id.
  std::string of(const net::Request& request);
  std::string next();

 private:
  const std::string prefix_;  // Random per process; a counter makes an id unique.
  std::uint64_t count_ = 0;
};

}  // namespace gk::api
