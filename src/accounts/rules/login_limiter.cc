#include "accounts/rules/login_limiter.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "accounts/rules/digest.h"

namespace gk::accounts {
namespace {

std::string pair_key(std::string_view address, std::string_view account) {
  return std::string(account) + ' ' + std::string(address);  // No name contains a space.
}

}  // namespace

std::string address_key(std::string_view address, std::optional<unsigned> uid) {
  if (uid) return "unix:" + std::to_string(*uid);
  std::array<std::uint8_t, 16> bytes{};
  if (::inet_pton(AF_INET6, std::string(address).c_str(), bytes.data()) != 1) {
    return std::string(address.substr(0, 64));
  }
  // Source: RFC 4291 s2.5.5.2, ::ffff:0:0/96.
  static constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) {
    std::string v4;
    for (std::size_t i = 12; i < 16; ++i) {
      if (i > 12) v4 += '.';
      v4 += std::to_string(bytes[i]);
    }
    return v4;
  }
  return to_hex(std::span(bytes).first(8)) + "/64";
}

LoginLimiter::LoginLimiter(const LoginLimits& limits)
    : limits_(limits),
      addresses_(limits.per_address, limits.max_addresses),
      accounts_(limits.per_account, limits.max_accounts) {}

GcraDecision LoginLimiter::take(std::string_view address, std::string_view account, MonoTime now) {
  const GcraDecision by_address = addresses_.take(address, now);
  if (!by_address.allowed) return by_address;
  const GcraDecision by_account = accounts_.take(account, now);
  if (by_account.allowed || known(address, account)) return {};
  return by_account;  // The address's attempt stays spent: it is a stranger at a besieged door.
}

void LoginLimiter::succeeded(std::string_view address, std::string_view account, MonoTime now) {
  abandoned(address, account, now);
  remember(address, account, now);
}

void LoginLimiter::abandoned(std::string_view address, std::string_view account, MonoTime now) {
  addresses_.give_back(address, now);
  accounts_.give_back(account, now);
}

void LoginLimiter::remember(std::string_view address, std::string_view account, MonoTime now) {
  std::string key = pair_key(address, account);
  if (known_.size() >= limits_.max_known && !known_.contains(key)) {
    known_.erase(std::min_element(known_.begin(), known_.end(), [](const auto& a, const auto& b) {
      return a.second < b.second;
    }));
  }
  known_.insert_or_assign(std::move(key), now);
}

bool LoginLimiter::known(std::string_view address, std::string_view account) const {
  return known_.contains(pair_key(address, account));
}

}  // namespace gk::accounts
