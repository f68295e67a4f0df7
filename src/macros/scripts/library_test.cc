#include "macros/scripts/library.h"

#include <gtest/gtest.h>
#include <time.h>

#include "macros/scripts/fakes_for_test.h"

namespace gk::macros {
namespace {

std::string steps(const std::string& text) {
  return R"({"name":"x","description":"d","game":"arena","actions":[{"type":"say","command":")" +
         text + "\"}]}";
}

class ScriptLibraryTest : public testing::Test, protected LibraryBench {
 protected:
  std::vector<ScriptVersion> versions(const std::string& name) {
    std::vector<ScriptVersion> out;
    wait([&](auto done) {
      library.versions(name, [&, done](const Result<std::vector<ScriptVersion>>& found) {
        if (found) out = *found;
        done(found ? Result<void>() : Result<void>(found.error()));
      });
    });
    return out;
  }
  Result<std::vector<std::string>> import(const std::string& json, ScriptLibrary::Import how = {}) {
    std::optional<Result<std::vector<std::string>>> answer;
    library.import_json(parse_json(json).value(), how,
                        [&](Result<std::vector<std::string>> r) { answer = std::move(r); });
    loop.run_until([&] { return answer.has_value(); }, Seconds(10));
    return *answer;
  }
};

TEST_F(ScriptLibraryTest, KeepsATextAndWhatItSays) {
  EXPECT_EQ(put("hello", steps("a")), "");
  const LibraryEntry* entry = library.find("hello");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->script.version, 1);
  EXPECT_EQ(entry->script.created_by, "ada");
  EXPECT_EQ(entry->game, "arena");
  EXPECT_NE(entry->program, nullptr);
}

TEST_F(ScriptLibraryTest, ReadsBackWhatItKept) {
  put("hello", steps("a"), {.resume = true, .args_json = R"({"n":1})"});
  put("fish", "-- name: fish\nlocal a = 1", {}, ScriptKind::lua);
  const auto stored = store.load().value();
  ASSERT_EQ(stored.scripts.size(), 2U);
  EXPECT_EQ(stored.scripts[1].settings,
            (ScriptSettings{.resume = true, .args_json = R"({"n":1})"}));
  EXPECT_EQ(stored.scripts[0].kind, ScriptKind::lua);
  EXPECT_EQ(stored.scripts[1].source, steps("a"));
}

TEST_F(ScriptLibraryTest, RefusesABadTextAndKeepsTheOldOne) {
  put("hello", steps("a"));
  EXPECT_EQ(put("hello", R"({"name":"x","actions":[{"type":"jump"}]})"),
            "actions[0].type: expected command, pause, wait_for, if, loop or say, got jump");
  EXPECT_EQ(put("Bad Name", steps("a")),
            "name: expected a-z, 0-9, _ and -, 1 to 64 characters, got \"Bad Name\"");
  EXPECT_EQ(put("big", std::string(256 * 1024 + 1, ' ')), "source: longer than 256 KiB");
  EXPECT_EQ(library.find("hello")->script.source, steps("a"));
  EXPECT_EQ(library.entries().size(), 1U);
}

TEST_F(ScriptLibraryTest, RefusesAScheduleThatCouldOnlyStartWithoutTheGameItNeeds) {
  const std::string text = R"({"name":"x","actions":[{"type":"say","command":"a"}]})";
  const std::string nightly = R"({"cron":"0 4 * * *"})";
  const std::string refused =
      "game: expected the name of a game: the macro acts on one, names none, and its schedule "
      "starts it without";
  EXPECT_EQ(put("hello", text), "") << "by hand it may be told its game";
  EXPECT_EQ(put("hello", text, {.schedule_json = nightly}), refused);
  EXPECT_EQ(
      put("fish", "-- name: fish\ngame.say('a')", {.schedule_json = nightly}, ScriptKind::lua),
      refused);
  EXPECT_EQ(put("hello", text, {.game = "arena", .schedule_json = nightly}), "");
  EXPECT_EQ(put("hello", text, {.schedule_json = nightly}), refused)
      << "nor is its game taken away";
  EXPECT_EQ(put("hello", text, {.enabled = false, .schedule_json = nightly}), "");
  EXPECT_EQ(put("named", steps("a"), {.schedule_json = nightly}), "") << "its text names one";
  const std::string quiet =
      R"({"name":"x","actions":[{"type":"pause","parameters":{"seconds":1}}]})";
  EXPECT_EQ(put("quiet", quiet, {.schedule_json = nightly}), "") << "it needs none";
}

