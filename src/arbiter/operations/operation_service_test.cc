#include "arbiter/operations/operation_service.h"

#include <gtest/gtest.h>

#include <array>
#include <mutex>

#include "base/json_writer.h"
#include "sys/file_below.h"
#include "testing/capture_log.h"
#include "testing/temp_dir.h"

namespace gk::arbiter {
namespace {

using namespace std::chrono_literals;

JsonValue json(std::string_view text) { return parse_json(text).value(); }

class OperationServiceTest : public testing::Test {
 protected:
  OperationServiceTest() {
    EXPECT_TRUE(sys::make_private_dir(root + "/config"));
    auto db = store::Database::open({.path = root + "/state.db"}).value();
    const std::array rooms = {operations_migrations()};
    EXPECT_TRUE(store::migrate(*db, rooms, WallTime{}));
    writer = std::make_unique<store::Writer>(std::move(db), store::WriterOptions{.name = "state"},
                                             clock, log, metrics);
    store = std::make_unique<OperationStore>(*writer, loop);
    start();
  }
  void start() {
    service.reset();
    service = OperationService::create({.max_operations = 8, .recovery_period = 20ms},
                                       builtin_steps(root + "/config", *writer, clock).value(),
                                       *writer, *store, loop, clock, log, metrics)
                  .value();
  }
  /// One caller; `end` gets its answer.
  struct Caller {
    std::optional<OperationId> id;
    std::optional<Result<OperationOutcome>> end;
  };
  std::shared_ptr<Caller> ask(const std::string& kind, const std::string& input,
                              std::uint8_t priority = 50, Nanos deadline = 0ns) {
    auto caller = std::make_shared<Caller>();
    OperationRequest request;
    request.kind = kind;
    request.resource = "game";
    request.priority = priority;
    request.input = json(input);
    request.deadline = deadline;
    request.is_admin = true;
    request.by = {"olga", "u1", "c1"};
    caller->id = service->run(std::move(request), [caller](const Result<OperationOutcome>& end) {
      EXPECT_FALSE(caller->end) << "answered twice";
      caller->end = end;
    });
    return caller;
  }
  Result<OperationOutcome> end_of(const std::shared_ptr<Caller>& caller) {
    EXPECT_TRUE(loop.run_until([&] { return caller->end.has_value(); }, 10s));
    return caller->end.value_or(Error{});
  }
  std::string state_of(const std::shared_ptr<Caller>& caller) {
    return json(service->one_json(*caller->id).value()).find("state")->as_string();
  }
  void set_rules(const std::string& rules) {
    std::optional<Result<void>> done;
    service->set_conflicts(json("{\"items\":" + rules + "}"), {"olga", "u1", "c1"},
                           [&](const Result<void>& r) { done = r; });
    ASSERT_TRUE(loop.run_until([&] { return done.has_value(); }, 10s));
    ASSERT_TRUE(*done) << done->error().message;
  }
  /// Keeps each entry once its commit is on disk; `refuse`: the audit cannot be written.
  void record(bool refuse = false) {
    service->record_in(
        [this, refuse](store::Database&, const AuditEntry& entry) -> Result<std::function<void()>> {
          if (refuse) return Error{Errc::resource_exhausted, "disk full"};
          return std::function<void()>([this, entry] {
            const std::scoped_lock lock(entries_mutex);
            entries.push_back(entry);
          });
        });
  }
  std::optional<std::string> setting(const std::string& key) {
    return load_setting(*writer, key).value();
  }
  Result<std::string> file(const std::string& name) {
    return sys::ConfinedDir::open(root + "/config").value().read_file(name, 1000);
  }
  void expect_empty() {
    EXPECT_EQ(service->active(), 0U);
    EXPECT_EQ(service->locked_resources(), 0U);
    EXPECT_EQ(service->stuck(), 0U);
    EXPECT_TRUE(SqlJournal(*writer, clock).open()->empty());
  }
  static std::string waiting(const std::string& then, double seconds = 60) {
    return R"({"steps":[{"kind":"setting.set","input":{"key":"first","value":1}},)" +
           (R"({"kind":"wait","input":{"seconds":)" + format_number(seconds)) + "}}" + then + "]}";
  }
  TempDir dir;
  const std::string root = dir.path().string();
  net::Loop loop;
  SystemClock clock;
  CaptureLog log;
  Metrics metrics;
  std::unique_ptr<store::Writer> writer;
  std::unique_ptr<OperationStore> store;
  std::mutex entries_mutex;  // Entries come from pool threads.
  std::vector<AuditEntry> entries;
  std::unique_ptr<OperationService> service;
};

TEST_F(OperationServiceTest, RecordsWhoChangedWhatAndNotTheSecretItself) {
  record();
  ASSERT_TRUE(end_of(ask("settings.set", R"({"values":{"password":"hunter2"}})")));
  set_rules("[]");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].action, "operation.run");
  EXPECT_EQ(entries[0].target, "game");
  EXPECT_EQ(entries[0].author.name, "olga");
  EXPECT_EQ(entries[0].author.user_id, "u1");
  EXPECT_EQ(entries[0].author.correlation_id, "c1");
  EXPECT_NE(entries[0].after.find("password"), std::string::npos);
  EXPECT_EQ(entries[0].after.find("hunter2"), std::string::npos);
  EXPECT_EQ(entries[1].action, "operation.conflicts");
}

