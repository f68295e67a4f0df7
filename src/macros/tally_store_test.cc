#include "macros/tally_store.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/temp_dir.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

constexpr Quarter kNow = 1'963'584;  // 2026-01-01T00:00Z, the manual clock's.

struct Row {
  TallyKey key;
  std::string name;
  QuarterTally tally;
};

class TallyStoreTest : public testing::Test {
 protected:
  TallyStoreTest() { open(); }
  void open() {
    auto database = store::Database::open({.path = path()}).value();
    const std::array rooms{tallies_migrations()};
    ASSERT_TRUE(store::migrate(*database, rooms, clock.wall()));
    writer = std::make_unique<store::Writer>(
        std::move(database), store::WriterOptions{.name = "telemetry"}, clock, log, metrics);
    tallies = std::make_unique<SqlTallyStore>(*writer, path(), pool, loop, clock, limits);
  }
  std::string path() const { return dir / "telemetry.db"; }
  Result<void> waits_for(const std::function<void(TallyStore::Done)>& ask) {
    std::optional<Result<void>> answer;
    ask([&](Result<void> result) { answer = std::move(result); });
    EXPECT_TRUE(loop.run_until([&] { return answer.has_value(); }, 10s));
    return answer.value_or(Error{Errc::deadline_exceeded, ""});
  }
  void add(Quarter quarter, const std::string& macro, const QuarterTally& tally,
           const std::string& game = "") {
    PendingTallies::Entries entries{{{quarter, macro, game}, {macro + "!", tally}}};
    const auto added = waits_for([&](auto done) {
      tallies->add(std::make_shared<const PendingTallies::Entries>(std::move(entries)), done);
    });
    EXPECT_TRUE(added) << added.error().message;
  }
  std::vector<Row> scan(TallyQuery query) {
    std::vector<Row> rows;
    const auto read = waits_for([&](auto done) {
      tallies->scan(
          query,
          [&](const TallyKey& key, std::string_view name, const QuarterTally& tally) {
            rows.push_back({key, std::string(name), tally});
          },
          done);
    });
    EXPECT_TRUE(read) << read.error().message;
    return rows;
  }
  static QuarterTally ran(Micros time) {
    QuarterTally out;
    out.runs = 1;
    out.run_time = time;
    return out;
  }

  TempDir dir;
  ManualClock clock;
  CaptureLog log;
  Metrics metrics;
  net::Loop loop;
  WorkerPool pool{{}};
  TallyLimits limits;
  std::unique_ptr<store::Writer> writer;
  std::unique_ptr<SqlTallyStore> tallies;
};

TEST_F(TallyStoreTest, GivesBackEveryField) {
  QuarterTally all{.runs = 1,
                   .run_time = 2s,
                   .commands = 3,
                   .commands_failed = 4,
                   .warnings = 5,
                   .throttles = 6,
                   .pauses = 7,
                   .cancellations = {{"fps", 8}, {"pattern:commands", 9}},
                   .demand_known = 10s,
                   .demand_pct_s = 11.5,
                   .demand_peak_pct = 12.5,
                   .memory_peak_pct = 13.5};
  add(kNow, "heal", all, "world");
  QuarterTally sum;
  for (const Row& row : scan({.from = kNow, .to = kNow})) {
    EXPECT_EQ(row.key, (TallyKey{kNow, "heal", "world"}));
    add_tally(sum, row.tally);
  }
  EXPECT_EQ(sum, all);
  EXPECT_EQ(scan({.from = kNow, .to = kNow})[0].name, "heal!");
}

TEST_F(TallyStoreTest, AddsToWhatARestartLeftBehind) {
  QuarterTally first = ran(1s), second = ran(2s);
  first.cancellations["fps"] = 1;
  second.cancellations["fps"] = 2;
  second.demand_peak_pct = 3;
  add(kNow, "heal", first);
  tallies.reset();
  writer.reset();
  open();
  add(kNow, "heal", second);
  QuarterTally sum;
  for (const Row& row : scan({.from = kNow, .to = kNow})) add_tally(sum, row.tally);
  add_tally(first, second);
  EXPECT_EQ(sum, first);
}

TEST_F(TallyStoreTest, KeepsTheLargerPeakWhicheverCameFirst) {
  for (const auto& [id, before, after] :
       std::vector<std::tuple<std::string, std::optional<double>, std::optional<double>>>{
           {"a", 5, 3}, {"b", 3, 5}, {"c", std::nullopt, 5}, {"d", 5, std::nullopt}}) {
    QuarterTally tally;
    tally.demand_peak_pct = before;
    add(kNow, id, tally);
    tally.demand_peak_pct = after;
    add(kNow, id, tally);
    EXPECT_EQ(scan({.from = kNow, .to = kNow, .macro_id = id})[0].tally.demand_peak_pct, 5) << id;
  }
}

