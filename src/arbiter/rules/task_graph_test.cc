#include "arbiter/rules/task_graph.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "testing/seeded_random.h"

namespace gk::arbiter {
namespace {

using namespace std::chrono_literals;
constexpr MonoTime t0{1h};

TaskSpec task(std::vector<std::uint32_t> needs = {}, TaskPriority priority = TaskPriority::normal,
              std::uint8_t tries = 1) {
  TaskSpec spec;
  spec.depends_on = std::move(needs);
  spec.priority = priority;
  spec.max_tries = tries;
  return spec;
}

class TaskGraphTest : public testing::Test {
 protected:
  GraphId submit(std::vector<TaskSpec> specs) { return scheduler.submit(specs, t0).value(); }
  std::uint32_t next(MonoTime now = t0) { return scheduler.next(now, MachineLoad::idle)->task; }
  bool none(MonoTime now = t0) { return !scheduler.next(now, MachineLoad::idle); }
  void done(GraphId graph, std::uint32_t number, TaskResult result = TaskResult::success,
            MonoTime now = t0) {
    ASSERT_TRUE(scheduler.finish({graph, number}, result, now, random));
  }
  TaskScheduler scheduler{{.max_tasks = 100, .max_graphs = 3}};
  SeededRandom random{1};
};

TEST_F(TaskGraphTest, RunsHighestPriorityFirstAndFifoWithinOne) {
  const auto graph = submit({task({}, TaskPriority::low), task({}, TaskPriority::critical),
                             task({}, TaskPriority::low), task({}, TaskPriority::high)});
  EXPECT_EQ(next(), 1U);
  EXPECT_EQ(next(), 3U);
  EXPECT_EQ(next(), 0U);
  EXPECT_EQ(next(), 2U);
  EXPECT_TRUE(none());
  EXPECT_FALSE(scheduler.report(graph)->done());
}

TEST_F(TaskGraphTest, StartsATaskAsSoonAsItsOwnDependenciesSucceeded) {
  const auto graph = submit({task(), task(), task({0}), task({1, 2})});
  EXPECT_EQ(next(), 0U);
  EXPECT_EQ(next(), 1U);
  EXPECT_TRUE(none());
  done(graph, 0);
  EXPECT_EQ(next(), 2U) << "does not wait for task 1";
  done(graph, 1);
  EXPECT_TRUE(none());
  done(graph, 2);
  EXPECT_EQ(next(), 3U);
}

TEST_F(TaskGraphTest, NamesAMissingDependencyAndACycle) {
  std::vector<TaskSpec> missing{task({7})};
  missing[0].name = "backup";
  EXPECT_EQ(scheduler.submit(missing, t0).error().message,
            "backup depends on task 7, which is missing");
  std::vector<TaskSpec> cycle{task(), task({0, 3}), task({1}), task({2})};
  cycle[1].name = "b";
  cycle[2].name = "c";
  cycle[3].name = "d";
  const auto error = scheduler.submit(cycle, t0).error();
  EXPECT_EQ(error.code, Errc::invalid_argument);
  for (const char* name : {"b", "c", "d"}) {
    EXPECT_NE(error.message.find(name), std::string::npos) << error.message;
  }
  EXPECT_EQ(scheduler.submit(std::vector{task({0})}, t0).error().code, Errc::invalid_argument);
  EXPECT_TRUE(none()) << "nothing was taken";
}

TEST_F(TaskGraphTest, DeferredRunsOnlyWhenNothingElseIsReadyAndTheMachineIsIdle) {
  const auto graph = submit({task({}, TaskPriority::deferred), task()});
  EXPECT_EQ(next(), 1U);
  EXPECT_FALSE(scheduler.next(t0, MachineLoad::busy));
  EXPECT_EQ(next(), 0U);
  (void)graph;
}

TEST_F(TaskGraphTest, RetriesTransientErrorsWithDoublingBackoff) {
  const auto graph = submit({task({}, TaskPriority::normal, 4)});
  MonoTime now = t0;
  for (const Nanos base : {100ms, 200ms, 400ms}) {
    EXPECT_EQ(next(now), 0U);
    done(graph, 0, TaskResult::transient_error, now);
    const Nanos delay = scheduler.next_event() - now;
    EXPECT_GE(delay, base);
    EXPECT_LE(delay, base * 3 / 2);
    EXPECT_TRUE(none(now + delay - 1ns));
    now += delay;
  }
  EXPECT_EQ(next(now), 0U);
  done(graph, 0, TaskResult::transient_error, now);
  EXPECT_EQ(scheduler.report(graph)->failed, 1U) << "four tries, no more";
  EXPECT_EQ(scheduler.report(graph)->retries, 3U);
}

TEST_F(TaskGraphTest, PermanentErrorsAreNotRetriedAndDependentsAreSkippedWithTheReason) {
  const auto graph = submit({task({}, TaskPriority::normal, 4), task({0}), task({1}), task()});
  EXPECT_EQ(next(), 0U);
  done(graph, 0, TaskResult::permanent_error);
  const auto ended = scheduler.take_ended();
  ASSERT_EQ(ended.size(), 3U);
  EXPECT_EQ(ended[0].state, TaskState::failed);
  EXPECT_EQ(ended[1].state, TaskState::skipped);
  EXPECT_EQ(ended[2].because_of, 0U);
  EXPECT_EQ(next(), 3U) << "what does not depend on it runs";
}

TEST_F(TaskGraphTest, DeadlineEndsWaitingAndRunningTasks) {
  auto running = task(), waiting = task({0});
  running.deadline = t0 + 1s;
  const auto graph = submit({running, waiting});
  EXPECT_EQ(next(), 0U);
  EXPECT_EQ(scheduler.next_event(), t0 + 1s);
  scheduler.poll(t0 + 1s);
  const auto ended = scheduler.take_ended();
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0].state, TaskState::timed_out);
  EXPECT_TRUE(ended[0].was_running);
  EXPECT_EQ(scheduler.finish({graph, 0}, TaskResult::success, t0 + 1s, random).error().code,
            Errc::not_found);
  EXPECT_TRUE(scheduler.report(graph)->done());
}