TEST_F(OperationServiceTest, RecordsWhatWasRolledBackAndNothingThatNeverRan) {
  record();
  EXPECT_FALSE(end_of(ask("no.such.kind", "{}")));
  EXPECT_TRUE(entries.empty());
  const auto slow = ask("transact", R"({"steps":[{"kind":"wait","input":{"seconds":30}}]})");
  ASSERT_TRUE(loop.run_until([&] { return state_of(slow) == "running"; }, 10s));
  // A step is noted, so there is something to roll back; begun alone is not enough.
  const auto noted = [&] {
    const auto held = SqlJournal(*writer, clock).open().value();
    return !held.empty() && !held.front().steps.empty();
  };
  ASSERT_TRUE(loop.run_until(noted, 10s));
  ASSERT_TRUE(service->cancel(*slow->id));
  EXPECT_FALSE(end_of(slow));
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].action, "operation.rolled_back");
}

TEST_F(OperationServiceTest, WhatCannotBeRecordedDoesNotStand) {
  record(true);
  EXPECT_FALSE(end_of(ask("settings.set", R"({"values":{"a":1}})")));
  EXPECT_EQ(setting("a"), std::nullopt);
}

TEST_F(OperationServiceTest, ChangesFilesAndSettingsTogether) {
  const auto caller = ask("transact", R"({"steps":[
      {"kind":"setting.set","input":{"key":"motd","value":"hi"}},
      {"kind":"file.write","input":{"path":"motd.txt","content":"hi"}}]})");
  EXPECT_EQ(end_of(caller)->steps, 2U);
  EXPECT_EQ(setting("motd"), "\"hi\"");
  EXPECT_EQ(file("motd.txt").value(), "hi");
  EXPECT_EQ(state_of(caller), "succeeded");
  expect_empty();
}

TEST_F(OperationServiceTest, AStepThatFailsTakesAllBack) {
  ASSERT_TRUE(end_of(ask("settings.set", R"({"values":{"motd":"old"}})")));
  const auto caller = ask("transact", R"({"steps":[
      {"kind":"setting.set","input":{"key":"motd","value":"new"}},
      {"kind":"file.write","input":{"path":"a.txt","content":"x"}},
      {"kind":"file.write","input":{"path":"no/such/folder.txt","content":"x"}}]})");
  EXPECT_FALSE(end_of(caller));
  EXPECT_EQ(setting("motd"), "\"old\"");
  EXPECT_EQ(file("a.txt").error().code, Errc::not_found);
  expect_empty();
}