TEST_F(ScriptLibraryTest, AnImportHasNoScheduleThatCouldOnlyStartWithoutItsGame) {
  const std::string bundle =
      R"({"gamekeeper_macros":1,"scripts":[{"name":"a","kind":"steps","enabled":true,)"
      R"("schedule":{"cron":"0 4 * * *"},)"
      R"("source":"{\"name\":\"a\",\"actions\":[{\"type\":\"say\",\"command\":\"a\"}]}"}]})";
  EXPECT_EQ(import(bundle, {.keep_settings = true, .by = "ada"})
                .error()
                .message.rfind("scripts[0]: game: expected the name of a game", 0),
            0U);
  EXPECT_TRUE(import(bundle, {.by = "ada"})) << "disabled and without its schedule it is fine";
}

TEST_F(ScriptLibraryTest, KeepsTwentyVersions) {
  for (int i = 0; i < 25; ++i) ASSERT_EQ(put("hello", steps(std::to_string(i))), "");
  const auto kept = versions("hello");
  ASSERT_EQ(kept.size(), 20U);
  EXPECT_EQ(kept.front().version, 25);
  EXPECT_EQ(kept.back().version, 6);
}

TEST_F(ScriptLibraryTest, MakesNoVersionOfSettingsAlone) {
  put("hello", steps("a"));
  put("hello", steps("a"), {.enabled = false});
  EXPECT_EQ(library.find("hello")->script.version, 1);
  EXPECT_FALSE(library.find("hello")->script.settings.enabled);
}

TEST_F(ScriptLibraryTest, BringsAnOldVersionBackAsANewOne) {
  put("hello", steps("a"));
  put("hello", steps("b"));
  EXPECT_EQ(wait([&](auto done) { library.bring_back("hello", 1, "bob", done); }), "");
  EXPECT_EQ(library.find("hello")->script.version, 3);
  EXPECT_EQ(library.find("hello")->script.source, steps("a"));
  EXPECT_EQ(wait([&](auto done) { library.bring_back("hello", 9, "bob", done); }),
            "no version 9 of hello");
}

TEST_F(ScriptLibraryTest, RefusesAChangeOfAnotherVersion) {
  put("hello", steps("a"));
  const auto change = [&](auto done) {
    library.put({.name = "hello", .source = steps("b"), .expected_version = 2, .by = "ada"}, done);
  };
  EXPECT_EQ(wait(change), "expected version 2 of hello, it is at 1");
}

TEST_F(ScriptLibraryTest, LetsOneChangeOfANameBeWrittenAtATime) {
  std::vector<std::string> answers;
  for (int i = 0; i < 2; ++i) {
    library.put({.name = "hello", .kind = ScriptKind::steps, .source = steps("a"), .by = "ada"},
                [&](const Result<void>& r) { answers.push_back(r ? "" : r.error().message); });
  }
  loop.run_until([&] { return answers.size() == 2; }, Seconds(10));
  EXPECT_EQ(answers,
            (std::vector<std::string>{"another change of hello is being written; try again", ""}));
}

TEST_F(ScriptLibraryTest, RemovesAMacroWithAllItsRows) {
  put("hello", steps("a"));
  EXPECT_EQ(wait([&](auto done) { library.remove("hello", done); }), "");
  EXPECT_EQ(library.find("hello"), nullptr);
  EXPECT_TRUE(store.load().value().scripts.empty());
  EXPECT_EQ(wait([&](auto done) { library.remove("hello", done); }), "no macro hello");
}

