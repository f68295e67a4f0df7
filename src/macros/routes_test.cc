#include "macros/routes.h"

#include <gtest/gtest.h>

#include "macros/fakes_for_test.h"
#include "sys/files.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/seeded_random.h"
#include "testing/temp_dir.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;
using net::Method;

class FakeGate final : public api::Gate {
 public:
  Result<std::shared_ptr<const api::Principal>> authenticate(const net::Request& r) override {
    auto principal = std::make_shared<api::Principal>();
    principal->name = *r.header("x-test-user");
    principal->kind = api::CredentialKind::token;
    principal->scopes = {"macros:read", "macros:run"};
    if (principal->name == "admin") principal->scopes = {"*"};
    if (principal->name == "viewer") principal->scopes = {"macros:read"};
    return std::shared_ptr<const api::Principal>(principal);
  }
  bool is_set_up() const override { return true; }
};

class MacroRoutesTest : public testing::Test {
 protected:
  MacroRoutesTest() { add_macros_routes(router, service, profiles, clock); }
  net::Response call(Method method, const std::string& path, const std::string& body = "",
                     const std::string& user = "admin") {
    net::Request request;
    request.method = method;
    const std::size_t mark = path.find('?');
    request.path = path.substr(0, mark);
    if (mark != std::string::npos) request.query = path.substr(mark + 1);
    request.headers = {{"host", "localhost"}, {"x-test-user", user}};
    if (!body.empty()) request.headers.emplace_back("content-type", "application/json");
    request.body = body;
    std::optional<net::Response> answer;
    router.dispatch(std::move(request), [&](net::Response r) { answer = std::move(r); });
    EXPECT_TRUE(loop.run_until([&] { return answer.has_value(); }, 10s)) << path;
    return answer.value_or(net::Response{});
  }
  static constexpr const char* kBase = "/api/macro-safety";
  net::Response post(const std::string& path, const std::string& body = "",
                     const std::string& user = "admin") {
    return call(Method::post, kBase + path, body, user);
  }
  net::Response get(const std::string& path, const std::string& user = "viewer") {
    return call(Method::get, kBase + path, "", user);
  }
  TempDir dir;
  net::Loop loop;
  ManualClock clock;
  SeededRandom random{1};
  CaptureLog log;
  Metrics metrics;
  WorkerPool pool{{}};
  FakeObserver observer{clock};
  FakeStore store{loop};
  ProfileBook profiles{dir.path().string(), store, log};
  FakeGate gate;
  api::Router router{
      {.allowed_hosts = {"localhost"}, .allowed_origins = {}}, gate, log, metrics, clock, random};
  MacroService service{{.launcher = {.worker = GK_WORKER, .hidden = {}}, .logs_dir = dir / "logs"},
                       loop,
                       clock,
                       random,
                       log,
                       metrics,
                       pool,
                       observer,
                       store,
                       profiles};
};

TEST_F(MacroRoutesTest, StartsListsStopsAMacro) {
  const auto started = post("/start", R"({"macro_id":"heal","macro_name":"Heal Macro"})", "user");
  EXPECT_EQ(started.status, 201) << started.body;
  EXPECT_NE(get("/active-macros").body.find("Heal Macro"), std::string::npos);
  EXPECT_NE(get("/status").body.find("\"active_macros\":1"), std::string::npos);
  EXPECT_EQ(post("/start", R"({"macro_id":"heal"})").status, 409);
  const auto stopped = post("/stop/heal");
  EXPECT_EQ(stopped.body, R"({"macro_id":"heal","stopped":true})");
  EXPECT_EQ(post("/stop/heal").status, 404);
}

TEST_F(MacroRoutesTest, NeedsTheAdminForCommandsAndWeakerLevels) {
  const std::string command = R"({"macro_id":"x","command":["/bin/sleep","600"]})";
  EXPECT_EQ(post("/start", command, "user").status, 403);
  EXPECT_EQ(post("/start", R"({"macro_id":"dance","safety_level":"safe"})", "user").status, 403);
  EXPECT_EQ(post("/start", command, "viewer").status, 403);
  const auto started = post("/start", command);
  EXPECT_EQ(started.status, 201) << started.body;
  EXPECT_NE(started.body.find("\"kind\":\"process\""), std::string::npos);
  EXPECT_EQ(post("/stop-all").body, R"({"stopped":1})");
}

TEST_F(MacroRoutesTest, NamesEveryFaultOfABody) {
  const auto bad = post("/start", R"({"macro_id":3,"pid":1,"command":["sh"],"x":1})");
  EXPECT_EQ(bad.status, 400);
  for (const char* path : {"macro_id", "pid", "command", "\"x\""}) {
    EXPECT_NE(bad.body.find(path), std::string::npos) << path << " in " << bad.body;
  }
}

