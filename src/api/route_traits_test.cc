#include <gtest/gtest.h>

#include "api/list_page.h"
#include "api/openapi.h"
#include "api/router.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/seeded_random.h"

namespace gk::api {
namespace {

using net::Method;

constexpr const char* kListed = "https://panel.example:8443";

/// Lets in who names a role; a reader has things:read alone.
class NamedGate final : public Gate {
 public:
  Result<std::shared_ptr<const Principal>> authenticate(const net::Request& request) override {
    const auto* name = request.header("x-test-user");
    if (name == nullptr) return Error{Errc::unauthenticated, "no credential"};
    auto principal = std::make_shared<Principal>();
    principal->name = principal->role = *name;
    principal->kind = CredentialKind::token;
    principal->scopes = {*name == "reader" ? "things:read" : "*"};
    return std::shared_ptr<const Principal>(principal);
  }
  bool is_set_up() const override { return true; }
};

class RouteTraitsTest : public testing::Test {
 protected:
  RouteTraitsTest()
      : router({.allowed_hosts = {"localhost"}, .allowed_origins = {kListed}}, gate, log, metrics,
               clock, random) {
    const auto ok = [](Call&, const Reply& reply) { reply.json("{}"); };
    router
        .add({.method = Method::get,
              .path = "/things",
              .scope = "things:read",
              .summary = "Things",
              .handler = ok,
              .versions = Versions::required})
        .query({kLimit, {"state", "open|closed|", "Which"}, {"deep", "boolean", ""}});
    router.add({.method = Method::get,
                .path = "/plain",
                .scope = kOpen,
                .summary = "Without parameters",
                .handler = ok});
    router
        .add({.method = Method::post,
              .path = "/things/import",
              .scope = "things:write",
              .summary = "Import",
              .handler = ok})
        .answers({201, 204})
        .import_body()
        .request_media("application/x-ndjson");
    router.add({.method = Method::put,
                .path = "/things",
                .scope = "things:write",
                .summary = "Replace",
                .handler = ok});
  }

  static net::Request request(Method method, std::string path, std::string query = {},
                              const std::string& user = "admin") {
    net::Request out;
    out.method = method;
    out.path = std::move(path);
    out.query = std::move(query);
    out.headers = {{"host", "localhost:5000"}};
    if (!user.empty()) out.headers.emplace_back("x-test-user", user);
    return out;
  }
  net::Response ask(net::Request asked) {
    net::Response answer;
    router.dispatch(std::move(asked), [&](net::Response r) { answer = std::move(r); });
    return answer;
  }
  /// "path: message" of each complaint about the query of /api/things.
  std::string complaint(std::string query) {
    const auto answer = ask(request(Method::get, "/api/things", std::move(query)));
    if (answer.status == 200) return "";
    const auto body = parse_json(answer.body).value();
    std::string out;
    for (const JsonValue& item : body.find("errors")->as_array()) {
      out += item.find("path")->as_string() + ": " + item.find("message")->as_string() + "\n";
    }
    return out;
  }
  static std::string header(const net::Response& answer, std::string_view name) {
    for (const auto& [key, value] : answer.headers) {
      if (key == name) return value;
    }
    return "";
  }

