// The process is killed anywhere in a transaction: afterwards all of it stands, or nothing.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "arbiter/operations/operation_store.h"
#include "arbiter/operations/step_kinds.h"
#include "sys/file_below.h"
#include "testing/capture_log.h"
#include "testing/seeded_random.h"
#include "testing/temp_dir.h"

namespace gk::arbiter {
namespace {

/// A real state.db and a real folder, as the daemon has them.
struct World {
  explicit World(const std::string& root)
      : writer(open(root + "/state.db"), {.name = "state"}, clock, log, metrics),
        journal(writer, clock),
        dir(sys::ConfinedDir::open(root + "/config").value()),
        kinds(builtin_steps(root + "/config", writer, clock).value()) {}
  static std::unique_ptr<store::Database> open(const std::string& path) {
    auto db = store::Database::open({.path = path}).value();
    const std::array rooms = {operations_migrations()};
    store::migrate(*db, rooms, WallTime{}).value();
    return db;
  }
  SystemClock clock;
  CaptureLog log;
  Metrics metrics;
  store::Writer writer;
  SqlJournal journal;
  sys::ConfinedDir dir;
  StepKinds kinds;
};

/// Kills this process at the n-th boundary; 0: never.
class Cut {
 public:
  explicit Cut(int at) : left_(at) {}
  void tick() {
    if (left_ > 0 && --left_ == 0) ::kill(::getpid(), SIGKILL);
  }

 private:
  int left_;
};

enum class Planted : std::uint8_t { nothing, journal_after_run };

/// Ticks before and after each write of the journal. With the planted bug a step is noted only at
/// the next call, which is after it ran.
class CutJournal final : public Journal {
 public:
  CutJournal(Journal& disk, Cut& cut, Planted planted)
      : disk_(disk), cut_(cut), planted_(planted) {}
  Result<TransactionId> begin() override {
    cut_.tick();
    auto id = disk_.begin();
    cut_.tick();
    return id;
  }
  Result<void> append(TransactionId id, const JournalStep& step) override {
    if (planted_ == Planted::nothing) return ticking([&] { return disk_.append(id, step); });
    auto before = late();
    held_ = {id, step};
    return before;
  }
  Result<void> pop(TransactionId id) override {
    (void)late();
    return ticking([&] { return disk_.pop(id); });
  }
  Result<void> end(TransactionId id) override {
    (void)late();
    return ticking([&] { return disk_.end(id); });
  }
  Result<std::vector<OpenTransaction>> open() override { return disk_.open(); }

