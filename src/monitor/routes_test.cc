#include "monitor/routes.h"

#include "monitor/monitor_json.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/seeded_random.h"

namespace gk::monitor {
namespace {

using net::Method;

/// "x-test-scope" names the one scope that the caller holds.
class FakeGate final : public api::Gate {
 public:
  Result<std::shared_ptr<const api::Principal>> authenticate(const net::Request& r) override {
    const auto* scope = r.header("x-test-scope");
    if (scope == nullptr) return Error{Errc::unauthenticated, "no credential"};
    auto principal = std::make_shared<api::Principal>();
    principal->kind = api::CredentialKind::token;
    principal->scopes = {*scope};
    return std::shared_ptr<const api::Principal>(principal);
  }
  bool is_set_up() const override { return true; }
};

class MonitorRoutesTest : public testing::Test {
 protected:
  MonitorRoutesTest() { mount(router, {}); }
  void mount(api::Router& to, MonitorRouteOptions route_options) {
    add_monitor_routes(to, monitor, health, metrics, clock, route_options);
  }
  net::Response ask(std::string path, std::string scope = "", Method method = Method::get,
                    std::string body = "", api::Router* which = nullptr) {
    net::Request request;
    request.method = method;
    const auto mark = path.find('?');
    request.path = path.substr(0, mark);
    if (mark != std::string::npos) request.query = path.substr(mark + 1);
    request.headers = {{"host", "localhost:5000"}, {"content-type", "application/json"}};
    if (!accept.empty()) request.headers.emplace_back("accept", accept);
    if (!scope.empty()) request.headers.emplace_back("x-test-scope", std::move(scope));
    request.body = std::move(body);
    request.peer.address = address;
    net::Response answer;
    answer.status = 0;
    (which == nullptr ? router : *which).dispatch(std::move(request), [&](net::Response r) {
      answer = std::move(r);
    });
    while (!tasks.empty()) {
      const auto task = tasks.front();
      tasks.pop_front();
      task();
    }
    return answer;
  }
  static JsonValue json(const net::Response& response) {
    return parse_json(response.body).value_or(JsonValue());
  }

