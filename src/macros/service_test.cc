#include "macros/service.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "macros/service_fixture_test.h"
#include "sys/files.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

// A service that starts real processes.
class MacroServiceTest : public ServiceBench {
 protected:
  MacroServiceTest() {
    MacroServiceOptions options = quick_options();
    options.launcher.worker = GK_WORKER;
    options.launcher.hidden = {dir / "data"};
    options.logs_dir = dir / "logs";
    options.term_grace = 50ms;
    build(options);
  }
  /// Of a child that waits to be signalled.
  static StartRequest external_with_process(std::string id) {
    const int child = ::fork();
    if (child == 0) {
      for (;;) ::pause();
    }
    StartRequest request = external(std::move(id));
    request.pid = child;
    request.is_admin = true;
    return request;
  }
  static StartRequest external(std::string id) {
    StartRequest request;
    request.macro_id = std::move(id);
    return request;
  }
  static StartRequest command(std::string id, std::vector<std::string> words) {
    StartRequest request = external(std::move(id));
    request.command = std::move(words);
    request.is_admin = true;
    return request;
  }
  bool wait_for_events(std::size_t n) {
    return loop.run_until([&] { return service->events().size() >= n; }, 10s);
  }
};

TEST_F(MacroServiceTest, ListsAnExternalMacroWithWhatIsLeft) {
  ASSERT_TRUE(start(external("heal")));
  clock.advance(15s);
  const auto list = parse_json(service->active_json()).value();
  const JsonValue& item = list.find("items")->as_array().at(0);
  EXPECT_EQ(item.find("macro_name")->as_string(), "Heal");
  EXPECT_EQ(item.find("time_left")->as_number(), 45);
  EXPECT_EQ(item.find("headroom")->find("duration")->as_number(), 0.75);
  EXPECT_TRUE(item.find("headroom")->find("fps")->is_null());
  EXPECT_TRUE(item.find("pid")->is_null());
  EXPECT_TRUE(observer.fast) << "10 Hz while a macro runs";
}

TEST_F(MacroServiceTest, CancelsAtTheEndOfItsTimeAndTellsWhoWaits) {
  ASSERT_TRUE(start(external("heal")));
  std::string told;
  ASSERT_TRUE(
      service->wait("heal", "running", 30s, [&](const WaitAnswer& a) { told += a.state + " "; }));
  clock.advance(61s);
  const auto begun = service->check();
  ASSERT_EQ(begun.size(), 1U);
  EXPECT_EQ(begun[0].reason, "Duration exceeded: 61 s > 60 s");
  ASSERT_TRUE(wait_for_events(1));
  EXPECT_EQ(service->events()[0].outcome, Outcome::notified);
  EXPECT_EQ(told, "cancelled ");
  EXPECT_EQ(service->active(), 0U);
  EXPECT_FALSE(observer.fast);
  std::string late;
  ASSERT_TRUE(service->wait("heal", "running", 30s, [&](const WaitAnswer& a) { late = a.reason; }));
  EXPECT_EQ(late, "Duration exceeded: 61 s > 60 s");
}

TEST_F(MacroServiceTest, FencesBeforeItKills) {
  std::string order;
  const auto fence = service->fenced().subscribe(
      [&](const MacroFence& f) { order += "fence " + std::string(f.macro_id) + " "; });
  const auto gone =
      service->cancelled().subscribe([&](const CancellationEvent&) { order += "gone"; });
  ASSERT_TRUE(start(external("dance")));
  breach_fps();
  ASSERT_TRUE(wait_for_events(1));
  EXPECT_EQ(order, "fence dance gone");
  EXPECT_EQ(service->events()[0].reason, "Performance threshold exceeded: fps 5 < 15");
  EXPECT_EQ(service->events()[0].metrics.fps, 5);
}

TEST_F(MacroServiceTest, KillsAndReapsAProcessMacroOnABreach) {
  const auto started = start(command("dance", {"/bin/sh", "-c", "trap '' TERM; sleep 600 & wait"}));
  ASSERT_TRUE(started) << started.error().message;
  const int pid = observer.watched.at("macro:dance");
  breach_fps();
  ASSERT_TRUE(wait_for_events(1));
  EXPECT_EQ(service->events()[0].outcome, Outcome::killed);
  EXPECT_TRUE(service->events()[0].gone_ms);
  EXPECT_EQ(::kill(pid, 0), -1) << "reaped";
  EXPECT_TRUE(observer.watched.empty());
}