  NamedGate gate;
  CaptureLog log;
  Metrics metrics;
  ManualClock clock;
  SeededRandom random{1};
  Router router;
};

TEST_F(RouteTraitsTest, RefusesParametersThatTheRouteDoesNotKnow) {
  EXPECT_EQ(complaint("limit=5&state=open&deep=true"), "");
  EXPECT_EQ(complaint("state="), "") << "a|b| may be empty";
  EXPECT_EQ(complaint("limt=5"), "limt: is unknown here; expected limit, state or deep\n");
  EXPECT_EQ(complaint("state=ajar"), "state: expected open or closed, got \"ajar\"\n");
  EXPECT_EQ(complaint("state=open%7Cclosed"),
            "state: expected open or closed, got \"open|closed\"\n");
  EXPECT_EQ(complaint("deep="), "deep: expected true or false, got \"\"\n");
  EXPECT_EQ(complaint("limit=1&limit=2"), "limit: comes twice\n");
  EXPECT_EQ(complaint("a=1&state=x").find("a: is unknown"), 0U);
  EXPECT_NE(complaint("a=1&state=x").find("state: expected"), std::string::npos);
}

TEST_F(RouteTraitsTest, TellsAStrangerNothingAboutTheQuery) {
  EXPECT_EQ(ask(request(Method::get, "/api/things", "limt=5", "")).status, 401);
}

TEST_F(RouteTraitsTest, SaysThatARouteTakesNoParameters) {
  const auto answer = ask(request(Method::get, "/api/plain", "x=1", ""));
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("this route takes no parameters"), std::string::npos) << answer.body;
}

TEST_F(RouteTraitsTest, AdmitsALargeBodyOnlyOfACallerWhomTheRouteServes) {
  const auto admit = [&](const std::string& path, const std::string& user) {
    return router.admit_large_body(request(Method::post, path, "", user));
  };
  EXPECT_EQ(admit("/api/v1/things/import", "admin").size, net::BodySize::import);
  EXPECT_FALSE(admit("/api/v1/things/import", "admin").refusal);
  EXPECT_EQ(admit("/api/things/import", "").refusal->status, 401);
  EXPECT_EQ(admit("/api/things/import", "reader").refusal->status, 403);
  EXPECT_EQ(admit("/api/things", "admin").size, net::BodySize::usual);
  EXPECT_EQ(admit("/api/nothing", "admin").size, net::BodySize::usual);
  EXPECT_FALSE(admit("/api/things", "").refusal) << "told by the usual limit and the usual way";
  net::Request foreign = request(Method::post, "/api/things/import");
  foreign.headers.emplace_back("origin", "https://evil.example");
  EXPECT_EQ(router.admit_large_body(foreign).refusal->status, 403);
}

TEST_F(RouteTraitsTest, ParsesALongImportAsideAndRunsItsRouteAfterwards) {
  std::size_t items = 0;
  router.add_schema({"Bundle", {{"items", "any", "", true}}});
  router
      .add({.method = Method::post,
            .path = "/bundles",
            .scope = "things:write",
            .summary = "Bundle",
            .request = "Bundle",
            .handler =
                [&](Call& call, const Reply& reply) {
                  items = call.body.find("items")->as_array().size();
                  reply.json("{}");
                }})
      .import_body();
  std::vector<std::function<void()>> work, then;
  bool full = false;
  router.set_aside([&](auto w, auto t) -> Result<void> {
    if (full) return Error{Errc::resource_exhausted, "the pool is full"};
    work.push_back(std::move(w));
    then.push_back(std::move(t));
    return {};
  });
  std::vector<int> statuses;
  const auto post = [&](std::string body) {
    net::Request sent = request(Method::post, "/api/bundles");
    sent.headers.emplace_back("content-type", "application/json");
    sent.body = std::move(body);
    router.dispatch(std::move(sent), [&](const net::Response& r) { statuses.push_back(r.status); });
  };
  const std::string padding(70 * 1024, ' ');
  post(R"({"items":[1,2,3]})");
  EXPECT_EQ(statuses, std::vector<int>{200}) << "a short one is parsed at once";
  post(R"({"items":[1,2,3,4]})" + padding);
  ASSERT_EQ(work.size(), 1U);
  EXPECT_EQ(items, 3U) << "nothing ran yet";
  work[0]();
  EXPECT_EQ(items, 3U) << "the route runs on the loop";
  then[0]();
  EXPECT_EQ(items, 4U);
  post("{" + padding);
  work[1]();
  then[1]();
  full = true;
  post("{}" + padding);
  EXPECT_EQ(statuses, (std::vector<int>{200, 200, 400, 429}));
}

TEST_F(RouteTraitsTest, DescribesAnswersAndParameters) {
  const auto document =
      parse_json(openapi_document(router.routes(), router.schemas(), "1")).value();
  const JsonValue& paths = *document.find("paths");
  const JsonValue& list = *paths.find("/api/v1/things")->find("get");
  std::string names;
  for (const JsonValue& item : list.find("parameters")->as_array()) {
    names += item.find("name")->as_string() + " ";
  }
  EXPECT_EQ(names, "limit state deep If-None-Match ");
  const JsonValue& import = *paths.find("/api/v1/things/import")->find("post");
  const JsonValue& responses = *import.find("responses");
  EXPECT_NE(responses.find("201"), nullptr);
  EXPECT_NE(responses.find("204"), nullptr);
  EXPECT_EQ(responses.find("200"), nullptr);
  EXPECT_NE(import.find("requestBody")->find("content")->find("application/x-ndjson"), nullptr);
  const JsonValue& put = *paths.find("/api/v1/things")->find("put");
  const JsonValue& if_match = put.find("parameters")->as_array().at(0);
  EXPECT_EQ(if_match.find("name")->as_string(), "If-Match");
  EXPECT_TRUE(if_match.find("required")->as_bool());
}

TEST_F(RouteTraitsTest, LetsAListedOriginReadAndNoOther) {
  const auto from = [&](const std::string& origin, std::string path = "/api/things") {
    net::Request asked = request(Method::get, std::move(path));
    asked.headers.emplace_back("origin", origin);
    return ask(std::move(asked));
  };
  const auto good = from(kListed);
  EXPECT_EQ(header(good, "Access-Control-Allow-Origin"), kListed);
  EXPECT_EQ(header(good, "Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(header(good, "Vary"), "Origin");
  for (const char* origin : {"https://panel.example", "http://panel.example:8443", "null", "*",
                             "HTTPS://PANEL.EXAMPLE:8443", "http://localhost:5000"}) {
    const auto answer = from(origin);
    EXPECT_EQ(header(answer, "Access-Control-Allow-Origin"), "") << origin;
    EXPECT_EQ(header(answer, "Access-Control-Allow-Credentials"), "") << origin;
    EXPECT_EQ(header(answer, "Vary"), "Origin") << origin;
  }
  EXPECT_EQ(header(from(kListed, "/"), "Access-Control-Allow-Origin"), "") << "pages are not API";
}

TEST_F(RouteTraitsTest, AnswersThePreflightOfAListedOriginOnly) {
  const auto preflight = [&](const std::string& origin, std::string path) {
    net::Request asked = request(Method::options, std::move(path), "", "");
    asked.headers.emplace_back("origin", origin);
    asked.headers.emplace_back("access-control-request-method", "PUT");
    return ask(std::move(asked));
  };
  const auto good = preflight(kListed, "/api/v1/things");
  EXPECT_EQ(good.status, 204);
  EXPECT_EQ(header(good, "Access-Control-Allow-Methods"), "GET, PUT");
  EXPECT_EQ(header(good, "Access-Control-Allow-Origin"), kListed);
  EXPECT_EQ(preflight(kListed, "/api/v1/nothing").status, 404);
  const auto foreign = preflight("https://evil.example", "/api/v1/things");
  EXPECT_EQ(foreign.status, 405);
  EXPECT_EQ(header(foreign, "Access-Control-Allow-Methods"), "");
  router.set_sources({"localhost"}, {});
  EXPECT_EQ(preflight(kListed, "/api/v1/things").status, 405);
}

TEST(Cursor, IsReadBackAndNothingElseIs) {
  const auto read = [](const std::string& query) {
    net::Request request;
    request.query = query;
    return read_cursor(request);
  };
  EXPECT_EQ(read("cursor=" + seal_cursor("ada")).value(), "ada");
  EXPECT_EQ(read("cursor=" + seal_cursor("a~b")).value(), "a~b");
  EXPECT_EQ(read("").value(), "");
  EXPECT_EQ(read("cursor=").value(), "");
  for (const char* wrong : {"zz%21", "ada", "~", "ada~00000000", "~-6b-00000000"}) {
    EXPECT_FALSE(read(std::string("cursor=") + wrong).ok()) << wrong;
  }
}

TEST(ProtocolProblem, SaysWhoseFaultItIs) {
  EXPECT_EQ(problem_from(net::ProtocolFault{.status = 501, .method = true}).type,
            "method-not-allowed");
  EXPECT_EQ(problem_from(net::ProtocolFault{.status = 501}).type, "validation");
  EXPECT_EQ(problem_from(net::ProtocolFault{.status = 505}).type, "validation");
  EXPECT_EQ(problem_from(net::ProtocolFault{.status = 431}).type, "too-large");
  EXPECT_EQ(problem_from(net::ProtocolFault{.status = 500}).type, "internal");
  EXPECT_EQ(problem_from(net::ProtocolFault{.status = 503}).type, "unavailable");
}

}  // namespace
}  // namespace gk::api
