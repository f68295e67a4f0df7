#include "api/list_page.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace gk::api {
namespace {

constexpr std::string_view kList =
    R"({"items":[{"name":"a","x":[1,{"y":"],}"}]},{"name":"b\""},{"name":"c"}],"next_cursor":null,"n":3})";

net::Request with(std::string query) {
  net::Request request;
  request.query = std::move(query);
  return request;
}

std::string cursor_of(const std::string& page) {
  const auto tree = parse_json(page);
  const JsonValue* cursor = tree ? tree->find("next_cursor") : nullptr;
  return cursor != nullptr && cursor->is_string() ? cursor->as_string() : "";
}

std::string page(std::string_view list, const std::string& query) {
  return page_of(list, "name", read_page_wish(with(query)).value()).value();
}

TEST(ListPage, GivesAShortListAsItIs) { EXPECT_EQ(page(kList, ""), kList); }

TEST(ListPage, CutsBetweenItemsOnly) {
  const std::string first = page(kList, "limit=1");
  EXPECT_TRUE(first.starts_with(R"({"items":[{"name":"a","x":[1,{"y":"],}"}]}],"next_cursor":")"));
  EXPECT_TRUE(first.ends_with(R"(,"n":3})"));
}

TEST(ListPage, WalksTheWholeListByItsCursors) {
  std::string names, query = "limit=1";
  for (int i = 0; i < 3; ++i) {
    const auto tree = parse_json(page(kList, query)).value();
    names += tree.find("items")->as_array().at(0).find("name")->as_string();
    query = "limit=1&cursor=" + cursor_of(page(kList, query));
  }
  EXPECT_EQ(names, "ab\"c");
  EXPECT_EQ(query, "limit=1&cursor=") << "the last page has no next one";
}

TEST(ListPage, GoesOnBehindTheKeyWhenTheListHasChanged) {
  const std::string cursor = cursor_of(page(kList, "limit=2"));
  const std::string grown =
      R"({"items":[{"name":"A"},{"name":"a"},{"name":"b\""},{"name":"c"}],"next_cursor":null})";
  EXPECT_EQ(page(grown, "cursor=" + cursor), R"({"items":[{"name":"c"}],"next_cursor":null})");
}

TEST(ListPage, GoesOnWhereARemovedItemWas) {
  const std::string cursor = cursor_of(page(kList, "limit=2"));
  const std::string shrunk = R"({"items":[{"name":"a"},{"name":"c"}],"next_cursor":null})";
  EXPECT_EQ(page(shrunk, "cursor=" + cursor), R"({"items":[{"name":"c"}],"next_cursor":null})");
}

TEST(ListPage, RefusesAChangedCursor) {
  std::string cursor = cursor_of(page(kList, "limit=1"));
  ASSERT_FALSE(cursor.empty());
  EXPECT_TRUE(read_page_wish(with("cursor=" + cursor)));
  EXPECT_TRUE(read_page_wish(with("cursor="))) << "as if it were absent";
  cursor[0] = '2';
  EXPECT_FALSE(read_page_wish(with("cursor=" + cursor)));
  for (const auto* bad : {"cursor=7", "cursor=-", "cursor=--", "cursor=1--zz"}) {
    EXPECT_FALSE(read_page_wish(with(bad))) << bad;
  }
}

TEST(ListPage, RefusesLimitsOutOfRange) {
  for (const auto* bad : {"limit=0", "limit=1001", "limit=", "limit=-1", "limit=1x"}) {
    EXPECT_FALSE(read_page_wish(with(bad))) << bad;
  }
  EXPECT_EQ(read_page_wish(with("limit=1000"))->limit, 1000U);
}

TEST(ListPage, AddsTheCursorThatAHandlerLeftOut) {
  EXPECT_EQ(page(R"({"items":[{"name":"a"}]})", ""),
            R"({"items":[{"name":"a"}],"next_cursor":null})");
}

TEST(ListPage, AnEmptyListHasOneEmptyPage) {
  const std::string empty = R"({"items":[],"next_cursor":null})";
  EXPECT_EQ(page(empty, "limit=5"), empty);
}

}  // namespace
}  // namespace gk::api