TEST_F(MacroServiceTest, StoresTheEventAndItsEvidence) {
  ASSERT_TRUE(start(external("dance")));
  breach_fps();
  ASSERT_TRUE(loop.run_until([&] { return !store.evidence.empty(); }, 10s));
  const std::string id = store.events.at(0).id;
  const auto evidence = parse_json(store.evidence.at(id)).value();
  EXPECT_EQ(evidence.find("rule")->find("signal")->as_string(), "fps");
  EXPECT_EQ(evidence.find("rule")->find("leave")->as_number(), 16.5);
  EXPECT_EQ(evidence.find("culprit")->find("candidates")->as_array().size(), 1U);
  EXPECT_GE(evidence.find("decision")->find("steps")->as_array().size(), 2U);
  const JsonValue& fps = evidence.find("series")->as_array().at(2);
  EXPECT_EQ(fps.find("limit")->as_number(), 15);
  EXPECT_EQ(fps.find("points")->as_array().size(), 2U);
  EXPECT_EQ(fps.find("points")->as_array()[0].as_array()[0].as_number(), -0.1);
}

// The machine's CPU stands at 30 %: the limit belongs to the series that broke it, and only there.
TEST_F(MacroServiceTest, TheEvidencePutsTheLimitOnTheSeriesThatWasJudged) {
  ASSERT_TRUE(start(command("dance", {"/bin/sleep", "600"})));
  for (int i = 0; i < 2; ++i) {
    clock.advance(100ms);
    observer.next.cpu_usage = observer.known(30);
    observer.next.processes["macro:dance"].demand_pct = observer.known(101);
    observer.publish();
  }
  ASSERT_TRUE(loop.run_until([&] { return !store.evidence.empty(); }, 10s));
  const auto evidence = parse_json(store.evidence.at(store.events.at(0).id)).value();
  EXPECT_EQ(evidence.find("rule")->find("signal")->as_string(), "cpu_usage");
  EXPECT_EQ(evidence.find("rule")->find("measured")->as_string(), "demand_pct");
  EXPECT_EQ(evidence.find("rule")->find("value")->as_number(), 101);
  for (const JsonValue& series : evidence.find("series")->as_array()) {
    const bool judged = series.find("signal")->as_string() == "demand_pct";
    EXPECT_EQ(series.find("limit")->is_null(), !judged) << series.find("signal")->as_string();
    if (judged) {
      EXPECT_EQ(series.find("points")->as_array()[1].as_array()[1].as_number(), 101);
    }
  }
}

TEST_F(MacroServiceTest, TheEvidenceHasTheMacrosShareOfTheMemory) {
  ASSERT_TRUE(start(command("dance", {"/bin/sleep", "600"})));
  for (int i = 0; i < 2; ++i) {
    clock.advance(100ms);
    observer.next.processes["macro:dance"].rss_bytes = observer.known(0.9e9);
    observer.publish();
  }
  ASSERT_TRUE(loop.run_until([&] { return !store.evidence.empty(); }, 10s));
  const auto evidence = parse_json(store.evidence.at(store.events.at(0).id)).value();
  EXPECT_EQ(evidence.find("rule")->find("measured")->as_string(), "memory_share_pct");
  const JsonValue& share = evidence.find("series")->as_array().back();
  EXPECT_EQ(share.find("signal")->as_string(), "memory_share_pct");
  EXPECT_EQ(share.find("limit")->as_number(), evidence.find("rule")->find("limit")->as_number());
  EXPECT_EQ(share.find("points")->as_array()[1].as_array()[1].as_number(), 90);
}

TEST_F(MacroServiceTest, AForkBombIsKilledAndItsEvidenceShowsTheProcesses) {
  ASSERT_TRUE(start(command("bomb", {"/bin/sleep", "600"})));
  clock.advance(100ms);
  auto& process = observer.next.processes["macro:bomb"];
  process.processes = 313;  // The worker is none of its own.
  process.threads = observer.known(313);
  observer.publish();
  ASSERT_TRUE(loop.run_until([&] { return !store.evidence.empty(); }, 10s));
  const CancellationEvent& event = store.events.at(0);
  EXPECT_EQ(event.reason, "Process limit exceeded: 312 > 64");
  EXPECT_EQ(event.rule, "processes");
  EXPECT_EQ(event.outcome, Outcome::killed);
  const auto evidence = parse_json(store.evidence.at(event.id)).value();
  EXPECT_EQ(evidence.find("rule")->find("measured")->as_string(), "processes");
  EXPECT_TRUE(evidence.find("culprit")->is_null());
  const auto& series = evidence.find("series")->as_array();
  const JsonValue& count = series.at(series.size() - 2);
  EXPECT_EQ(count.find("signal")->as_string(), "processes");
  EXPECT_EQ(count.find("limit")->as_number(), 64);
  EXPECT_EQ(count.find("points")->as_array().back().as_array()[1].as_number(), 312);
}