TEST_F(TaskGraphTest, RefusesADeadlineThatIsNotAheadAndTakesNothing) {
  auto late = task();
  late.deadline = t0;
  late.name = "backup";
  const auto error = scheduler.submit(std::vector{task(), late}, t0).error();
  EXPECT_EQ(error.code, Errc::deadline_exceeded);
  EXPECT_EQ(error.message, "backup: its deadline is not ahead");
  EXPECT_TRUE(none());
}

TEST_F(TaskGraphTest, ATaskMayHaveABackoffOfItsOwn) {
  auto slow = task({}, TaskPriority::normal, 2);
  slow.backoff = 2s;
  const auto graph = submit({slow});
  EXPECT_EQ(next(), 0U);
  done(graph, 0, TaskResult::transient_error);
  EXPECT_GE(scheduler.next_event(), t0 + 2s);
  EXPECT_LE(scheduler.next_event(), t0 + 3s);
}

TEST_F(TaskGraphTest, CancelEndsATaskOrAGraph) {
  const auto graph = submit({task(), task({0}), task()});
  ASSERT_TRUE(scheduler.cancel({graph, 0}));
  EXPECT_EQ(scheduler.cancel({graph, 1}).error().code, Errc::failed_precondition);
  EXPECT_EQ(*scheduler.state({graph, 1}), TaskState::skipped);
  EXPECT_EQ(next(), 2U) << "the cancelled one is passed over";
  ASSERT_TRUE(scheduler.cancel(graph));
  EXPECT_TRUE(scheduler.report(graph)->done());
}

TEST_F(TaskGraphTest, IsBoundedAndFreesForgottenGraphs) {
  const auto first = submit(std::vector(60, task()));
  EXPECT_EQ(scheduler.submit(std::vector(60, task()), t0).error().code, Errc::resource_exhausted);
  EXPECT_EQ(scheduler.forget(first).error().code, Errc::failed_precondition);
  const auto other = submit({task({}, TaskPriority::high)});
  ASSERT_TRUE(scheduler.cancel(first));
  ASSERT_TRUE(scheduler.forget(first));
  const auto second = submit(std::vector(60, task()));
  EXPECT_EQ(scheduler.ready(), 61U);
  EXPECT_EQ(scheduler.next(t0, MachineLoad::idle)->graph, other);
  EXPECT_EQ(scheduler.next(t0, MachineLoad::idle)->graph, second);
}

TEST_F(TaskGraphTest, AnyGraphRunsInAnOrderThatRespectsEveryDependency) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SeededRandom chance(seed);
    TaskScheduler many;
    std::vector<TaskSpec> specs(1 + chance.below(60));
    for (std::uint32_t i = 0; i < specs.size(); ++i) {
      specs[i].priority = static_cast<TaskPriority>(chance.below(5));
      specs[i].max_tries = static_cast<std::uint8_t>(1 + chance.below(3));
      for (std::uint32_t need = 0; need < i; ++need) {
        if (chance.below(8) == 0) specs[i].depends_on.push_back(need);
      }
    }
    const GraphId graph = many.submit(specs, t0).value();
    MonoTime now = t0;
    std::vector<int> tries(specs.size(), 0);
    while (!many.report(graph)->done()) {
      const auto ref = many.next(now, MachineLoad::idle);
      if (!ref) {
        now = many.next_event();
        ASSERT_LT(now, MonoTime::max()) << "stuck";
        continue;
      }
      ASSERT_LE(++tries[ref->task], specs[ref->task].max_tries);
      for (const auto need : specs[ref->task].depends_on) {
        ASSERT_EQ(*many.state({graph, need}), TaskState::succeeded);
      }
      const auto result = static_cast<TaskResult>(std::min<std::uint64_t>(chance.below(6), 2) % 3);
      ASSERT_TRUE(many.finish(*ref,
                              result == TaskResult::permanent_error && chance.below(2) == 0
                                  ? TaskResult::success
                                  : result,
                              now, chance));
    }
    std::size_t ends = many.take_ended().size();
    EXPECT_EQ(ends, specs.size()) << "each task ends once";
  }
}

}  // namespace
}  // namespace gk::arbiter
