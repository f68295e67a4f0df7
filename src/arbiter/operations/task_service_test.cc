#include "arbiter/operations/task_service.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "api/list_page.h"
#include "testing/capture_log.h"
#include "testing/seeded_random.h"
#include "testing/temp_dir.h"

namespace gk::arbiter {
namespace {

using namespace std::chrono_literals;

class TaskServiceTest : public testing::Test {
 protected:
  TaskServiceTest() {
    EXPECT_TRUE(sys::make_private_dir(root + "/config"));
    auto db = store::Database::open({.path = root + "/state.db"}).value();
    const std::array rooms = {operations_migrations()};
    EXPECT_TRUE(store::migrate(*db, rooms, WallTime{}));
    writer = std::make_unique<store::Writer>(std::move(db), store::WriterOptions{.name = "state"},
                                             clock, log, metrics);
    store = std::make_unique<OperationStore>(*writer, loop);
    operations =
        OperationService::create({}, builtin_steps(root + "/config", *writer, clock).value(),
                                 *writer, *store, loop, clock, log, metrics)
            .value();
    start();
  }
  void start() {
    tasks.reset();
    TaskOptions options;
    options.process.worker = GK_WORKER;
    options.process.hidden = {};
    options.idle_period = 10ms;
    options.max_ended_graphs = 5;
    tasks = std::make_unique<TaskService>(options, *operations, *store, loop, clock, random, log,
                                          metrics, [this] { return cpu; });
    EXPECT_TRUE(tasks->restore());
  }
  /// The id of a graph of these tasks.
  std::string submit(const std::string& list, bool is_admin = true) {
    const auto answer = try_submit("{\"tasks\":[" + list + "]}", is_admin);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? parse_json(*answer)->find("id")->as_string() : "";
  }
  Result<std::string> try_submit(const std::string& body, bool is_admin = true) {
    std::optional<Result<std::string>> answer;
    Complaints complaints;
    tasks->submit(parse_json(body).value(), "ann", is_admin, complaints,
                  [&](const Result<std::string>& graph) { answer = graph; });
    if (!complaints.empty()) {
      std::string all;
      for (const auto& [path, message] : complaints) all += path + ": " + message + "\n";
      return Error{Errc::invalid_argument, all};
    }
    EXPECT_TRUE(loop.run_until([&] { return answer.has_value(); }, 10s));
    return answer.value_or(Error{});
  }
  JsonValue graph(const std::string& id) { return parse_json(tasks->graph(id).value()).value(); }
  JsonValue task(const std::string& id) { return parse_json(tasks->task(id).value()).value(); }
  std::string text(const JsonValue& object, const char* key) {
    const JsonValue* value = object.find(key);
    return value != nullptr && value->is_string() ? value->as_string() : "-";
  }
  std::string state(const std::string& task_id) { return text(task(task_id), "state"); }
  std::string end_of(const std::string& id) {
    EXPECT_TRUE(loop.run_until([&] { return text(graph(id), "state") != "running"; }, 20s));
    return text(graph(id), "state");
  }
  static std::string sh(const std::string& id, const std::string& script,
                        const std::string& more = "") {
    return R"({"id":")" + id + R"(","action":{"type":"process","command":["/bin/sh","-c",")" +
           script + R"("]})" + more + "}";
  }
  TempDir dir;
  const std::string root = dir.path().string();
  net::Loop loop;
  SystemClock clock;
  SeededRandom random{1};
  CaptureLog log;
  Metrics metrics;
  std::optional<double> cpu = 10;
  std::unique_ptr<store::Writer> writer;
  std::unique_ptr<OperationStore> store;
  std::unique_ptr<OperationService> operations;
  std::unique_ptr<TaskService> tasks;
};

TEST_F(TaskServiceTest, RunsProgramsAndKeepsTheTailOfTheirOutput) {
  const auto id =
      submit(sh("a", "echo hello; head -c 5000 /dev/zero | tr '\\\\\\\\0' x; echo; echo end"));
  EXPECT_EQ(end_of(id), "succeeded");
  const JsonValue done = task(id + ".a");
  const JsonValue& result = *done.find("result");
  EXPECT_EQ(result.find("exit_code")->as_int(), 0);
  EXPECT_EQ(result.find("output")->as_string().size(), 4096U);
  EXPECT_TRUE(result.find("output")->as_string().ends_with("end\n"));
  EXPECT_GT(result.find("output_dropped_bytes")->as_int(), 900);
}

TEST_F(TaskServiceTest, SkipsWhatDependsOnAFailureAndSaysWhy) {
  const auto id = submit(sh("a", "exit 3") + "," + sh("b", "true", R"(,"depends_on":["a"])") + "," +
                         sh("c", "true", R"(,"depends_on":["b"])") + "," + sh("d", "true"));
  EXPECT_EQ(end_of(id), "failed");
  EXPECT_EQ(text(task(id + ".a"), "reason"), "exit code 3");
  EXPECT_EQ(state(id + ".b"), "skipped");
  EXPECT_EQ(text(task(id + ".c"), "reason"), "it depends on a, which failed");
  EXPECT_EQ(state(id + ".d"), "succeeded");
  EXPECT_EQ(text(graph(id), "reason"), "a: exit code 3");
}