TEST_F(MacroServiceTest, WritesTheCancellationLog) {
  ASSERT_TRUE(start(external("heal")));
  clock.advance(61s);
  (void)service->check();
  ASSERT_TRUE(wait_for_events(1));
  std::optional<Result<std::string>> path;
  service->write_log([&](Result<std::string> p) { path = std::move(p); });
  ASSERT_TRUE(loop.run_until([&] { return path.has_value(); }, 10s));
  ASSERT_TRUE(*path) << path->error().message;
  EXPECT_EQ(**path, dir / "logs/macro_cancellations_20260101.json");
  const auto text = parse_json(sys::read_file(**path, 1 << 20).value()).value();
  EXPECT_EQ(text.find("total_cancellations")->as_int(), 1);
  EXPECT_TRUE(text.find("cancellations")
                  ->as_array()[0]
                  .find("performance_metrics")
                  ->find("fps")
                  ->is_null());
}

TEST_F(MacroServiceTest, RefusesWhatTheCallerMayNotDo) {
  StartRequest with_command = command("x", {"/bin/true"});
  with_command.is_admin = false;
  EXPECT_EQ(start(with_command).error().code, Errc::permission_denied);
  StartRequest weaker = external("dance");
  weaker.safety_level = SafetyLevel::safe;
  EXPECT_EQ(start(weaker).error().code, Errc::permission_denied);
  StartRequest bad = external("Bad Id");
  EXPECT_EQ(start(bad).error().code, Errc::invalid_argument);
  ASSERT_TRUE(start(external("heal")));
  EXPECT_EQ(start(external("heal")).error().code, Errc::already_exists);
}