TEST_F(OperationServiceTest, RefusesBadInputBeforeAnythingRuns) {
  for (const auto& [kind, input] : std::vector<std::pair<std::string, std::string>>{
           {"no-such", "{}"},
           {"settings.set", "{}"},
           {"settings.set", R"({"values":{}})"},
           {"settings.set", R"({"values":{"Bad Key":1}})"},
           {"file.write", R"({"path":"../state.db","content":""})"},
           {"file.write", R"({"path":"/etc/passwd","content":""})"},
           {"file.write", R"({"path":".hidden","content":""})"},
           {"transact", R"({"steps":[]})"},
           {"transact", R"({"steps":[{"kind":"no-such"}]})"},
           {"transact", R"({"steps":[{"kind":"wait","input":{"seconds":61}}]})"}}) {
    const auto caller = ask(kind, input);
    ASSERT_TRUE(caller->end) << input;
    EXPECT_EQ(caller->end->error().code, Errc::invalid_argument) << input;
  }
  expect_empty();
}

TEST_F(OperationServiceTest, FilesNeedAnAdministrator) {
  OperationRequest request;
  request.kind = "file.write";
  request.resource = "game";
  request.input = json(R"({"path":"a","content":""})");
  std::optional<Errc> code;
  (void)service->run(request, [&](const auto& end) { code = end.error().code; });
  EXPECT_EQ(code, Errc::permission_denied);
}

TEST_F(OperationServiceTest, QueueLetsTheSecondWaitAndCancelRollsTheFirstBack) {
  const auto first = ask("transact", waiting(""));
  const auto second = ask("settings.remove", R"({"keys":["first"]})");
  ASSERT_TRUE(loop.run_until([&] { return setting("first").has_value(); }, 10s));
  EXPECT_EQ(state_of(first), "running");
  EXPECT_EQ(state_of(second), "waiting");
  ASSERT_TRUE(service->cancel(*first->id));
  EXPECT_EQ(end_of(first).error().code, Errc::cancelled);
  EXPECT_TRUE(end_of(second));
  EXPECT_FALSE(setting("first"));
  expect_empty();
}

TEST_F(OperationServiceTest, AbortFailsTheSecondAndNamesTheFirst) {
  set_rules(R"([{"one":"transact","other":"settings.set","strategy":"abort"}])");
  const auto first = ask("transact", waiting(""));
  const auto second = ask("settings.set", R"({"values":{"x":1}})");
  const auto end = end_of(second);
  EXPECT_EQ(end.error().code, Errc::failed_precondition);
  EXPECT_NE(end.error().message.find("transact 1 on game"), std::string::npos);
  ASSERT_TRUE(service->cancel(*first->id));
  (void)end_of(first);
}

TEST_F(OperationServiceTest, MergeMakesOneOfTwoThatWait) {
  const auto blocker = ask("transact", waiting(""));
  const auto one = ask("settings.set", R"({"values":{"a":1,"b":1}})");
  const auto two = ask("settings.set", R"({"values":{"b":2,"c":2}})");
  EXPECT_EQ(state_of(two), "merged");
  EXPECT_EQ(service->cancel(*two->id).error().code, Errc::failed_precondition);
  ASSERT_TRUE(service->cancel(*blocker->id));
  EXPECT_EQ(end_of(two)->merged_into, one->id);
  EXPECT_EQ(end_of(one)->steps, 3U) << "one transaction with the keys of both";
  EXPECT_EQ(setting("a").value() + setting("b").value() + setting("c").value(), "122");
  expect_empty();
}

TEST_F(OperationServiceTest, AHigherOneRollsBackALowerThatRuns) {
  set_rules(R"([{"one":"transact","other":"transact","strategy":"prioritise"}])");
  const auto low = ask("transact", waiting(""), 10);
  ASSERT_TRUE(loop.run_until([&] { return setting("first").has_value(); }, 10s));
  const auto lower = ask("transact", waiting(""), 5);
  EXPECT_EQ(end_of(lower).error().code, Errc::failed_precondition);
  const auto high = ask("transact", waiting("", 0), 90);
  EXPECT_EQ(end_of(low).error().message, "transact 1 on game gave way to operation 3");
  EXPECT_TRUE(end_of(high));
  EXPECT_EQ(setting("first"), "1") << "by the higher one, after the lower was undone";
  expect_empty();
}

TEST_F(OperationServiceTest, ADeadlineEndsWhatRunsAndWhatWaits) {
  const auto runs = ask("transact", waiting(""), 50, 300ms);
  const auto waits = ask("settings.remove", R"({"keys":["first"]})", 50, 100ms);
  EXPECT_EQ(end_of(waits).error().code, Errc::deadline_exceeded);
  EXPECT_EQ(end_of(runs).error().code, Errc::deadline_exceeded);
  EXPECT_FALSE(setting("first")) << "rolled back";
  expect_empty();
}

