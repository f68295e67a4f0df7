#include "arbiter/service/lane_store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "arbiter/service/lane_service.h"
#include "testing/capture_log.h"
#include "testing/seeded_random.h"
#include "testing/temp_dir.h"

namespace gk::arbiter {
namespace {

using namespace std::chrono_literals;

/// A state.db with its writer and loop.
struct Disk {
  explicit Disk(const std::string& path) {
    auto db = store::Database::open({.path = path}).value();
    const std::array rooms{lanes_migrations()};
    EXPECT_TRUE(store::migrate(*db, rooms, clock.wall()));
    writer = std::make_unique<store::Writer>(std::move(db), store::WriterOptions{.name = "state"},
                                             clock, log, metrics);
    lanes = std::make_unique<SqlLaneStore>(*writer, loop);
  }
  bool wait(const std::function<void(LaneStore::Done)>& call) {
    std::optional<Result<void>> result;
    call([&](const Result<void>& r) { result = r; });
    return loop.run_until([&] { return result.has_value(); }, 10s) && result->ok();
  }

  SystemClock clock;
  CaptureLog log;
  Metrics metrics;
  net::Loop loop;
  std::unique_ptr<store::Writer> writer;
  std::unique_ptr<SqlLaneStore> lanes;
};

TEST(LaneStore, KeepsLanesModulesAndMarksOverARestart) {
  const TempDir dir;
  {
    Disk disk(dir / "state.db");
    const auto first = disk.lanes->load("character", 10).value();
    ASSERT_EQ(first.lanes.size(), 1U);
    EXPECT_EQ(first.lanes[0].start, Token(0));
    EXPECT_EQ(first.lanes[0].ceiling, Token(10));
    EXPECT_TRUE(
        disk.wait([&](auto done) { disk.lanes->save_ceiling("character", Token(30), done); }));
    EXPECT_TRUE(
        disk.wait([&](auto done) { disk.lanes->save_ceiling("character", Token(20), done); }));
    EXPECT_TRUE(disk.wait([&](auto done) { disk.lanes->save_lane("boat", "{}", Token(5), done); }));
    EXPECT_TRUE(disk.wait([&](auto done) { disk.lanes->save_module("fisher", "{}", done); }));
  }
  Disk disk(dir / "state.db");
  const auto again = disk.lanes->load("character", 10).value();
  ASSERT_EQ(again.lanes.size(), 2U);
  EXPECT_EQ(again.lanes[0].name, "boat");
  EXPECT_EQ(again.lanes[1].start, Token(30)) << "a ceiling never goes down";
  EXPECT_EQ(again.lanes[1].ceiling, Token(40));
  EXPECT_EQ(again.modules.size(), 1U);
}

TEST(LaneStore, ADeletedLaneStaysDeletedAndLeavesItsMark) {
  const TempDir dir;
  {
    Disk disk(dir / "state.db");
    ASSERT_TRUE(disk.lanes->load("character", 10));
    EXPECT_TRUE(
        disk.wait([&](auto done) { disk.lanes->delete_lane("character", Token(77), done); }));
  }
  Disk disk(dir / "state.db");
  const auto again = disk.lanes->load("character", 10).value();
  EXPECT_TRUE(again.lanes.empty());
  EXPECT_EQ(again.floor, Token(77));
}

/// The planted bug: says that a ceiling is stored when it is not yet.
class HastyStore final : public LaneStore {
 public:
  HastyStore(LaneStore& store, net::Loop& loop) : store_(store), loop_(loop) {}
  Result<StoredLanes> load(const std::string& lane, std::uint64_t block) override {
    return store_.load(lane, block);
  }
  void save_lane(const std::string& name, std::string settings, Token ceiling, Done done) override {
    store_.save_lane(name, std::move(settings), ceiling, std::move(done));
  }
  void save_ceiling(const std::string&, Token, Done done) override {
    loop_.post([done = std::move(done)] { done({}); });
  }
  void delete_lane(const std::string& name, Token high, Done done) override {
    store_.delete_lane(name, high, std::move(done));
  }
  void save_module(const std::string& name, std::string module, Done done) override {
    store_.save_module(name, std::move(module), std::move(done));
  }
  void delete_module(const std::string& name, Done done) override {
    store_.delete_module(name, std::move(done));
  }

 private:
  LaneStore& store_;
  net::Loop& loop_;
};

/// Grants one after the other, and writes each token down where a kill does not reach it.
[[noreturn]] void grant_until_killed(const std::string& path, bool planted, int out) {
  Disk disk(path);
  HastyStore hasty(*disk.lanes, disk.loop);
  LaneStore& store = planted ? static_cast<LaneStore&>(hasty) : *disk.lanes;
  LaneServiceOptions options;
  options.token_block = 4;  // a reservation every second grant
  auto stored = disk.lanes->load("character", options.token_block).value();
  stored.lanes[0].settings = R"({"spacing_s":0})";
  auto service =
      LaneService::create(options, disk.loop, disk.clock, disk.log, disk.metrics, store, stored)
          .value();
  for (;;) {
    std::optional<Result<Lease>> lease;
    (void)service->acquire({"character", "fisher", {}, {}, {}},
                           [&](const Result<Lease>& l) { lease = l; });
    (void)disk.loop.run_until([&] { return lease.has_value(); }, 10s);
    if (!lease || !lease->ok()) ::_exit(3);
    const std::uint64_t token = (*lease)->token.value;
    if (::write(out, &token, sizeof token) != sizeof token) ::_exit(4);
    (void)service->release("character", (*lease)->token, {});
  }
}

/// The highest token of a life that was killed after `grants`.
std::uint64_t killed_after(const std::string& path, bool planted, std::uint64_t grants) {
  int ends[2] = {};
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    grant_until_killed(path, planted, ends[1]);
  }
  ::close(ends[1]);
  std::uint64_t token = 0, highest = 0, n = 0;
  while (::read(ends[0], &token, sizeof token) == sizeof token) {
    highest = std::max(highest, token);
    if (++n == grants) ::kill(child, SIGKILL);
  }
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself";
  return highest;
}

/// How many of `rounds` lives would have given out a token of the life before.
int lives_with_old_tokens(bool planted, int rounds) {
  const TempDir dir;
  SeededRandom random(3);
  int bad = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t highest = killed_after(dir / "state.db", planted, 1 + random.below(40));
    Disk disk(dir / "state.db");
    bad += disk.lanes->load("character", 1)->lanes[0].start.value < highest ? 1 : 0;
  }
  return bad;
}

TEST(LaneStoreKill, NoTokenThatWasSeenComesBackAfterKill9) {
  EXPECT_EQ(lives_with_old_tokens(false, 15), 0);
}

TEST(LaneStoreKill, AnAcknowledgementBeforeTheWriteIsCaught) {
  EXPECT_GT(lives_with_old_tokens(true, 15), 0);
}

}  // namespace
}  // namespace gk::arbiter