TEST_F(MacroRoutesTest, SaysWhichWindowHoldsAndWhichOpenNext) {
  const std::string windows =
      R"({"windows":[{"name":"night","cron":"0 22 * * *","duration_s":28800}]})";
  ASSERT_EQ(call(Method::put, "/api/macro-safety/profiles/dance", windows).status, 200);
  EXPECT_EQ(get("/profiles/dance/windows/next?n=1").body,
            R"({"macro_id":"dance","open":"night","until":"2026-01-01T06:00:00.000Z","next":[)"
            R"({"window":"night","from":"2026-01-01T22:00:00.000Z",)"
            R"("to":"2026-01-02T06:00:00.000Z"}]})");
  clock.advance(6h);
  EXPECT_NE(get("/profiles/dance/windows/next")
                .body.find(R"("open":null,"until":"2026-01-01T22:00:00.000Z")"),
            std::string::npos);
  EXPECT_EQ(get("/profiles/heal/windows/next").body,
            R"({"macro_id":"heal","open":null,"until":null,"next":[]})");
  EXPECT_EQ(get("/profiles/dance/windows/next?n=0").status, 400);
  EXPECT_EQ(get("/profiles/Dance/windows/next").status, 404);
}

TEST_F(MacroRoutesTest, ReturnsCancellationsOfACheckAndTheirEvidence) {
  ASSERT_EQ(post("/start", R"({"macro_id":"heal"})").status, 201);
  clock.advance(61s);
  const auto checked = post("/check");
  EXPECT_NE(checked.body.find("Duration exceeded: 61 s > 60 s"), std::string::npos) << checked.body;
  ASSERT_TRUE(loop.run_until([&] { return service.events().size() == 1; }, 10s));
  const std::string id = service.events()[0].id;
  EXPECT_NE(get("/cancellations").body.find(id), std::string::npos);
  const auto evidence = get("/cancellations/" + id + "/evidence");
  EXPECT_EQ(evidence.status, 200);
  EXPECT_TRUE(parse_json(evidence.body)) << evidence.body;
  EXPECT_EQ(get("/cancellations/nope/evidence").status, 404);
  EXPECT_EQ(get("/external/heal/wait", "user").body,
            R"({"macro_id":"heal","state":"cancelled","reason":"Duration exceeded: 61 s > 60 s"})");
  EXPECT_NE(post("/log").body.find("macro_cancellations_20260101.json"), std::string::npos);
  EXPECT_NE(get("/report").body.find("\"total_cancellations\":1"), std::string::npos);
}

TEST_F(MacroRoutesTest, PagesThroughCancellationsNewestFirst) {
  for (const char* id : {"a", "b", "c"}) {
    ASSERT_EQ(post("/start", std::string(R"({"macro_id":")") + id + "\"}").status, 201);
  }
  (void)post("/stop-all");
  ASSERT_TRUE(loop.run_until([&] { return service.events().size() == 3; }, 10s));
  const auto first = parse_json(get("/cancellations?limit=2").body).value();
  EXPECT_EQ(first.find("items")->as_array().size(), 2U);
  const std::string cursor = first.find("next_cursor")->as_string();
  const auto second = parse_json(get("/cancellations?limit=2&cursor=" + cursor).body).value();
  EXPECT_EQ(second.find("items")->as_array().size(), 1U);
  EXPECT_TRUE(second.find("next_cursor")->is_null());
  EXPECT_EQ(get("/cancellations?limit=0").status, 400);
  EXPECT_EQ(get("/cancellations?cursor=gone").status, 400);
}

TEST_F(MacroRoutesTest, EditsProfilesWithoutLosingAnothersChange) {
  const auto before = get("/profiles/heal");
  EXPECT_NE(before.body.find("\"source\":\"builtin\""), std::string::npos);
  const auto put = call(Method::put, "/api/macro-safety/profiles/heal", R"({"max_duration":30})");
  EXPECT_EQ(put.status, 200) << put.body;
  EXPECT_NE(put.body.find("\"max_duration\":30"), std::string::npos);
  EXPECT_EQ(call(Method::put, "/api/macro-safety/profiles/heal", put.body).status, 200)
      << "what was given can be put back";
  EXPECT_EQ(call(Method::put, "/api/macro-safety/profiles/heal", R"({"max_duration":0})").status,
            400);
  EXPECT_EQ(post("/profiles", R"({"macro_id":"heal"})").status, 409);
  EXPECT_EQ(post("/profiles", R"({"macro_id":"new","max_duration":5})").status, 201);
  EXPECT_EQ(post("/profiles", R"({"macro_id":"new2"})", "user").status, 403);
  EXPECT_NE(get("/profiles").body.find("\"macro_id\":\"new\""), std::string::npos);
  EXPECT_EQ(call(Method::del, "/api/macro-safety/profiles/heal", "").status, 204);
  EXPECT_EQ(call(Method::del, "/api/macro-safety/profiles/heal", "").status, 404);
}