TEST_F(OperationServiceTest, LocksFilesThatKindsWithoutAConflictShare) {
  set_rules("[]");
  const auto slow = ask("transact", waiting("", 0.3));
  const auto quick = ask("settings.set", R"({"values":{"first":2}})");
  EXPECT_EQ(state_of(quick), "waiting") << "for the setting, not for the operation";
  EXPECT_TRUE(end_of(slow));
  EXPECT_TRUE(end_of(quick));
  EXPECT_EQ(setting("first"), "2");
  expect_empty();
}

TEST_F(OperationServiceTest, IsBoundedAndEmptiesItself) {
  std::vector<std::shared_ptr<Caller>> callers;
  for (int i = 0; i < 8; ++i) callers.push_back(ask("transact", waiting("")));
  const auto ninth = ask("transact", waiting(""));
  EXPECT_EQ(end_of(ninth).error().code, Errc::resource_exhausted);
  for (const auto& caller : callers) ASSERT_TRUE(service->cancel(*caller->id));
  for (const auto& caller : callers) EXPECT_FALSE(end_of(caller));
  EXPECT_FALSE(setting("first"));
  expect_empty();
}

TEST_F(OperationServiceTest, TheTableOfConflictsIsCheckedAndSurvivesARestart) {
  for (const char* bad : {R"({"items":[{"one":"transact","other":"nobody","strategy":"queue"}]})",
                          R"({"items":[{"one":"transact","other":"transact","strategy":"merge"}]})",
                          R"({"items":[{"one":"transact","other":"transact","strategy":"x"}]})",
                          R"({"items":3})", R"({})"}) {
    std::optional<Result<void>> done;
    service->set_conflicts(json(bad), {}, [&](const Result<void>& r) { done = r; });
    ASSERT_TRUE(done) << bad;
    EXPECT_EQ(done->error().code, Errc::invalid_argument) << bad;
  }
  EXPECT_EQ(json(service->conflicts()).find("items")->as_array().size(),
            default_conflicts().size());
  set_rules(R"([{"one":"transact","other":"transact","strategy":"abort"}])");
  const std::string before = service->conflicts();
  start();
  EXPECT_EQ(service->conflicts(), before);
}

TEST_F(OperationServiceTest, ANewTableHoldsForWhatWaits) {
  const auto first = ask("transact", waiting(""));
  const auto second = ask("settings.set", R"({"values":{"other":2}})");
  set_rules(R"([{"one":"transact","other":"settings.set","strategy":"queue"}])");
  EXPECT_EQ(state_of(second), "waiting");
  set_rules("[]");
  EXPECT_TRUE(end_of(second));
  ASSERT_TRUE(service->cancel(*first->id));
  EXPECT_FALSE(end_of(first));
  expect_empty();
}

TEST_F(OperationServiceTest, AStopRollsBackWhatRuns) {
  (void)ask("transact", waiting(""));
  ASSERT_TRUE(loop.run_until([&] { return setting("first").has_value(); }, 10s));
  service.reset();
  EXPECT_FALSE(setting("first"));
  EXPECT_TRUE(SqlJournal(*writer, clock).open()->empty());
}

/// A crash left a step that cannot be undone now: its file stays locked until it can.
TEST_F(OperationServiceTest, WhatCannotBeUndoneStaysLockedAndIsTriedAgain) {
  SqlJournal journal(*writer, clock);
  const auto id = journal.begin().value();
  ASSERT_TRUE(journal.append(id, {"file.write", std::string("file:sub/a\0pold", 15)}));
  start();  // The folder `sub` is missing.
  EXPECT_EQ(service->stuck(), 1U);
  EXPECT_EQ(service->locked_resources(), 1U);
  ASSERT_TRUE(sys::make_private_dir(root + "/config/sub"));
  EXPECT_TRUE(loop.run_until([&] { return service->stuck() == 0; }, 10s));
  EXPECT_EQ(file("sub/a").value(), "old");
  expect_empty();
}

}  // namespace
}  // namespace gk::arbiter
