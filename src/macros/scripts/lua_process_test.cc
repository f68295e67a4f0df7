#include "macros/scripts/lua_process.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "macros/scripts/lua_script.h"
#include "testing/capture_log.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

/// What a run did, and hands that answer everything at once.
struct World {
  std::vector<std::string> sent, logged;
  std::map<std::string, std::string> kept;
  std::optional<std::pair<bool, std::string>> ended;
  bool answers = true;
  std::size_t recalled = 0;

  ScriptHands hands() {
    ScriptHands out;
    out.send = [this](std::string command, bool, Nanos, const games::Port::Replied& done) {
      sent.push_back(std::move(command));
      if (answers) done(games::SendReply{.text = "ok"});
    };
    out.say = [this](std::string_view text, Nanos, const games::Port::Replied& done) {
      sent.push_back("says: " + std::string(text));
      if (answers) done(games::SendReply{.text = "said"});
    };
    out.log = [this](std::string_view text) {
      if (logged.size() < 1000) logged.emplace_back(text);
    };
    out.notify = [](const std::string&) {};
    out.recall = [this](std::string_view key) -> const std::string* {
      ++recalled;
      const auto found = kept.find(std::string(key));
      return found == kept.end() ? nullptr : &found->second;
    };
    out.remember = [this](const std::string& key, std::string json) -> Result<void> {
      if (kept.size() >= 256) return Error{Errc::resource_exhausted, "at most 256 keys"};
      kept[key] = std::move(json);
      return {};
    };
    out.signals = [](std::string_view name) {
      return name == "tick_ratio" ? std::optional(0.5) : std::nullopt;
    };
    out.ended = [this](bool ok, std::string reason) { ended.emplace(ok, std::move(reason)); };
    return out;
  }
};

LuaOptions options_for_test() {
  LuaOptions options;
  options.launcher.worker = GK_WORKER;
  return options;
}

class LuaProcessTest : public testing::Test {
 protected:
  LuaProcessTest() { std::signal(SIGPIPE, SIG_IGN); }  // As the daemon.
  /// Starts `source`; what comes back is kept.
  Result<void> launch(const std::string& source, const std::string& args = "") {
    std::optional<Result<void>> result;
    workers.launch({.macro_id = "m", .script = "m", .game = "", .args_json = args}, source,
                   world.hands(), [&](Result<LuaLauncher::Launched> launched) {
                     if (!launched) {
                       result = launched.error();
                       return;
                     }
                     script = std::move(launched->script);
                     spawned = std::move(launched->spawned);
                     result = Result<void>();
                   });
    EXPECT_TRUE(loop.run_until([&] { return result.has_value(); }, 10s));
    return result.value_or(Error{Errc::internal, "no answer"});
  }
  bool ends(Nanos within) {
    return loop.run_until([&] { return world.ended.has_value(); }, within);
  }
  void TearDown() override {
    script.reset();
    if (!spawned.process) return;
    (void)kill_process_macro(spawned);
    EXPECT_TRUE(loop.run_until([&] { return bool(spawned.process.try_reap()); }, 5s));
  }

  net::Loop loop;
  CaptureLog log;
  Metrics metrics;
  LuaWorkers workers{options_for_test(), loop, log, metrics};
  World world;
  std::unique_ptr<RunningScript> script;
  sys::Spawned spawned;
};

TEST_F(LuaProcessTest, SaysATextApartFromCommands) {
  ASSERT_TRUE(launch("game.send('list') log(game.say('hi; there'))"));
  script->run();
  ASSERT_TRUE(ends(10s));
  EXPECT_EQ(world.sent, (std::vector<std::string>{"list", "says: hi; there"}));
  EXPECT_EQ(world.logged, std::vector<std::string>{"said"});
}

TEST_F(LuaProcessTest, SendsRemembersAndSeesSignals) {
  ASSERT_TRUE(launch(R"(state.set("a", {1, "x", {b = true}})
    local kept = state.get("a")
    assert(game.send("look " .. kept[1] .. kept[2]) == "ok")
    assert(game.metrics().tick_ratio == 0.5 and game.metrics().fps == nil)
    assert(args.who == "Lena" and kept[3].b == true)
    log("done", 1.5))",
                     R"({"who":"Lena"})"));
  script->run();
  ASSERT_TRUE(ends(5s));
  EXPECT_TRUE(world.ended->first) << world.ended->second;
  EXPECT_EQ(world.sent, std::vector<std::string>{"look 1x"});
  EXPECT_EQ(world.logged, std::vector<std::string>{"done\t1.5"});
  EXPECT_EQ(world.kept["a"], R"([1,"x",{"b":true}])");
}

