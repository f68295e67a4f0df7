#include "server/config_complaints.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "api/host_rules.h"
#include "macros/rules/schedule.h"
#include "macros/time_zone.h"
#include "monitor/rules/latency_target.h"
#include "net/listen.h"
#include "notices/rules/address_guard.h"

namespace gk::server {
namespace {

std::string expected(std::string_view what, std::string_view text) {
  return "expected " + std::string(what) + ", got \"" + std::string(text.substr(0, 80)) + "\"";
}

template <typename T>
Complaint complaint_of(const Result<T>& read) {
  return read ? std::nullopt : std::optional(read.error().message);
}

/// The address as the kernel writes it; nullopt: none.
std::optional<std::string> canonical(std::string_view text) {
  const std::string address(text);
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> out{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (::inet_pton(family, address.c_str(), bytes.data()) == 1) {
      return ::inet_ntop(family, bytes.data(), out.data(), out.size());
    }
  }
  return std::nullopt;
}

}  // namespace

Complaint complaint_of_listen(std::string_view text) {
  return complaint_of(net::check_tcp_address(std::string(text)));
}

Complaint complaint_of_udp_listen(std::string_view text) {
  return text.empty() ? std::nullopt : complaint_of_listen(text);
}

Complaint complaint_of_host(std::string_view text) {
  const bool name = !text.empty() && text.size() <= 253 &&  // Source: RFC 1035 s2.3.4
                    std::all_of(text.begin(), text.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
                    });
  if (name || canonical(text)) return std::nullopt;
  return expected("a host name or address without scheme and port, such as gamekeeper.example",
                  text);
}

Complaint complaint_of_origin(std::string_view text) {
  const bool tls = text.starts_with("https://");
  const std::string_view host = text.substr(std::min<std::size_t>(text.size(), tls ? 8 : 7));
  const api::HostPort at = api::split_host(host);
  const bool known = (tls || text.starts_with("http://")) && !at.name.empty() &&
                     host.find_first_of("/*?#@ ") == std::string_view::npos;
  if (known && at.port != (tls ? "443" : "80")) return std::nullopt;
  return expected(
      "an origin as a browser sends it, scheme://host or scheme://host:port without the scheme's "
      "own port, such as https://panel.example",
      text);
}

Complaint complaint_of_address(std::string_view text) {
  const auto address = canonical(text);
  if (address == text) return std::nullopt;
  return expected(address ? "the address as " + *address
                          : std::string("a numeric address such as 192.0.2.1 or 2001:db8::1"),
                  text);
}

Complaint complaint_of_network(std::string_view text) {
  return complaint_of(notices::Network::parse(text));
}

Complaint complaint_of_uid(std::string_view text) {
  unsigned uid = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, uid);
  if (failed == std::errc() && stop == end) return std::nullopt;
  return expected("the number of a user, such as 1000 (`id -u NAME` tells it)", text);
}

Complaint complaint_of_target(std::string_view text) {
  return complaint_of(monitor::read_latency_target(text));
}

Complaint complaint_of_cron(std::string_view text) {
  return text.empty() ? std::nullopt : complaint_of(macros::Cron::parse(text));
}

Complaint complaint_of_zone(std::string_view text) {
  return complaint_of(macros::load_zone(std::string(text)));
}

Complaint complaint_of_path(std::string_view text) {
  if (text.empty() || text.front() == '/') return std::nullopt;
  return expected("an absolute path", text);
}

}  // namespace gk::server