TEST_F(TallyStoreTest, ReadsOnlyWhatIsAskedFor) {
  add(kNow - 1, "heal", ran(1s), "a");
  add(kNow, "heal", ran(1s), "b");
  add(kNow, "dance", ran(1s), "a");
  EXPECT_EQ(scan({.from = kNow - 1, .to = kNow}).size(), 3U);
  EXPECT_EQ(scan({.from = kNow, .to = kNow}).size(), 2U);
  EXPECT_EQ(scan({.from = kNow - 1, .to = kNow, .macro_id = "heal"}).size(), 2U);
  EXPECT_EQ(scan({.from = kNow - 1, .to = kNow, .game = "a"}).size(), 2U);
  EXPECT_EQ(scan({.from = kNow - 1, .to = kNow, .macro_id = "heal", .game = "b"}).size(), 1U);
}

TEST_F(TallyStoreTest, LeavesOutThoseThatRanLeast) {
  add(kNow, "short", ran(1s));
  add(kNow, "long", ran(9s));
  add(kNow - 1, "often", ran(5s));
  add(kNow, "often", ran(5s));
  const auto rows = scan({.from = kNow - 1, .to = kNow, .macros = 2});
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].key.macro_id, "often");
  EXPECT_EQ(rows[1].key.macro_id, "long");
}

TEST_F(TallyStoreTest, TellsWhenTheDaemonRanWhateverMacroIsAskedForAndSinceWhen) {
  add(kNow - 9, "", ran(7s));
  add(kNow - 8, "", ran(8s));
  add(kNow, "", ran(9s));
  add(kNow, "heal", ran(1s));
  add(kNow, "dance", ran(2s));
  const auto rows = scan({.from = kNow - 1, .to = kNow, .macro_id = "heal", .macros = 1});
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].key.quarter, kNow - 9) << "the first of all";
  EXPECT_EQ(rows[0].tally.run_time, 0s) << "it lies before what is asked for";
  EXPECT_EQ(rows[1].tally.run_time, 9s);
  EXPECT_EQ(rows[2].key.macro_id, "heal") << "the daemon takes no place of a macro";
}

TEST_F(TallyStoreTest, ForgetsAfterNinetyDaysAndWhatLiesInTheFuture) {
  QuarterTally cancelled = ran(1s);
  cancelled.cancellations["fps"] = 1;
  add(kNow - 90 * 96 + 1, "kept", cancelled);
  add(kNow - 90 * 96, "old", cancelled);
  add(kNow + 96, "ahead", cancelled);
  add(kNow + 97, "far", cancelled);
  clock.advance(15min);  // A sweep a quarter; this one is of the next.
  add(kNow + 1, "new", ran(1s));
  std::vector<std::string> left;
  for (const Row& row : scan({.from = 0, .to = kNow * 2})) left.push_back(row.key.macro_id);
  // One quarter has passed: what was the last to be kept is too old now.
  EXPECT_EQ(left, (std::vector<std::string>{"new", "ahead", "far", "ahead", "far"}));
}

TEST_F(TallyStoreTest, AClockThatIsSetAheadForgetsNothingForADay) {
  add(kNow, "kept", ran(1s));
  clock.jump_wall(24h * 365);
  add(kNow + 96 * 365, "ahead", ran(1s));
  EXPECT_EQ(scan({.from = 0, .to = kNow * 2}).size(), 2U);
  clock.advance(25h);  // Nobody set it back: it is right.
  add(kNow + 96 * 366 + 4, "ahead", ran(1s));
  EXPECT_EQ(scan({.from = 0, .to = kNow * 2}).size(), 2U);
  EXPECT_EQ(scan({.from = 0, .to = kNow}).size(), 0U);
}

TEST_F(TallyStoreTest, AClockThatWasSetAheadWhileItStoodForgetsNothingEither) {
  add(kNow, "kept", ran(1s));
  tallies.reset();
  writer.reset();
  clock.jump_wall(24h * 365);
  open();
  ASSERT_TRUE(tallies->start());
  add(kNow + 96 * 365, "ahead", ran(1s));
  EXPECT_EQ(scan({.from = 0, .to = kNow}).size(), 1U);
}

// Negative control: a start that does not look at what was stored.
TEST_F(TallyStoreTest, WithoutALookAtTheStartItIsForgotten) {
  add(kNow, "kept", ran(1s));
  tallies.reset();
  writer.reset();
  clock.jump_wall(24h * 365);
  open();
  add(kNow + 96 * 365, "ahead", ran(1s));
  EXPECT_EQ(scan({.from = 0, .to = kNow}).size(), 0U);
}

TEST_F(TallyStoreTest, ForgetsWholeQuartersWhenThereAreTooMany) {
  limits.max_rows = 3;
  tallies = std::make_unique<SqlTallyStore>(*writer, path(), pool, loop, clock, limits);
  add(kNow - 3, "a", ran(1s));
  add(kNow - 3, "b", ran(1s));
  add(kNow - 2, "a", ran(1s));
  clock.advance(15min);
  add(kNow, "a", ran(1s));
  const auto rows = scan({.from = 0, .to = kNow});
  ASSERT_EQ(rows.size(), 2U) << "of the oldest quarter none is left";
  EXPECT_EQ(rows[0].key.quarter, kNow - 2);
}

}  // namespace
}  // namespace gk::macros