  ManualClock clock;
  CaptureLog log;
  Metrics metrics;
  SeededRandom random{1};
  FakeGate gate;
  std::string accept, address = "127.0.0.1";
  std::deque<std::function<void()>> tasks;
  MonitorOptions options = [] {
    MonitorOptions o;
    o.sampler.sensors.root = "/nonexistent/";
    return o;
  }();
  Monitor monitor{options, [](auto) {}, clock, log, metrics, nullptr};
  WorkerPool pool{{}};
  Health health{
      {.version = "9.9"}, pool, [](auto task) { task(); }, [](Nanos) {}, clock, log, metrics};
  api::Router router{
      {.allowed_hosts = {"localhost"}, .allowed_origins = {}}, gate, log, metrics, clock, random};
};

TEST_F(MonitorRoutesTest, TellsStrangersTheStatusAndReadersTheChecks) {
  const auto brief = ask("/api/health");
  EXPECT_EQ(brief.status, 200);
  EXPECT_EQ(brief.body, R"({"status":"ok","version":"9.9"})");
  EXPECT_EQ(ask("/api/health", "metrics:read").body, brief.body);
  EXPECT_NE(json(ask("/api/health", "health:read")).find("checks"), nullptr);
}

TEST_F(MonitorRoutesTest, IsAliveAlwaysAndReadyWhenTheServerSaysSo) {
  EXPECT_EQ(ask("/api/health/live").body, R"({"status":"ok"})");
  EXPECT_EQ(ask("/api/health/ready").status, 503);
  health.set_ready(true);
  EXPECT_EQ(ask("/api/health/ready").status, 200);
}

TEST_F(MonitorRoutesTest, KnowsOneCheckByNameAndRefusesOthers) {
  EXPECT_EQ(ask("/api/health/nothing", "health:read").status, 404);
  EXPECT_EQ(ask("/api/health/nothing").status, 401);
}

TEST_F(MonitorRoutesTest, ListsMetricsInPagesAndByType) {
  const auto first = json(ask("/api/metrics?limit=2", "metrics:read"));
  EXPECT_EQ(first.find("items")->as_array().size(), 2U);
  EXPECT_EQ(first.find("next_cursor")->as_string(), "2");
  const auto gauges = json(ask("/api/metrics?type=gauge", "metrics:read"));
  EXPECT_TRUE(gauges.find("next_cursor")->is_null());
  EXPECT_EQ(gauges.find("items")->as_array()[0].find("type")->as_string(), "gauge");
  EXPECT_EQ(ask("/api/metrics?limit=1001", "metrics:read").status, 400);
  EXPECT_EQ(ask("/api/metrics", "health:read").status, 403);
}

TEST_F(MonitorRoutesTest, AnswersPrometheusTextByAcceptAndByPath) {
  EXPECT_NE(ask("/api/metrics/prometheus", "metrics:read").body.find("# TYPE gamekeeper_"),
            std::string::npos);
  EXPECT_NE(ask("/metrics", "metrics:read").body.find("# TYPE"), std::string::npos);
  accept = "text/plain";
  const auto text = ask("/api/metrics", "metrics:read");
  EXPECT_TRUE(text.content_type.starts_with("text/plain; version=0.0.4"));
}

TEST_F(MonitorRoutesTest, OpensTheScrapeToThisMachineOnlyWhenToldSo) {
  EXPECT_EQ(ask("/metrics").status, 401);
  api::Router open({.allowed_hosts = {"localhost"}, .allowed_origins = {}}, gate, log, metrics,
                   clock, random);
  mount(open, {.metrics_public = true});
  const auto scrape = [&](std::string scope) {
    return ask("/metrics", std::move(scope), Method::get, "", &open).status;
  };
  EXPECT_EQ(scrape(""), 200);
  address = "192.168.1.9";
  EXPECT_EQ(scrape(""), 401);
  EXPECT_EQ(scrape("metrics:read"), 200);
  EXPECT_EQ(scrape("health:read"), 403);
}

TEST_F(MonitorRoutesTest, TakesSamplesAsClaimsAndShowsThem) {
  const auto taken = ask(
      "/api/samples", "samples:write", Method::post,
      R"({"samples":[{"signal":"fps","value":55},{"signal":"latency","value":20,"subject":"a"}]})");
  EXPECT_EQ(taken.body, R"({"accepted":2})");
  monitor.sample_for_test();
  EXPECT_EQ(monitor.history().latest()->external.at(0).source, SampleSource::claim);
  const auto performance = json(ask("/api/macro-safety/performance", "metrics:read"));
  EXPECT_EQ(performance.find("current")->find("fps")->find("value")->as_number(), 55);
}

TEST_F(MonitorRoutesTest, TakesFramesAsClaimsAndShowsRateScoreAndIssuesWithWhoSaysSo) {
  std::string body = R"({"samples":[)";
  for (int i = 0; i < 40; ++i) body += R"({"signal":"frame_ms","value":20,"subject":"a"},)";
  body += R"({"signal":"frame_ms","value":220,"subject":"b"}]})";
  EXPECT_EQ(ask("/api/samples", "samples:write", Method::post, body).body, R"({"accepted":41})");
  clock.advance(Seconds(1));
  monitor.sample_for_test();
  const auto performance = json(ask("/api/macro-safety/performance", "metrics:read"));
  const auto& subjects = performance.find("subjects")->as_array();
  ASSERT_EQ(subjects.size(), 2U);
  EXPECT_EQ(subjects[0].find("subject")->as_string(), "a");
  EXPECT_EQ(subjects[0].find("source")->as_string(), "claim");
  EXPECT_EQ(subjects[0].find("fps")->find("value")->as_number(), 50);
  EXPECT_EQ(subjects[0].find("frame_ms")->as_number(), 20);
  EXPECT_EQ(subjects[0].find("score")->find("reason")->as_string(), "needs memory_usage");
  EXPECT_EQ(subjects[0].find("issues_total")->as_int(), 0);
  EXPECT_EQ(subjects[1].find("fps")->find("state")->as_string(), "unknown");
  EXPECT_TRUE(subjects[1].find("frame_ms")->is_null());
  const auto& issues = subjects[1].find("issues")->as_array();
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_EQ(issues[0].find("kind")->as_string(), "stutter");
  EXPECT_EQ(issues[0].find("severity")->as_string(), "medium");
  EXPECT_EQ(issues[0].find("source")->as_string(), "claim");
  EXPECT_EQ(issues[0].find("at")->as_string(), rfc3339(clock.wall() - Seconds(1)));
}

TEST_F(MonitorRoutesTest, ShowsTheLastSixteenIssuesOfASubjectAndHowManyThereWere) {
  std::string body = R"({"samples":[)";
  for (int i = 1; i <= 20; ++i) {
    body += R"({"signal":"frame_ms","value":)" + std::to_string(200 + i) + "}";
    body += i < 20 ? "," : "]}";
  }
  EXPECT_EQ(ask("/api/samples", "samples:write", Method::post, body).status, 200);
  monitor.sample_for_test();
  const auto performance = json(ask("/api/macro-safety/performance", "metrics:read"));
  const JsonValue& subject = performance.find("subjects")->as_array().at(0);
  EXPECT_EQ(subject.find("issues_total")->as_int(), 20);
  ASSERT_EQ(subject.find("issues")->as_array().size(), 16U);
  EXPECT_EQ(subject.find("issues")->as_array()[0].find("value")->as_number(), 205);
}

TEST_F(MonitorRoutesTest, TellsOfSubjectsWhenTheyChangeAndAtMostEachHalfSecond) {
  SubjectsFrame frame;
  const auto next = [&](double fps, Nanos after) -> std::string {
    clock.advance(after);
    if (fps > 0) {
      EXPECT_TRUE(monitor.submit_sample("fps", fps, "a", SampleSource::claim).ok());
    }
    monitor.sample_for_test();
    const std::string* const body = frame.next(monitor, clock.mono());
    return body != nullptr ? *body : "";
  };
  const auto first = parse_json(next(60, Seconds(1))).value();
  const JsonValue& subject = first.find("subjects")->as_array().at(0);
  EXPECT_EQ(subject.find("subject")->as_string(), "a");
  EXPECT_EQ(subject.find("fps")->find("value")->as_number(), 60);
  EXPECT_EQ(next(50, Millis(499)), "") << "too soon";
  EXPECT_NE(next(0, Millis(1)), "") << "what came meanwhile";
  EXPECT_EQ(next(0, Seconds(1)), "") << "nothing new";
  EXPECT_NE(next(0, Seconds(60)), "") << "it is stale";
}

TEST_F(MonitorRoutesTest, NamesEverySampleThatItRefusesAndTakesNoneOfAMalformedBatch) {
  const auto refused = ask("/api/samples", "samples:write", Method::post,
                           R"({"samples":[{"signal":"fps","value":55},{"signal":"fps"},7]})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_GE(json(refused).find("errors")->as_array().size(), 2U);
  monitor.sample_for_test();
  EXPECT_TRUE(monitor.history().latest()->external.empty());
  EXPECT_EQ(ask("/api/samples", "samples:write", Method::post, R"({"samples":7})").status, 400);
  EXPECT_EQ(ask("/api/samples", "samples:write", Method::post, R"({"samples":[],"x":1})").status,
            400)
      << "a member that nobody knows";
  EXPECT_EQ(ask("/api/samples", "samples:write", Method::post,
                R"({"samples":[{"signal":"cpu_usage","value":5}]})")
                .status,
            400);
}

TEST_F(MonitorRoutesTest, AnswersASeriesInEvenSteps) {
  ASSERT_TRUE(monitor.submit_sample("fps", 60, "", SampleSource::claim));
  monitor.sample_for_test();
  clock.advance(Seconds(2));
  const auto series = json(ask("/api/metrics/series?name=fps&step=60", "metrics:read"));
  EXPECT_EQ(series.find("unit")->as_string(), "1/s");
  EXPECT_EQ(series.find("points")->as_array().size(), 61U);
  const auto list = json(ask("/api/metrics/series-list", "metrics:read"));
  const auto& items = list.find("items")->as_array();
  EXPECT_EQ(std::count_if(items.begin(), items.end(),
                          [](const JsonValue& item) {
                            return item.find("name")->as_string() == "fps" &&
                                   item.find("unit")->as_string() == "1/s";
                          }),
            1);
  EXPECT_EQ(ask("/api/metrics/series?name=nothing", "metrics:read").status, 404);
  EXPECT_EQ(ask("/api/metrics/series", "metrics:read").status, 400);
  EXPECT_EQ(ask("/api/metrics/series?name=fps&from=yesterday", "metrics:read").status, 400);
  EXPECT_EQ(ask("/api/metrics/series?name=fps&step=0", "metrics:read").status, 400);
}

TEST_F(MonitorRoutesTest, SendsProcessesWithTheSample) {
  monitor.sample_for_test();
  Snapshot snapshot = *monitor.history().latest();
  auto& dance = snapshot.processes["macro:dance"];
  dance.root_pid = 42;
  dance.cpu_pct = Signal::known(12.5, snapshot.at, snapshot.wall, Seconds(1));
  const auto body = parse_json(sample_json(snapshot, snapshot.at)).value();
  const JsonValue* sent = body.find("processes")->find("macro:dance");
  EXPECT_EQ(sent->find("pid")->as_int(), 42);
  EXPECT_EQ(sent->find("cpu_pct")->as_number(), 12.5);
  EXPECT_TRUE(sent->find("demand_pct")->is_null());
}

}  // namespace
}  // namespace gk::monitor
