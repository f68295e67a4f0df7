#include "notices/rules/frames.h"

#include <gtest/gtest.h>

namespace gk::notices {
namespace {

std::string_view chomp(const std::string& frame) {
  return std::string_view(frame).substr(0, frame.size() - 1);
}

TEST(Frames, ReadBackWhatWasWritten) {
  const PostRequest post{7, "https://x/\n", {{"content-type", "a"}}, "{\"a\":\"\\n\"}"};
  const std::string frame = post_frame(post);
  EXPECT_EQ(frame.find('\n'), frame.size() - 1) << "one line, whatever is in it";
  const auto back = read_post_frame(chomp(frame)).value();
  EXPECT_EQ(back.number, 7U);
  EXPECT_EQ(back.url, post.url);
  EXPECT_EQ(back.headers, post.headers);
  EXPECT_EQ(back.body, post.body);
  const std::string done = result_frame(9, {.status = 429, .retry_after_s = 1.5, .global = true});
  const auto result = read_notifier_frame(chomp(done)).value();
  EXPECT_EQ(result.number, 9U);
  EXPECT_EQ(result.attempt.status, 429);
  EXPECT_EQ(result.attempt.retry_after_s, 1.5);
  EXPECT_TRUE(result.attempt.global);
  EXPECT_TRUE(read_notifier_frame(chomp(ready_frame("x"))).value().ready);
}

TEST(Frames, RefuseGarbage) {
  EXPECT_FALSE(read_post_frame("{}"));
  EXPECT_FALSE(read_post_frame("x"));
  EXPECT_FALSE(read_notifier_frame("{}"));
  EXPECT_FALSE(read_notifier_frame("[[[[[[[]]]]]]]"));
}

TEST(LineBuffer, WaitsForTheEndOfALineAndBoundsIt) {
  LineBuffer buffer;
  std::string line;
  buffer.append("ab");
  EXPECT_FALSE(buffer.next(line).value());
  buffer.append("c\nd\n");
  EXPECT_TRUE(buffer.next(line).value());
  EXPECT_EQ(line, "abc");
  EXPECT_TRUE(buffer.next(line).value());
  EXPECT_EQ(line, "d");
  buffer.append(std::string(kMaxFrame + 1, 'x'));
  EXPECT_FALSE(buffer.next(line));
}

TEST(ReadRetryAfter, TakesDiscordsBodyAndIgnoresOthers) {
  Attempt a;
  read_retry_after(R"({"message":"limited","retry_after":64.57,"global":false})", a);
  EXPECT_EQ(a.retry_after_s, 64.57);
  read_retry_after("<html>", a);
  EXPECT_EQ(a.retry_after_s, 64.57);
}

}  // namespace
}  // namespace gk::notices
