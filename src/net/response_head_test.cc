#include "net/response_head.h"

#include <gtest/gtest.h>

namespace gk::net {
namespace {

TEST(HttpDate, WritesTheExampleOfTheRfc) {
  EXPECT_EQ(http_date(WallTime(Seconds(784111777))), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(ResponseHead, WritesLengthTypeAndFields) {
  Response response;
  response.status = 404;
  response.headers = {{"X-A", "b"}};
  std::string out;
  append_response_head(out, response, 7, "D", false);
  EXPECT_EQ(out,
            "HTTP/1.1 404 Not Found\r\nDate: D\r\nContent-Type: application/json\r\n"
            "Content-Length: 7\r\nX-A: b\r\n\r\n");
}

TEST(ResponseHead, WritesNoLengthWithoutABody) {
  Response response;
  response.status = 204;
  std::string out;
  append_response_head(out, response, 0, "D", true);
  EXPECT_EQ(out, "HTTP/1.1 204 No Content\r\nDate: D\r\nConnection: close\r\n\r\n");
}

TEST(ResponseHead, CannotBeSplitByAValue) {
  Response response;
  response.headers = {{"Location", std::string("/a\r\nSet-Cookie: b\0", 18)}};
  std::string out;
  append_response_head(out, response, 0, "D", false);
  EXPECT_NE(out.find("Location: /a  Set-Cookie: b \r\n"), std::string::npos) << out;
}

}  // namespace
}  // namespace gk::net
