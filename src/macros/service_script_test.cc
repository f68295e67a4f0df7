#include "macros/service_fixture_test.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

class ScriptMacroTest : public ServiceFixture {
 protected:
  std::string calls() { return std::exchange(host.calls, {}); }
};

TEST_F(ScriptMacroTest, IsWatchedBeforeItRuns) {
  const auto active = start(script("craft"));
  ASSERT_TRUE(active) << active.error().message;
  EXPECT_EQ(calls(), "start craft run craft ");
  EXPECT_EQ(host.last.script, "gather");
  EXPECT_EQ(host.last.game, "world");
  EXPECT_EQ(host.last.args_json, "{\"n\":3}");
  const auto json = parse_json(*active).value();
  EXPECT_EQ(json.find("kind")->as_string(), "script");
  EXPECT_EQ(json.find("script")->as_string(), "gather");
  EXPECT_EQ(json.find("game")->as_string(), "world");
  EXPECT_EQ(observer.watched.at("macro:craft"), host.pids.at("craft"));
}

TEST_F(ScriptMacroTest, StartsOnlyForThoseThatMayActOnItsGame) {
  std::string asked;
  service->set_game_rights(
      [&](std::string_view game, std::string_view user, std::string_view role) {
        asked = std::string(game) + " " + std::string(user) + " " + std::string(role);
        if (user == "anna") return Result<void>();
        return Result<void>(Error{Errc::permission_denied, "not for you"});
      });
  host.own_game = "arena";
  StartRequest request{.macro_id = "m", .script = "gather", .by = "bert"};
  request.role = "user";
  const auto refused = start(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::permission_denied);
  EXPECT_EQ(asked, "arena bert user") << "the game that its own text names";
  EXPECT_EQ(calls(), "");
  request.by = "anna";
  EXPECT_TRUE(start(request));
  asked.clear();
  EXPECT_TRUE(start({.macro_id = "n", .script = "gather", .any_game = true, .by = "schedule"}));
  EXPECT_EQ(asked, "");
}

TEST_F(ScriptMacroTest, IsInterruptedThenKilledAndItsHostLearnsOfTheEndOnce) {
  ASSERT_TRUE(start(script("dance")));
  (void)calls();
  breach_fps();
  EXPECT_EQ(calls(), "fence dance interrupt dance ");
  EXPECT_EQ(port.fenced.count("macro:dance"), 1U);
  ASSERT_TRUE(all_gone());
  EXPECT_EQ(calls(), "gone-cancelled dance ");
  EXPECT_EQ(service->events()[0].outcome, Outcome::killed);
  EXPECT_EQ(::waitpid(host.pids.at("dance"), nullptr, 0), -1) << "reaped by the service";
}

TEST_F(ScriptMacroTest, EndsWithoutAKillWhenItObeysTheInterrupt) {
  host.ends_on_interrupt = true;
  ASSERT_TRUE(start(script("dance")));
  breach_fps();
  ASSERT_TRUE(all_gone());
  EXPECT_TRUE(loop.run_until([&] { return !store.evidence.empty(); }, 10s));
  EXPECT_EQ(store.evidence.begin()->second.find("signal KILL"), std::string::npos);
}

TEST_F(ScriptMacroTest, WithoutAProcessIsGoneAtOnce) {
  host.has_process = false;
  ASSERT_TRUE(start(script("dance")));
  (void)calls();
  breach_fps();
  ASSERT_TRUE(all_gone());
  EXPECT_EQ(calls(), "fence dance gone-cancelled dance ");
  EXPECT_EQ(service->events()[0].outcome, Outcome::killed);
}

TEST_F(ScriptMacroTest, ThatEndsByItselfIsFencedToo) {
  ASSERT_TRUE(start(script("craft")));
  (void)calls();
  std::string told;
  ASSERT_TRUE(service->wait("craft", "cancelling", 30s, [](const WaitAnswer&) {}));
  ASSERT_TRUE(service->wait("craft", "running", 30s, [&](const WaitAnswer& a) { told = a.state; }));
  host.ended().publish({"craft", false, "gather:7: no such field"});
  ASSERT_TRUE(all_gone());
  EXPECT_EQ(calls(), "fence craft gone craft ");
  EXPECT_EQ(port.fenced.count("macro:craft"), 1U);
  EXPECT_EQ(told, "ended");
  std::string why;
  ASSERT_TRUE(service->wait("craft", "x", 30s, [&](const WaitAnswer& a) { why = a.reason; }));
  EXPECT_EQ(why, "gather:7: no such field");
  EXPECT_TRUE(service->events().empty()) << "an end by itself is no cancellation";
}

TEST_F(ScriptMacroTest, SaysWhyItEndedThoughItsProcessIsSeenToEndFirst) {
  host.last_frame = ScriptEnded{"craft", false, "gather:7: no such field"};
  host.last_loop = &loop;
  ASSERT_TRUE(start(script("craft")));
  ASSERT_EQ(::kill(host.pids.at("craft"), SIGKILL), 0);
  ASSERT_TRUE(all_gone());
  std::string why;
  ASSERT_TRUE(service->wait("craft", "x", 30s, [&](const WaitAnswer& a) { why = a.reason; }));
  EXPECT_EQ(why, "gather:7: no such field");
  EXPECT_NE(calls().find("gone craft"), std::string::npos);
}