TEST_F(LuaProcessTest, SaysTheLineOfWhatDoesNotCompileAndOfWhatFails) {
  EXPECT_EQ(launch("\n\nlocal = 1").error().message, "m:3: <name> expected near '='");
  ASSERT_TRUE(launch("\nlocal t\nlog(t.x)"));
  script->run();
  ASSERT_TRUE(ends(5s));
  EXPECT_FALSE(world.ended->first);
  EXPECT_EQ(world.ended->second, "m:3: attempt to index a nil value (local 't')");
}

TEST_F(LuaProcessTest, HandlersGetLinesWhileTheScriptWaitsAndAfterItsMainPart) {
  ASSERT_TRUE(launch(R"(game.on("^(%a+) joined$", function(who) log("hi " .. who) end)
    sleep(0.05) log("main is over"))"));
  script->run();
  loop.run_for(20ms);
  script->line("Lena joined");
  script->line("nobody left");
  ASSERT_TRUE(loop.run_until([&] { return world.logged.size() == 2; }, 5s));
  script->line("Max joined");
  ASSERT_TRUE(loop.run_until([&] { return world.logged.size() == 3; }, 5s));
  EXPECT_EQ(world.logged, (std::vector<std::string>{"hi Lena", "main is over", "hi Max"}));
  EXPECT_FALSE(world.ended);
}

TEST_F(LuaProcessTest, AFencedScriptGetsNothingMore) {
  ASSERT_TRUE(launch("while true do game.send('x') end"));
  script->run();
  ASSERT_TRUE(loop.run_until([&] { return world.sent.size() > 10; }, 5s));
  script->fence();
  const std::size_t before = world.sent.size();
  loop.run_for(50ms);
  EXPECT_EQ(world.sent.size(), before);
}

TEST_F(LuaProcessTest, KeepsTablesAsDeepAsSaidAndRefusesWhatIsTooDeepTooLongOrMixed) {
  ASSERT_TRUE(launch(R"(
    local function deep(n) if n == 0 then return "x" end return {a = deep(n - 1)} end
    for calls = 1, 60 do  -- Each depth of the stack: the values must find room on it.
      local function go(d) if d > 0 then local _ = go(d - 1) else state.set("k", deep(16)) end end
      assert(coroutine.resume(coroutine.create(go), calls))
    end
    local function why(value) return select(2, pcall(state.set, "k", value)) end
    log(why(deep(17)))
    local text, much = ("x"):rep(1 << 20), {}
    for i = 1, 1000 do much[i] = text end
    log(why(much))
    log(why(("x"):rep(1 << 20)))
    log(why({1, 2, x = 3}))
    log(why({1, [3] = 3}))
    log(why(0 / 0))
    log(why(print)))"));
  script->run();
  ASSERT_TRUE(ends(10s));
  EXPECT_TRUE(world.ended->first) << world.ended->second;
  const std::string keys = "the keys of a kept table are texts, or 1, 2, 3 … without a gap";
  EXPECT_EQ(world.logged,
            (std::vector<std::string>{"a kept table is too deep", "at most 64 KiB are kept",
                                      "at most 64 KiB are kept", keys, keys,
                                      "a number that is kept is finite",
                                      "only texts, numbers, booleans and tables can be kept"}));
}

TEST_F(LuaProcessTest, CutsAReasonThatIsTooLong) {
  ASSERT_TRUE(launch("error(('x'):rep(1 << 20), 0)"));
  script->run();
  ASSERT_TRUE(ends(5s));
  EXPECT_EQ(world.ended->second, std::string(4096, 'x'));
}

TEST_F(LuaProcessTest, ChecksATextWithoutRunningIt) {
  std::optional<Result<void>> good, bad;
  workers.check("a", "log('never')", [&](const Result<void>& r) { good = r; });
  workers.check("b", "log(", [&](const Result<void>& r) { bad = r; });
  ASSERT_TRUE(loop.run_until([&] { return good && bad; }, 10s));
  EXPECT_TRUE(*good);
  EXPECT_EQ(bad->error().code, Errc::invalid_argument);
  EXPECT_TRUE(world.logged.empty());
}

std::vector<std::pair<std::string, std::string>> programs_in(const std::string& file) {
  std::ifstream in(std::string(GK_LUA_TESTS) + "/" + file);
  std::vector<std::pair<std::string, std::string>> out;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("--## ", 0) == 0) {
      out.emplace_back(line.substr(5), "");
    } else if (!out.empty()) {
      out.back().second += line + "\n";
    }
  }
  return out;
}

