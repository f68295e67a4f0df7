#include "games/service.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arbiter/service/fakes_for_test.h"
#include "base/random.h"
#include "games/failing_memory_test.h"
#include "testing/capture_log.h"

namespace gk::games {
namespace {

using namespace std::chrono_literals;

/// Keeps games as they were handed in.
class FakeGameStore final : public GameStore {
 public:
  explicit FakeGameStore(net::Loop& loop) : loop_(loop) {}
  std::vector<StoredGame> saved;
  bool broken = false;

  Result<std::vector<StoredGame>> load() override { return saved; }
  void save(StoredGame game, Done done) override {
    Result<void> result;
    if (broken) result = Error{Errc::resource_exhausted, "disk full"};
    if (!broken) saved.push_back(std::move(game));
    loop_.post([done = std::move(done), result] { done(result); });
  }
  void remove(const std::string&, Done done) override {
    loop_.post([done = std::move(done)] { done({}); });
  }

 private:
  net::Loop& loop_;
};

/// A program that echoes what it is told, after `first` seconds for its first line.
class GameServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    lanes = arbiter::LaneService::create({}, loop, clock, log, metrics, lane_store, {}).value();
    environment.worker = GK_WORKER;
    service = std::make_unique<GameService>(
        GameServiceOptions{},
        GameServiceParts{.environment = environment,
                         .log = log,
                         .metrics = metrics,
                         .lanes = *lanes,
                         .store = store,
                         .sealer = {[](std::string_view plain) {
                                      std::vector<std::uint8_t> out(plain.begin(), plain.end());
                                      for (auto& byte : out) byte ^= 0x55;
                                      return out;
                                    },
                                    [](const std::vector<std::uint8_t>& sealed) {
                                      std::string out(sealed.begin(), sealed.end());
                                      for (auto& byte : out) byte = static_cast<char>(byte ^ 0x55);
                                      return std::optional(out);
                                    }},
                         .submit_signal = [this](std::string_view signal, double,
                                                 std::string_view subject, std::optional<Nanos>) {
                           signals.push_back(std::string(signal) + " " + std::string(subject));
                         }});
    seen = service->commands().subscribe(
        [this](const CommandSeen& command) { commands.push_back(command); });
  }
  void TearDown() override {
    seen = {};
    service.reset();
    lanes.reset();
  }
  /// A program of the shell, in kind stdio with a sentinel.
  void add(const std::string& script, double rate = 1000, std::int64_t burst = 1000) {
    GameSettings game;
    Complaints complaints;
    game = read_settings(parse_json(R"({"kind":"stdio","options":{"program":"/bin/sh",
        "sentinel":"{nonce}"}})")
                             .value(),
                         "prog", {}, complaints);
    game.options["arguments"] = "-c\n" + script;
    game.rate_per_s = rate;
    game.burst = burst;
    bool stored = false;
    service->put(game, std::nullopt, [&](const Result<void>& result) { stored = result.ok(); });
    ASSERT_TRUE(
        loop.run_until([&] { return stored && service->health("prog")->state == "ready"; }, 10s))
        << service->health("prog")->reason;
  }
  std::size_t send(const std::string& command, const std::string& sender = "macro:m",
                   Nanos timeout = 10s) {
    const std::size_t place = answers.size();
    answers.emplace_back();
    service->send({.game = "prog", .command = command, .sender = sender, .timeout = timeout},
                  [this, place](Result<SendReply> reply) { answers[place] = std::move(reply); });
    return place;
  }
  bool until(const std::function<bool()>& done) { return loop.run_until(done, 10s); }
  bool answered(std::size_t place) const { return answers[place].has_value(); }
  Errc error(std::size_t place) const {
    return answers[place] && !answers[place]->ok() ? answers[place]->error().code : Errc::internal;
  }
  std::string text(std::size_t place) const {
    return answers[place] && answers[place]->ok() ? (*answers[place])->text : "(none)";
  }

  net::Loop loop;
  SystemClock clock;
  SystemRandom random;
  CaptureLog log;
  Metrics metrics;
  arbiter::FakeLaneStore lane_store{loop};
  FakeGameStore store{loop};
  LinkEnvironment environment{.loop = loop, .clock = clock, .random = random};
  std::unique_ptr<arbiter::LaneService> lanes;
  std::unique_ptr<GameService> service;
  Topic<CommandSeen>::Subscription seen;
  std::deque<std::optional<Result<SendReply>>> answers;
  std::vector<CommandSeen> commands;
  std::vector<std::string> signals;
};

