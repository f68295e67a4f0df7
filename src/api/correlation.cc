#include "api/correlation.h"

#include <array>
#include <charconv>

namespace gk::api {

std::string_view trace_id(std::string_view traceparent) {
  if (traceparent.size() < 55 || traceparent[2] != '-' || traceparent[35] != '-') return {};
  const std::string_view id = traceparent.substr(3, 32);
  for (const char c : id) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return {};
  }
  return id.find_first_not_of('0') == std::string_view::npos ? std::string_view() : id;
}

std::string CorrelationIds::of(const net::Request& request) {
  if (const auto* parent = request.header("traceparent")) {
    if (const auto id = trace_id(*parent); !id.empty()) return std::string(id);
  }
  return next();
}

std::string CorrelationIds::next() {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), ++count_, 16).ptr;
  return prefix_ + "-" + std::string(digits.data(), end);
}

}  // namespace gk::api