class LuaRunawayTest : public LuaProcessTest {};

// Stopped as the macro service does it: asked, and killed 20 ms later.
TEST_F(LuaRunawayTest, EveryProgramOfTheCorpusIsGoneAfterTheKill) {
  const auto programs = programs_in("runaway.lua");
  ASSERT_GE(programs.size(), 40U);
  const SystemClock clock;
  std::size_t asked = 0, killed = 0;
  std::vector<double> gone_ms;
  for (const auto& [name, source] : programs) {
    world = {};
    ASSERT_TRUE(launch(source)) << name;
    script->run();
    loop.run_for(30ms);
    const bool ended_before = world.ended.has_value();  // By an error of its own.
    const MonoTime decided = clock.mono();
    script->fence();
    script->interrupt();
    const bool soft = loop.run_until([&] { return world.ended.has_value(); }, 20ms);
    if (!soft) (void)kill_process_macro(spawned);
    ASSERT_TRUE(loop.run_until([&] { return bool(spawned.process.try_reap()); }, 2s)) << name;
    if (!ended_before)
      gone_ms.push_back(std::chrono::duration<double, std::milli>(clock.mono() - decided).count());
    (soft ? asked : killed) += 1;
    script.reset();
    spawned = {};
  }
  std::sort(gone_ms.begin(), gone_ms.end());
  std::printf("%zu programs: %zu ended when asked, %zu were killed; gone p50 %.1f ms, most %.1f\n",
              programs.size(), asked, killed, gone_ms[gone_ms.size() / 2], gone_ms.back());
  EXPECT_GT(asked, programs.size() / 2) << "asking works for nearly all";
}

