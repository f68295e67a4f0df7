#include "notices/notifier_process.h"

#include <gtest/gtest.h>

#include <csignal>

#include "testing/capture_log.h"

namespace gk::notices {
namespace {

using namespace std::chrono_literals;

class NotifierProcessTest : public testing::Test {
 protected:
  NotifierOptions options(std::string program = GK_NOTIFY) {
    NotifierOptions out;
    out.program = std::move(program);
    return out;
  }
  /// What became of one POST to an address that the guard refuses: no network is needed.
  Attempt post(NotifierProcess& process) {
    std::optional<Attempt> got;
    process.post({0, "https://127.0.0.1:9/", {}, "{}"}, [&](const Attempt& a) { got = a; });
    EXPECT_FALSE(got) << "never before it returns";
    EXPECT_TRUE(loop.run_until([&] { return got.has_value(); }, 20s));
    return got.value_or(Attempt{});
  }
  net::Loop loop;
  SystemClock clock;
  CaptureLog log;
  Metrics metrics;
};

TEST_F(NotifierProcessTest, StartsOnDemandAndAnswers) {
  NotifierProcess process(options(), loop, clock, log, metrics);
  EXPECT_FALSE(process.running());
  const Attempt attempt = post(process);
  EXPECT_EQ(attempt.error_kind, "blocked");
  EXPECT_EQ(attempt.error, "127.0.0.1 is a loopback address");
  EXPECT_TRUE(process.running());
}

TEST_F(NotifierProcessTest, AnswersWhatWasUnderWayWhenItIsKilledAndStartsAgain) {
  auto settings = options();
  settings.first_wait = 1ms;
  NotifierProcess process(settings, loop, clock, log, metrics);
  (void)post(process);
  const int first = process.pid();
  ASSERT_GT(first, 1);
  ::kill(first, SIGKILL);
  ASSERT_TRUE(loop.run_until([&] { return !process.running(); }, 20s));
  ASSERT_TRUE(loop.run_until([&] { return ::kill(first, 0) != 0; }, 20s)) << "it is reaped";
  loop.run_for(5ms);
  EXPECT_EQ(post(process).error_kind, "blocked");
  EXPECT_NE(process.pid(), first);
}

TEST_F(NotifierProcessTest, KillsOneThatHangs) {
  auto settings = options();
  settings.deadline = 1s;
  NotifierProcess process(settings, loop, clock, log, metrics);
  ASSERT_EQ(post(process).error_kind, "blocked");
  ASSERT_GT(process.pid(), 1);
  ::kill(process.pid(), SIGSTOP);
  const Attempt attempt = post(process);
  EXPECT_EQ(attempt.error_kind, "notifier");
  EXPECT_EQ(attempt.error, "gamekeeper-notify hangs");
  EXPECT_FALSE(process.running());
}

TEST_F(NotifierProcessTest, EndsAfterIdlenessWithoutCountingAFailure) {
  auto settings = options();
  settings.idle = 1ms;
  NotifierProcess process(settings, loop, clock, log, metrics);
  (void)post(process);
  ASSERT_TRUE(loop.run_until([&] { return !process.running(); }, 20s));
  EXPECT_EQ(process.health(), NotifierProcess::Health::ok);
  EXPECT_EQ(post(process).error_kind, "blocked") << "at once, without back-off";
}

TEST_F(NotifierProcessTest, IsAbsentWithoutTheProgramAndFailingWhenItTalksNonsense) {
  NotifierProcess none(options("/no/such/program"), loop, clock, log, metrics);
  EXPECT_EQ(none.health(), NotifierProcess::Health::absent);
  EXPECT_EQ(post(none).error_kind, "notifier");
  auto settings = options("/bin/false");
  settings.first_wait = 1ms;
  NotifierProcess wrong(settings, loop, clock, log, metrics);
  (void)post(wrong);
  loop.run_for(5ms);
  (void)post(wrong);
  EXPECT_EQ(wrong.health(), NotifierProcess::Health::failing);
}

}  // namespace
}  // namespace gk::notices