constexpr const char* kEcho = "cat";
// Reads one line and then no more: what follows stays unanswered.
constexpr const char* kDeaf = "read line; sleep 60";

TEST_F(GameServiceTest, AnswersInOrderOnTheLane) {
  add(kEcho);
  const auto first = send("one"), second = send("two");
  ASSERT_TRUE(until([&] { return answered(second); }));
  EXPECT_EQ(text(first), "one");
  EXPECT_EQ(text(second), "two");
  EXPECT_EQ(signals.front(), "response_time game:prog");
  ASSERT_EQ(commands.size(), 2U);
  EXPECT_TRUE(commands[0].ok);
}
TEST_F(GameServiceTest, FenceDropsWhatWaitsAndRefusesWhatComes) {
  add(kDeaf);
  const auto written = send("a"), waiting = send("b"), other = send("c", "macro:other", 500ms);
  loop.run_for(50ms);
  EXPECT_EQ(service->fence("macro:m"), 1U) << "what is written already stays";
  EXPECT_EQ(error(waiting), Errc::cancelled);
  EXPECT_FALSE(answered(written));
  EXPECT_EQ(error(send("d")), Errc::cancelled);
  ASSERT_TRUE(until([&] { return answered(other); }));
  EXPECT_EQ(error(other), Errc::deadline_exceeded) << "others are not touched";
}
TEST_F(GameServiceTest, NothingIsWrittenAfterAFence) {
  add(kEcho, 20, 1);  // 50 ms apart: most of them wait for the pace.
  for (int i = 0; i < 10; ++i) send("n" + std::to_string(i));
  loop.run_for(120ms);
  const std::size_t dropped = service->fence("macro:m");
  const auto answers_then = commands.size();
  loop.run_for(400ms);
  EXPECT_GE(dropped, 5U);
  EXPECT_LE(commands.size(), answers_then + 1) << "at most the one that was on its way";
}
// The control of the test above: without the fence they are all written.
TEST_F(GameServiceTest, EverythingIsWrittenWithoutAFence) {
  add(kEcho, 20, 1);
  for (int i = 0; i < 10; ++i) send("n" + std::to_string(i));
  EXPECT_TRUE(until([&] { return commands.size() == 10; }));
}
TEST_F(GameServiceTest, FenceNeedsNoMemory) {
  add(kEcho, 0.1, 1);
  const auto first = send("a");
  ASSERT_TRUE(until([&] { return answered(first); }));
  const auto paced = send("b"), queued = send("c");
  set_memory_is_gone(true);
  const std::size_t dropped = service->fence("macro:m");
  set_memory_is_gone(false);
  EXPECT_EQ(dropped, 2U);
  EXPECT_EQ(error(paced), Errc::cancelled);
  EXPECT_EQ(error(queued), Errc::cancelled);
}
TEST_F(GameServiceTest, LaneIsFreeAgainAfterAFence) {
  add(kEcho, 5, 1);
  const auto first = send("a");
  ASSERT_TRUE(until([&] { return answered(first); }));
  send("b");
  loop.run_for(20ms);
  service->fence("macro:m");
  const auto other = send("c", "user:x");
  ASSERT_TRUE(until([&] { return answered(other); }));
  EXPECT_EQ(text(other), "c");
  service->lift_fence("macro:m");
  const auto again = send("d");
  ASSERT_TRUE(until([&] { return answered(again); }));
  EXPECT_EQ(text(again), "d");
}
TEST_F(GameServiceTest, PaceOfASenderHoldsForItAlone) {
  add(kEcho);
  service->set_pace("macro:m", 200ms);
  const MonoTime start = clock.mono();
  send("a");
  send("b");
  const auto third = send("c"), other = send("x", "macro:other");
  ASSERT_TRUE(until([&] { return answered(other); }));
  EXPECT_LT(clock.mono() - start, 200ms);
  ASSERT_TRUE(until([&] { return answered(third); }));
  EXPECT_GE(clock.mono() - start, 400ms);
}
TEST_F(GameServiceTest, LiftedPaceFreesWhatWaits) {
  add(kEcho);
  service->set_pace("macro:m", Seconds(60));
  send("a");
  const auto second = send("b");
  loop.run_for(30ms);
  EXPECT_FALSE(answered(second));
  service->set_pace("macro:m", Nanos(0));
  ASSERT_TRUE(until([&] { return answered(second); }));
  EXPECT_EQ(text(second), "b");
}
TEST_F(GameServiceTest, WritesNothingWhenItsLaneIsTakenAway) {
  add(kEcho, 5, 1);
  const auto first = send("a");
  ASSERT_TRUE(until([&] { return answered(first); }));
  const auto second = send("b");
  loop.run_for(20ms);
  ASSERT_TRUE(lanes->revoke("game:prog", "test", "test").value());
  ASSERT_TRUE(until([&] { return answered(second); }));
  EXPECT_EQ(error(second), Errc::cancelled);
}
TEST_F(GameServiceTest, RefusesMoreThanASenderMayHaveWaiting) {
  add(kDeaf);
  for (int i = 0; i < 33; ++i) send("x");
  loop.run_for(20ms);
  for (int i = 0; i < 32; ++i) send("x");
  EXPECT_EQ(error(answers.size() - 1), Errc::resource_exhausted);
  const auto other = send("y", "user:x", 100ms);
  EXPECT_FALSE(answered(other)) << "one sender cannot fill the queue for others";
}
TEST_F(GameServiceTest, SaysThatWhatWasLostMayHaveBeenCarriedOut) {
  add("read line; exit 3");
  const auto lost = send("x"), waiting = send("y");
  ASSERT_TRUE(until([&] { return answered(lost) && answered(waiting); }));
  EXPECT_EQ(error(lost), Errc::unavailable);
  EXPECT_NE(answers[lost]->error().message.find("unknown"), std::string::npos);
  EXPECT_NE(answers[waiting]->error().message.find("was not sent"), std::string::npos);
}
TEST_F(GameServiceTest, ChecksBeforeItQueues) {
  add(kEcho);
  EXPECT_EQ(error(send("a\nb")), Errc::invalid_argument);
  EXPECT_EQ(error(send("a", "")), Errc::invalid_argument);
  EXPECT_EQ(error(send("a", "macro:m", Nanos(0))), Errc::invalid_argument);
  service->send({.game = "none", .command = "a", .sender = "x"},
                [this](Result<SendReply> reply) { answers.emplace_back(std::move(reply)); });
  EXPECT_EQ(answers.back()->error().code, Errc::not_found);
}
TEST_F(GameServiceTest, ShowsNoPasswordAndKeepsItSealed) {
  add(kEcho);
  GameSettings game = *service->settings("prog");
  bool stored = false;
  service->put(game, "s3cret!", [&](const Result<void>&) { stored = true; });
  ASSERT_TRUE(until([&] { return stored; }));
  EXPECT_EQ(service->games_json().find("s3cret"), std::string::npos);
  EXPECT_EQ(store.saved.back().settings.find("s3cret"), std::string::npos);
  const auto& sealed = store.saved.back().password;
  EXPECT_EQ(std::string(sealed.begin(), sealed.end()).find("s3cret"), std::string::npos);
  EXPECT_NE(service->games_json().find(R"("has_password":true)"), std::string::npos);
  for (const auto& line : log.lines()) EXPECT_EQ(line.find("s3cret"), std::string::npos);
}
TEST_F(GameServiceTest, ChangesNothingWhenTheStoreFails) {
  add(kEcho);
  store.broken = true;
  GameSettings game = *service->settings("prog");
  game.burst = 7;
  std::optional<Result<void>> answer;
  service->put(game, std::nullopt, [&](const Result<void>& result) { answer = result; });
  ASSERT_TRUE(until([&] { return answer.has_value(); }));
  EXPECT_FALSE(answer->ok());
  EXPECT_EQ(service->settings("prog")->burst, 1000);
}
TEST_F(GameServiceTest, LetsNamedUsersAndRolesSend) {
  add(kEcho);
  EXPECT_TRUE(service->may_send("prog", "anybody", "user", false));
  GameSettings game = *service->settings("prog");
  game.users = {"anna"};
  game.roles = {"gm"};
  bool stored = false;
  service->put(game, std::nullopt, [&](const Result<void>&) { stored = true; });
  ASSERT_TRUE(until([&] { return stored; }));
  EXPECT_TRUE(service->may_send("prog", "anna", "user", false));
  EXPECT_TRUE(service->may_send("prog", "bert", "gm", false));
  EXPECT_TRUE(service->may_send("prog", "bert", "user", true));
  EXPECT_FALSE(service->may_send("prog", "bert", "user", false));
}
TEST_F(GameServiceTest, RemovesAGameWithItsLane) {
  add(kEcho);
  bool gone = false;
  service->remove("prog", [&](const Result<void>& result) { gone = result.ok(); });
  ASSERT_TRUE(until([&] { return gone; }));
  EXPECT_FALSE(service->health("prog"));
  EXPECT_EQ(lanes->settings("game:prog"), nullptr);
}

}  // namespace
}  // namespace gk::games
