#include "api/host_rules.h"

#include <algorithm>

namespace gk::api {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

bool is_port(std::string_view text) {
  return text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_loopback(std::string_view name) {
  return name == "localhost" || name.ends_with(".localhost") || name == "::1" ||
         (name.starts_with("127.") &&
          name.find_first_not_of("0123456789.") == std::string_view::npos);
}

}  // namespace

HostPort split_host(std::string_view authority) {
  HostPort out;
  std::string_view name = authority, port;
  if (!authority.empty() && authority[0] == '[') {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return out;
    name = authority.substr(1, end - 1);
    const std::string_view rest = authority.substr(end + 1);
    if (!rest.empty() && rest[0] != ':') return out;
    if (!rest.empty()) port = rest.substr(1);
  } else if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
    name = authority.substr(0, colon);
    port = authority.substr(colon + 1);
  }
  if (!is_port(port)) return out;
  if (name.size() > 1 && name.back() == '.') name.remove_suffix(1);
  out.name = lower(name);
  out.port = std::string(port);
  return out;
}

HostRules::HostRules(std::vector<std::string> hosts, std::vector<std::string> origins,
                     OriginScheme scheme)
    : hosts_(std::move(hosts)), origins_(std::move(origins)), scheme_(scheme) {
  for (auto& host : hosts_) host = lower(host);
  for (auto& origin : origins_) origin = lower(origin);
}

bool HostRules::host_allowed(std::string_view host_header) const {
  const HostPort host = split_host(host_header);
  return !host.name.empty() && contains(hosts_, host.name);
}

bool HostRules::origin_allowed(std::string_view origin_header, std::string_view host_header) const {
  const std::string origin = lower(origin_header);
  if (contains(origins_, origin)) return true;
  std::string_view scheme_port = "80", rest = origin;
  if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
    scheme_port = "443";
  } else {
    return false;
  }
  HostPort from = split_host(rest), to = split_host(host_header);
  const bool plain = scheme_port == "80";
  if (plain && scheme_ == OriginScheme::https_only) return false;
  if (plain && scheme_ == OriginScheme::https && !is_loopback(from.name)) {
    return false;
  }
  if (from.port.empty()) from.port = scheme_port;
  if (to.port.empty()) to.port = scheme_port;
  return !from.name.empty() && from.name == to.name && from.port == to.port;
}

bool HostRules::origin_listed(std::string_view origin_header) const {
  return contains(origins_, origin_header);
}

}  // namespace gk::api