TEST_F(ScriptMacroTest, MayStartAgainAfterItsEnd) {
  host.has_process = false;
  ASSERT_TRUE(start(script("craft")));
  host.ended().publish({"craft", true, ""});
  ASSERT_TRUE(all_gone());
  ASSERT_TRUE(start(script("craft")));
  EXPECT_EQ(port.fenced.count("macro:craft"), 0U) << "a new start lifts the fence";
}

TEST_F(ScriptMacroTest, SaysWhyItsHostRefuses) {
  host.refuses = Error{Errc::not_found, "no script gather"};
  EXPECT_EQ(start(script("craft")).error().message, "no script gather");
  EXPECT_EQ(service->active(), 0U);
  EXPECT_FALSE(observer.fast);
  service->set_script_host(nullptr);
  EXPECT_EQ(start(script("craft")).error().code, Errc::unavailable);
  StartRequest both = script("craft");
  both.pid = 2;
  EXPECT_EQ(start(both).error().code, Errc::invalid_argument);
}

TEST_F(ScriptMacroTest, NeverRunsWhenEverythingWasStoppedMeanwhile) {
  host.holds_start = true;
  std::optional<Result<std::string>> answer;
  service->start(script("craft"), [&](Result<std::string> r) { answer = std::move(r); });
  EXPECT_EQ(service->stop_all("Emergency stop"), 0U);
  host.held();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error().code, Errc::cancelled);
  ASSERT_TRUE(all_gone());
  EXPECT_EQ(calls().find("run"), std::string::npos);
}

TEST_F(ScriptMacroTest, IsPausedAndResumedByItsHost) {
  ASSERT_TRUE(start(script("craft")));
  (void)calls();
  ASSERT_TRUE(service->pause("craft", "test"));
  ASSERT_TRUE(service->resume("craft"));
  EXPECT_EQ(calls(), "pause craft resume craft ");
}

TEST_F(ScriptMacroTest, TellsItsHostWhyItEnded) {
  host.has_process = false;
  ASSERT_TRUE(start(script("a")));
  const auto nobody_waits = [](bool) {};
  ASSERT_TRUE(service->stop("a", nobody_waits, "ada"));
  ASSERT_TRUE(service->stop("a", nobody_waits, "bert"));  // Later: it is being ended already.
  ASSERT_TRUE(all_gone());
  EXPECT_EQ(host.last_why, "was stopped by ada");
  ASSERT_TRUE(start(script("b")));
  service->stop_all("Emergency stop by ada");
  ASSERT_TRUE(all_gone());
  EXPECT_EQ(host.last_why, "was cancelled: Emergency stop by ada");
  ASSERT_TRUE(start(script("c")));
  host.ended().publish({"c", true, ""});
  ASSERT_TRUE(all_gone());
  EXPECT_EQ(host.last_why, "") << "it ended by itself";
}

TEST_F(ScriptMacroTest, TellsItsHostTheRuleThatEndedIt) {
  ASSERT_TRUE(start(script("dance")));
  breach_fps();
  ASSERT_TRUE(all_gone());
  EXPECT_EQ(host.last_why, "was cancelled: " + service->events()[0].reason);
}

TEST_F(ScriptMacroTest, CleansUpAfterAStopButNotAfterAnEmergency) {
  host.has_process = false;
  ASSERT_TRUE(start(script("a")));
  ASSERT_TRUE(service->stop("a", [](bool) {}));
  ASSERT_TRUE(all_gone());
  EXPECT_NE(calls().find("gone-cancelled a"), std::string::npos);
  ASSERT_TRUE(start(script("b")));
  service->stop_all("Emergency stop");
  ASSERT_TRUE(all_gone());
  EXPECT_NE(calls().find("gone b"), std::string::npos);
}

// What a macro sends after the decision is not written; a link that ignores its fence is noticed.
class WritesAfterTheDecision : public ScriptMacroTest {
 protected:
  std::size_t late_writes() {
    EXPECT_TRUE(start(script("dance")));
    const auto send = [&] {
      port.send({.game = "world", .command = "say hi", .sender = "macro:dance"},
                [](const Result<games::SendReply>&) {});
    };
    send();
    // It sends whenever anything happens: at the fence, the interrupt, until it is gone.
    const auto at_fence = service->fenced().subscribe([&](const MacroFence&) { send(); });
    breach_fps();
    send();
    EXPECT_TRUE(all_gone());
    send();
    return port.written_after_fence;
  }
};

TEST_F(WritesAfterTheDecision, AreNone) {
  EXPECT_EQ(late_writes(), 0U);
  EXPECT_EQ(port.written.size(), 1U);
}

TEST_F(WritesAfterTheDecision, AreNoticedWhenALinkIgnoresItsFence) {
  port.honours_fence = false;
  EXPECT_EQ(late_writes(), 3U);
}

}  // namespace
}  // namespace gk::macros
