// address_guard.h: which addresses the notifier may connect to. Whoever may set up a receiver could
// otherwise make the daemon's machine talk to its own services, to the router or to a cloud's
// metadata (SSRF).
//
// The check is made on the address that the socket connects to, after the name was resolved: a name
// that resolves to something else a moment later gains nothing. Public is what the IANA registries
// list as globally reachable; everything else needs an entry in `notices.allow_private`.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/result.h"

namespace gk::notices {

/// An IPv4 or IPv6 address; IPv4 in IPv6 forms (::ffff:a.b.c.d) is IPv4.
struct Address {
  std::array<std::uint8_t, 16> bytes{};  ///< IPv4: the first four.
  bool v4 = true;

  /// "127.0.0.1", "::1"; nullopt for anything else.
  static std::optional<Address> parse(std::string_view text);
  static Address from_v4(const std::uint8_t* four);
  static Address from_v6(const std::uint8_t* sixteen);
  std::string text() const;
};

/// "10.1.0.0/16" or one address.
struct Network {
  Address base;
  unsigned bits = 32;

  /// Errors: invalid_argument (not an address or prefix; bits beyond the prefix are set).
  static Result<Network> parse(std::string_view text);
  bool contains(const Address& address) const;
};

/// Why `address` must not be connected to ("loopback", "private", "link-local" …); nullopt: it may.
std::optional<std::string_view> refusal(const Address& address,
                                        const std::vector<Network>& allowed);

}  // namespace gk::notices