TEST_F(ScriptLibraryTest, HoldsFiveHundred) {
  std::string bundle = R"({"gamekeeper_macros":1,"scripts":[)";
  for (int i = 0; i < 500; ++i) {
    std::string source;
    append_json_string(source, steps("a"));
    bundle += (i == 0 ? "" : ",") + std::string("{\"name\":\"m") + std::to_string(i) +
              "\",\"kind\":\"steps\",\"source\":" + source + "}";
  }
  EXPECT_EQ(import(bundle + "]}").value().size(), 500U);
  EXPECT_EQ(put("one-more", steps("a")), "the library holds at most 500 macros");
}

TEST_F(ScriptLibraryTest, ExportsWhatAnImportTakes) {
  put("hello", steps("a"), {.schedule_json = R"({"cron":"0 4 * * *"})"});
  put("fish", "-- name: fish\n", {}, ScriptKind::lua);
  const std::string bundle = library.export_json({}).value();
  wait([&](auto done) { library.remove("hello", done); });
  wait([&](auto done) { library.remove("fish", done); });
  EXPECT_EQ(import(bundle, {.keep_settings = true}).value(),
            (std::vector<std::string>{"fish", "hello"}));
  EXPECT_EQ(library.export_json({}).value(), bundle);
  EXPECT_EQ(library.export_json({"nobody"}).error().message, "no macro nobody");
}

// CPU time of this thread, which is the loop's: what else the machine does is not in it.
double loop_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

std::string long_list_of_steps() {
  std::string out = R"({"name":"x","description":"d","actions":[)";
  for (int i = 0; i < 1'000; ++i) {  // As many as a list may have, of 240 KB.
    out += R"({"type":"command","delay_ms":5,"command":"give )" + std::string(190, 'x') + "\"},";
  }
  out.back() = ']';
  return out + "}";
}

TEST_F(ScriptLibraryTest, ReadsTheTextsOfAnImportBesideTheLoop) {
  const std::string source = long_list_of_steps();
  std::string bundle = R"({"gamekeeper_macros":1,"scripts":[)";
  for (int i = 0; i < 16; ++i) {
    bundle += (i == 0 ? "" : ",") + std::string("{\"name\":\"m") + std::to_string(i) +
              "\",\"kind\":\"steps\",\"source\":";
    append_json_string(bundle, source);
    bundle += "}";
  }
  JsonValue given = parse_json(bundle + "]}", {.max_bytes = bundle.size() + 2}).value();
  // The control: what the texts cost where they are read. The library had to read each twice.
  const double before_reading = loop_ms();
  for (int i = 0; i < 16; ++i) {
    Complaints none;
    EXPECT_NE(read_steps(source, none), nullptr);
  }
  const double reading = loop_ms() - before_reading;
  std::optional<Result<std::vector<std::string>>> answer;
  const double before = loop_ms();
  library.import_json(std::move(given), {},
                      [&](Result<std::vector<std::string>> r) { answer = std::move(r); });
  EXPECT_FALSE(answer) << "it is not read yet";
  ASSERT_TRUE(loop.run_until([&] { return answer.has_value(); }, Seconds(60)));
  const double held = loop_ms() - before;
  ASSERT_TRUE(*answer) << answer->error().message;
  EXPECT_EQ((*answer)->size(), 16U);
  EXPECT_LT(held, reading / 3) << "ms of the loop's thread in all";
  EXPECT_EQ(library.find("m15")->script.source, source);
  EXPECT_NE(library.find("m15")->program, nullptr);
}

TEST_F(ScriptLibraryTest, AnImportJudgesByWhatTheLibraryHoldsWhenItsTextsAreRead) {
  std::string source;
  append_json_string(source, steps("a"));
  const std::string bundle =
      R"({"gamekeeper_macros":1,"scripts":[{"name":"hello","kind":"steps","source":)" + source +
      "}]}";
  std::optional<Result<std::vector<std::string>>> answer;
  library.import_json(parse_json(bundle).value(), {},
                      [&](Result<std::vector<std::string>> r) { answer = std::move(r); });
  EXPECT_EQ(put("hello", steps("b")), "") << "meanwhile";
  loop.run_until([&] { return answer.has_value(); }, Seconds(10));
  EXPECT_FALSE(*answer);
  EXPECT_EQ(library.find("hello")->script.source, steps("b"));
}