TEST_F(MacroRoutesTest, ChangesNamedFieldsOfAProfileAndKeepsTheOthers) {
  const std::string path = "/api/macro-safety/profiles/attack";
  const auto patch = [&](const std::string& body) { return call(Method::patch, path, body); };
  ASSERT_EQ(call(Method::put, path, R"({"max_duration":30,"thresholds":{"fps_min":20}})").status,
            200);
  const auto windows =
      patch(R"({"windows":[{"cron":"0 22 * * *","duration_s":60}],"thresholds":{"fps_min":25}})");
  ASSERT_EQ(windows.status, 200) << windows.body;
  const auto both = parse_json(windows.body).value();
  EXPECT_EQ(both.find("max_duration")->as_number(), 30);
  EXPECT_EQ(both.find("thresholds")->find("fps_min")->as_number(), 25);
  EXPECT_EQ(both.find("windows")->as_array().size(), 1U);

  ASSERT_TRUE(sys::replace_file(dir / "a.safe.json", R"({"attack":{"max_duration":10}})"));
  ASSERT_EQ(post("/overrides/a/load").status, 200);
  const auto gone = parse_json(patch(R"({"max_duration":null})").body).value();
  EXPECT_EQ(gone.find("max_duration")->as_number(), 10) << "falls through to the file";
  EXPECT_EQ(gone.find("windows")->as_array().size(), 1U);

  const auto bad = patch(R"({"windows":[{"cron":"nightly","duration_s":60}]})");
  EXPECT_EQ(bad.status, 400);
  EXPECT_NE(bad.body.find("windows[0].cron"), std::string::npos) << bad.body;
  EXPECT_EQ(patch("[]").status, 400);
  EXPECT_EQ(call(Method::patch, path, "{}", "user").status, 403);
}

TEST_F(MacroRoutesTest, LoadsShowsAndApprovesAnOverrideFile) {
  EXPECT_EQ(post("/overrides/dancer/load").status, 404);
  ASSERT_TRUE(sys::replace_file(dir / "dancer.safe.json", R"({"dance":{"max_duration":7200}})"));
  const auto loaded = post("/overrides/dancer/load");
  ASSERT_EQ(loaded.status, 200) << loaded.body;
  const auto state = parse_json(get("/overrides/dancer").body).value();
  EXPECT_EQ(state.find("pending")->as_array().size(), 1U);
  const std::string hash = state.find("hash")->as_string();
  EXPECT_EQ(post("/overrides/dancer/approve", R"({"hash":"00"})").status, 409);
  const auto approved = post("/overrides/dancer/approve", "{\"hash\":\"" + hash + "\"}");
  EXPECT_EQ(approved.status, 200);
  EXPECT_NE(approved.body.find("\"pending\":[]"), std::string::npos) << approved.body;
}

TEST_F(MacroRoutesTest, PausesAndResumes) {
  FakeScriptHost host;
  service.set_script_host(&host);
  ASSERT_EQ(post("/start", R"({"macro_id":"heal","script":"heal"})").status, 201);
  EXPECT_EQ(post("/pause/heal").status, 200);
  EXPECT_NE(get("/external/heal/wait", "user").body.find("\"state\":\"paused\""),
            std::string::npos);
  EXPECT_EQ(post("/resume/heal").status, 200);
  EXPECT_EQ(post("/resume/heal").status, 409);
  (void)post("/stop-all");
  EXPECT_TRUE(loop.run_until([&] { return service.active() == 0; }, 10s));
  service.set_script_host(nullptr);
}

TEST_F(MacroRoutesTest, PausesNoMacroThatRunsInAnotherProgram) {
  ASSERT_EQ(post("/start", R"({"macro_id":"heal"})").status, 201);
  const auto refused = post("/pause/heal");
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused.body.find("runs in another program: it can only be told to stop"),
            std::string::npos)
      << refused.body;
  EXPECT_NE(get("/active-macros").body.find("\"state\":\"running\""), std::string::npos);
  EXPECT_EQ(post("/resume/heal").status, 409);
}

TEST_F(MacroRoutesTest, TellsHowAProgramEndedAndWhatItPrinted) {
  ASSERT_EQ(
      post("/start", R"({"macro_id":"x","command":["/bin/sh","-c","echo hi; exit 4"]})").status,
      201);
  ASSERT_TRUE(loop.run_until([&] { return service.active() == 0; }, 10s));
  EXPECT_EQ(get("/output/x", "admin").body,
            R"({"macro_id":"x","output":"hi\n","exit_code":4,"signal":null,)"
            R"("ended_at":"2026-01-01T00:00:00.000Z"})");
  EXPECT_EQ(get("/output/x", "user").status, 403);
  EXPECT_EQ(get("/output/none", "admin").status, 404);
}

}  // namespace
}  // namespace gk::macros
