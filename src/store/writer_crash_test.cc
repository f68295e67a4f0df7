// The process is killed, or the power goes: what was acknowledged is there.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <latch>
#include <mutex>
#include <set>

#include "store/testing/fault_vfs.h"
#include "store/writer.h"
#include "testing/capture_log.h"
#include "testing/seeded_random.h"
#include "testing/temp_dir.h"

namespace gk::store {
namespace {

constexpr const char* kTable =
    "CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, x TEXT) STRICT";

Writer::Job insert(int id) {
  return [id](Database& db) {
    return db.query("INSERT INTO t(id, x) VALUES($1, $2)")
        .value()
        ->bind(1, id)
        .bind(2, std::string(100, 'x'))
        .run();
  };
}

/// The ids in the file; nothing when it cannot be opened, is damaged or has no table.
std::optional<std::set<int>> ids_in(const std::string& path) {
  const auto db = Database::open({.path = path});
  if (!db) return std::nullopt;
  auto rows = (*db)->query("SELECT id FROM t");
  if (!rows) return std::nullopt;
  std::set<int> ids;
  for (;;) {
    const auto row = (*rows)->step();
    if (!row) return std::nullopt;
    if (!*row) return ids;
    ids.insert(static_cast<int>((*rows)->integer(0)));
  }
}

/// `callers` chains of inserts with ids first, first + 1, …: each acknowledgement starts the next.
class Chains {
 public:
  using Ack = std::function<void(int)>;
  Chains(Writer& writer, int first, Ack ack)
      : writer_(writer), next_(first), ack_(std::move(ack)) {}
  /// `last`: no id above it.
  void start(int callers, int last) {
    last_ = last;
    for (int i = 0; i < callers; ++i) next();
  }

