#include "monitor/health.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "monitor/health_checks.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"

namespace gk::monitor {
namespace {

/// Tasks for the loop; a test waits for them instead of for time.
class Tasks {
 public:
  void post(std::function<void()> task) {
    const std::lock_guard lock(mu_);
    waiting_.push_back(std::move(task));
    more_.notify_all();
  }
  void run(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      std::function<void()> task;
      {
        std::unique_lock lock(mu_);
        more_.wait(lock, [&] { return !waiting_.empty(); });
        task = std::move(waiting_.front());
        waiting_.pop_front();
      }
      task();
    }
  }

 private:
  std::mutex mu_;
  std::condition_variable more_;
  std::deque<std::function<void()>> waiting_;
};

/// A ManualClock that check threads may read while the test moves it.
class SharedClock final : public Clock {
 public:
  MonoTime mono() const override {
    const std::lock_guard lock(mu_);
    return clock_.mono();
  }
  WallTime wall() const override {
    const std::lock_guard lock(mu_);
    return clock_.wall();
  }
  void advance(Nanos by) {
    const std::lock_guard lock(mu_);
    clock_.advance(by);
  }

 private:
  mutable std::mutex mu_;
  ManualClock clock_;
};

/// A check that hangs until it is let go.
class Hang {
 public:
  CheckOutcome operator()() {
    std::unique_lock lock(mu_);
    ++starts;
    released_.wait(lock, [&] { return open_; });
    return {HealthStatus::ok, "late"};
  }
  void release() {
    const std::lock_guard lock(mu_);
    open_ = true;
    released_.notify_all();
  }
  int starts = 0;

