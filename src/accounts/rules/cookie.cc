#include "accounts/rules/cookie.h"

#include <algorithm>

namespace gk::accounts {
namespace {

std::string_view without_port(std::string_view host) {
  if (!host.empty() && host.front() == '[') {
    const std::size_t end = host.find(']');
    return end == std::string_view::npos ? host : host.substr(0, end + 1);
  }
  return host.substr(0, host.find(':'));
}

bool ends_with_folded(std::string_view text, std::string_view lower_suffix) {
  if (text.size() < lower_suffix.size()) return false;
  const std::string_view tail = text.substr(text.size() - lower_suffix.size());
  return std::equal(tail.begin(), tail.end(), lower_suffix.begin(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

bool is_loopback_v4(std::string_view host) {
  if (!host.starts_with("127.")) return false;
  return std::count(host.begin(), host.end(), '.') == 3 &&
         std::all_of(host.begin(), host.end(),
                     [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

std::string attributes(TransportSecurity security, std::string_view host) {
  std::string out = "; Path=/; HttpOnly; SameSite=Strict";
  if (session_cookie_name(security, host) == kHostCookie) out += "; Secure";
  return out;
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  const std::string_view name = without_port(host);
  if (name == "[::1]" || is_loopback_v4(name)) return true;
  return ends_with_folded(name, ".localhost") ||
         (name.size() == 9 && ends_with_folded(name, "localhost"));
}

std::string_view session_cookie_name(TransportSecurity security, std::string_view host) {
  return security == TransportSecurity::tls || is_loopback_host(host) ? kHostCookie : kPlainCookie;
}

std::string session_cookie(TransportSecurity security, std::string_view host,
                           std::string_view token) {
  std::string out(session_cookie_name(security, host));
  out += '=';
  out += token;
  return out + attributes(security, host);
}

std::string cleared_cookie(TransportSecurity security, std::string_view host) {
  return session_cookie(security, host, "") + "; Max-Age=0";
}

}  // namespace gk::accounts
