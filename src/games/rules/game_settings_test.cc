#include "games/rules/game_settings.h"

#include <gtest/gtest.h>

#include "games/rules/command_check.h"
#include "games/rules/pacer.h"
#include "games/rules/sender_table.h"

namespace gk::games {
namespace {

GameSettings read(std::string_view json, Complaints& complaints, const GameSettings& base = {}) {
  return read_settings(parse_json(json).value(), "g", base, complaints);
}
std::string complaint(std::string_view json) {
  Complaints complaints;
  (void)read(json, complaints);
  return complaints.empty() ? "" : complaints.front().first;
}

TEST(GameSettings, TakesTheKindsDefaults) {
  Complaints complaints;
  const GameSettings game = read(R"({"kind":"openttd"})", complaints);
  EXPECT_TRUE(complaints.empty());
  EXPECT_EQ(game.port, 3977);
  EXPECT_EQ(game.in_flight, 8);
  EXPECT_EQ(game.rate_per_s, 120);
  EXPECT_EQ(game.option_ms("day_ms"), Nanos(Millis(2220)));
}
TEST(GameSettings, ReadsBackWhatItWrites) {
  Complaints complaints;
  const GameSettings game = read(
      R"({"kind":"mud","port":4201,"options":{"user":"w"},"allow":["WHO"],"roles":["user"],
          "rate_per_s":0.5})",
      complaints);
  EXPECT_EQ(read(settings_json(game), complaints), game);
  EXPECT_TRUE(complaints.empty());
}
TEST(GameSettings, KeepsWhatAChangeDoesNotName) {
  Complaints complaints;
  const GameSettings old = read(R"({"kind":"openttd","port":9})", complaints);
  const GameSettings changed = read(R"({"burst":3})", complaints, old);
  EXPECT_EQ(changed.port, 9);
  EXPECT_EQ(changed.burst, 3);
  (void)read(R"({"kind":"mud"})", complaints, old);
  ASSERT_EQ(complaints.size(), 1U) << "a game keeps its kind";
}
TEST(GameSettings, TalksInTheWordsOfItsKindOrItsOwn) {
  for (const GameKind& kind : game_kinds()) {
    GameSettings game;
    game.kind = kind.name;
    const std::string words = game.say_words();
    EXPECT_EQ(words.find("{text}"), words.rfind("{text}")) << kind.name;
    EXPECT_NE(words.find("{text}"), std::string::npos) << kind.name;
    EXPECT_TRUE(kind.chat.empty() || is_chat(kind, words)) << kind.name << " counts it as chat";
  }
  Complaints complaints;
  EXPECT_EQ(read(R"({"kind":"openttd"})", complaints).say_words(), "say \"{text}\"");
  EXPECT_EQ(read(R"({"kind":"mud","port":1})", complaints).say_words(), "say {text}");
  EXPECT_EQ(
      read(R"({"kind":"mud","port":1,"options":{"say":"@wall {text}"}})", complaints).say_words(),
      "@wall {text}");
  EXPECT_TRUE(complaints.empty());
}
TEST(GameSettings, NamesWhatIsWrong) {
  EXPECT_EQ(complaint(R"({})"), "kind");
  EXPECT_EQ(complaint(R"({"kind":"doom"})"), "kind");
  EXPECT_EQ(complaint(R"({"kind":"mud"})"), "port");
  EXPECT_EQ(complaint(R"({"kind":"openttd","options":{"x":"1"}})"), "options.x");
  EXPECT_EQ(complaint(R"({"kind":"openttd","options":{"day_ms":"fast"}})"), "options.day_ms");
  EXPECT_EQ(complaint(R"({"kind":"stdio"})"), "options.program");
  EXPECT_EQ(complaint(R"({"kind":"stdio","options":{"program":"cat"}})"), "options.program");
  EXPECT_EQ(complaint(R"({"kind":"openttd","host":"a b"})"), "host");
  for (const char* say : {"@wall", "{text} {text}", "@wall\\n{text}"}) {
    EXPECT_EQ(complaint(R"({"kind":"mud","port":1,"options":{"say":")" + std::string(say) + "\"}}"),
              "options.say");
  }
  EXPECT_EQ(complaint(R"({"kind":"quake3","in_flight":2})"), "in_flight");
}

TEST(Pacer, HoldsRateAndBurstInEveryWindow) {
  Pacer pacer(10, 3);
  MonoTime now{std::chrono::hours(1)};
  const MonoTime start = now;
  int passed = 0;
  while (now - start <= Seconds(1)) {
    now = pacer.due(now);
    pacer.take(now);
    ++passed;
  }
  EXPECT_EQ(passed, 3 + 10 + 1) << "the burst, the rate, and the one past the window";
}
TEST(Pacer, GivesTheBurstBackAfterARest) {
  Pacer pacer(1, 2);
  const MonoTime now{std::chrono::hours(1)};
  pacer.take(now);
  pacer.take(now);
  EXPECT_EQ(pacer.due(now), now + Seconds(1));
  EXPECT_EQ(pacer.due(now + Seconds(5)), now + Seconds(5));
}

TEST(SenderTable, KeepsFencesWhenItIsFull) {
  SenderTable table(2);
  table.use("a")->fenced = true;
  table.use("b")->fenced = true;
  EXPECT_EQ(table.use("c"), nullptr) << "nobody new, rather than a fence that falls";
  EXPECT_TRUE(table.find("a")->fenced);
  table.find("b")->fenced = false;
  EXPECT_NE(table.use("c"), nullptr);
  EXPECT_EQ(table.find("b"), nullptr) << "the idle one made room";
  EXPECT_TRUE(table.find("a")->fenced);
}
TEST(SenderTable, RefusesNamesThatDoNotFit) {
  SenderTable table(2);
  EXPECT_EQ(table.use(""), nullptr);
  EXPECT_NE(table.use(std::string(96, 'x')), nullptr);
  EXPECT_EQ(table.use(std::string(97, 'x')), nullptr);
}

}  // namespace
}  // namespace gk::games
