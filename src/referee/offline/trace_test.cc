#include "referee/offline/trace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "referee/offline/generate.h"
#include "referee/offline/options_text.h"
#include "referee/offline/replay.h"

namespace gk::referee {
namespace {

std::string complaint(std::string_view line) {
  TraceEvent event;
  const auto parsed = parse_trace_line(line, event);
  return parsed ? "" : parsed.error().message;
}

TEST(Trace, ReadsAMovementExactly) {
  TraceEvent event;
  ASSERT_TRUE(
      parse_trace_line(R"({"k":"m","s":7,"c":50.125,"r":60.1,"x":-1.5,"y":2e2,"g":true})", event));
  EXPECT_EQ(event.kind, TraceKind::move);
  EXPECT_EQ(event[Num::c], 50.125);
  EXPECT_EQ(event[Num::r], 60.1);
  EXPECT_EQ(event[Num::y], 200);
  EXPECT_EQ(event[Num::g], 1);
  EXPECT_FALSE(event.has(Num::z));
}

TEST(Trace, IgnoresUnknownKeysEvenNestedOnes) {
  EXPECT_EQ(complaint(R"({"k":"m","r":1,"x":1,"y":2,"note":{"a":[1,2]},"w":null})"), "");
}

TEST(Trace, NamesWhatIsWrong) {
  EXPECT_EQ(complaint(R"({"k":"m","r":1,"x":1})"), "m needs a number \"y\"");
  EXPECT_EQ(complaint(R"({"k":"?"})"), "k: expected one of S m p q t o x E");
  EXPECT_EQ(complaint(R"({"k":"m","r":"1","x":1,"y":1})"), "r: expected a number, got string");
  EXPECT_NE(complaint(R"({"k":"m","r":1,"r":2,"x":1,"y":1})").find("duplicate key"),
            std::string::npos);
  EXPECT_NE(complaint(R"({"k":"m")"), "");
  EXPECT_EQ(complaint("[]"), "expected an object, got array");
}

TEST(Trace, FastAndStrictReadersAgreeOnGeneratedLines) {
  Scenario scenario = scenario_of("flight+forged").value();
  scenario.link = LinkClass::awful;
  const Session session = generate(scenario);
  int different = 0;
  for (const TraceEvent& event : session.events) {
    std::string line;
    write_trace_line(event, line);
    TraceEvent fast;
    TraceEvent strict;
    ASSERT_TRUE(scan_trace_line(line, fast)) << line;
    ASSERT_TRUE(parse_trace_line_strictly(line, strict)) << line;
    different += fast.kind != strict.kind || fast.has_numbers != strict.has_numbers ||
                 fast.numbers != strict.numbers || fast.texts != strict.texts;
  }
  EXPECT_EQ(different, 0);
  EXPECT_GT(session.events.size(), 1000U);
}

TEST(Trace, FastReaderLeavesHugeExponentsToTheStrictOne) {
  const std::string line = R"({"k":"m","r":0E044444444440,"x":1,"y":2})";
  TraceEvent event;
  EXPECT_FALSE(scan_trace_line(line, event)) << "found by fuzzing: read as 0";
  EXPECT_NE(complaint(line), "");
  EXPECT_EQ(complaint(R"({"k":"m","r":1e3,"x":1.5E-2,"y":-2e+10})"), "");
}

struct Ran {
  std::string out, error;
  ReplayStats stats;
};
Ran run(const std::string& text, ReplayOptions options = {}) {
  options.name = "t";
  std::istringstream in(text);
  std::ostringstream out;
  std::ostringstream error;
  const auto stats = replay(in, out, error, options);
  return {out.str(), error.str(), stats ? *stats : ReplayStats{}};
}

const char* const kHead = R"({"k":"S","id":"a","mode":"2d","vmax":5,"vup":0,"grav":0,"nom":50})"
                          "\n";

TEST(Replay, PrintsOneObjectASession) {
  const Ran ran = run(std::string(kHead) + R"({"k":"m","s":1,"c":0,"r":100,"x":0,"y":0})"
                                           "\n"
                                           R"({"k":"m","s":2,"c":50,"r":150,"x":100,"y":0})"
                                           "\n"
                                           R"({"k":"E","id":"a"})"
                                           "\n");
  EXPECT_EQ(ran.error, "");
  EXPECT_EQ(
      ran.out.substr(0, ran.out.find(",\"state\"")),
      R"({"id":"a","moves":2,"rejected":1,"first_reject_ms":50,"rejects_by_rule":{"teleport":1})");
}

TEST(Replay, StopsAtAMalformedLineWithItsNumber) {
  const Ran ran = run(std::string(kHead) +
                      "{oops}\n"
                      R"({"k":"E","id":"a"})"
                      "\n");
  EXPECT_EQ(ran.error.substr(0, 5), "t:2: ");
  EXPECT_EQ(ran.out, "");
}

TEST(Replay, KeepsGoingWhenAsked) {
  ReplayOptions options;
  options.keep_going = true;
  const Ran ran = run(std::string(kHead) +
                          "{oops}\n"
                          R"({"k":"m","r":1,"x":0,"y":0})"
                          "\n",
                      options);
  EXPECT_EQ(ran.stats.errors, 1U);
  EXPECT_NE(ran.out.find("\"moves\":1"), std::string::npos);
}

TEST(Replay, TakesInterleavedSessionsOnlyWithIds) {
  std::string text = kHead;
  text += R"({"k":"m","id":"a","r":1,"x":0,"y":0})"
          "\n";
  text += R"({"k":"S","id":"b","mode":"2d","vmax":5,"nom":50})"
          "\n";
  text += R"({"k":"m","id":"b","r":1,"x":0,"y":0})"
          "\n";
  text += R"({"k":"m","id":"a","r":2,"x":0,"y":0})"
          "\n";
  EXPECT_EQ(run(text).stats.errors, 0U);
  EXPECT_EQ(run(text).stats.moves, 3U);
  EXPECT_NE(run(text + R"({"k":"m","r":3,"x":0,"y":0})"
                       "\n")
                .error.find("needs an \"id\""),
            std::string::npos);
}

TEST(Replay, MissingEndIsTheNextStartOrTheEndOfTheFile) {
  std::string text;
  for (const char* id : {"a", "b"})
    text += R"({"k":"S","id":")" + std::string(id) +
            R"(","mode":"2d","vmax":5,"nom":50})"
            "\n"
            R"({"k":"m","r":1,"x":0,"y":0})"
            "\n";
  const Ran ran = run(text);
  EXPECT_EQ(ran.error, "");
  EXPECT_EQ(ran.stats.sessions, 2U);
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 2);
}

