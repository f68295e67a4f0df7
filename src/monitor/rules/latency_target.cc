#include "monitor/rules/latency_target.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace gk::monitor {
namespace {

Error expected(std::string_view text) {
  return {Errc::invalid_argument,
          "expected NAME=ADDRESS or NAME=ADDRESS:PORT with a numeric address and a name of "
          "[a-z0-9_-]{1,64}, got \"" +
              std::string(text) + "\""};
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_numeric(int family, const std::string& address) {
  std::array<unsigned char, sizeof(in6_addr)> out{};
  return ::inet_pton(family, address.c_str(), out.data()) == 1;
}

std::optional<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && port != 0 ? std::optional(port) : std::nullopt;
}

}  // namespace

Result<LatencyTarget> read_latency_target(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || !is_name(text.substr(0, equals))) return expected(text);
  LatencyTarget out;
  out.name = text.substr(0, equals);
  std::string_view rest = text.substr(equals + 1);
  const bool bracket = rest.starts_with('[');
  const std::size_t colon = bracket ? rest.find("]:") : rest.rfind(':');
  const bool plain_v6 = !bracket && is_numeric(AF_INET6, std::string(rest));
  std::string_view host = rest;
  if (!plain_v6 && colon != std::string_view::npos) {
    const auto port = read_port(rest.substr(colon + (bracket ? 2 : 1)));
    if (!port) return expected(text);
    out.port = *port;
    host = rest.substr(0, colon + (bracket ? 1 : 0));
  }
  if (bracket) {
    if (!host.ends_with(']')) return expected(text);
    host = host.substr(1, host.size() - 2);
  }
  out.address = host;
  const bool known =
      bracket || plain_v6 ? is_numeric(AF_INET6, out.address) : is_numeric(AF_INET, out.address);
  if (!known) return expected(text);
  return out;
}

}  // namespace gk::monitor