TEST_F(TaskServiceTest, TriesTransientErrorsAgainAndOthersNot) {
  const std::string marker = dir / "tries";
  const auto id =
      submit(sh("a", "echo x >> " + marker + "; test $(wc -l < " + marker + ") -ge 3 || exit 75",
                R"(,"retries":{"max":5,"base_s":0.01})") +
             "," + sh("b", "exit 1", R"(,"retries":{"max":5,"base_s":0.01})") + "," +
             sh("c", "exit 75", R"(,"retries":{"max":1,"base_s":0.01})"));
  EXPECT_EQ(end_of(id), "failed");
  EXPECT_EQ(state(id + ".a"), "succeeded");
  EXPECT_EQ(task(id + ".a").find("attempts")->as_int(), 3);
  EXPECT_EQ(task(id + ".b").find("attempts")->as_int(), 1);
  EXPECT_EQ(task(id + ".c").find("attempts")->as_int(), 2);
}

TEST_F(TaskServiceTest, ATimeoutEndsTheWholeTreeAndCountsAsTransient) {
  const std::string pids = dir / "pids";
  const auto id = submit(
      R"({"id":"a","retries":{"max":1,"base_s":0.01},"action":{"type":"process","timeout_s":0.4,)"
      R"("command":["/bin/sh","-c","trap '' TERM; (sleep 600 & echo x >> )" +
      pids + R"(; wait) & sleep 600"]}})");
  EXPECT_EQ(end_of(id), "failed");
  EXPECT_EQ(text(task(id + ".a"), "reason"), "it took longer than 0.4 s");
  EXPECT_EQ(task(id + ".a").find("attempts")->as_int(), 2);
  EXPECT_EQ(tasks->running(), 0U) << "nothing is left of it";
}

TEST_F(TaskServiceTest, ADeadlineEndsATaskThatRunsOrWaits) {
  const auto id = submit(R"({"id":"a","action":{"type":"sleep","seconds":60},"deadline_s":0.2},)" +
                         sh("b", "sleep 60", R"(,"deadline_s":0.2)") +
                         R"(,{"id":"c","depends_on":["a"],"action":{"type":"sleep","seconds":0}})");
  EXPECT_EQ(end_of(id), "failed");
  EXPECT_EQ(text(task(id + ".a"), "reason"), "its deadline passed");
  EXPECT_EQ(text(task(id + ".b"), "reason"), "its deadline passed");
  EXPECT_EQ(state(id + ".c"), "skipped");
  EXPECT_TRUE(loop.run_until([&] { return tasks->running() == 0; }, 10s));
}

TEST_F(TaskServiceTest, CancelEndsARunningTaskAndSkipsWhatDependsOnIt) {
  const auto id = submit(sh("a", "sleep 600") + "," + sh("b", "true", R"(,"depends_on":["a"])"));
  ASSERT_TRUE(loop.run_until([&] { return state(id + ".a") == "running"; }, 10s));
  ASSERT_TRUE(tasks->cancel_task(id + ".a"));
  EXPECT_EQ(end_of(id), "cancelled");
  EXPECT_EQ(text(task(id + ".b"), "reason"), "it depends on a, which was cancelled");
  EXPECT_EQ(tasks->cancel_task(id + ".a").error().code, Errc::failed_precondition);
  EXPECT_EQ(tasks->cancel_task(id + ".x").error().code, Errc::not_found);
  EXPECT_EQ(tasks->cancel_graph("g999").error().code, Errc::not_found);
  EXPECT_TRUE(loop.run_until([&] { return tasks->running() == 0; }, 10s));
}

TEST_F(TaskServiceTest, AGraphIsCancelledAsAWhole) {
  const auto id = submit(sh("a", "sleep 600") + "," + sh("b", "sleep 600") + "," + sh("c", "true"));
  ASSERT_TRUE(loop.run_until([&] { return tasks->running() == 2; }, 10s));
  ASSERT_TRUE(tasks->cancel_graph(id));
  EXPECT_EQ(end_of(id), "cancelled");
  EXPECT_EQ(state(id + ".c"), "cancelled");
}

TEST_F(TaskServiceTest, DeferredTasksWaitForAnIdleMachine) {
  cpu = 80;
  const auto id =
      submit(R"({"id":"a","priority":"deferred","action":{"type":"sleep","seconds":0}},)" +
             sh("b", "true"));
  ASSERT_TRUE(loop.run_until([&] { return state(id + ".b") == "succeeded"; }, 10s));
  loop.run_for(100ms);
  EXPECT_EQ(state(id + ".a"), "ready");
  cpu.reset();  // Unknown is not idle.
  loop.run_for(50ms);
  EXPECT_EQ(state(id + ".a"), "ready");
  cpu = 49;
  EXPECT_EQ(end_of(id), "succeeded");
}