 private:
  std::mutex mu_;
  std::condition_variable released_;
  bool open_ = false;
};

class HealthTest : public testing::Test {
 protected:
  void add(const std::string& name, std::function<CheckOutcome()> run) {
    ASSERT_TRUE(health.add({name, std::move(run)}));
  }
  SharedClock clock;
  CaptureLog log;
  Metrics metrics;
  Tasks tasks;
  std::vector<Nanos> wakes;
  WorkerPool pool{{.threads = 2}};
  Health health{{.version = "1.2.3"},
                pool,
                [this](auto task) { tasks.post(std::move(task)); },
                [this](Nanos delay) { wakes.push_back(delay); },
                clock,
                log,
                metrics};
};

TEST_F(HealthTest, AnswersWhenEveryCheckHasAndTakesTheWorst) {
  add("a", [] { return CheckOutcome{HealthStatus::ok, "fine"}; });
  add("b", [] { return CheckOutcome{HealthStatus::degraded, "slow"}; });
  bool answered = false;
  ASSERT_TRUE(health.when_fresh([&] { answered = true; }));
  EXPECT_FALSE(answered);
  tasks.run(2);
  EXPECT_TRUE(answered);
  EXPECT_EQ(health.overall(), HealthStatus::degraded);
  const auto json = parse_json(health.full_json()).value();
  EXPECT_EQ(json.find("status")->as_string(), "degraded");
  EXPECT_EQ(json.find("version")->as_string(), "1.2.3");
  EXPECT_EQ(json.find("checks")->as_array().size(), 2U);
  EXPECT_EQ(json.find("checks")->as_array()[1].find("detail")->as_string(), "slow");
  EXPECT_EQ(parse_json(health.brief_json())->find("checks"), nullptr);
}

TEST_F(HealthTest, ServesResultsYoungerThanASecondWithoutWaiting) {
  int runs = 0;
  add("a", [&] { return ++runs, CheckOutcome{}; });
  ASSERT_TRUE(health.when_fresh([] {}));
  tasks.run(1);
  clock.advance(Millis(499));
  bool answered = false;
  ASSERT_TRUE(health.when_fresh([&] { answered = true; }));
  EXPECT_TRUE(answered);
  EXPECT_EQ(runs, 1);
  clock.advance(Millis(1));
  answered = false;
  ASSERT_TRUE(health.when_fresh([&] { answered = true; }));
  EXPECT_TRUE(answered) << "still fresh, and renewed in the background";
  tasks.run(1);
  EXPECT_EQ(runs, 2);
  clock.advance(Seconds(1));
  answered = false;
  ASSERT_TRUE(health.when_fresh([&] { answered = true; }));
  EXPECT_FALSE(answered) << "older than a second: wait";
  tasks.run(1);
  EXPECT_TRUE(answered);
}

TEST_F(HealthTest, FailsACheckAtItsDeadlineAndNeverStartsItTwice) {
  Hang hang;
  add("stuck", [&] { return hang(); });
  add("fine", [] { return CheckOutcome{}; });
  bool answered = false;
  ASSERT_TRUE(health.when_fresh([&] { answered = true; }));
  tasks.run(1);
  clock.advance(Millis(499));
  health.tick();
  EXPECT_FALSE(answered);
  clock.advance(Millis(1));
  health.tick();
  EXPECT_TRUE(answered);
  EXPECT_EQ(health.find("stuck")->detail, "no answer within 500 ms");
  EXPECT_EQ(health.overall(), HealthStatus::failed);
  for (int i = 0; i < 5; ++i) {
    clock.advance(Seconds(2));
    answered = false;
    ASSERT_TRUE(health.when_fresh([&] { answered = true; }));
    tasks.run(1);
    EXPECT_TRUE(answered) << "the others answer, the stuck one is not waited for";
  }
  hang.release();
  tasks.run(1);
  EXPECT_EQ(hang.starts, 1);
  EXPECT_EQ(health.find("stuck")->status, HealthStatus::failed) << "a late answer is no answer";
  clock.advance(Seconds(2));
  ASSERT_TRUE(health.when_fresh([] {}));
  tasks.run(2);
  EXPECT_EQ(health.find("stuck")->status, HealthStatus::ok);
}

TEST_F(HealthTest, RefusesMoreThanItsLimitOfWaitingRequests) {
  add("a", [] { return CheckOutcome{}; });
  int answered = 0;
  for (int i = 0; i < 1024; ++i) ASSERT_TRUE(health.when_fresh([&] { ++answered; }));
  EXPECT_EQ(health.when_fresh([] {}).error().code, Errc::resource_exhausted);
  tasks.run(1);
  EXPECT_EQ(answered, 1024);
}

TEST_F(HealthTest, TellsChangesAndRemembersSinceWhen) {
  HealthStatus next = HealthStatus::ok;
  add("a", [&] { return CheckOutcome{next, "x"}; });
  std::vector<HealthStatus> told;
  const auto subscription = health.changes().subscribe(
      [&](const HealthChange& change) { told.push_back(change.overall); });
  const auto refresh = [&] {
    clock.advance(Seconds(2));
    ASSERT_TRUE(health.when_fresh([] {}));
    tasks.run(1);
  };
  refresh();
  EXPECT_TRUE(told.empty()) << "well from the start is no news";
  next = HealthStatus::failed;
  refresh();
  const WallTime since = health.find("a")->since;
  refresh();
  EXPECT_EQ(told, std::vector{HealthStatus::failed});
  EXPECT_EQ(health.find("a")->since, since);
  EXPECT_EQ(metrics.gauge("gamekeeper_health_status", "", {{"check", "a"}}).value(), 0);
  next = HealthStatus::ok;
  refresh();
  EXPECT_EQ(told.size(), 2U);
}

TEST_F(HealthTest, LooksAgainByItselfEveryFifteenSeconds) {
  int runs = 0;
  add("a", [&] { return ++runs, CheckOutcome{}; });
  ASSERT_TRUE(health.when_fresh([] {}));
  tasks.run(1);
  EXPECT_EQ(wakes.back(), Seconds(15));
  clock.advance(Seconds(15));
  health.tick();
  tasks.run(1);
  EXPECT_EQ(runs, 2);
}

TEST_F(HealthTest, RefusesTwoChecksOfOneName) {
  add("a", [] { return CheckOutcome{}; });
  EXPECT_EQ(health.add({"a", [] { return CheckOutcome{}; }}).error().code, Errc::already_exists);
}

// ---- built-in checks

TEST(JudgeTest, IsDegradedAboveTheFirstLimitFailedAboveTheSecondAndWithoutAValueDegraded) {
  const MonoTime now{Seconds(100)};
  const auto of = [&](double value) {
    return judge(Signal::known(value * 1e6, now, {}, Seconds(1)), now, 200, 500, 1e6, "m", "MB");
  };
  EXPECT_EQ(of(200).status, HealthStatus::ok);
  EXPECT_EQ(of(200.1).status, HealthStatus::degraded);
  EXPECT_EQ(of(500).status, HealthStatus::degraded);
  EXPECT_EQ(of(500.1).status, HealthStatus::failed);
  EXPECT_EQ(judge(Signal::unknown("gone"), now, 1, 2, 1, "m", "MB").detail, "m: gone");
  const Signal old = Signal::known(1, now - Seconds(10), {}, Seconds(1));
  EXPECT_EQ(judge(old, now, 200, 500, 1, "m", "MB").status, HealthStatus::degraded);
}

class BuiltinChecksTest : public testing::Test {
 protected:
  CheckOutcome run(std::string_view name, HealthInputs inputs = {}) {
    if (!inputs.latest) inputs.latest = [this] { return snapshot; };
    for (const auto& check : builtin_checks(std::move(inputs), clock, limits)) {
      if (check.name == name) return check.run();
    }
    return {HealthStatus::failed, "no such check"};
  }
  ManualClock clock;
  HealthLimits limits{.settle = Nanos(0)};
  std::shared_ptr<Snapshot> snapshot = std::make_shared<Snapshot>();
};

TEST_F(BuiltinChecksTest, DoNotTakeTheFirstSecondsForAFault) {
  limits.settle = Seconds(3);
  const auto checks = builtin_checks({.latest = [this] { return snapshot; }}, clock, limits);
  EXPECT_EQ(checks[1].name, "cpu");
  EXPECT_EQ(checks[1].run().status, HealthStatus::ok);
  snapshot->processes["self"].cpu_pct = Signal::known(95, clock.mono(), {}, Seconds(1));
  EXPECT_EQ(checks[1].run().status, HealthStatus::failed) << "what is known counts at once";
  snapshot->processes.clear();
  clock.advance(Seconds(4));
  EXPECT_EQ(checks[1].run().status, HealthStatus::degraded) << "and later unknown is a fault";
}

TEST_F(BuiltinChecksTest, AreEight) {
  EXPECT_EQ(builtin_checks({.latest = [] { return nullptr; }}, clock).size(), 8U);
}

TEST_F(BuiltinChecksTest, JudgeTheDaemonsOwnProcessAndTheDisk) {
  const MonoTime now = clock.mono();
  auto& self = snapshot->processes["self"];
  self.rss_bytes = Signal::known(12e6, now, {}, Seconds(1));
  self.cpu_pct = Signal::known(95, now, {}, Seconds(1));
  snapshot->disk_usage = Signal::known(81, now, {}, Seconds(10));
  EXPECT_EQ(run("memory").status, HealthStatus::ok);
  EXPECT_EQ(run("cpu").status, HealthStatus::failed);
  EXPECT_EQ(run("disk").status, HealthStatus::degraded);
}

TEST_F(BuiltinChecksTest, AreDegradedWithoutASnapshot) {
  EXPECT_EQ(run("memory", {.latest = [] { return nullptr; }}).status, HealthStatus::degraded);
  EXPECT_EQ(run("disk", {.latest = [] { return nullptr; }}).status, HealthStatus::degraded);
}

TEST_F(BuiltinChecksTest, TimeTheDatabase) {
  EXPECT_EQ(run("database").status, HealthStatus::degraded) << "no store";
  EXPECT_EQ(run("database", {.database = [] { return Result<void>(); }}).status, HealthStatus::ok);
  EXPECT_EQ(run("database", {.database =
                                 [&] {
                                   clock.advance(Millis(51));
                                   return Result<void>();
                                 }})
                .status,
            HealthStatus::degraded);
  EXPECT_EQ(run("database",
                {.database = [] { return Result<void>(Errc::resource_exhausted, "disk full"); }})
                .detail,
            "disk full");
}

TEST_F(BuiltinChecksTest, NoticeLostLogLinesOnce) {
  LogStats stats{.lines = 10, .dropped = 0, .last_line = {}};
  HealthInputs inputs{.latest = [] { return nullptr; }, .logging = [&] { return stats; }};
  const auto checks = builtin_checks(inputs, clock);
  EXPECT_EQ(checks[5].name, "logging");
  EXPECT_EQ(checks[5].run().status, HealthStatus::ok);
  stats.dropped = 3;
  EXPECT_EQ(checks[5].run().status, HealthStatus::degraded);
  EXPECT_EQ(checks[5].run().status, HealthStatus::ok);
}

}  // namespace
}  // namespace gk::monitor
