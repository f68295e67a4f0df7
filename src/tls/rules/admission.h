// admission.h: how many clients may be there at once, in all and from one address. Asked before the
// handshake, which is what costs.

#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace gk::tls {

/// Source: platform specification, HTTP rules; both are settings of the daemon.
struct AdmissionLimits {
  std::size_t max_connections = 1024;    ///< The newest loses.
  std::size_t max_per_address = 64;      ///< The newest loses.
  std::vector<std::string> unlimited{};  ///< Proxies: no limit per address.
};

/// Thread: compatible.
class Admission {
 public:
  explicit Admission(AdmissionLimits limits);

  /// False: over a limit. True: leave() gives the place back.
  bool enter(const std::string& address);
  void leave(const std::string& address);
  std::size_t total() const { return total_; }

 private:
  const AdmissionLimits limits_;
  const std::set<std::string> unlimited_;
  std::map<std::string, std::size_t> per_address_;  // At most max_connections entries.
  std::size_t total_ = 0;
};

}  // namespace gk::tls
