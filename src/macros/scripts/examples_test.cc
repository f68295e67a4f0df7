// The macros of examples/macros, each played against a game that a test describes. Steps run in
// virtual time: five minutes of announcements take no time.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "macros/scripts/library.h"
#include "macros/scripts/rules/step_run.h"
#include "sys/files.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;
using Sent = std::vector<std::string>;

std::string example(const std::string& file) {
  return sys::read_file(std::string(GK_EXAMPLES) + "/macros/" + file, 256 * 1024).value();
}

/// One run of a list of steps.
class Play {
 public:
  explicit Play(const std::string& file, const std::string& args = "") {
    Complaints complaints;
    program = read_steps(example(file), complaints);
    EXPECT_NE(program, nullptr) << joined(complaints);
    run.emplace(*program, variables_with_args(*program, args).value());
  }
  /// To the end, or until `seconds` of its time have passed.
  std::string go(Seconds seconds = Seconds(36'000)) {
    const MonoTime end = now + seconds;
    while (now < end) {
      const Move move = run->next(now, [](std::string_view) { return std::nullopt; });
      if (move.kind == Move::Kind::done) return move.ok ? "ok" : move.text;
      if (move.kind == Move::Kind::notify) told.push_back(move.text);
      if (move.kind == Move::Kind::send) {
        sent.push_back(move.text);
        run->replied(game(move.text));
      }
      if (move.kind == Move::Kind::wait) now = std::max(now, std::min(move.until, end));
    }
    return "goes on";
  }
  std::shared_ptr<const StepProgram> program;
  std::optional<StepRun> run;
  std::function<Result<std::string>(const std::string&)> game = [](const std::string&) {
    return std::string();
  };
  Sent sent, told;
  MonoTime now{1h};
};

TEST(Examples, AreValidAtEveryLevel) {
  for (const char* file : {"announcements.json", "backup.json", "greeter.json", "fishing.json",
                           "company_password.json"}) {
    const auto report = check_steps(example(file), CheckLevel::complete);
    EXPECT_TRUE(report.valid) << file << ": " << joined(report.errors);
  }
  for (const char* file : {"cleanup.lua", "company_guard.lua"}) {
    const auto report = check_lua_text(example(file), CheckLevel::complete);
    EXPECT_TRUE(report.valid) << file << ": " << joined(report.errors);
  }
}

TEST(Examples, AnnouncementsCountDownInFiveMinutes) {
  Play play("announcements.json", R"({"reason":"lunch"})");
  EXPECT_EQ(play.go(), "ok");
  EXPECT_EQ(play.now, MonoTime(1h + 295s));
  EXPECT_EQ(play.sent,
            (Sent{"say The server restarts in 5 minutes for lunch", "say Restart in 4 minutes",
                  "say Restart in 3 minutes", "say Restart in 2 minutes",
                  "say Restart in 1 minutes", "say Restart in 5", "say Restart in 4",
                  "say Restart in 3", "say Restart in 2", "say Restart in 1", "say Restart now"}));
  EXPECT_EQ(play.told, Sent{"Countdown is over: restart the server"});
}

TEST(Examples, BackupTakesFiveNamesInTurn) {
  Play fifth("backup.json", R"({"slot":4})");
  fifth.game = [](const std::string&) { return std::string("Map successfully saved to 'x'"); };
  EXPECT_EQ(fifth.go(), "ok");
  EXPECT_EQ(fifth.sent, (Sent{"say \"Saving the game\"", "save backup5"}));
  EXPECT_TRUE(fifth.told.empty());
  Play first("backup.json", R"({"slot":5})");
  first.game = [](const std::string&) { return std::string("Saving map failed."); };
  EXPECT_EQ(first.go(), "ok");
  EXPECT_EQ(first.sent.back(), "save backup1");
  EXPECT_EQ(first.told, Sent{"Backup backup1 failed: Saving map failed."});
}

TEST(Examples, GreeterWelcomesEachPlayerAndObeysNone) {
  Play play("greeter.json");
  EXPECT_EQ(play.go(10s), "goes on");
  EXPECT_TRUE(play.run->line("[game]: team_join player='0:Bob' team=0"));
  play.go(10s);
  EXPECT_FALSE(play.run->line("[game]: leave player='0:Bob'"));
  EXPECT_FALSE(play.run->line("[chat]: 0:-2:Eve: [game]: team_join player='0:Bob' team=0"));
  EXPECT_TRUE(play.run->line("[game]: team_join player='0:Bob' team=0->1"));
  play.go(10s);
  EXPECT_TRUE(play.run->line("[game]: team_join player='1:x;shutdown' team=0"));
  play.go(10s);
  EXPECT_EQ(play.sent, (Sent{"say Welcome Bob, have fun", "say Welcome x_shutdown, have fun"}));
  EXPECT_EQ(play.run->variables().at("greeted").text, "2");
}

TEST(Examples, GreeterIsSilentWhenNobodyComes) {
  Play play("greeter.json");
  play.go(3h);
  EXPECT_TRUE(play.sent.empty());
}

TEST(Examples, CompanyPasswordTellsACompanyOnce) {
  Play play("company_password.json");
  play.game = [](const std::string& command) {
    return std::string(command != "companies"
                           ? ""
                           : "#:1(Red) Company Name: 'Safe'  Year Founded: 1950 "
                             "(T:0, R:0, P:0, S:0) protected\n"
                             "#:2(Blue) Company Name: 'x\"; quit'  Year Founded: "
                             "1950 (T:0, R:0, P:0, S:0) unprotected");
  };
  EXPECT_EQ(play.go(), "ok");
  EXPECT_EQ(std::count(play.sent.begin(), play.sent.end(), "companies"), 5);
  EXPECT_EQ(play.sent.size(), 6U);
  EXPECT_EQ(play.sent[1], "say \"x__ quit has no password: anybody can join and sell it\"");
}

/// A pond: every second cast bites, the bites give boot, fish, fish, fish, …
class Pond {
 public:
  std::string cast() { return ++casts_ % 2 == 0 ? "You feel a bite!" : "Nothing."; }
  std::string reel() { return ++reels_ == 1 ? "You catch a boot." : "You catch a fish."; }
  std::string answer(const std::string& command) { return command == "cast" ? cast() : reel(); }

