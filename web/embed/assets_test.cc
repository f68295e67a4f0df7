#include "server/assets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace gk::server {
namespace {

TEST(AssetsTest, HasAnIndexPageOfHtml) {
  const Asset* index = find_asset("/index.html");
  ASSERT_NE(index, nullptr);
  EXPECT_EQ(index->content_type, "text/html; charset=utf-8");
  EXPECT_TRUE(index->raw.starts_with("<!doctype html>"));
  EXPECT_FALSE(index->immutable) << "its name stays, its content does not";
}

TEST(AssetsTest, FindsEachAssetAndNothingElse) {
  for (const Asset& asset : assets()) EXPECT_EQ(find_asset(asset.path), &asset) << asset.path;
  for (const char* path :
       {"", "/", "index.html", "/index.htm", "/index.html.br", "/../index.html"}) {
    EXPECT_EQ(find_asset(path), nullptr) << path;
  }
}

TEST(AssetsTest, IsSortedByPathWithoutDoubles) {
  const auto all = assets();
  const auto not_increasing = [](const Asset& a, const Asset& b) { return a.path >= b.path; };
  EXPECT_EQ(std::ranges::adjacent_find(all, not_increasing), all.end());
}

TEST(AssetsTest, CompressedVariantsAreSmallerAndLookTheirPart) {
  for (const Asset& asset : assets()) {
    EXPECT_FALSE(asset.raw.empty()) << asset.path;
    EXPECT_LT(asset.brotli.size(), asset.raw.size()) << asset.path;
    if (asset.gzip.empty()) continue;
    EXPECT_LT(asset.gzip.size(), asset.raw.size()) << asset.path;
    EXPECT_EQ(asset.gzip.substr(0, 3), "\x1f\x8b\x08") << asset.path;
    EXPECT_EQ(asset.gzip.substr(4, 4), std::string_view("\0\0\0\0", 4)) << "a time stamp in gzip";
  }
}

TEST(AssetsTest, TagsAreWeakQuotedAndDistinct) {
  std::vector<std::string_view> tags;
  for (const Asset& asset : assets()) {
    EXPECT_TRUE(asset.etag.starts_with("W/\"") && asset.etag.ends_with('"')) << asset.etag;
    tags.push_back(asset.etag);
  }
  std::ranges::sort(tags);
  EXPECT_EQ(std::ranges::adjacent_find(tags), tags.end());
}

TEST(AssetsTest, PagesHoldNothingThatTheContentSecurityPolicyForbids) {
  for (const Asset& asset : assets()) {
    if (!asset.path.ends_with(".html")) continue;
    EXPECT_EQ(asset.raw.find("<style"), std::string_view::npos) << asset.path;
    EXPECT_EQ(asset.raw.find(" style="), std::string_view::npos) << asset.path;
    EXPECT_EQ(asset.raw.find("<script>"), std::string_view::npos) << asset.path;
    EXPECT_EQ(asset.raw.find("://"), std::string_view::npos) << "an address outside " << asset.path;
  }
}

}  // namespace
}  // namespace gk::server
