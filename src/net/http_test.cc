#include "net/http.h"

#include <gtest/gtest.h>

#include "net/request_target.h"

namespace gk::net {
namespace {

TEST(Method, NamesRoundTripAndCaseMatters) {
  EXPECT_EQ(parse_method(method_name(Method::del)), Method::del);
  EXPECT_STREQ(method_name(Method::del), "DELETE");
  EXPECT_EQ(parse_method("PATCH"), Method::patch);
  EXPECT_FALSE(parse_method("get"));
  EXPECT_FALSE(parse_method("TRACE"));
  EXPECT_FALSE(parse_method(""));
}

TEST(PercentDecode, DecodesBothCases) { EXPECT_EQ(percent_decode("a%2Fb%2f%20"), "a/b/ "); }
TEST(PercentDecode, LeavesPlusAlone) { EXPECT_EQ(percent_decode("a+b"), "a+b"); }
TEST(PercentDecode, RefusesMalformedEscapesAndNul) {
  EXPECT_FALSE(percent_decode("%"));
  EXPECT_FALSE(percent_decode("%4"));
  EXPECT_FALSE(percent_decode("%4g"));
  EXPECT_FALSE(percent_decode("%%41"));
  EXPECT_FALSE(percent_decode("a%00b"));
  EXPECT_FALSE(percent_decode(std::string_view("a\0b", 3)));
}

TEST(Request, FindsTheFirstHeader) {
  Request request;
  request.headers = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
  EXPECT_EQ(*request.header("a"), "1");
  EXPECT_EQ(request.header("A"), nullptr);
}

TEST(Request, DecodesQueryParameters) {
  Request request;
  request.query = "a=1&b%20c=d+e%2B&flag&=x&a=2";
  EXPECT_EQ(request.query_param("a"), "1");
  EXPECT_EQ(request.query_param("b c"), "d e+");
  EXPECT_EQ(request.query_param("flag"), "");
  EXPECT_FALSE(request.query_param("missing"));
}

TEST(Request, FindsCookiesByWholeName) {
  Request request;
  request.headers = {{"cookie", "xsid=1; sid=a=b;flag; other=2"}, {"cookie", "z=3"}};
  EXPECT_EQ(request.cookie("sid"), "a=b");
  EXPECT_EQ(request.cookie("other"), "2");
  EXPECT_EQ(request.cookie("z"), "3");
  EXPECT_FALSE(request.cookie("flag"));
  EXPECT_FALSE(request.cookie("id"));
}

TEST(RequestTarget, SplitsPathAndQuery) {
  const RequestTarget target = split_target("/a%20b/c?d=%20&e");
  EXPECT_EQ(target.refusal, "");
  EXPECT_EQ(target.path, "/a b/c");
  EXPECT_EQ(target.query, "d=%20&e");
}

TEST(RequestTarget, KeepsNamesThatOnlyLookLikeDots) {
  EXPECT_EQ(split_target("/.well-known/..a/a../...").refusal, "");
  EXPECT_EQ(split_target("/").path, "/");
  EXPECT_EQ(split_target("//").path, "//");
}

TEST(RequestTarget, RefusesTraversal) {
  EXPECT_NE(split_target("/..").refusal, "");
  EXPECT_NE(split_target("/.").refusal, "");
  EXPECT_NE(split_target("/a/../b").refusal, "");
  EXPECT_NE(split_target("/a/./b").refusal, "");
  EXPECT_NE(split_target("/a/..").refusal, "");
  EXPECT_NE(split_target("/%2e%2E/b").refusal, "");
  EXPECT_NE(split_target("/.%2e/b").refusal, "");
  EXPECT_NE(split_target("/a%2Fb").refusal, "");
  EXPECT_NE(split_target("/a%2f..%2fb").refusal, "");
}

TEST(RequestTarget, RefusesWhatIsNotText) {
  EXPECT_NE(split_target("/%00").refusal, "");
  EXPECT_NE(split_target("/%0d%0aX").refusal, "");
  EXPECT_NE(split_target("/%7f").refusal, "");
  EXPECT_NE(split_target("/%ff").refusal, "");
  EXPECT_NE(split_target("/%c0%ae").refusal, "") << "an overlong dot";
  EXPECT_NE(split_target("/%zz").refusal, "");
  EXPECT_NE(split_target("/a?b=%zz").refusal, "");
  EXPECT_NE(split_target("/a?b=%00").refusal, "");
  EXPECT_NE(split_target("/a?b=%ff").refusal, "");
  EXPECT_NE(split_target("/a#b").refusal, "");
  EXPECT_NE(split_target("").refusal, "");
  EXPECT_NE(split_target("a").refusal, "");
}

TEST(RequestTarget, DecodesOnceOnly) { EXPECT_EQ(split_target("/%252e%252e/a").path, "/%2e%2e/a"); }

}  // namespace
}  // namespace gk::net
