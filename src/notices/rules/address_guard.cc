#include "notices/rules/address_guard.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace gk::notices {
namespace {

struct Special {
  std::string_view network, why;
};

// Source: IANA IPv4 special-purpose address registry; multicast and class E besides.
constexpr std::array<Special, 16> kSpecialV4{{
    {"0.0.0.0/8", "this network"},
    {"10.0.0.0/8", "private"},
    {"100.64.0.0/10", "shared (carrier NAT)"},
    {"127.0.0.0/8", "loopback"},
    {"169.254.0.0/16", "link-local"},
    {"172.16.0.0/12", "private"},
    {"192.0.0.0/24", "protocol assignments"},
    {"192.0.2.0/24", "documentation"},
    {"192.88.99.0/24", "6to4 relay"},
    {"192.168.0.0/16", "private"},
    {"198.18.0.0/15", "benchmarking"},
    {"198.51.100.0/24", "documentation"},
    {"203.0.113.0/24", "documentation"},
    {"224.0.0.0/4", "multicast"},
    {"255.255.255.255/32", "broadcast"},
    {"240.0.0.0/4", "reserved"},
}};

// Source: IANA IPv6 special-purpose address registry. Outside 2000::/3 nothing is public.
constexpr std::array<Special, 10> kSpecialV6{{
    {"::/128", "unspecified"},
    {"::1/128", "loopback"},
    {"fe80::/10", "link-local"},
    {"fc00::/7", "private"},
    {"ff00::/8", "multicast"},
    {"2001::/23", "protocol assignments"},
    {"2001:db8::/32", "documentation"},
    {"2002::/16", "6to4"},
    {"3fff::/20", "documentation"},
    {"5f00::/16", "segment routing"},
}};

struct Listed {
  Network network;
  std::string_view why;
};

template <std::size_t N>
std::vector<Listed> parsed(const std::array<Special, N>& table) {
  std::vector<Listed> out;
  for (const Special& row : table) out.push_back({Network::parse(row.network).value(), row.why});
  return out;
}

std::optional<std::string_view> find_in(const std::vector<Listed>& table, const Address& address) {
  for (const Listed& row : table) {
    if (row.network.contains(address)) return row.why;
  }
  return std::nullopt;
}

bool starts_with(const std::array<std::uint8_t, 16>& bytes,
                 std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

std::optional<std::string_view> special(const Address& address) {
  static const std::vector<Listed> kV4 = parsed(kSpecialV4), kV6 = parsed(kSpecialV6);
  if (address.v4) return find_in(kV4, address);
  // NAT64 (RFC 6052): it leads to the IPv4 address in its last four bytes.
  if (starts_with(address.bytes, {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) {
    return find_in(kV4, Address::from_v4(address.bytes.data() + 12));
  }
  if (const auto why = find_in(kV6, address)) return why;
  const bool global_unicast = (address.bytes[0] & 0xe0U) == 0x20U;
  return global_unicast ? std::nullopt : std::optional<std::string_view>("reserved");
}

}  // namespace

Address Address::from_v4(const std::uint8_t* four) {
  Address out;
  std::copy_n(four, 4, out.bytes.begin());
  return out;
}

Address Address::from_v6(const std::uint8_t* sixteen) {
  Address out;
  std::copy_n(sixteen, 16, out.bytes.begin());
  if (starts_with(out.bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) {
    return from_v4(sixteen + 12);
  }
  out.v4 = false;
  return out;
}

std::optional<Address> Address::parse(std::string_view text) {
  const std::string owned(text);
  std::array<std::uint8_t, 16> bytes{};
  if (::inet_pton(AF_INET, owned.c_str(), bytes.data()) == 1) return from_v4(bytes.data());
  if (::inet_pton(AF_INET6, owned.c_str(), bytes.data()) == 1) return from_v6(bytes.data());
  return std::nullopt;
}

std::string Address::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  ::inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data(), out.data(), out.size());
  return out.data();
}

Result<Network> Network::parse(std::string_view text) {
  const auto fault = [&](std::string_view what) {
    return Error{Errc::invalid_argument,
                 "expected an address or a prefix such as 192.168.1.0/24, "
                 "got \"" +
                     std::string(text) + "\"" + std::string(what)};
  };
  const std::size_t slash = text.find('/');
  const auto base = Address::parse(text.substr(0, slash));
  if (!base) return fault("");
  Network out{*base, base->v4 ? 32U : 128U};
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size() || bits > out.bits) {
      return fault("");
    }
    out.bits = bits;
  }
  Address network = out.base;
  for (unsigned bit = out.bits; bit < (base->v4 ? 32U : 128U); ++bit) {
    network.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
  }
  if (network.bytes != out.base.bytes) return fault(": bits beyond the prefix are set");
  return out;
}

bool Network::contains(const Address& address) const {
  if (address.v4 != base.v4) return false;
  for (unsigned bit = 0; bit < bits; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
    if ((address.bytes[bit / 8] & mask) != (base.bytes[bit / 8] & mask)) return false;
  }
  return true;
}

std::optional<std::string_view> refusal(const Address& address,
                                        const std::vector<Network>& allowed) {
  const bool listed = std::any_of(allowed.begin(), allowed.end(),
                                  [&](const Network& n) { return n.contains(address); });
  return listed ? std::nullopt : special(address);
}

}  // namespace gk::notices
