#include "api/conditional.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace gk::api {
namespace {

/// FNV-1a, 64 bits: versions of one resource, none of them chosen by an attacker against another.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return hash;
}

}  // namespace

std::string etag_of(const net::Response& response) {
  for (const auto& [name, value] : response.headers) {
    if (name == "ETag") return value;
  }
  std::array<char, 24> text{};
  const int n = std::snprintf(text.data(), text.size(), "\"%016llx\"",
                              static_cast<unsigned long long>(hash_of(response.body)));
  return {text.data(), static_cast<std::size_t>(n)};
}

bool names_etag(std::string_view header, std::string_view etag) {
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(','), header.size());
    std::string_view tag = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    while (tag.starts_with(' ')) tag.remove_prefix(1);
    while (tag.ends_with(' ')) tag.remove_suffix(1);
    if (tag == "*" || tag == etag) return true;
  }
  return false;
}

bool WritesInFlight::busy(const std::string& resource) {
  const auto known = running_.find(resource);
  if (known == running_.end()) return false;
  std::erase_if(known->second, [](const auto& token) { return token.expired(); });
  if (!known->second.empty()) return true;
  running_.erase(known);
  return false;
}

WritesInFlight::Token WritesInFlight::begin(const std::string& resource) {
  // What has ended is forgotten here: the map holds at most one entry a connection, and as many
  // that have ended.
  std::erase_if(running_, [](const auto& entry) {
    return std::all_of(entry.second.begin(), entry.second.end(),
                       [](const auto& token) { return token.expired(); });
  });
  auto token = std::make_shared<const char>('w');
  running_[resource].push_back(token);
  return token;
}

}  // namespace gk::api