TEST(Replay, LinesOutsideASessionAreErrorsWithTheirNumber) {
  const std::string move = R"({"k":"m","r":1,"x":0,"y":0})"
                           "\n";
  EXPECT_EQ(run(move).error, "t:1: no session is open: an S line comes first\n");
  EXPECT_EQ(run(std::string(kHead) + R"({"k":"m","id":"z","r":1,"x":0,"y":0})").error,
            "t:2: no session \"z\" is open\n");
  EXPECT_EQ(run(std::string(kHead) +
                R"({"k":"E","id":"a"})"
                "\n" +
                move)
                .error,
            "t:3: no session is open: an S line comes first\n");
}

TEST(Replay, HugeNumbersAreJudgedAsInvalidNeverGranted) {
  std::string text = std::string(kHead) + R"({"k":"m","s":1,"c":0,"r":0,"x":0,"y":0})"
                                          "\n";
  for (const char* line : {R"({"k":"m","s":2,"c":50,"r":50,"x":1e308,"y":0})",
                           R"({"k":"m","s":3,"c":1e308,"r":100,"x":90,"y":0})",
                           R"({"k":"m","s":-1e308,"c":150,"r":-1e308,"x":-1e308,"y":1e308})",
                           R"({"k":"t","r":1e308,"rtt":1e308})", R"({"k":"o","r":0,"over":-1e308})",
                           R"({"k":"p","r":200,"type":"stutter","sev":"high","dur":1e308})"})
    text += std::string(line) + "\n";
  ReplayOptions options;
  options.keep_going = true;
  const Ran ran = run(text, options);
  EXPECT_EQ(ran.error, "t:6: rtt_us: expected 0 to 60 s\n");
  EXPECT_NE(ran.out.find("\"moves\":4,\"rejected\":1,"), std::string::npos) << ran.out;
  EXPECT_NE(run(std::string(kHead) + R"({"k":"m","r":1,"x":NaN,"y":0})").error, "");
}

