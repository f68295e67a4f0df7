// login_limiter.h: how many passwords may be tried, per address and per account.
//
// One address that guesses is stopped by its own budget. Many addresses that guess at one account
// are stopped by the account's budget, from which an address that has logged in to the account
// before is exempt: so guessing cannot lock the owner out. Attempts that turn out right are given
// back. There is no global budget.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/gcra.h"
#include "gamekeeper/time.h"

namespace gk::accounts {

/// Source: chosen. An address gets 14'400 guesses a day and an account 2'880 from strangers, which
/// is hopeless against 12 characters that are on no list.
struct LoginLimits {
  GcraRate per_address{.period = Seconds(6), .burst = 10};
  GcraRate per_account{.period = Seconds(30), .burst = 20};
  std::size_t max_addresses = 4'096;  ///< The one with most budget left is forgotten.
  std::size_t max_accounts = 4'096;   ///< Likewise; names that do not exist count too.
  std::size_t max_known = 4'096;      ///< (account, address) pairs; the oldest is forgotten.
};

/// The key that an address is counted under: an IPv4 address itself, the /64 of an IPv6 address
/// (one customer holds all of it), "unix:<uid>" for a local peer.
std::string address_key(std::string_view address, std::optional<unsigned> uid);

/// Thread: compatible.
class LoginLimiter {
 public:
  explicit LoginLimiter(const LoginLimits& limits);

  /// Asks for one attempt at `account` from `address` (an address_key), and spends it.
  /// Requires: `now` never decreases from call to call, here and below.
  GcraDecision take(std::string_view address, std::string_view account, MonoTime now);
  /// The attempt was right: it is given back, and the pair is known from now on.
  void succeeded(std::string_view address, std::string_view account, MonoTime now);
  /// The attempt was never judged (overload): it is given back.
  void abandoned(std::string_view address, std::string_view account, MonoTime now);
  /// `address` has logged in to `account` before.
  void remember(std::string_view address, std::string_view account, MonoTime now);

 private:
  bool known(std::string_view address, std::string_view account) const;

  LoginLimits limits_;
  GcraTable addresses_;
  GcraTable accounts_;
  boost::unordered_flat_map<std::string, MonoTime> known_;  // "account address" to last success.
};

}  // namespace gk::accounts