 private:
  void next() {
    const std::lock_guard lock(mu_);
    const int id = next_++;
    if (id > last_) return;
    (void)writer_.submit(insert(id), [this, id](Result<void> result) {
      if (result) ack_(id);
      next();
    });
  }
  Writer& writer_;
  std::mutex mu_;  // Callers start on one thread and go on on the writer's.
  int next_;
  int last_ = 0;
  Ack ack_;
};

/// Rounds of a test: `usual` in the suite, more by hand: GK_STORE_ROUNDS=2000.
int rounds(int usual) {
  const char* wanted = std::getenv("GK_STORE_ROUNDS");
  return wanted == nullptr ? usual : std::atoi(wanted);
}

struct Environment {
  SystemClock clock;
  CaptureLog log;
  Metrics metrics;
};

// ---- kill -9 ----

/// Never returns: writes, and tells each acknowledged id through `out`, until it is killed.
[[noreturn]] void write_until_killed(const std::string& path, int first, int out) {
  Environment env;
  auto db = Database::open({.path = path}).value();
  db->execute(kTable).value();
  Writer writer(std::move(db), {.name = "state"}, env.clock, env.log, env.metrics);
  Chains chains(writer, first, [out](int id) {
    if (::write(out, &id, sizeof id) != sizeof id) ::_exit(1);
  });
  chains.start(8, 1 << 30);
  for (;;) ::pause();
}

/// One child, killed after `acks` acknowledgements. Returns all that it gave.
std::set<int> killed_after(const std::string& path, int first, std::uint64_t acks) {
  int ends[2] = {};
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    write_until_killed(path, first, ends[1]);
  }
  ::close(ends[1]);
  std::set<int> acknowledged;
  for (int id = 0; ::read(ends[0], &id, sizeof id) == sizeof id;) {
    acknowledged.insert(id);
    if (acknowledged.size() == acks) ::kill(child, SIGKILL);
  }
  ::close(ends[0]);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
  return acknowledged;
}

TEST(WriterKill, EveryAcknowledgedChangeIsThereAfterKill9) {
  const TempDir dir;
  const std::string path = dir / "t.db";
  SeededRandom random(1);
  std::set<int> acknowledged;
  int first = 1;
  for (int round = 0; round < rounds(20); ++round) {
    acknowledged.merge(killed_after(path, first, 20 + random.below(300)));
    const auto stored = ids_in(path);
    ASSERT_TRUE(stored) << "round " << round;
    ASSERT_TRUE(
        std::includes(stored->begin(), stored->end(), acknowledged.begin(), acknowledged.end()))
        << "round " << round;
    first = *stored->rbegin() + 1;
  }
  EXPECT_GT(acknowledged.size(), 400U);
}

// ---- power loss ----

/// What a run left for its replay: after operation `first`, id `second` was acknowledged.
using Acks = std::vector<std::pair<std::uint64_t, int>>;

class WriterPowerLossTest : public testing::Test {
 protected:
  /// Writes 400 rows by 8 callers while everything is recorded.
  void write(const char* synchronous, bool ack_before_commit = false) {
    Environment env;
    auto db = Database::open({.path = path, .vfs = vfs.name()}).value();
    ASSERT_TRUE(db->execute(std::string(kTable) + "; PRAGMA wal_checkpoint(TRUNCATE)"));
    ASSERT_TRUE(db->execute("PRAGMA wal_autocheckpoint=20; PRAGMA synchronous=" +
                            std::string(synchronous)));
    ASSERT_TRUE(vfs.record(path));
    Writer writer(std::move(db), {.name = "state", .ack_before_commit_for_test = ack_before_commit},
                  env.clock, env.log, env.metrics);
    std::latch all(400);
    Chains chains(writer, 1, [&](int id) {
      acks.emplace_back(vfs.recorded(), id);
      all.count_down();
    });
    chains.start(8, 400);
    all.wait();
    (void)writer.run([](Database&) { return Result<void>(); });
  }
  struct Findings {
    int lost = 0;  ///< Images without a row that had been acknowledged.
    int damaged =
        0;  ///< Images that could not be read, or with a later row but not an earlier one.
  };
  Findings replay(int images) {
    Findings found;
    SeededRandom random(7);
    for (int i = 0; i < images; ++i) {
      const std::uint64_t cut = random.below(vfs.recorded() + 1);
      const std::string image = dir / "image.db";
      EXPECT_TRUE(vfs.power_loss_image(path, cut, random, image));
      const auto stored = ids_in(image);
      found.damaged += !stored || (!stored->empty() && *stored->rbegin() != int(stored->size()));
      found.lost += !stored || std::any_of(acks.begin(), acks.end(), [&](const auto& ack) {
        return ack.first <= cut && !stored->contains(ack.second);
      });
    }
    return found;
  }
  FaultVfs vfs{"recording"};
  TempDir dir;
  const std::string path = dir / "t.db";
  Acks acks;
};

TEST_F(WriterPowerLossTest, EveryAcknowledgedChangeIsThereAfterAPowerLoss) {
  write("FULL");
  const Findings found = replay(rounds(200));
  EXPECT_EQ(found.lost, 0);
  EXPECT_EQ(found.damaged, 0);
}

TEST_F(WriterPowerLossTest, NormalDurabilityMayLoseTheEndButNeverTheMiddle) {
  write("NORMAL");
  const Findings found = replay(40);
  EXPECT_GT(found.lost, 0) << "else the promise of `full` would not be tested by this file";
  EXPECT_EQ(found.damaged, 0);
}

TEST_F(WriterPowerLossTest, WithSynchronousOffTheTestNotices) {
  write("OFF");
  const Findings found = replay(40);
  EXPECT_GT(found.lost, 0);
  EXPECT_GT(found.damaged, 0);
}

TEST_F(WriterPowerLossTest, AcknowledgingBeforeTheCommitIsNoticed) {
  write("FULL", /*ack_before_commit=*/true);
  EXPECT_GT(replay(80).lost, 0);
}

}  // namespace
}  // namespace gk::store