TEST_F(MacroServiceTest, RefusesAProfileThatThereIsNotAndNamesThoseThatThereAre) {
  StartRequest request;
  request.macro_id = "night-dance";
  request.profile = "nowhere";
  const auto refused = start(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
  EXPECT_EQ(refused.error().message,
            "profile: expected attack, buff, craft, dance, heal, travel; there is no profile "
            "\"nowhere\"");
  EXPECT_EQ(service->active(), 0U);
  request.profile = "dance";
  EXPECT_TRUE(start(request));
}

TEST_F(MacroServiceTest, TakesNoNameThatIsSomebodyElses) {
  service->set_name_rights([](const StartRequest& request) -> Result<void> {
    if (request.macro_id != "fisher") return {};
    return Error{Errc::already_exists, "fisher is a module"};
  });
  int entries = 0;
  const auto entered = service->entries().subscribe([&](const MacroEntry&) { ++entries; });
  StartRequest request;
  request.macro_id = "fisher";
  EXPECT_EQ(start(request).error().code, Errc::already_exists);
  EXPECT_EQ(entries, 0) << "the lanes are told of nothing";
  request.is_admin = true;
  EXPECT_TRUE(start(request));
  request.macro_id = "other";
  request.is_admin = false;
  EXPECT_TRUE(start(request));
}

TEST_F(MacroServiceTest, RefusesThePidOfTheDaemonItsParentsAndStrangers) {
  StartRequest request = external("heal");
  request.is_admin = true;
  request.pid = ::getpid();
  EXPECT_EQ(start(request).error().code, Errc::permission_denied);
  request.pid = ::getppid();
  EXPECT_EQ(start(request).error().code, Errc::permission_denied);
  request.pid = 1;
  EXPECT_EQ(start(request).error().code, Errc::invalid_argument);
  request.pid = 0x3ffffff0;
  EXPECT_EQ(start(request).error().code, Errc::not_found);
}

TEST_F(MacroServiceTest, SignalsTheProcessOfAnExternalMacro) {
  const StartRequest request = external_with_process("heal");
  const int child = *request.pid;
  ASSERT_TRUE(start(request));
  clock.advance(61s);
  (void)service->check();
  ASSERT_TRUE(wait_for_events(1));
  EXPECT_EQ(service->events()[0].outcome, Outcome::signalled);
  EXPECT_EQ(::waitpid(child, nullptr, 0), -1) << "our own child, so the service could reap it";
}

TEST_F(MacroServiceTest, IsTakenBackWithoutASignalByItsOwnProcessOnly) {
  const StartRequest request = external_with_process("heal");
  const int child = *request.pid;
  ASSERT_TRUE(start(request));
  std::optional<bool> gone;
  ASSERT_TRUE(service->stop("heal", [&](bool g) { gone = g; }, "ada", child));
  EXPECT_EQ(gone, true);
  EXPECT_EQ(service->active(), 0U);
  std::string told;
  ASSERT_TRUE(service->wait("heal", "running", 30s, [&](const WaitAnswer& a) { told = a.state; }));
  EXPECT_EQ(told, "ended");
  loop.run_for(50ms);
  EXPECT_EQ(::kill(child, 0), 0) << "it acts on, unwatched, as it asked";

  ASSERT_TRUE(start(request));
  ASSERT_TRUE(service->stop("heal", [](bool) {}, "ada", ::getpid()));
  ASSERT_TRUE(loop.run_until([&] { return service->active() == 0; }, 10s));
  EXPECT_EQ(::kill(child, 0), -1);
}

TEST_F(MacroServiceTest, StopsAProcessThatIgnoresTheGentleSignal) {
  ASSERT_TRUE(
      start(command("craft", {"/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done"})));
  std::optional<bool> gone;
  ASSERT_TRUE(service->stop("craft", [&](bool g) { gone = g; }));
  ASSERT_TRUE(loop.run_until([&] { return gone.has_value(); }, 10s));
  EXPECT_TRUE(*gone);
  EXPECT_TRUE(service->events().empty()) << "a stop is no cancellation";
  EXPECT_EQ(service->stop("craft", [](bool) {}).error().code, Errc::not_found);
}

TEST_F(MacroServiceTest, StopsEverythingThoughTheStoreFails) {
  store.broken = true;
  ASSERT_TRUE(start(command("a", {"/bin/sleep", "600"})));
  ASSERT_TRUE(start(command("b", {"/bin/sleep", "600"})));
  ASSERT_TRUE(start(external("c")));
  EXPECT_EQ(service->stop_all("Emergency stop"), 3U);
  ASSERT_TRUE(wait_for_events(3));
  EXPECT_EQ(service->active(), 0U);
  EXPECT_EQ(service->events()[0].rule, "emergency_stop");
  EXPECT_TRUE(store.events.empty());
}

TEST_F(MacroServiceTest, KillsBySignalAloneInAnEmergency) {
  ASSERT_TRUE(start(command("a", {"/bin/sleep", "600"})));
  service->emergency_stop_signal();
  EXPECT_TRUE(loop.run_until([&] { return service->active() == 0; }, 10s));
}

TEST_F(MacroServiceTest, PausesAndResumesAProcessMacro) {
  ASSERT_TRUE(start(command("craft", {"/bin/sleep", "600"})));
  if (service->confinement() == "session") GTEST_SKIP() << "this system refuses namespaces";
  ASSERT_TRUE(service->pause("craft", "test"));
  EXPECT_NE(service->active_json().find("\"state\":\"paused\""), std::string::npos);
  EXPECT_EQ(service->pause("craft", "test").error().code, Errc::failed_precondition);
  ASSERT_TRUE(service->resume("craft"));
  EXPECT_EQ(service->resume("craft").error().code, Errc::failed_precondition);
  EXPECT_EQ(service->resume("none").error().code, Errc::not_found);
}

TEST_F(MacroServiceTest, KeepsTheLastOutputAndNoticesAnEndByItself) {
  ASSERT_TRUE(start(command("craft", {"/bin/sh", "-c", "echo hello; sleep 600"})));
  EXPECT_TRUE(
      loop.run_until([&] { return service->output("craft").value().text == "hello\n"; }, 10s));
  EXPECT_FALSE(service->output("craft").value().ended_at);
  ASSERT_TRUE(start(command("short", {"/bin/sh", "-c", "echo bye; sleep 0.05; exit 3"})));
  EXPECT_TRUE(loop.run_until([&] { return service->active() == 1; }, 10s));
  EXPECT_TRUE(service->events().empty());
}

TEST_F(MacroServiceTest, KeepsOutputAndExitCodeAfterTheEnd) {
  const auto run = [&](const std::string& script) {
    ASSERT_TRUE(start(command("short", {"/bin/sh", "-c", script})));
    ASSERT_TRUE(loop.run_until([&] { return service->active() == 0; }, 10s));
  };
  run("echo first; exit 3");
  const ProgramOutput first = service->output("short").value();
  EXPECT_EQ(first.text, "first\n");
  EXPECT_EQ(first.status.value().code, 3);
  EXPECT_EQ(first.ended_at, clock.wall());
  run("echo second; kill -SEGV $$");
  const ProgramOutput second = service->output("short").value();
  EXPECT_EQ(second.text, "second\n") << "of the last run only";
  EXPECT_EQ(second.status.value().code, 128 + SIGSEGV);
  ASSERT_TRUE(start(command("long", {"/bin/sleep", "600"})));
  service->stop_all("Emergency stop");
  ASSERT_TRUE(loop.run_until([&] { return service->active() == 0; }, 10s));
  EXPECT_EQ(service->output("long").value().status.value().signal, SIGKILL);
}

TEST_F(MacroServiceTest, KeepsTheOutputsOfTheLastProgramsOnly) {
  MacroServiceOptions few = quick_options();
  few.launcher = {.worker = GK_WORKER, .hidden = {}};
  few.memory.outputs = 2;
  build(few);
  for (const char* id : {"a", "b", "c"}) {
    ASSERT_TRUE(start(command(id, {"/bin/echo", id})));
    ASSERT_TRUE(loop.run_until([&] { return service->active() == 0; }, 10s));
  }
  EXPECT_EQ(service->output("a").error().code, Errc::not_found);
  EXPECT_EQ(service->output("b").value().text, "b\n");
  EXPECT_EQ(service->output("c").value().text, "c\n");
}

TEST_F(MacroServiceTest, SaysWhyACommandCouldNotRun) {
  const auto failed = start(command("x", {"/nonexistent/program"}));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::invalid_argument);
  EXPECT_NE(failed.error().message.find("No such file"), std::string::npos);
  EXPECT_EQ(service->active(), 0U);
}