TEST_F(TaskServiceTest, HigherPrioritiesGoFirstWithTwoWorkers) {
  const std::string order = dir / "order";
  std::string list;
  for (const char* name : {"low", "normal", "high", "critical"}) {
    list += (list.empty() ? "" : ",") +
            sh(name, "echo " + std::string(name) + " >> " + order,
               R"(,"depends_on":["gate"],"priority":")" + std::string(name) + "\"");
  }
  // One worker is kept busy, so that the others run one after the other.
  const auto id = submit(sh("block", "sleep 600") + "," + sh("gate", "sleep 0.1") + "," + list);
  ASSERT_TRUE(loop.run_until([&] { return state(id + ".low") == "succeeded"; }, 20s));
  std::ifstream file(order);
  std::string all((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(all, "critical\nhigh\nnormal\nlow\n");
  ASSERT_TRUE(tasks->cancel_graph(id));
}

TEST_F(TaskServiceTest, AnOperationCanBeATask) {
  const auto id = submit(R"({"id":"a","action":{"type":"operation","kind":"settings.set",)"
                         R"("resource":"game","input":{"values":{"x":1}}}})",
                         false);
  EXPECT_EQ(end_of(id), "succeeded");
  EXPECT_EQ(load_setting(*writer, "x").value(), "1");
}

TEST_F(TaskServiceTest, NamesEveryFaultAndTakesNothing) {
  const auto refusal = [&](const std::string& list) {
    const auto answer = try_submit("{\"tasks\":[" + list + "]}");
    return answer ? "taken" : answer.error().message;
  };
  const std::string sleep = R"("action":{"type":"sleep","seconds":0})";
  EXPECT_NE(refusal(R"({"id":"a","depends_on":["z"],)" + sleep + "}").find("has the id \"z\""),
            std::string::npos);
  EXPECT_NE(refusal(R"({"id":"a","depends_on":["b"],)" + sleep +
                    R"(},{"id":"b","depends_on":["a"],)" + sleep + "}")
                .find("cycle: "),
            std::string::npos);
  const std::string many = refusal(
      R"({"id":"A b","priority":"x","deadline_s":-1,"retries":{"max":99},"action":{"type":"process","command":["ls"]}},)"
      R"({"id":"c","action":{"type":"fly"}},{"id":"c",)" +
      sleep + "}");
  for (const char* path :
       {"tasks[0].id", "tasks[0].priority", "tasks[0].deadline_s", "tasks[0].retries.max",
        "tasks[0].action.command", "tasks[1].action.type", "tasks[2].id"}) {
    EXPECT_NE(many.find(path), std::string::npos) << path << " in " << many;
  }
  EXPECT_EQ(try_submit("{\"tasks\":[" + sh("a", "true") + "]}", false).error().code,
            Errc::permission_denied);
  EXPECT_EQ(tasks->active_graphs(), 0U);
  EXPECT_TRUE(store->load_graphs()->empty());
}

TEST_F(TaskServiceTest, ARestartFailsWhatRanAndKeepsWhatEnded) {
  const auto ended = submit(sh("a", "true"));
  EXPECT_EQ(end_of(ended), "succeeded");
  const auto ran = submit(sh("a", "sleep 600") + "," + sh("b", "true", R"(,"depends_on":["a"])"));
  ASSERT_TRUE(loop.run_until([&] { return state(ran + ".a") == "running"; }, 10s));
  start();
  EXPECT_EQ(text(graph(ended), "state"), "succeeded");
  EXPECT_EQ(text(graph(ran), "state"), "failed");
  EXPECT_EQ(text(graph(ran), "reason"), "the daemon restarted");
  EXPECT_EQ(text(task(ran + ".b"), "reason"), "the daemon restarted");
  EXPECT_GT(submit(sh("a", "true")), ran) << "numbers are not used again";
}

TEST_F(TaskServiceTest, KeepsTheNewestGraphsOnly) {
  std::string id;
  for (int i = 0; i < 8; ++i) {
    id = submit(R"({"id":"a","action":{"type":"sleep","seconds":0}})");
    EXPECT_EQ(end_of(id), "succeeded");
  }
  EXPECT_FALSE(tasks->graph("g3"));
  EXPECT_TRUE(tasks->graph("g4"));
  const auto page = parse_json(tasks->tasks_json(2, "", "")).value();
  EXPECT_EQ(page.find("items")->as_array().size(), 2U);
  const std::string cursor = text(page, "next_cursor");
  EXPECT_EQ(cursor, api::seal_cursor("g7.a"));
  const auto rest = parse_json(tasks->tasks_json(10, "g7.a", "succeeded")).value();
  EXPECT_EQ(rest.find("items")->as_array().size(), 3U);
  EXPECT_TRUE(rest.find("next_cursor")->is_null());
}

TEST_F(TaskServiceTest, AProgramThatCannotStartFailsWithoutATry) {
  const auto id = submit(
      R"({"id":"a","retries":{"max":3},"action":{"type":"process","command":["/no/such/program"]}})");
  EXPECT_EQ(end_of(id), "failed");
  EXPECT_EQ(task(id + ".a").find("attempts")->as_int(), 1);
  EXPECT_NE(text(task(id + ".a"), "reason").find("/no/such/program"), std::string::npos);
}

}  // namespace
}  // namespace gk::arbiter
