#include "net/head_check.h"

#include <gtest/gtest.h>

#include <string>

namespace gk::net {
namespace {

/// Checks one head; a test reads the verdict and the head.
class HeadCheckTest : public testing::Test {
 protected:
  HeadVerdict check(std::string_view bytes) { return check_head(bytes, limits, head); }
  /// A GET with extra field lines.
  HeadVerdict check_fields(std::string_view lines) {
    kept = "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
    return check(kept);
  }
  /// A request line with a Host of "a".
  HeadVerdict check_line(std::string_view line) {
    kept = std::string(line) + "\r\nHost: a\r\n\r\n";
    return check(kept);
  }

  HeadLimits limits;
  Head head;
  std::string kept;
};

#define EXPECT_REFUSED(expression, wanted)       \
  do {                                           \
    const HeadVerdict got = (expression);        \
    EXPECT_EQ(got.state, HeadState::refused);    \
    EXPECT_EQ(got.status, wanted) << got.reason; \
  } while (false)
#define EXPECT_COMPLETE(expression)                          \
  do {                                                       \
    const HeadVerdict got = (expression);                    \
    EXPECT_EQ(got.state, HeadState::complete) << got.reason; \
  } while (false)

TEST_F(HeadCheckTest, ReadsAnOrdinaryHead) {
  const std::string text =
      "POST /a?b=c HTTP/1.1\r\nHost: localhost:5000\r\nContent-Length: 12\r\nX-A: \t b c "
      "\t\r\n\r\n";
  kept = text + "body";
  EXPECT_COMPLETE(check(kept));
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/a?b=c");
  EXPECT_EQ(head.host, "localhost:5000");
  EXPECT_EQ(head.bytes, text.size());
  EXPECT_EQ(head.content_length, 12U);
  ASSERT_EQ(head.fields.size(), 3U);
  EXPECT_EQ(head.fields[2].name, "X-A");
  EXPECT_EQ(head.fields[2].value, "b c");
  EXPECT_FALSE(head.chunked || head.close || head.expect_continue || head.web_socket);
}

TEST_F(HeadCheckTest, EveryProperPrefixIsIncomplete) {
  const std::string text = "GET /path HTTP/1.1\r\nHost: a\r\nCookie: x=y\r\n\r\n";
  for (std::size_t n = 0; n < text.size(); ++n)
    EXPECT_EQ(check(std::string_view(text).substr(0, n)).state, HeadState::incomplete) << n;
  EXPECT_COMPLETE(check(text));
}

TEST_F(HeadCheckTest, ForgetsThePreviousHead) {
  EXPECT_COMPLETE(
      check_fields("Content-Length: 3\r\nConnection: close\r\nExpect: 100-continue\r\n"));
  EXPECT_COMPLETE(check_fields(""));
  EXPECT_FALSE(head.content_length.has_value());
  EXPECT_FALSE(head.close || head.expect_continue);
}

TEST_F(HeadCheckTest, RefusesMissingHost) { EXPECT_REFUSED(check("GET / HTTP/1.1\r\n\r\n"), 400); }
TEST_F(HeadCheckTest, RefusesSecondHost) { EXPECT_REFUSED(check_fields("Host: a\r\n"), 400); }
TEST_F(HeadCheckTest, RefusesSecondHostOfOtherCase) {
  EXPECT_REFUSED(check_fields("hOsT: b\r\n"), 400);
}
TEST_F(HeadCheckTest, RefusesSecondOrigin) {
  EXPECT_REFUSED(check_fields("Origin: http://a\r\norigin: http://b\r\n"), 400);
}
TEST_F(HeadCheckTest, RefusesSecondAuthorization) {
  EXPECT_REFUSED(check_fields("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"), 400);
}
TEST_F(HeadCheckTest, RefusesEmptyHost) {
  EXPECT_REFUSED(check("GET / HTTP/1.1\r\nHost: \r\n\r\n"), 400);
}
TEST_F(HeadCheckTest, RefusesHostThatIsNotAHost) {
  EXPECT_REFUSED(check("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400);
  EXPECT_REFUSED(check("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n"), 400);
  EXPECT_REFUSED(check("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400);
  EXPECT_REFUSED(check("GET / HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n"), 400);
}

TEST_F(HeadCheckTest, RefusesDifferingLengths) {
  EXPECT_REFUSED(check_fields("Content-Length: 3\r\nContent-Length: 4\r\n"), 400);
}
TEST_F(HeadCheckTest, RefusesEqualLengthsTwice) {
  EXPECT_REFUSED(check_fields("Content-Length: 3\r\ncontent-length: 3\r\n"), 400);
}
TEST_F(HeadCheckTest, RefusesListOfLengths) {
  EXPECT_REFUSED(check_fields("Content-Length: 3, 3\r\n"), 400);
}
TEST_F(HeadCheckTest, RefusesLengthsThatAreNotPlainNumbers) {
  EXPECT_REFUSED(check_fields("Content-Length: +3\r\n"), 400);
  EXPECT_REFUSED(check_fields("Content-Length: -3\r\n"), 400);
  EXPECT_REFUSED(check_fields("Content-Length: 0x3\r\n"), 400);
  EXPECT_REFUSED(check_fields("Content-Length: 3.0\r\n"), 400);
  EXPECT_REFUSED(check_fields("Content-Length: 3 3\r\n"), 400);
  EXPECT_REFUSED(check_fields("Content-Length: \r\n"), 400);
  EXPECT_REFUSED(check_fields("Content-Length: 18446744073709551617\r\n"), 400);
}
TEST_F(HeadCheckTest, AcceptsTheLargestLength) {
  EXPECT_COMPLETE(check_fields("Content-Length: 999999999999999999\r\n"));
  EXPECT_EQ(head.content_length, 999999999999999999U);
}

TEST_F(HeadCheckTest, AcceptsChunkedOnly) {
  EXPECT_COMPLETE(check_fields("Transfer-Encoding: chunked\r\n"));
  EXPECT_TRUE(head.chunked);
  EXPECT_REFUSED(check_fields("Transfer-Encoding: xchunked\r\n"), 501);
  EXPECT_REFUSED(check_fields("Transfer-Encoding: gzip, chunked\r\n"), 501);
  EXPECT_REFUSED(check_fields("Transfer-Encoding: chunked, identity\r\n"), 501);
  EXPECT_REFUSED(check_fields("Transfer-Encoding: identity\r\n"), 501);
  EXPECT_REFUSED(check_fields("Transfer-Encoding: \"chunked\"\r\n"), 501);
  EXPECT_REFUSED(check_fields("Transfer-Encoding: chunked;q=1\r\n"), 501);
  EXPECT_REFUSED(check_fields("Transfer-Encoding:\r\n"), 501);
}
TEST_F(HeadCheckTest, RefusesTransferEncodingTwice) {
  EXPECT_REFUSED(check_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400);
}
TEST_F(HeadCheckTest, RefusesLengthWithTransferEncodingInBothOrders) {
  EXPECT_REFUSED(check_fields("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400);
  EXPECT_REFUSED(check_fields("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400);
}
TEST_F(HeadCheckTest, RefusesHiddenTransferEncodings) {
  EXPECT_REFUSED(check_fields("Transfer-Encoding : chunked\r\n"), 400);
  EXPECT_REFUSED(check_fields(" Transfer-Encoding: chunked\r\n"), 400);
  EXPECT_REFUSED(check_fields("X: y\r\n Transfer-Encoding: chunked\r\n"), 400);
  EXPECT_REFUSED(check_fields("X: y\nTransfer-Encoding: chunked\r\n"), 400);
  EXPECT_REFUSED(check_fields("X: y\rTransfer-Encoding: chunked\r\n"), 400);
  EXPECT_REFUSED(check_fields("Transfer-Encoding: \x0b"
                              "chunked\r\n"),
                 400);
  EXPECT_REFUSED(check_fields("Transfer-Encoding: chunked\x0c\r\n"), 400);
  EXPECT_REFUSED(check_fields("\tTransfer-Encoding: chunked\r\n"), 400);
}

TEST_F(HeadCheckTest, RefusesFoldedLine) { EXPECT_REFUSED(check_fields("X: y\r\n z\r\n"), 400); }
TEST_F(HeadCheckTest, RefusesSpaceBeforeColon) { EXPECT_REFUSED(check_fields("X : y\r\n"), 400); }
TEST_F(HeadCheckTest, RefusesSpaceInName) { EXPECT_REFUSED(check_fields("X Y: z\r\n"), 400); }
TEST_F(HeadCheckTest, RefusesEmptyName) { EXPECT_REFUSED(check_fields(": y\r\n"), 400); }
TEST_F(HeadCheckTest, RefusesLineWithoutColon) { EXPECT_REFUSED(check_fields("XY\r\n"), 400); }
TEST_F(HeadCheckTest, RefusesNonAsciiName) {
  EXPECT_REFUSED(check_fields("X\xc3\xa4: y\r\n"), 400);
}
TEST_F(HeadCheckTest, RefusesWhiteSpaceBeforeTheFirstField) {
  EXPECT_REFUSED(check("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400);
  EXPECT_REFUSED(check("GET / HTTP/1.1\r\n\tX: y\r\nHost: a\r\n\r\n"), 400);
}

TEST_F(HeadCheckTest, RefusesControlBytesInValues) {
  EXPECT_REFUSED(check_fields(std::string_view("X: a\0b\r\n", 8)), 400);
  EXPECT_REFUSED(check_fields("X: a\x01\r\n"), 400);
  EXPECT_REFUSED(check_fields("X: a\x7f\r\n"), 400);
  EXPECT_REFUSED(check_fields("X: a\rb\r\n"), 400);
  EXPECT_REFUSED(check_fields("X: a\r\r\n"), 400);
}
TEST_F(HeadCheckTest, AcceptsTabAndHighBytesInValues) {
  EXPECT_COMPLETE(check_fields("X: a\tb \xc3\xa4\r\n"));
}

TEST_F(HeadCheckTest, RefusesBareLineFeeds) {
  EXPECT_REFUSED(check("GET / HTTP/1.1\nHost: a\n\n"), 400);
  EXPECT_REFUSED(check("GET / HTTP/1.1\nHost: a\r\n\r\n"), 400);
  EXPECT_REFUSED(check("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400);
  EXPECT_REFUSED(check("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400);
}
TEST_F(HeadCheckTest, RefusesABadLineBeforeTheHeadIsComplete) {
  EXPECT_REFUSED(check("GET / HTTP/1.1\n"), 400);
  EXPECT_REFUSED(check("GET / HTTP/1.1\r\nX : y\r\n"), 400);
}

TEST_F(HeadCheckTest, RefusesWhatIsNotHttpAtTheFirstByte) {
  EXPECT_REFUSED(check("\x16\x03\x01"), 400);
  EXPECT_REFUSED(check("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_REFUSED(check(" GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}
TEST_F(HeadCheckTest, RefusesBadMethods) {
  EXPECT_REFUSED(check_line("G(T / HTTP/1.1"), 400);
  EXPECT_REFUSED(check_line("GE\xc3\xa4T / HTTP/1.1"), 400);
  EXPECT_REFUSED(check_line(std::string(33, 'A') + " / HTTP/1.1"), 400);
}
TEST_F(HeadCheckTest, LeavesUnknownMethodsToTheServer) {
  EXPECT_COMPLETE(check_line("BREW / HTTP/1.1"));
  EXPECT_EQ(head.method, "BREW");
}
TEST_F(HeadCheckTest, RefusesBadRequestLines) {
  EXPECT_REFUSED(check_line("GET"), 400);
  EXPECT_REFUSED(check_line("GET /"), 400);
  EXPECT_REFUSED(check_line("GET  / HTTP/1.1"), 400);
  EXPECT_REFUSED(check_line("GET /  HTTP/1.1"), 400);
  EXPECT_REFUSED(check_line("GET / a HTTP/1.1"), 400);
  EXPECT_REFUSED(check_line("GET\t/\tHTTP/1.1"), 400);
  EXPECT_REFUSED(check_line("GET / HTTP/1.1 "), 400);
  EXPECT_REFUSED(check_line("GET /\xc3\xa4 HTTP/1.1"), 400);
  EXPECT_REFUSED(check_line("GET /#a HTTP/1.1"), 400);
  EXPECT_REFUSED(check_line(std::string_view("GET /\0 HTTP/1.1", 15)), 400);
}
TEST_F(HeadCheckTest, RefusesOtherVersions) {
  EXPECT_REFUSED(check_line("GET / HTTP/1.0"), 505);
  EXPECT_REFUSED(check_line("GET / HTTP/2.0"), 505);
  EXPECT_REFUSED(check_line("GET / HTTP/0.9"), 505);
  EXPECT_REFUSED(check_line("GET / HTTP/1.10"), 400);
  EXPECT_REFUSED(check_line("GET / HTTP/1,1"), 400);
  EXPECT_REFUSED(check_line("GET / http/1.1"), 400);
  EXPECT_REFUSED(check_line("GET / HTTP/+1.1"), 400);
  EXPECT_REFUSED(check_line("GET / XTTP/1.1"), 400);
}

TEST_F(HeadCheckTest, ReducesAbsoluteFormOfTheSameHost) {
  EXPECT_COMPLETE(check_line("GET http://A/b?c HTTP/1.1"));
  EXPECT_EQ(head.target, "/b?c");
  EXPECT_COMPLETE(check_line("GET http://a HTTP/1.1"));
  EXPECT_EQ(head.target, "/");
}
TEST_F(HeadCheckTest, RefusesAbsoluteFormOfAnotherHost) {
  EXPECT_REFUSED(check_line("GET http://evil/b HTTP/1.1"), 400);
  EXPECT_REFUSED(check_line("GET http://a:80/b HTTP/1.1"), 400);
  EXPECT_REFUSED(check_line("GET http://a@evil/b HTTP/1.1"), 400);
  EXPECT_REFUSED(check_line("GET ftp://a/b HTTP/1.1"), 400);
  EXPECT_REFUSED(check_line("GET http://a?b HTTP/1.1"), 400);
}
TEST_F(HeadCheckTest, RefusesOtherTargetForms) {
  EXPECT_REFUSED(check_line("OPTIONS * HTTP/1.1"), 400);
  EXPECT_REFUSED(check_line("CONNECT a:80 HTTP/1.1"), 400);
  EXPECT_REFUSED(check_line("GET a HTTP/1.1"), 400);
}

TEST_F(HeadCheckTest, LimitsFields) {
  std::string lines;
  for (int i = 0; i < 63; ++i) lines += "X: y\r\n";  // Host is the 64th.
  EXPECT_COMPLETE(check_fields(lines));
  EXPECT_REFUSED(check_fields(lines + "X: y\r\n"), 431);
}
TEST_F(HeadCheckTest, LimitsBytesOfFields) {
  const std::size_t others = std::string("Host: a\r\nX: \r\n\r\n").size();
  EXPECT_COMPLETE(check_fields("X: " + std::string(8192 - others + 2, 'a') + "\r\n"));
  EXPECT_REFUSED(check_fields("X: " + std::string(8192 - others + 3, 'a') + "\r\n"), 431);
}
TEST_F(HeadCheckTest, LimitsBytesOfAnUnfinishedField) {
  EXPECT_REFUSED(check("GET / HTTP/1.1\r\nHost: " + std::string(8192, 'a')), 431);
}
TEST_F(HeadCheckTest, LimitsTheUrl) {
  EXPECT_COMPLETE(check_line("GET /" + std::string(8191, 'a') + " HTTP/1.1"));
  EXPECT_REFUSED(check_line("GET /" + std::string(8192, 'a') + " HTTP/1.1"), 414);
  EXPECT_REFUSED(check("GET /" + std::string(9000, 'a')), 414);
}

TEST_F(HeadCheckTest, ReadsConnectionLists) {
  EXPECT_COMPLETE(check_fields("Connection: keep-alive, Close\r\n"));
  EXPECT_TRUE(head.close);
  EXPECT_COMPLETE(check_fields("Connection: closed\r\n"));
  EXPECT_FALSE(head.close);
}
TEST_F(HeadCheckTest, SeesAWebSocketOnlyWithBothFields) {
  EXPECT_COMPLETE(check_fields("Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"));
  EXPECT_TRUE(head.web_socket);
  EXPECT_COMPLETE(check_fields("Upgrade: websocket\r\n"));
  EXPECT_FALSE(head.web_socket);
  EXPECT_COMPLETE(check_fields("Connection: upgrade\r\nUpgrade: h2c\r\n"));
  EXPECT_FALSE(head.web_socket);
}
TEST_F(HeadCheckTest, KnowsOneExpectation) {
  EXPECT_COMPLETE(check_fields("Expect: 100-Continue\r\n"));
  EXPECT_TRUE(head.expect_continue);
  EXPECT_REFUSED(check_fields("Expect: 200-ok\r\n"), 417);
}

}  // namespace
}  // namespace gk::net