TEST(Replay, OverrunOfOneSessionIsNoExcuseInTheNext) {
  const std::string head = R"({"k":"S","mode":"2d","vmax":5,"nom":50})"
                           "\n";
  std::string second = head;
  for (int i = 0; i < 400; ++i)
    second += R"({"k":"m","c":)" + std::to_string(i * 50) + R"(,"r":)" + std::to_string(i * 50) +
              R"(,"x":)" + std::to_string(i < 399 ? i * 0.25 : i * 0.25 + 2) +
              R"(,"y":0})"
              "\n";
  const std::string first = head + R"({"k":"o","r":30000,"over":3000})"
                                   "\n";
  EXPECT_EQ(run(first + second).stats.errors, 0U);
  EXPECT_NE(run(second).out.find("\"rejected\":1"), std::string::npos);
  EXPECT_NE(run(first + second).out.find("\"rejected\":1"), std::string::npos);
}

struct Exit {
  int code;
  std::string out, error;
};
Exit program(std::vector<std::string> arguments, const std::string& input) {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream error;
  const int code = replay_main(arguments, in, out, error);
  return {code, out.str(), error.str()};
}

TEST(Replay, ExitCodeSaysWhetherEveryLineWasRead) {
  EXPECT_EQ(program({"-"}, kHead).code, 0);
  EXPECT_EQ(program({"-"}, std::string(kHead) + "{}\n").code, 1);
  EXPECT_EQ(program({"-", "--keep-going"}, std::string(kHead) + "{}\n").code, 1);
  EXPECT_EQ(program({"-", "--set", "bcap=9e9"}, kHead).code, 2);
  EXPECT_EQ(program({"-", "--nonsense"}, kHead).code, 2);
  EXPECT_EQ(program({"/nonexistent"}, "").code, 1);
}

TEST(Replay, HonestGeneratedSessionPassesAndCheatIsFound) {
  const auto text_of = [](const char* name) {
    Scenario scenario = scenario_of(name).value();
    scenario.link = LinkClass::cable;
    std::string text;
    const Session session = generate(scenario);
    for (const TraceEvent& event : session.events) write_trace_line(event, text);
    return text;
  };
  EXPECT_NE(run(text_of("honest")).out.find("\"rejected\":0"), std::string::npos);
  EXPECT_EQ(run(text_of("speed-1.2")).out.find("\"rejected\":0"), std::string::npos);
  ReplayOptions smart;
  smart.mode = ReplayMode::smart_ts;
  // The published set reads neither time nor distance: it refuses honest full speed.
  EXPECT_EQ(run(text_of("honest"), smart).out.find("\"rejected\":0"), std::string::npos);
}

TEST(Options, SetByNameInSeconds) {
  RefereeOptions options;
  ASSERT_TRUE(set_option(options, "bcap=1.0"));
  EXPECT_EQ(options.max_credit_us, 1'000'000);
  EXPECT_EQ(set_option(options, "bcap=x").error().code, Errc::invalid_argument);
  EXPECT_EQ(set_option(options, "nope=1").error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace gk::referee
