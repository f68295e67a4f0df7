#include "macros/macro_store.h"

#include <gtest/gtest.h>

#include <array>

#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/temp_dir.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

class MacroStoreTest : public testing::Test {
 protected:
  MacroStoreTest() {
    auto database = store::Database::open({.path = dir / "state.db"}).value();
    const std::array rooms{macros_migrations()};
    EXPECT_TRUE(store::migrate(*database, rooms, clock.wall()));
    writer = std::make_unique<store::Writer>(
        std::move(database), store::WriterOptions{.name = "state"}, clock, log, metrics);
  }
  MacroStore::Done count() {
    return [this](const Result<void>& r) {
      EXPECT_TRUE(r) << r.error().message;
      ++answers;
    };
  }
  bool answered(int n) {
    return loop.run_until([&] { return answers >= n; }, 10s);
  }
  CancellationEvent event(std::string id) {
    CancellationEvent e;
    e.id = std::move(id);
    e.macro_id = "dance";
    e.macro_name = "Dance";
    e.reason = "Performance threshold exceeded: fps 5 < 15";
    e.rule = "fps";
    e.metrics.fps = 5;
    e.timestamp = clock.wall();
    e.outcome = Outcome::signalled;
    e.decision_ms = 1.5;
    return e;
  }
  TempDir dir;
  ManualClock clock;
  CaptureLog log;
  Metrics metrics;
  net::Loop loop;
  std::unique_ptr<store::Writer> writer;
  int answers = 0;
};

TEST_F(MacroStoreTest, GivesBackWhatWasStored) {
  SqlMacroStore store(*writer, loop, clock);
  store.save_event(event("a"), count());
  store.save_evidence("a", R"({"rule":1})", count());
  store.save_evidence("a", R"({"rule":2})", count());
  store.save_profile("heal", R"({"max_duration":10})", count());
  store.save_approval("dancer", "h", "ann", count());
  ASSERT_TRUE(answered(5));
  const auto stored = store.load().value();
  ASSERT_EQ(stored.events.size(), 1U);
  EXPECT_EQ(event_json(stored.events[0]), event_json(event("a")));
  EXPECT_EQ(stored.total_cancellations, 1U);
  EXPECT_EQ(stored.profiles.at("heal"), R"({"max_duration":10})");
  EXPECT_EQ(stored.approvals.at("dancer"), "h");
  std::string evidence;
  store.load_evidence("a", [&](const Result<std::string>& r) { evidence = r.value(); });
  ASSERT_TRUE(loop.run_until([&] { return !evidence.empty(); }, 10s));
  EXPECT_EQ(evidence, R"({"rule":2})");
  store.delete_profile("heal", count());
  ASSERT_TRUE(answered(6));
  EXPECT_TRUE(store.load().value().profiles.empty());
}

TEST_F(MacroStoreTest, KeepsTheNewestAndTheTotal) {
  SqlMacroStore store(*writer, loop, clock, {.max_events = 2, .max_evidence = 1});
  CancellationEvent watched = event("w");
  watched.outcome = Outcome::watched;
  for (const char* id : {"a", "b", "c"}) {
    clock.advance(1s);
    store.save_event(event(id), count());
    store.save_evidence(id, "{}", count());
  }
  store.save_event(watched, count());
  ASSERT_TRUE(answered(7));
  const auto stored = store.load().value();
  ASSERT_EQ(stored.events.size(), 2U);
  EXPECT_EQ(stored.events[0].id, "c");
  EXPECT_EQ(stored.total_cancellations, 3U) << "what was only watched does not count";
  std::optional<Errc> missing;
  store.load_evidence("a", [&](const Result<std::string>& r) { missing = r.error().code; });
  ASSERT_TRUE(loop.run_until([&] { return missing.has_value(); }, 10s));
  EXPECT_EQ(*missing, Errc::not_found);
}

TEST(ReadEvent, RefusesWhatIsNoEvent) {
  EXPECT_EQ(read_event("{").error().code, Errc::data_loss);
  EXPECT_EQ(read_event("{}").error().code, Errc::data_loss);
}

TEST_F(MacroStoreTest, KeepsTheLastOutputsAndLevelsAsManyAsAreKept) {
  SqlMacroStore two(*writer, loop, clock, {.runs = {.outputs = 2, .levels = 2}});
  const std::string bytes("a\0\xff\n", 4);
  two.save_output({"old", "x", {}, WallTime(1s)}, count());
  two.save_output({"done", bytes, sys::ExitStatus{.code = 137, .signal = 9}, WallTime(3s)},
                  count());
  two.save_output({"given_up", "y", {}, WallTime(2s)}, count());
  two.save_output({"done", bytes, sys::ExitStatus{.code = 3}, WallTime(4s)}, count());
  for (const char* id : {"a", "b", "c", "a"}) {
    clock.advance(1s);
    two.save_level(id, SafetyLevel::safe, count());
  }
  two.save_level("c", std::nullopt, count());
  ASSERT_TRUE(answered(9));
  const auto stored = two.load().value();
  ASSERT_EQ(stored.outputs.size(), 2U);
  EXPECT_EQ(stored.outputs[0].macro_id, "given_up");
  EXPECT_FALSE(stored.outputs[0].status);
  EXPECT_EQ(stored.outputs[1].text, bytes);
  EXPECT_EQ(stored.outputs[1].status->code, 3);
  EXPECT_EQ(stored.outputs[1].ended_at, WallTime(4s));
  const std::vector<std::pair<std::string, SafetyLevel>> levels{{"a", SafetyLevel::safe}};
  EXPECT_EQ(stored.levels, levels);
}

}  // namespace
}  // namespace gk::macros