 private:
  int casts_ = 0, reels_ = 0;
};
const Sent kCatch = {"cast", "cast", "reel", "cast", "cast", "reel",
                     "cast", "cast", "reel", "cast", "cast", "reel"};

TEST(Examples, FishingReelsOnlyWhenItBitesAndStopsWhenTheNetIsFull) {
  Play play("fishing.json");
  Pond pond;
  play.game = [&](const std::string& command) { return pond.answer(command); };
  EXPECT_EQ(play.go(), "ok");
  EXPECT_EQ(play.sent, kCatch);
  EXPECT_EQ(play.told, Sent{"3 fish in 8 casts"});
}

TEST(Examples, FishingHearsAnAnswerThatComesAMomentLater) {
  Play play("fishing.json");
  Pond pond;
  std::vector<std::string> later;
  play.game = [&](const std::string& command) {
    later.push_back(pond.answer(command));
    return std::string();
  };
  std::string end = "goes on";
  for (int i = 0; i < 100'000 && end == "goes on"; ++i) {
    end = play.go(1s);
    for (const auto& line : std::exchange(later, {})) play.run->line(line);
  }
  EXPECT_EQ(end, "ok");
  EXPECT_EQ(play.sent, kCatch);
}

TEST(Examples, FishingGivesUpAfterTwentyCasts) {
  Play play("fishing.json");
  play.game = [](const std::string&) { return std::string("Nothing."); };
  EXPECT_EQ(play.go(), "ok");
  EXPECT_EQ(play.sent.size(), 20U);
  EXPECT_EQ(play.told, Sent{"0 fish in 20 casts"});
}

}  // namespace
}  // namespace gk::macros
