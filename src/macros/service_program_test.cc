// Process macros that speak JSON lines: the service starts and ends the program, the host serves
// it.
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "macros/service_fixture_test.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

class ServiceProgramTest : public ServiceBench {
 protected:
  ServiceProgramTest() {
    MacroServiceOptions options = quick_options();
    options.launcher.worker = GK_WORKER;
    build(options);
    service->set_script_host(&host);
    service->set_games(&port);
  }
  static StartRequest program(std::vector<std::string> words) {
    StartRequest request;
    request.macro_id = "bot";
    request.command = std::move(words);
    request.json_lines = true;
    request.is_admin = true;
    request.game = "world";
    request.correlation_id = "abc-1";
    return request;
  }
  bool gone() {
    return loop.run_until([&] { return service->active() == 0; }, 10s);
  }
};

TEST_F(ServiceProgramTest, IsServedByTheHostFromItsStartToItsEnd) {
  ASSERT_TRUE(start(program({"/bin/sh", "-c", "exit 3"})));
  ASSERT_TRUE(gone());
  EXPECT_EQ(host.calls, "open bot run bot drain bot gone bot ");
  EXPECT_EQ(host.last.game, "world");
  EXPECT_EQ(host.last.correlation_id, "abc-1");
  EXPECT_EQ(service->output("bot")->text, "last words\n");
}

TEST_F(ServiceProgramTest, FreesItsNameAtTheHostWhenItCannotStart) {
  EXPECT_FALSE(start(program({"/nonexistent/program"})));
  EXPECT_EQ(host.calls, "open bot gone bot ");
  host.refuses = Error{Errc::not_found, "no game link world"};
  EXPECT_EQ(start(program({"/bin/true"})).error().message, "no game link world");
  EXPECT_EQ(service->active(), 0U);
}

TEST_F(ServiceProgramTest, KeepsItsPipesWhenItsFirstConfinementIsRefused) {
  const TempDir folder;
  const std::string worker = folder / "worker", tried = folder / "tried";
  // The first time, what a system without namespaces makes the worker report.
  std::ofstream(worker) << "#!/bin/sh\n[ -e " << tried << " ] && exec " GK_WORKER " \"$@\"\n: >"
                        << tried << "\necho 'E mount: Operation not permitted' >&4\n";
  ASSERT_EQ(::chmod(worker.c_str(), 0700), 0);
  MacroServiceOptions options = quick_options();
  options.launcher.worker = worker;
  build(options);
  service->set_script_host(&host);
  service->set_games(&port);
  int pipe[2];
  ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  const sys::Fd spoken(pipe[0]);
  host.ends = ProgramEnds{sys::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)), sys::Fd(pipe[1])};
  ASSERT_TRUE(start(program({"/bin/echo", "hello"})));
  ASSERT_TRUE(gone());
  EXPECT_EQ(host.calls, "open bot run bot drain bot gone bot ") << "one run, in spite of two tries";
  char text[16];
  const ssize_t n = ::read(spoken.get(), text, sizeof text);
  EXPECT_EQ(std::string(text, n > 0 ? static_cast<std::size_t>(n) : 0), "hello\n");
  EXPECT_TRUE(std::filesystem::exists(tried)) << "the first try was one";
}

TEST_F(ServiceProgramTest, IsFencedAtTheHostBeforeItIsKilled) {
  StartRequest request = program({"/bin/sleep", "600"});
  request.safety_level = SafetyLevel::dangerous;
  ASSERT_TRUE(start(request));
  host.calls.clear();
  std::string at_fence;
  const auto watch = service->fenced().subscribe([&](const MacroFence&) { at_fence = host.calls; });
  breach_fps();
  (void)service->check();
  ASSERT_TRUE(gone());
  EXPECT_EQ(at_fence, "fence bot ");
}

TEST_F(ServiceProgramTest, IsToldOfAStopAndOfAPause) {
  ASSERT_TRUE(start(program({"/bin/sleep", "600"})));
  if (service->confinement() == "session") GTEST_SKIP() << "a pause needs a namespace";
  host.calls.clear();
  ASSERT_TRUE(service->pause("bot", "fps"));
  ASSERT_TRUE(service->resume("bot"));
  ASSERT_TRUE(service->stop("bot", [](bool) {}));
  ASSERT_TRUE(gone());
  EXPECT_EQ(host.calls,
            "pause bot resume bot fence bot interrupt bot drain bot gone-cancelled bot ");
}

TEST_F(ServiceProgramTest, EndsWhenItsHostGivesUpOnIt) {
  ASSERT_TRUE(start(program({"/bin/sleep", "600"})));
  host.ended().publish({"bot", false, "does not read"});
  ASSERT_TRUE(gone());
  EXPECT_TRUE(service->events().empty()) << "that is no cancellation";
}

TEST_F(ServiceProgramTest, CountsWhatTheHostTellsOnce) {
  ASSERT_TRUE(start(program({"/bin/sleep", "600"})));
  // 30 errors in 10 s cancel. Commands that the port tells of, too, are the host's to count.
  for (int i = 0; i < 29; ++i) {
    host.activity().publish({"bot", ScriptActivity::Kind::error, "bad line"});
    port.commands().publish({"world", "macro:bot", "x", false, false});
  }
  loop.run_until([] { return false; }, 50ms);
  EXPECT_EQ(service->active(), 1U);
  host.activity().publish({"bot", ScriptActivity::Kind::error, "bad line"});
  ASSERT_TRUE(gone());
  ASSERT_EQ(service->events().size(), 1U);
  EXPECT_NE(service->events()[0].reason.find("30"), std::string::npos);
}

TEST_F(ServiceProgramTest, IsAlwaysACommand) {
  StartRequest request = program({});
  EXPECT_EQ(start(request).error().code, Errc::invalid_argument);
  service->set_script_host(nullptr);
  EXPECT_EQ(start(program({"/bin/true"})).error().code, Errc::unavailable);
}

}  // namespace
}  // namespace gk::macros