TEST_F(MacroServiceTest, ReportsWithoutInventingNumbers) {
  ASSERT_TRUE(start(external("heal")));
  const auto report = parse_json(service->report_json()).value();
  EXPECT_EQ(report.find("active_macros")->as_int(), 1);
  EXPECT_TRUE(report.find("performance_metrics")->find("cpu_usage")->is_null());
  const auto status = parse_json(service->status_json()).value();
  EXPECT_FALSE(status.find("monitoring_active")->as_bool());
  EXPECT_TRUE(status.find("last_check")->is_null());
}

TEST_F(MacroServiceTest, LaunchesInTheNextWeakerConfinementWhenOneIsRefused) {
  ProcessLauncher launcher({.worker = GK_WORKER, .hidden = {}}, log, metrics);
  EXPECT_TRUE(launcher.weaken(sys::Confinement::user_namespace, "test"));
  EXPECT_TRUE(launcher.weaken(sys::Confinement::user_namespace, "late report")) << "already done";
  (void)launcher.weaken(sys::Confinement::root_namespace, "test");
  EXPECT_EQ(sys::confinement_name(launcher.mode()), "session");
  EXPECT_FALSE(launcher.weaken(sys::Confinement::session, "test")) << "there is nothing weaker";
}

TEST_F(MacroServiceTest, TakesTheEndOfAWorkerForTheEndOfAllOnlyWhereItIs) {
  sys::Spawned spawned;
  spawned.mode = sys::Confinement::session;
  EXPECT_TRUE(proves_end(spawned, {.code = 137, .signal = 0}));
  EXPECT_FALSE(proves_end(spawned, {.code = 0, .signal = SIGKILL})) << "killed by its program";
  spawned.mode = sys::Confinement::user_namespace;
  EXPECT_TRUE(proves_end(spawned, {.code = 0, .signal = SIGKILL}));
}

TEST_F(MacroServiceTest, NamesWhoLivesInASession) {
  ProcessLauncher launcher(
      {.worker = GK_WORKER, .hidden = {}, .strongest = sys::Confinement::session}, log, metrics);
  auto spawned = launcher.launch("x", {"/bin/sh", "-c", "echo ready; sleep 600; :"}, "").value();
  pollfd output{spawned.output.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&output, 1, 10'000), 1);
  EXPECT_TRUE(name_survivors(spawned).find(" processes: ") != std::string::npos);
  EXPECT_TRUE(kill_process_macro(spawned));
  pollfd ended{spawned.process.fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&ended, 1, 10'000), 1);
  EXPECT_EQ(name_survivors(spawned), "");
}

TEST_F(MacroServiceTest, NeverRunsWithoutNamespacesWhenThatIsForbidden) {
  ProcessLauncher launcher({.worker = GK_WORKER, .hidden = {}, .allow_session = false}, log,
                           metrics);
  while (launcher.weaken(launcher.mode(), "test")) {
  }
  EXPECT_EQ(sys::confinement_name(launcher.mode()), "namespace");
}

}  // namespace
}  // namespace gk::macros