/// A LuaScript whose worker is this test.
class LuaLiarTest : public testing::Test {
 protected:
  LuaLiarTest() {
    int ends[2], pipe[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    EXPECT_EQ(::pipe(pipe), 0);
    mine = sys::Fd(ends[1]);
    control = sys::Fd(pipe[0]);
    script = std::make_unique<LuaScript>(sys::Fd(ends[0]), sys::Fd(pipe[1]), lua::Reader(),
                                         world.hands(), loop);
    script->run();
  }
  void say(const std::string& bytes) {
    EXPECT_EQ(::write(mine.get(), bytes.data(), bytes.size()), ssize_t(bytes.size()));
    loop.run_for(20ms);
  }
  static std::string frame(char kind, const std::string& fields) {
    const auto length = static_cast<std::uint32_t>(1 + fields.size());
    std::string out(reinterpret_cast<const char*>(&length), sizeof length);
    return out + kind + fields;
  }
  static std::string number(std::uint32_t value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
  }

  net::Loop loop;
  World world;
  sys::Fd mine, control;
  std::unique_ptr<LuaScript> script;
};

// The end of its process may be seen before its last frames. Control: nobody looks.
TEST_F(LuaLiarTest, WhatItSaidLastIsHeardAfterItsEnd) {
  const std::string last = frame('\x7f', "");
  ASSERT_EQ(::write(mine.get(), last.data(), last.size()), ssize_t(last.size()));
  mine = {};
  EXPECT_FALSE(world.ended) << "no turn of the loop has read it";
  script->drain();
  ASSERT_TRUE(world.ended);
  EXPECT_NE(world.ended->second, "its worker has ended") << "the frame says why";
}

TEST_F(LuaLiarTest, GarbageEndsTheScriptWithAReason) {
  say("GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(world.ended);
  EXPECT_FALSE(world.ended->first);
  EXPECT_NE(world.ended->second.find("a frame of"), std::string::npos) << world.ended->second;
}

TEST_F(LuaLiarTest, AFrameOfAGigabyteIsRefusedByItsHead) {
  say(number(1U << 30));
  ASSERT_TRUE(world.ended);
  EXPECT_FALSE(world.ended->first);
}

TEST_F(LuaLiarTest, AnUnknownKindEndsIt) {
  say(frame('\x7f', ""));
  EXPECT_TRUE(world.ended && !world.ended->first);
}

TEST_F(LuaLiarTest, ACommandWithoutItsFieldsEndsIt) {
  say(frame(65, number(1)));
  EXPECT_TRUE(world.ended && !world.ended->first);
}

TEST_F(LuaLiarTest, BytesAfterTheFieldsEndIt) {
  say(frame(66, number(2) + "abcd"));
  EXPECT_TRUE(world.ended && !world.ended->first);
}

TEST_F(LuaLiarTest, ATextLongerThanItsFrameEndsIt) {
  say(frame(68, number(1) + number(1U << 20)));
  EXPECT_TRUE(world.ended && !world.ended->first);
}

TEST_F(LuaLiarTest, AFrameOfTheDaemonsOwnKindEndsIt) {
  say(frame(1, ""));
  EXPECT_TRUE(world.ended && !world.ended->first);
}

TEST_F(LuaLiarTest, ASecondCommandWhileOneWaitsEndsIt) {
  world.answers = false;
  const double timeout = 1;
  const std::string second(reinterpret_cast<const char*>(&timeout), sizeof timeout);
  const std::string send = frame(65, number(1) + '\0' + second + number(4) + "look");
  say(send);
  EXPECT_FALSE(world.ended);
  say(send);
  ASSERT_TRUE(world.ended);
  EXPECT_EQ(world.sent.size(), 1U);
}

TEST_F(LuaLiarTest, QuestionsWhoseAnswersItDoesNotReadEndIt) {
  world.kept["k"] = '"' + std::string(60'000, 'x') + '"';
  const std::string question = frame(68, number(1) + number(1) + "k");
  std::string many;
  for (int i = 0; i < 200; ++i) many += question;
  say(many);
  ASSERT_TRUE(world.ended);
  EXPECT_EQ(world.ended->second, "the worker asks and does not read the answers");
  EXPECT_LT(world.recalled, 60U) << "it is not served until its last question";
}

TEST_F(LuaLiarTest, LinesThatItDoesNotReadLeaveRoomForAnswers) {
  say(frame(72, ""));
  for (int i = 0; i < 1'000; ++i) script->line(std::string(4'000, 'x'));
  world.kept["k"] = '"' + std::string(60'000, 'x') + '"';
  for (int i = 0; i < 3; ++i) say(frame(68, number(1) + number(1) + "k"));
  EXPECT_FALSE(world.ended) << world.ended->second;
}

TEST_F(LuaLiarTest, AFloodIsServedATurnAtATimeAndToItsEnd) {
  std::string many;
  for (int i = 0; i < 600; ++i) many += frame(66, number(1) + "x");
  EXPECT_EQ(::write(mine.get(), many.data(), many.size()), ssize_t(many.size()));
  EXPECT_TRUE(loop.run_until([&] { return !world.logged.empty(); }, 5s));
  EXPECT_EQ(world.logged.size(), LuaScript::kTurnMessages);
  EXPECT_TRUE(loop.run_until([&] { return world.logged.size() == 600; }, 5s));
  say(frame(66, number(1) + "y"));
  EXPECT_EQ(world.logged.back(), "y") << "it is heard again after the flood";
}

TEST_F(LuaLiarTest, AReasonLongerThanALogLineEndsIt) {
  say(frame(71, std::string(1, '\0') + number(5'000) + std::string(5'000, 'x')));
  ASSERT_TRUE(world.ended);
  EXPECT_LT(world.ended->second.size(), 200U);
}

TEST_F(LuaLiarTest, BytesThatAreNoTextArriveAsQuestionMarks) {
  say(frame(66, number(3) + "a\xff\x62"));
  EXPECT_EQ(world.logged, std::vector<std::string>{"a?b"});
}

TEST_F(LuaLiarTest, ItsEndWithoutAWordIsSaid) {
  mine = {};
  loop.run_for(20ms);
  ASSERT_TRUE(world.ended);
  EXPECT_EQ(world.ended->second, "its worker has ended");
}

}  // namespace
}  // namespace gk::macros
