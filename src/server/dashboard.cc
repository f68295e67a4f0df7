#include "server/dashboard.h"

#include <algorithm>
#include <array>

#include "server/assets.h"

namespace gk::server {
namespace {

/// The paths that the dashboard draws (web/src/lib/router.ts): a name, and how many segments may
/// follow it.
struct Page {
  std::string_view name;
  int details = 0;
};
constexpr std::array<Page, 16> kPages = {{{""},
                                          {"overview"},
                                          {"setup"},
                                          {"login"},
                                          {"macro-safety"},
                                          {"cancellations", 1},
                                          {"locks", 1},
                                          {"tasks", 1},
                                          {"referee", 2},
                                          {"games", 1},
                                          {"library"},
                                          {"sessions"},
                                          {"explore"},
                                          {"trends"},
                                          {"logs", 2},
                                          {"settings", 1}}};

bool is_page(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const std::string_view rest = path.substr(1);
  const std::string_view first = rest.substr(0, rest.find('/'));
  const auto details = std::count(rest.begin(), rest.end(), '/');
  return std::any_of(kPages.begin(), kPages.end(), [&](const Page& page) {
    return page.name == first && details <= page.details;
  });
}

bool accepts(const net::Request& request, std::string_view coding) {
  const std::string* header = request.header("accept-encoding");
  return header != nullptr && header->find(coding) != std::string::npos;
}

bool matches(const net::Request& request, std::string_view etag) {
  const std::string* header = request.header("if-none-match");
  return header != nullptr && header->find(etag) != std::string::npos;
}

net::Response asset_response(const net::Request& request, const Asset& asset, int status) {
  net::Response response;
  response.status = status;
  response.content_type = std::string(asset.content_type);
  response.headers.emplace_back("ETag", std::string(asset.etag));
  response.headers.emplace_back("Vary", "Accept-Encoding");
  response.headers.emplace_back(
      "Cache-Control", asset.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (status == 200 && matches(request, asset.etag)) {
    response.status = 304;
    return response;
  }
  if (!asset.brotli.empty() && accepts(request, "br")) {
    response.headers.emplace_back("Content-Encoding", "br");
    response.static_body = asset.brotli;
  } else if (!asset.gzip.empty() && accepts(request, "gzip")) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.static_body = asset.gzip;
  } else {
    response.static_body = asset.raw;
  }
  return response;
}

}  // namespace

std::string_view security_headers(bool https) {
  // One text with HSTS first: without TLS it begins after that line.
  static constexpr std::string_view kHsts = "Strict-Transport-Security: max-age=31536000\r\n";
  static constexpr std::string_view kAll =
      "Strict-Transport-Security: max-age=31536000\r\n"
      "Content-Security-Policy: default-src 'self'; img-src 'self' data:; object-src 'none'; "
      "base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n"
      "X-Frame-Options: DENY\r\n"
      "X-Content-Type-Options: nosniff\r\n"
      "Referrer-Policy: no-referrer\r\n"
      "Cross-Origin-Opener-Policy: same-origin\r\n"
      "Cross-Origin-Resource-Policy: same-origin\r\n"
      "Permissions-Policy: camera=(), microphone=(), geolocation=(), payment=()\r\n";
  return https ? kAll : kAll.substr(kHsts.size());
}

net::Response serve_dashboard(const net::Request& request) {
  if (request.path == "/docs" || request.path == "/docs/") {
    if (const Asset* docs = find_asset("/docs/index.html"))
      return asset_response(request, *docs, 200);
  }
  if (const Asset* asset = find_asset(request.path)) return asset_response(request, *asset, 200);
  const Asset* shell = find_asset("/index.html");
  if (shell == nullptr) {
    net::Response response;
    response.status = 404;
    response.content_type = "text/plain; charset=utf-8";
    response.body = "There is nothing at " + request.path + "\n";
    return response;
  }
  return asset_response(request, *shell, is_page(request.path) ? 200 : 404);
}

}  // namespace gk::server
