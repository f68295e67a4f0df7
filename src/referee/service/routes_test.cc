#include "referee/service/routes.h"

#include <filesystem>

#include "referee/service/service_fixture_test.h"

namespace gk::referee {
namespace {

using net::Method;
using namespace std::chrono_literals;

class MovementRoutesTest : public testing::Test {
 protected:
  MovementRoutesTest() { start(); }
  void start() {
    now.reset();
    now = std::make_unique<Running>(dir, loop, clock);
  }
  static std::string item(int sequence, double x, const std::string& player = "bob") {
    return R"({"player":")" + player + R"(","seq":)" + std::to_string(sequence) +
           R"(,"client_ms":)" + std::to_string(sequence * 50) + R"(,"server_ms":)" +
           std::to_string(sequence * 50) + R"(,"x":)" + std::to_string(x) + R"(,"y":0})";
  }
  static constexpr const char* kSession = R"(,"session":{"max_speed":5})";
  net::Response validate(const std::string& items, const std::string& session = kSession) {
    return now->post("/validate", R"({"items":[)" + items + "]" + session + "}");
  }
  static JsonValue body(const net::Response& response) {
    EXPECT_EQ(response.status / 100, 2) << response.body;
    return parse_json(response.body).value();
  }
  static const JsonValue& first(const JsonValue& list) { return list.find("items")->as_array()[0]; }
  /// A player that cheats until a review is open; its id.
  std::string open_review(const std::string& player) {
    for (int i = 1; i <= 600; ++i) (void)validate(item(i, 2.0 * i, player));
    now->hear();
    EXPECT_FALSE(now->service->reviews().items().empty());
    return now->service->reviews().items().empty() ? "" : now->service->reviews().items()[0].id;
  }
  TempDir dir;
  net::Loop loop;
  ManualClock clock;
  Topic<monitor::PerformanceIssue> issues;  // Outlives who watches it.
  std::unique_ptr<Running> now;
};

TEST_F(MovementRoutesTest, AcceptsHonestMovementAndSetsBackTheRest) {
  for (int i = 1; i <= 20; ++i) {
    const JsonValue answer = body(validate(item(i, 0.2 * i)));
    EXPECT_TRUE(first(answer).find("valid")->as_bool()) << i;
  }
  const JsonValue answer = body(validate(item(21, 500)));
  const JsonValue& bad = first(answer);
  EXPECT_FALSE(bad.find("valid")->as_bool());
  EXPECT_NEAR(bad.find("set_back_to")->find("x")->as_number(), 4, 1e-5);
  EXPECT_NE(bad.find("reason")->as_string().find("teleport"), std::string::npos);
  EXPECT_TRUE(bad.find("explanation")->is_object());
  const JsonValue list = body(now->get("/verdicts?only=rejected"));
  ASSERT_EQ(list.find("items")->as_array().size(), 1U);
  const std::string id = first(list).find("id")->as_string();
  EXPECT_EQ(body(now->get("/verdicts/" + id)).find("player")->as_string(), "bob");
  EXPECT_EQ(now->get("/verdicts/v999").status, 404);
  EXPECT_EQ(now->get("/verdicts/nonsense").status, 404);
  const JsonValue player = body(now->get("/players/bob"));
  EXPECT_EQ(player.find("rejected")->as_int(), 1);
  EXPECT_TRUE(player.find("ratios")->is_object());
  EXPECT_FALSE(player.find("path")->as_array().empty());
  EXPECT_EQ(body(now->get("/players")).find("items")->as_array().size(), 1U);
  EXPECT_EQ(now->get("/players/nobody").status, 404);
}

TEST_F(MovementRoutesTest, PagesThroughVerdictsNewestFirst) {
  for (int i = 1; i <= 30; ++i) (void)validate(item(i, 1000.0 * i));
  const JsonValue page = body(now->get("/verdicts?only=rejected&limit=5"));
  EXPECT_EQ(page.find("items")->as_array().size(), 5U);
  const std::string cursor = page.find("next_cursor")->as_string();
  const JsonValue next = body(now->get("/verdicts?only=rejected&limit=1000&cursor=" + cursor));
  EXPECT_EQ(next.find("items")->as_array().size(), 24U);
  EXPECT_TRUE(next.find("next_cursor")->is_null());
  EXPECT_EQ(now->get("/verdicts?limit=0").status, 400);
  EXPECT_EQ(now->get("/verdicts?cursor=x").status, 400);
  EXPECT_EQ(now->get("/verdicts?only=good").status, 400);
}

TEST_F(MovementRoutesTest, NamesEveryFaultOfABody) {
  const auto bad = now->post(
      "/validate",
      R"({"items":[{"player":"a/b","x":"one","y":2,"seq":-1,"nonsense":1}],"session":{"max_speed":0}})");
  EXPECT_EQ(bad.status, 400);
  for (const char* part :
       {"items[0].player", "items[0].x", "items[0].seq", "nonsense", "session.max_speed"})
    EXPECT_NE(bad.body.find(part), std::string::npos) << part << " in " << bad.body;
  EXPECT_EQ(now->post("/validate", R"({"items":[]})").status, 400);
  std::string many = R"({"items":[)";
  for (int i = 0; i <= 10'000; ++i) many += std::string(i > 0 ? "," : "") + R"({"player":"a"})";
  EXPECT_EQ(now->post("/validate", many + "]}").status, 400) << "too many at once";
  EXPECT_EQ(now->post("/claims", R"({"items":[{"player":"a","type":"boredom"}]})").status, 400);
  EXPECT_EQ(now->post("/rtt", R"({"items":[{"player":"a","rtt_ms":-1}]})").status, 400);
  EXPECT_TRUE(now->judge.names().empty()) << "nothing was taken";
}

TEST_F(MovementRoutesTest, NumbersOutOfRangeAreInvalidAndGrantNothing) {
  (void)validate(item(1, 0));
  const JsonValue answer =
      body(validate(R"({"player":"bob","seq":2,"client_ms":1e300,"x":0,"y":0},)"
                    R"({"player":"bob","seq":3,"client_ms":150,"x":1e300,"y":0},)"
                    R"({"player":"bob","seq":1,"client_ms":50,"x":0,"y":0})"));
  for (const JsonValue& one : answer.find("items")->as_array()) {
    EXPECT_FALSE(one.find("valid")->as_bool());
    EXPECT_TRUE(one.find("set_back_to")->is_null());
  }
  const JsonValue stats = body(now->get("/stats"));
  EXPECT_EQ(stats.find("order")->find("invalid")->as_int(), 2);
  EXPECT_EQ(stats.find("order")->find("duplicate")->as_int(), 1);
}

TEST_F(MovementRoutesTest, TakesDeclarationsRoundTripsAndClaims) {
  for (int i = 1; i <= 10; ++i) (void)validate(item(i, 0.2 * i));
  const JsonValue declared = body(now->post(
      "/declare", R"({"items":[{"player":"bob","type":"teleport","x":700,"y":0,"server_ms":510},
      {"player":"nobody","type":"frozen","duration_s":1}]})"));
  EXPECT_TRUE(first(declared).find("applied")->as_bool());
  EXPECT_FALSE(declared.find("items")->as_array()[1].find("applied")->as_bool());
  EXPECT_TRUE(first(body(validate(item(11, 700)))).find("valid")->as_bool());
  EXPECT_EQ(now->post("/rtt", R"({"items":[{"player":"bob","rtt_ms":42}]})").status, 200);
  EXPECT_EQ(
      now->post(
             "/claims",
             R"({"items":[{"player":"bob","type":"stutter","severity":"high","duration_ms":300}]})")
          .status,
      200);
  const JsonValue player = body(now->get("/players/bob"));
  EXPECT_EQ(player.find("rtt_ms")->as_number(), 42);
  EXPECT_EQ(player.find("counts")->find("claims")->as_int(), 1);
  EXPECT_EQ(now->post("/declare", R"({"items":[{"player":"bob","type":"leave"}]})").status, 200);
  EXPECT_EQ(now->get("/players/bob").status, 404);
}

TEST_F(MovementRoutesTest, OptionsNeedTheVersionAndSurviveARestart) {
  const auto before = now->get("/options");
  const auto etag = [](const net::Response& r) {
    for (const auto& [name, value] : r.headers)
      if (name == "ETag") return value;
    return std::string();
  };
  EXPECT_EQ(etag(before), "\"0\"");
  const auto put = [&](const std::string& json, const std::string& tag,
                       const std::string& user = "admin") {
    net::Headers headers;
    if (!tag.empty()) headers.emplace_back("if-match", tag);
    return now->call(Method::put, "/options", json, user, headers);
  };
  EXPECT_EQ(put(R"({"mode":"shadow"})", "").status, 428);
  EXPECT_EQ(put(R"({"mode":"shadow"})", "\"0\"", "server").status, 403);
  EXPECT_EQ(put(R"({"mode":"brave","slack_s":99})", "\"0\"").status, 400);
  const auto changed = put(R"({"mode":"smart_ts","preset":"competitive"})", "\"0\"");
  EXPECT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(etag(changed), "\"1\"");
  EXPECT_TRUE(body(changed).find("unsafe")->as_bool());
  EXPECT_EQ(body(changed).find("max_credit_s")->as_number(), 1);
  EXPECT_EQ(put(R"({"mode":"bounded"})", "\"0\"").status, 412);
  EXPECT_EQ(put(changed.body, "\"1\"").status, 200) << "what GET gave can be put back";
  start();
  EXPECT_EQ(body(now->get("/options")).find("mode")->as_string(), "smart_ts");
  EXPECT_EQ(now->judge.options().mode, ServiceMode::smart_ts);
  const JsonValue history = body(now->get("/options/history"));
  EXPECT_EQ(history.find("items")->as_array().size(), 2U);
  EXPECT_EQ(first(history).find("by")->as_string(), "admin");
}

TEST_F(MovementRoutesTest, ReviewsAreDecidedOnceAndSurviveARestart) {
  const std::string id = open_review("mallory");
  ASSERT_FALSE(id.empty());
  ASSERT_TRUE(loop.run_until([&] { return now->writer->stats().queued == 0; }, 10s));
  EXPECT_EQ(now->post("/review/" + id + "/dismiss", "{}", "viewer").status, 403);
  start();
  const JsonValue list = body(now->get("/review?state=open"));
  ASSERT_EQ(list.find("items")->as_array().size(), 1U);
  EXPECT_EQ(first(list).find("player")->as_string(), "mallory");
  EXPECT_FALSE(first(list).find("path")->as_array().empty());
  const auto accepted = now->post("/review/" + id + "/accept", R"({"note":"clear"})");
  EXPECT_EQ(accepted.status, 200) << accepted.body;
  EXPECT_NE(now->metrics.text().find("gamekeeper_referee_reviews_open 0\n"), std::string::npos);
  EXPECT_EQ(now->post("/review/" + id + "/dismiss").status, 409);
  EXPECT_EQ(now->post("/review/nope/accept").status, 404);
  start();
  const JsonValue after = body(now->get("/review"));
  EXPECT_EQ(first(after).find("state")->as_string(), "accepted");
  EXPECT_EQ(first(after).find("decided_by")->as_string(), "server");
  EXPECT_EQ(first(after).find("note")->as_string(), "clear");
  const JsonValue stats = body(now->get("/stats"));
  EXPECT_EQ(stats.find("false_positive_ratio")->as_number(), 0);
  EXPECT_EQ(stats.find("detection_ratio")->as_number(), 1);
}

TEST_F(MovementRoutesTest, AnUnknownFalsePositiveRatioIsNotZero) {
  EXPECT_TRUE(body(now->get("/stats")).find("false_positive_ratio")->is_null());
  EXPECT_NE(now->metrics.text().find("gamekeeper_referee_false_positive_ratio"), std::string::npos);
}

TEST_F(MovementRoutesTest, ShowsAndForgetsEverythingAboutAPlayer) {
  const std::string id = open_review("mallory");
  EXPECT_EQ(now->get("/players/mallory/data", "server").status, 403);
  const JsonValue data = body(now->get("/players/mallory/data", "admin"));
  EXPECT_TRUE(data.find("status")->is_object());
  EXPECT_FALSE(data.find("verdicts")->as_array().empty());
  EXPECT_EQ(data.find("reviews")->as_array().size(), 1U);
  EXPECT_EQ(now->call(Method::del, "/players/mallory/data").status, 204);
  EXPECT_EQ(now->get("/players/mallory/data", "admin").status, 404);
  EXPECT_EQ(now->call(Method::del, "/players/mallory/data").status, 404);
  start();
  EXPECT_TRUE(body(now->get("/review")).find("items")->as_array().empty());
}

TEST_F(MovementRoutesTest, ASourcesKeyIsShownOnceAndRevocable) {
  EXPECT_EQ(now->post("/sources", R"({"name":"arena","address":"localhost"})", "admin").status,
            400);
  EXPECT_EQ(now->post("/sources", R"({"name":"arena","address":"192.0.2.1"})").status, 403);
  const auto added = now->post("/sources", R"({"name":"arena","address":"192.0.2.1"})", "admin");
  EXPECT_EQ(added.status, 201) << added.body;
  EXPECT_EQ(body(added).find("key")->as_string().size(), 64U);
  EXPECT_NE(now->ingest.sources().find(1), nullptr);
  EXPECT_EQ(now->post("/sources", R"({"name":"arena","address":"192.0.2.1"})", "admin").status,
            409);
  EXPECT_EQ(now->get("/sources", "admin").body.find("key"), std::string::npos);
  start();
  EXPECT_NE(now->ingest.sources().find(1), nullptr) << "it survives a restart";
  EXPECT_EQ(now->call(Method::del, "/sources/arena").status, 204);
  EXPECT_EQ(now->ingest.sources().find(1), nullptr);
  EXPECT_EQ(now->call(Method::del, "/sources/arena").status, 404);
}

TEST_F(MovementRoutesTest, RecordsOnRequestBelowTheDataFolder) {
  EXPECT_EQ(now->post("/recording/start", R"({"name":"../../etc"})", "admin").status, 400);
  EXPECT_EQ(now->post("/recording/start", R"({"name":"one"})", "server").status, 403);
  EXPECT_EQ(now->post("/recording/start", R"({"name":"one"})", "admin").status, 201);
  for (int i = 1; i <= 10; ++i) (void)validate(item(i, 0.2 * i));
  const JsonValue stopped = body(now->post("/recording/stop", "", "admin"));
  EXPECT_EQ(stopped.find("lines")->as_int(), 11);
  EXPECT_EQ(stopped.find("ended")->as_string(), "stopped");
  EXPECT_TRUE(std::filesystem::exists(dir / "movement/one.jsonl"));
  EXPECT_EQ(now->post("/recording/start", R"({"name":"one"})", "admin").status, 409);
}

TEST_F(MovementRoutesTest, JudgesAPastedTraceWithoutTouchingTheDaemonsPlayers) {
  const std::string trace = R"({"k":"S","id":"a","mode":"2d","vmax":5,"nom":50})"
                            "\n"
                            R"({"k":"m","s":1,"c":0,"r":0,"x":0,"y":0})"
                            "\n"
                            R"({"k":"m","s":2,"c":50,"r":50,"x":900,"y":0})"
                            "\nnot a line\n"
                            R"({"k":"E","id":"a"})"
                            "\n";
  const JsonValue answer = body(now->call(Method::post, "/replay?events=1", trace, "viewer"));
  EXPECT_EQ(answer.find("sessions")->as_array()[0].find("rejected")->as_int(), 1);
  EXPECT_EQ(answer.find("events")->as_array().size(), 1U);
  EXPECT_EQ(answer.find("error_count")->as_int(), 1);
  const JsonValue& path = *answer.find("paths")->as_array()[0].find("path");
  EXPECT_FALSE(path.as_array()[1].find("accepted")->as_bool());
  EXPECT_EQ(now->call(Method::post, "/replay?mode=best", trace, "viewer").status, 400);
  EXPECT_EQ(now->call(Method::post, "/replay", "rubbish", "viewer").status, 400);
  EXPECT_TRUE(now->judge.names().empty());
}

TEST_F(MovementRoutesTest, SaysBusyWhenTheJudgeHasTooMuchToDo) {
  now->desk.full = true;
  EXPECT_EQ(validate(item(1, 0)).status, 429);
  EXPECT_EQ(now->get("/stats").status, 429);
}

TEST_F(MovementRoutesTest, SaysAtACaseWhatWasMeasuredThenAndNothingThatWasClaimed) {
  now->service->watch(issues);
  monitor::PerformanceIssue issue{.kind = monitor::IssueKind::memory_pressure,
                                  .severity = monitor::IssueSeverity::high,
                                  .source = monitor::SampleSource::claim,
                                  .subject = "",
                                  .value = 93.4,
                                  .at = clock.mono()};
  issues.publish(issue);
  (void)open_review("claims");
  issue.source = monitor::SampleSource::server;
  issues.publish(issue);
  const std::string id = open_review("measured");
  clock.advance(Seconds(6));
  (void)open_review("later");
  const auto note_of = [&](const std::string& player) {
    for (const Review& review : now->service->reviews().items()) {
      if (review.player == player) return review.note;
    }
    return std::string("no case");
  };
  EXPECT_EQ(note_of("claims"), "");
  EXPECT_EQ(note_of("measured"),
            "Measured when this was opened: memory_pressure (high, 93) of this machine");
  EXPECT_EQ(note_of("later"), "");
  const auto evidence = [&](const std::string& player) {
    const JsonValue found = body(now->get("/players/" + player));
    return std::pair(found.find("confidence")->as_number(), found.find("rejected")->as_int());
  };
  EXPECT_EQ(evidence("claims"), evidence("measured")) << "it is said, and excuses nothing";
  EXPECT_EQ(now->post("/review/" + id + "/dismiss", R"({"note":"swapping"})").status, 200);
  EXPECT_TRUE(note_of("measured").ends_with("this machine; swapping")) << note_of("measured");
}

TEST_F(MovementRoutesTest, CountsWhatHappenedAsMetrics) {
  (void)open_review("mallory");
  const std::string text = now->metrics.text();
  EXPECT_NE(text.find("gamekeeper_referee_events_total 600"), std::string::npos) << text;
  EXPECT_NE(text.find("gamekeeper_referee_reviews_total{outcome=\"opened\"} 1"), std::string::npos);
  EXPECT_NE(text.find("gamekeeper_referee_reviews_open 1\n"), std::string::npos);
  EXPECT_NE(text.find("gamekeeper_referee_rejections_total{rule=\"speed\"}"), std::string::npos);
}

}  // namespace
}  // namespace gk::referee
