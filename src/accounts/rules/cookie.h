// cookie.h: the session cookie's name and attributes.
//
// `__Host-` binds a cookie to one host over a secure connection, and browsers take it over plain
// HTTP only from a loopback origin. Chromium 156 keeps `__Host-` and Secure cookies of
// http://localhost, *.localhost, 127.0.0.1 and [::1], and drops them for any other plain address
// (tried with a page that sets and reads them back); curl 7.88 does the same. So: the `__Host-`
// name there and under TLS, the plain name elsewhere, and never both for one host.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gk::accounts {

// Source: platform specification, accounts; the plain name is chosen.
inline constexpr std::string_view kHostCookie = "__Host-gamekeeper";
inline constexpr std::string_view kPlainCookie = "gamekeeper_session";

/// How clients reach the daemon.
enum class TransportSecurity : std::uint8_t {
  plain,  ///< HTTP as it is.
  tls,    ///< TLS, of our own or of the proxy in front.
};

/// True when `host` (a Host header, with or without port) is a loopback name or address.
bool is_loopback_host(std::string_view host);

/// The one cookie name that is set, and read, for this host.
std::string_view session_cookie_name(TransportSecurity security, std::string_view host);

/// The Set-Cookie value that hands `token` to the browser, until the browser closes.
std::string session_cookie(TransportSecurity security, std::string_view host,
                           std::string_view token);

/// The Set-Cookie value that takes the cookie away.
std::string cleared_cookie(TransportSecurity security, std::string_view host);

}  // namespace gk::accounts