 private:
  template <typename Write>
  Result<void> ticking(Write write) {
    cut_.tick();
    auto result = write();
    cut_.tick();
    return result;
  }
  Result<void> late() {
    if (!held_) return {};
    const auto [id, step] = *std::exchange(held_, std::nullopt);
    return ticking([&] { return disk_.append(id, step); });
  }
  Journal& disk_;
  Cut& cut_;
  const Planted planted_;
  std::optional<std::pair<TransactionId, JournalStep>> held_;
};

JsonValue object(const std::string& key, std::string value) {
  return JsonValue::Object{{key, JsonValue(std::move(value))}};
}
JsonValue object(const std::string& key, std::string value, const std::string& other,
                 std::string text) {
  return JsonValue::Object{{key, JsonValue(std::move(value))}, {other, JsonValue(std::move(text))}};
}

/// The transaction that brings the world to version `n`: two files, two settings, and a file that
/// is there in even versions only. Each step ticks before and after.
std::vector<TransactStep> steps_to(int n, World& world, Cut& cut, bool last_fails) {
  const std::string text = "version " + std::to_string(n);
  std::vector<std::pair<const char*, JsonValue>> calls = {
      {"file.write", object("path", "a", "content", text)},
      {"setting.set", object("key", "one", "value", text)},
      {"file.write", object("path", "deep/b", "content", text)},
      {"setting.set", object("key", "two", "value", text)}};
  if (n % 2 == 0) {
    calls.emplace_back("file.write", object("path", "even", "content", text));
  } else {
    calls.emplace_back("file.remove", object("path", "even"));
  }
  std::vector<TransactStep> out;
  for (auto& [name, input] : calls) {
    const StepKind* kind = world.kinds.find(name);
    const std::string undo_data = kind->undo_data(input).value();
    const bool fails = last_fails && out.size() + 1 == calls.size();
    out.push_back({{name, undo_data}, [kind, given = input, &cut, fails, &world]() -> Result<void> {
                     StopFlag stop(world.clock);
                     cut.tick();
                     auto done = kind->run(given, stop);
                     cut.tick();
                     if (fails) return Error{Errc::unavailable, "planted failure"};
                     return done;
                   }});
  }
  return out;
}

/// Undo functions that tick.
UndoTable undo_of(const World& world, Cut& cut) {
  UndoTable out = world.kinds.undo_table();
  for (auto& [name, undo] : out) {
    undo = [original = undo, &cut](std::string_view data) {
      cut.tick();
      auto done = original(data);
      cut.tick();
      return done;
    };
  }
  return out;
}

/// In memory where there is such a folder: what a killed process wrote is in the kernel, so the
/// disk does not matter here; store/writer_crash_test.cc has the power losses.
std::unique_ptr<TempDir> fast_dir() {
  if (::access("/dev/shm", W_OK) == 0) ::setenv("TMPDIR", "/dev/shm", 1);
  return std::make_unique<TempDir>();
}

class TransactKillTest : public testing::Test {
 protected:
  TransactKillTest() {
    EXPECT_TRUE(sys::make_private_dir(root + "/config/deep"));
    go_to(0);
  }
  /// Without any cut, in this process.
  void go_to(int version) {
    World world(root);
    Cut never(0);
    const auto report =
        transact(world.journal, undo_of(world, never), steps_to(version, world, never, false));
    EXPECT_EQ(report.value().end, TransactEnd::committed);
  }
  /// Runs `body` in a child. True: it was killed; false: it ended by itself.
  template <typename Body>
  bool in_child(Body body) {
    const pid_t child = ::fork();
    if (child == 0) {
      body();
      ::_exit(0);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
  }
  bool transact_in_child(int version, int cut_at, bool last_fails, Planted planted) {
    return in_child([&] {
      World world(root);
      Cut cut(cut_at);
      CutJournal journal(world.journal, cut, planted);
      (void)transact(journal, undo_of(world, cut), steps_to(version, world, cut, last_fails));
    });
  }
  /// As the daemon does at its start; killed at `cut_at`.
  bool recover_in_child(int cut_at) {
    return in_child([&] {
      World world(root);
      Cut cut(cut_at);
      CutJournal journal(world.journal, cut, Planted::nothing);
      if (!recover(journal, undo_of(world, cut))) ::_exit(3);
    });
  }
  /// The one version of everything; nothing when the world is half-way, or something is left over.
  std::optional<int> version() {
    World world(root);
    if (!world.journal.open()->empty()) return std::nullopt;
    const std::string a = world.dir.read_file("a", 100).value();
    const std::string text = "\"" + a + "\"";
    const int n = std::atoi(a.c_str() + 8);
    const auto even = world.dir.read_file("even", 100);
    const auto files = sys::list_dir(root + "/config", 10).value();
    const bool whole = world.dir.read_file("deep/b", 100).value() == a &&
                       load_setting(world.writer, "one").value() == text &&
                       load_setting(world.writer, "two").value() == text &&
                       even.ok() == (n % 2 == 0) && (!even || *even == a) &&
                       files.size() == (n % 2 == 0 ? 3U : 2U) &&
                       sys::list_dir(root + "/config/deep", 10).value().size() == 1;
    return whole ? std::optional(n) : std::nullopt;
  }
  /// Kills at every boundary in turn. Returns how often the world was half-way afterwards.
  int breaches_at_every_boundary(bool last_fails, Planted planted, int* boundaries,
                                 std::array<int, 2>* ends) {
    int breaches = 0, at = 0;
    for (int cut = 1;; ++cut) {
      const bool killed = transact_in_child(at + 1, cut, last_fails, planted);
      EXPECT_FALSE(recover_in_child(0));
      const auto now = version();
      if (!now || (*now != at && *now != at + 1) || (last_fails && *now != at)) {
        ++breaches;
        repair();
        at = 0;
      } else {
        ++(*ends)[static_cast<std::size_t>(*now - at)];
        at = *now;
      }
      *boundaries = cut - 1;
      if (!killed) return breaches;
    }
  }
  void repair() {
    World world(root);
    const auto left_open = world.journal.open().value();
    for (const auto& open : left_open) (void)world.journal.end(open.id);
    Cut never(0);
    (void)transact(world.journal, undo_of(world, never), steps_to(0, world, never, false));
  }
  const std::unique_ptr<TempDir> temp = fast_dir();
  const std::string root = temp->path().string();
};

TEST_F(TransactKillTest, AKillAtAnyBoundaryEndsAsAllOrNothing) {
  int boundaries = 0;
  std::array<int, 2> ends{};
  EXPECT_EQ(breaches_at_every_boundary(false, Planted::nothing, &boundaries, &ends), 0);
  EXPECT_EQ(boundaries, 2 + 5 * 4 + 2) << "begin, five steps with their notes, end";
  EXPECT_GE(ends[0], 20) << "nothing";
  EXPECT_GE(ends[1], 2) << "all: after the end is on disk";
}

TEST_F(TransactKillTest, AKillInTheRollBackEndsAsNothing) {
  int boundaries = 0;
  std::array<int, 2> ends{};
  EXPECT_EQ(breaches_at_every_boundary(true, Planted::nothing, &boundaries, &ends), 0);
  EXPECT_EQ(boundaries, 2 + 5 * 4 + 5 * 4 + 2);
  EXPECT_EQ(ends[1], 0);
}

TEST_F(TransactKillTest, AKillInTheRecoveryIsRecoveredFromToo) {
  for (int cut = 1;; ++cut) {
    ASSERT_TRUE(
        transact_in_child(1, 21, false, Planted::nothing));  // before its last step is noted
    const bool killed = recover_in_child(cut);
    ASSERT_FALSE(recover_in_child(0));
    ASSERT_EQ(version(), 0) << "cut " << cut;
    if (!killed) break;
    ASSERT_LT(cut, 100);
  }
}

TEST_F(TransactKillTest, JournallingAfterTheRunIsNoticed) {
  int boundaries = 0;
  std::array<int, 2> ends{};
  EXPECT_GT(breaches_at_every_boundary(false, Planted::journal_after_run, &boundaries, &ends), 0);
}

/// Never returns: one version after the other, each told through `out` once it is committed.
[[noreturn]] void advance_until_killed(const std::string& root, int from, int out) {
  World world(root);
  Cut never(0);
  for (int n = from;; ++n) {
    const auto report =
        transact(world.journal, undo_of(world, never), steps_to(n, world, never, false));
    if (report.value().end != TransactEnd::committed) ::_exit(4);
    if (::write(out, &n, sizeof n) != sizeof n) ::_exit(1);
  }
}

TEST_F(TransactKillTest, AKillAtAnyMomentKeepsWhatWasAcknowledgedAndNothingHalf) {
  SeededRandom random(1);
  int acknowledged = 0;
  for (int round = 0; round < 40; ++round) {
    int ends[2] = {};
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      advance_until_killed(root, acknowledged + 1, ends[1]);
    }
    ::close(ends[1]);
    int told = 0;
    ASSERT_EQ(::read(ends[0], &told, sizeof told), static_cast<ssize_t>(sizeof told));
    acknowledged = told;
    const timespec moment{0, static_cast<long>(random.below(20'000'000))};  // within 20 ms
    (void)::ppoll(nullptr, 0, &moment, nullptr);
    ::kill(child, SIGKILL);
    while (::read(ends[0], &told, sizeof told) == sizeof told) acknowledged = told;
    ::close(ends[0]);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    ASSERT_FALSE(recover_in_child(0));
    const auto now = version();
    ASSERT_TRUE(now) << "round " << round;
    ASSERT_TRUE(*now == acknowledged || *now == acknowledged + 1) << "round " << round;
    acknowledged = *now;
  }
  EXPECT_GT(acknowledged, 40);
}

}  // namespace
}  // namespace gk::arbiter
