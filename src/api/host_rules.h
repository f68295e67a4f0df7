// host_rules.h: which Host and Origin a request may carry. Loopback is not a trust boundary: a web
// page anywhere can make a browser send requests to 127.0.0.1, and DNS rebinding gives it any name.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gk::api {

/// "name" and "port" of a Host header or of an origin's authority. "[::1]:5000" -> "::1", "5000".
struct HostPort {
  std::string name;  ///< Lower case, without brackets and without a trailing dot.
  std::string port;  ///< Empty when absent.
};
HostPort split_host(std::string_view authority);

/// Which schemes an origin may have that equals the Host.
enum class OriginScheme : std::uint8_t {
  any,
  https,  ///< Under TLS: a plain page of the same name may be anybody's on the way. Loopback names
          ///< stay as they are: the machine's own browser reaches the daemon without the proxy.
  https_only,  ///< TLS of our own: no page of ours is plain, wherever it comes from.
};

/// Thread: immutable.
class HostRules {
 public:
  /// `hosts`: names and addresses that are served, without port.
  /// `origins`: origins allowed besides the one that equals the Host, e.g. "https://gk.example".
  HostRules(std::vector<std::string> hosts, std::vector<std::string> origins,
            OriginScheme scheme = OriginScheme::any);

  bool host_allowed(std::string_view host_header) const;
  /// An origin is allowed when it is http(s) on the very Host of the request, or configured.
  /// "null" and anything malformed is not.
  bool origin_allowed(std::string_view origin_header, std::string_view host_header) const;
  /// One of `origins`, to the letter: its pages may read answers (cors.h).
  bool origin_listed(std::string_view origin_header) const;
  bool lists_origins() const { return !origins_.empty(); }

 private:
  std::vector<std::string> hosts_;
  std::vector<std::string> origins_;
  OriginScheme scheme_;
};

}  // namespace gk::api
