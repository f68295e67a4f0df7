#include "tls/rules/admission.h"

namespace gk::tls {

Admission::Admission(AdmissionLimits limits)
    : limits_(std::move(limits)), unlimited_(limits_.unlimited.begin(), limits_.unlimited.end()) {}

bool Admission::enter(const std::string& address) {
  if (total_ >= limits_.max_connections) return false;
  const auto known = per_address_.find(address);
  const std::size_t there = known == per_address_.end() ? 0 : known->second;
  if (there >= limits_.max_per_address && !unlimited_.contains(address)) return false;
  per_address_[address] = there + 1;
  ++total_;
  return true;
}

void Admission::leave(const std::string& address) {
  const auto known = per_address_.find(address);
  if (known == per_address_.end()) return;
  --total_;
  if (--known->second == 0) per_address_.erase(known);
}

}  // namespace gk::tls
