#include "api/route_table.h"

#include <gtest/gtest.h>

namespace gk::api {
namespace {

using net::Method;
using Outcome = RouteTable::Outcome;

class RouteTableTest : public testing::Test {
 protected:
  RouteTableTest() {
    table.add(Method::get, "/a/live", 1);
    table.add(Method::get, "/a/{check}", 2);
    table.add(Method::del, "/a/{check}", 3);
    table.add(Method::get, "/a/{check}/b/{part}", 4);
  }
  RouteTable table;
  PathParams params;
};

TEST_F(RouteTableTest, PrefersLiteralOverPattern) {
  EXPECT_EQ(table.find(Method::get, "/a/live", params).route, 1U);
  EXPECT_EQ(table.find(Method::get, "/a/disk", params).route, 2U);
  EXPECT_EQ(params.at("check"), "disk");
}

TEST_F(RouteTableTest, FillsSeveralParameters) {
  EXPECT_EQ(table.find(Method::get, "/a/x/b/y", params).route, 4U);
  EXPECT_EQ(params.at("check") + params.at("part"), "xy");
}

TEST_F(RouteTableTest, SaysWhichMethodsExist) {
  const auto match = table.find(Method::post, "/a/disk", params);
  EXPECT_EQ(match.outcome, Outcome::no_such_method);
  EXPECT_EQ(match.allow, "GET, DELETE");
}

TEST_F(RouteTableTest, HeadFindsGet) {
  EXPECT_EQ(table.find(Method::head, "/a/live", params).outcome, Outcome::found);
}

TEST_F(RouteTableTest, RefusesEmptySegmentsAndTrailers) {
  EXPECT_EQ(table.find(Method::get, "/a/", params).outcome, Outcome::no_such_path);
  EXPECT_EQ(table.find(Method::get, "/a/x/b", params).outcome, Outcome::no_such_path);
  EXPECT_EQ(table.find(Method::get, "/a/x/b/y/z", params).outcome, Outcome::no_such_path);
}

TEST_F(RouteTableTest, RefusesToAddTheSameRouteTwice) {
  EXPECT_FALSE(table.add(Method::get, "/a/live", 9));
  EXPECT_FALSE(table.add(Method::get, "/a/{check}", 9));
}

}  // namespace
}  // namespace gk::api
