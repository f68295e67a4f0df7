// assets.h: the dashboard's files, compiled into the program: no file is looked up for a URL.
//
// The table is made by tools/embed_assets.py from web/dist, or from web/fallback when the dashboard
// was not built (GK_DASHBOARD=OFF). Link gk_assets (web/CMakeLists.txt). The pages of the dashboard
// ("/", "/macro-safety", "/cancellations/…") are all "/index.html"; which paths are pages is the
// server's business.

#pragma once

#include <span>
#include <string_view>

namespace gk::server {

/// One file in up to three encodings. All views live as long as the process.
/// Thread: immutable.
struct Asset {
  std::string_view path;          ///< As in the URL: "/index.html", "/assets/index-1a2b3c4d.js".
  std::string_view content_type;  ///< With charset where it is text.
  std::string_view raw;
  std::string_view gzip;    ///< Empty when gzip saves nothing. Needs `Vary: Accept-Encoding`.
  std::string_view brotli;  ///< Empty when absent. Needs `Vary: Accept-Encoding`.
  std::string_view etag;    ///< Weak and quoted: the same for all three encodings.
  bool immutable = false;   ///< The name holds the content's hash: may be cached for ever.
};

/// The asset at exactly `path`; null when there is none. O(log n).
const Asset* find_asset(std::string_view path);

/// All assets, sorted by path.
std::span<const Asset> assets();

}  // namespace gk::server
