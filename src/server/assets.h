// assets.h: the dashboard's files, embedded in the binary. The table is made by
// tools/embed_assets.py at build time.

#pragma once

#include <span>
#include <string_view>

namespace gk::server {

/// One file of the dashboard; all views live as long as the process.
struct Asset {
  std::string_view path;  ///< "/index.html", "/assets/main-3f2a.js".
  std::string_view content_type;
  std::string_view raw;
  std::string_view gzip;    ///< Empty when it is not smaller.
  std::string_view brotli;  ///< Empty when it is not smaller.
  std::string_view etag;    ///< With quotes.
  bool immutable = false;   ///< The name holds a hash of the content.
};

/// The asset at `path`; null pointer when there is none. Cost: O(log n).
const Asset* find_asset(std::string_view path);
/// All assets, sorted by path.
std::span<const Asset> assets();

}  // namespace gk::server
