#include "games/service.h"

#include "games/service_fixture_test.h"

namespace gk::games {
namespace {

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