TEST_F(ScriptLibraryTest, ImportsDisabledUnlessSettingsAreTrusted) {
  put("hello", steps("a"), {.schedule_json = R"({"cron":"0 4 * * *"})"});
  const std::string bundle = library.export_json({}).value();
  EXPECT_EQ(import(bundle).error().message, "scripts[0]: the library has a macro hello");
  EXPECT_TRUE(import(bundle, {.replace = true}));
  EXPECT_FALSE(library.find("hello")->script.settings.enabled);
  EXPECT_EQ(library.find("hello")->script.settings.schedule_json, "");
}

TEST_F(ScriptLibraryTest, AnImportWithOneBadMacroChangesNothing) {
  std::string good;
  append_json_string(good, steps("a"));
  const std::string one = R"({"name":"a","kind":"steps","source":)" + good + "}";
  const auto fault = [&](const std::string& second) {
    return import(R"({"gamekeeper_macros":1,"scripts":[)" + one + "," + second + "]}")
        .error()
        .message;
  };
  EXPECT_EQ(fault(R"({"name":"b","kind":"steps","source":"{}"})"),
            "scripts[1]: name: is required; actions: is required");
  EXPECT_EQ(fault(R"({"name":"b","kind":"perl","source":"x"})"),
            "scripts[1].kind: expected lua or steps");
  EXPECT_EQ(fault(one), "scripts[1]: a comes twice");
  EXPECT_TRUE(library.entries().empty());
  EXPECT_TRUE(store.load().value().scripts.empty());
}

TEST(ScriptLibraryLua, AsksTheCheckerBeforeAnythingIsKept) {
  LibraryBench bench([](const std::string&, const std::string& source, auto done) {
    done(source.find("((") == std::string::npos
             ? Result<void>()
             : Result<void>(Error{Errc::invalid_argument, "line 2: unexpected ("}));
  });
  EXPECT_EQ(bench.put("fish", "-- name: fish\n((", {}, ScriptKind::lua), "line 2: unexpected (");
  EXPECT_EQ(bench.library.find("fish"), nullptr);
  EXPECT_EQ(bench.put("fish", "-- name: fish\n", {}, ScriptKind::lua), "");
}

TEST_F(ScriptLibraryTest, KeepsWhatItCannotReadButDoesNotStartIt) {
  Script old;
  old.name = "old";
  old.source = R"({"name":"old","actions":[{"type":"from the future"}]})";
  library.restore({old});
  EXPECT_EQ(library.find("old")->program, nullptr);
}

class ScriptMemoryTest : public testing::Test, protected LibraryBench {};

TEST_F(ScriptMemoryTest, KeepsTheLastOfManyWritesOfAKey) {
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(memory.set("fish", "n", std::to_string(i)));
  memory.flush();
  const auto stored = [&] { return store.load().value().states; };
  EXPECT_EQ(stored()["fish"]["n"], "99");
  EXPECT_TRUE(memory.set("fish", "n", ""));
  memory.flush();
  EXPECT_TRUE(stored()["fish"].empty());
}

TEST_F(ScriptMemoryTest, BoundsKeysAndBytes) {
  for (int i = 0; i < 256; ++i) ASSERT_TRUE(memory.set("fish", "k" + std::to_string(i), "1"));
  EXPECT_EQ(memory.set("fish", "more", "1").error().message,
            "state: a macro remembers at most 256 keys");
  EXPECT_TRUE(memory.set("big", "k", std::string(64 * 1024 - 1, '1')));
  EXPECT_FALSE(memory.set("big", "l", "1"));
  EXPECT_TRUE(memory.set("big", "k", "1"));
  EXPECT_TRUE(memory.set("big", "l", "1"));
  EXPECT_FALSE(memory.set("big", "", "1"));
  EXPECT_FALSE(memory.set("big", std::string(129, 'k'), "1"));
}

}  // namespace
}  // namespace gk::macros
