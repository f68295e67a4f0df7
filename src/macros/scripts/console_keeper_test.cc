#include "macros/scripts/console_keeper.h"

#include <gtest/gtest.h>

#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/temp_dir.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

/// Passes on, and counts; or fails.
class CountingStore final : public ConsoleStore {
 public:
  CountingStore(SqlConsoleStore& store, net::Loop& loop) : store_(store), loop_(loop) {}
  bool broken = false;
  bool forgets_dropped_for_test = false;  ///< A planted bug.
  int writes = 0, answers = 0;
  std::size_t lines = 0;

  void save(ConsoleChanges changes, std::function<void(Result<void>)> done) override {
    ++writes;
    for (const auto& macro : changes.macros) lines += macro.lines.size();
    if (forgets_dropped_for_test) changes.dropped.clear();
    const auto answer = [this, done = std::move(done)](const Result<void>& result) {
      ++answers;
      done(result);
    };
    if (!broken) return store_.save(std::move(changes), answer);
    loop_.post([answer] { answer(Error{Errc::unavailable, "the disk is full"}); });
  }

 private:
  SqlConsoleStore& store_;
  net::Loop& loop_;
};

class ConsoleKeeperTest : public testing::Test {
 protected:
  ConsoleKeeperTest() {
    auto database = store::Database::open({.path = dir / "telemetry.db"}).value();
    const auto rooms = console_migrations();
    EXPECT_TRUE(store::migrate(*database, std::span(&rooms, 1), clock.wall()));
    writer = std::make_unique<store::Writer>(
        std::move(database), store::WriterOptions{.name = "telemetry"}, clock, log, metrics);
    sql.emplace(*writer, loop, clock);
    counting.emplace(*sql, loop);
    keeper.emplace(console, *counting, loop, log);
  }
  void note(const std::string& id, const std::string& text) {
    console.add(id, text, clock.wall());
    keeper->changed(id);
  }
  void flush() {
    const int before = counting->answers;
    keeper->flush();
    EXPECT_TRUE(loop.run_until([&] { return counting->answers > before; }, 10s));
  }
  /// What a daemon that starts now would show of it.
  std::string restored(const std::string& id) {
    ConsoleLog again;
    ConsoleKeeper other(again, *counting, loop, log);
    other.restore(sql->load().value());
    std::string out;
    const auto* lines = again.lines(id);
    if (lines == nullptr) return out;
    for (const ConsoleLine& line : *lines) out += std::to_string(line.number) + line.text + "|";
    return out;
  }
  TempDir dir;
  net::Loop loop;
  ManualClock clock;
  CaptureLog log;
  Metrics metrics;
  std::unique_ptr<store::Writer> writer;
  ConsoleLog console;
  std::optional<SqlConsoleStore> sql;
  std::optional<CountingStore> counting;
  std::optional<ConsoleKeeper> keeper;
};

TEST_F(ConsoleKeeperTest, WritesManyLinesAtOnceAndEachOnce) {
  for (int i = 0; i < 100; ++i) note("a", "x");
  note("b", "y");
  EXPECT_EQ(counting->writes, 0) << "a moment later";
  flush();
  EXPECT_EQ(counting->writes, 1);
  EXPECT_EQ(counting->lines, 101U);
  note("a", "z");
  flush();
  EXPECT_EQ(counting->lines, 102U);
  EXPECT_EQ(restored("b"), "1y|");
  EXPECT_TRUE(restored("a").ends_with("100x|101z|"));
}

TEST_F(ConsoleKeeperTest, WritesByItselfAfterAMoment) {
  note("a", "x");
  EXPECT_TRUE(loop.run_until([&] { return counting->answers == 1; }, 10s));
  EXPECT_EQ(restored("a"), "1x|");
}

TEST_F(ConsoleKeeperTest, CountsOnBehindWhatWasStored) {
  note("a", "x");
  flush();
  ConsoleLog again;
  {
    ConsoleKeeper next(again, *counting, loop, log);
    next.restore(sql->load().value());
    EXPECT_EQ(again.add("a", "y", clock.wall()).number, 2U);
    next.changed("a");
  }  // What is left is written at the end.
  EXPECT_EQ(counting->lines, 2U);
  EXPECT_EQ(restored("a"), "1x|2y|");
}

TEST_F(ConsoleKeeperTest, KeepsOnDiskWhatTheLogKeeps) {
  for (int i = 0; i < 100; ++i) note("a", std::string(2'000, 'x'));
  flush();
  const auto stored = sql->load().value();
  ASSERT_EQ(stored.at("a").size(), console.lines("a")->size());
  EXPECT_LE(stored.at("a").size() * 2'000, ConsoleLog::kMaxBytes);
  EXPECT_EQ(stored.at("a").back().number, 100U);
  for (int i = 0; i < 100; ++i) note("a", std::string(2'000, 'x'));
  flush();
  EXPECT_EQ(sql->load().value().at("a").front().number, console.lines("a")->front().number);
}

TEST_F(ConsoleKeeperTest, WhatWentAndBeganAgainHasOnlyItsNewLines) {
  for (int i = 0; i < 3; ++i) note("a", "old");
  flush();
  console.forget("a");
  note("a", "new");
  flush();
  EXPECT_EQ(restored("a"), "1new|");
}

TEST_F(ConsoleKeeperTest, WouldShowOldLinesIfDroppedLogsStayed) {
  counting->forgets_dropped_for_test = true;
  for (int i = 0; i < 3; ++i) note("a", "old");
  flush();
  console.forget("a");
  note("a", "new");
  flush();
  EXPECT_EQ(restored("a"), "1new|2old|3old|") << "the test above sees it";
}

TEST_F(ConsoleKeeperTest, TriesAgainWhatCouldNotBeWritten) {
  note("a", "old");
  flush();
  console.forget("a");
  counting->broken = true;
  note("a", "x");
  flush();
  EXPECT_FALSE(log.lines().empty());
  counting->broken = false;
  note("b", "y");
  flush();
  EXPECT_EQ(restored("a"), "1x|");
  EXPECT_EQ(restored("b"), "1y|");
}

TEST_F(ConsoleKeeperTest, ForgetsWhatIsOldButNotByAClockThatIsAhead) {
  note("a", "old");
  flush();
  clock.advance(31 * 24h);
  EXPECT_EQ(restored("a"), "1old|") << "it is the newest: the clock may be wrong";
  note("b", "new");
  flush();
  EXPECT_EQ(restored("a"), "");
  EXPECT_EQ(restored("b"), "1new|");
}

}  // namespace
}  // namespace gk::macros
