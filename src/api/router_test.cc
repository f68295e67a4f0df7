#include "api/router.h"

#include <gtest/gtest.h>

#include "api/mount.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/seeded_random.h"

namespace gk::api {
namespace {

using net::Method;

/// Knows one token a role: "viewer", "admin" (cookie) and "machine" (token).
class FakeGate final : public Gate {
 public:
  bool set_up = true;
  Result<std::shared_ptr<const Principal>> authenticate(const net::Request& request) override {
    const auto* name = request.header("x-test-user");
    if (name == nullptr) return Error{Errc::unauthenticated, "no credential"};
    auto principal = std::make_shared<Principal>();
    principal->name = principal->role = *name;
    principal->kind = *name == "machine" ? CredentialKind::token : CredentialKind::session;
    if (*name == "script") principal->kind = CredentialKind::api_token;
    if (*name == "late") return Error{Errc::deadline_exceeded, "expired"};
    principal->scopes = {*name == "viewer" ? "things:read" : "*"};
    return std::shared_ptr<const Principal>(principal);
  }
  bool is_set_up() const override { return set_up; }
};

class RouterTest : public testing::Test {
 protected:
  RouterTest()
      : router({.allowed_hosts = {"localhost"}, .allowed_origins = {}}, gate, log, metrics, clock,
               random) {
    router.add({.method = Method::get,
                .path = "/things/{id}",
                .scope = "things:read",
                .summary = "One thing",
                .handler = [](Call& call, const Reply& reply) {
                  reply.json("\"" + call.param("id") + "\"");
                }});
    router.add({.method = Method::post,
                .path = "/things",
                .scope = "things:write",
                .summary = "Make one",
                .request = "Thing",
                .response = "Thing",
                .handler = [](Call& call, const Reply& reply) { reply.json(to_json(call.body)); }});
    router.add({.method = Method::get,
                .path = "/ready",
                .scope = kOpen,
                .summary = "Open",
                .handler = [](Call&, const Reply& reply) { reply.json("{}"); },
                .no_setup_needed = true});
    router.add({.method = Method::get,
                .path = "/boom",
                .scope = kOpen,
                .summary = "Throws",
                .handler = [](Call&, const Reply&) { throw std::runtime_error("third party"); }});
  }

  net::Response ask(Method method, std::string path, net::Headers headers = {},
                    std::string body = {}) {
    net::Request request;
    request.method = method;
    request.path = std::move(path);
    request.headers = std::move(headers);
    if (request.header("host") == nullptr) request.headers.emplace_back("host", "localhost:5000");
    request.body = std::move(body);
    net::Response answer;
    router.dispatch(std::move(request), [&](net::Response r) { answer = std::move(r); });
    return answer;
  }
  static std::string type_of(const net::Response& response) {
    const auto body = parse_json(response.body);
    const JsonValue* type = body ? body->find("type") : nullptr;
    return type == nullptr ? "" : type->as_string();
  }

  FakeGate gate;
  CaptureLog log;
  Metrics metrics;
  ManualClock clock;
  SeededRandom random{1};
  Router router;
};

TEST_F(RouterTest, ServesBothMountsWithParameters) {
  EXPECT_EQ(ask(Method::get, "/api/things/7", {{"x-test-user", "viewer"}}).body, "\"7\"");
  EXPECT_EQ(ask(Method::get, "/api/v1/things/7", {{"x-test-user", "viewer"}}).body, "\"7\"");
}

TEST_F(RouterTest, ServesUsersBelowAuthTooAndNothingElse) {
  router.add({.method = Method::get,
              .path = "/users/{id}",
              .scope = "users:read",
              .summary = "One user",
              .handler = [](Call& call, const Reply& reply) { reply.json(call.param("id")); }});
  for (const char* path : {"/api/users/7", "/api/auth/users/7", "/api/v1/auth/users/7"}) {
    EXPECT_EQ(ask(Method::get, path, {{"x-test-user", "admin"}}).body, "7") << path;
    EXPECT_EQ(ask(Method::get, path, {{"x-test-user", "viewer"}}).status, 403) << path;
  }
  EXPECT_EQ(ask(Method::get, "/api/auth/things/7", {{"x-test-user", "admin"}}).status, 404);
  EXPECT_EQ(below_mount("/api/auth/users/7"), "/users/7") << "one resource for If-Match and keys";
  EXPECT_EQ(below_mount("/api/auth/users"), "/users");
  EXPECT_EQ(below_mount("/api/auth/usersx"), "/auth/usersx");
}

TEST_F(RouterTest, ARouteHasNoHistogramBeforeItsFirstRequest) {
  EXPECT_EQ(metrics.text().find("route=\"/things/{id}\""), std::string::npos);
  ask(Method::get, "/api/things/1", {{"x-test-user", "viewer"}});
  EXPECT_NE(metrics.text().find("route=\"/things/{id}\""), std::string::npos);
  EXPECT_EQ(metrics.text().find("route=\"/things\""), std::string::npos);
}

TEST_F(RouterTest, RefusesWithoutCredentialAndWithoutScope) {
  EXPECT_EQ(ask(Method::get, "/api/things/7").status, 401);
  const net::Headers viewer = {{"x-test-user", "viewer"}, {"x-gamekeeper-csrf", "1"}};
  EXPECT_EQ(ask(Method::post, "/api/things", viewer).status, 403);
}

TEST_F(RouterTest, RefusesForeignHostBeforeTheCredential) {
  const auto answer = ask(Method::get, "/api/ready", {{"host", "evil.example"}});
  EXPECT_EQ(answer.status, 421);
  EXPECT_EQ(type_of(answer), "misdirected");
}

TEST_F(RouterTest, RefusesForeignOriginOnlyForStateChanges) {
  const net::Headers headers = {{"x-test-user", "machine"}, {"origin", "http://evil.example"}};
  EXPECT_EQ(ask(Method::post, "/api/things", headers, "").status, 403);
  EXPECT_EQ(ask(Method::get, "/api/things/7", headers).status, 200);
}

TEST_F(RouterTest, AsksCookiesButNotTokensForTheCsrfHeader) {
  EXPECT_EQ(ask(Method::post, "/api/things", {{"x-test-user", "admin"}}).status, 403);
  EXPECT_EQ(ask(Method::post, "/api/things", {{"x-test-user", "machine"}}).status, 200);
  EXPECT_EQ(ask(Method::post, "/api/things", {{"x-test-user", "admin"}, {"x-gamekeeper-csrf", "1"}})
                .status,
            200);
}

TEST_F(RouterTest, ServesOnlySetupAndHealthBeforeTheFirstAdmin) {
  gate.set_up = false;
  EXPECT_EQ(ask(Method::get, "/api/ready").status, 200);
  EXPECT_EQ(ask(Method::get, "/api/things/7", {{"x-test-user", "viewer"}}).status, 503);
}

TEST_F(RouterTest, RefusesBodiesThatAreNotJson) {
  const net::Headers text = {{"x-test-user", "machine"}, {"content-type", "text/plain"}};
  EXPECT_EQ(ask(Method::post, "/api/things", text, "{}").status, 415);
  const net::Headers json = {{"x-test-user", "machine"}, {"content-type", "application/json"}};
  const auto broken = ask(Method::post, "/api/things", json, "{\"a\":}");
  EXPECT_EQ(broken.status, 400);
  EXPECT_NE(broken.body.find("at byte 5"), std::string::npos);
  EXPECT_EQ(ask(Method::post, "/api/things", json, "{\"a\":1}").body, "{\"a\":1}");
}

TEST_F(RouterTest, NamesAllowedMethods) {
  const auto answer = ask(Method::del, "/api/things", {{"x-test-user", "machine"}});
  EXPECT_EQ(answer.status, 405);
  EXPECT_NE(answer.body.find("POST"), std::string::npos);
}

TEST_F(RouterTest, TurnsAThrowingHandlerIntoAProblemAndALogLine) {
  EXPECT_EQ(ask(Method::get, "/api/boom").status, 500);
  EXPECT_NE(log.lines().front().find("third party"), std::string::npos);
}

TEST_F(RouterTest, TakesTheTraceIdAsCorrelationId) {
  const auto answer =
      ask(Method::get, "/api/ready",
          {{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}});
  const net::Headers expected = {{"X-Correlation-Id", "4bf92f3577b34da6a3ce929d0e0e4736"},
                                 {"Cache-Control", "no-store"}};
  EXPECT_EQ(answer.headers, expected);
}

TEST_F(RouterTest, RefusesAnUpgradeByCookieWithoutOrigin) {
  net::Request request;
  request.headers = {{"host", "localhost:5000"}, {"x-test-user", "viewer"}};
  EXPECT_EQ(router.admit_upgrade(request).error().code, Errc::permission_denied);
  request.headers.emplace_back("origin", "http://localhost:5000");
  EXPECT_TRUE(router.admit_upgrade(request));
}

TEST_F(RouterTest, RouteOfTheOwnAccountIsClosedToApiTokensHoweverMuchTheyHold) {
  router.add({.method = Method::get,
              .path = "/mine",
              .scope = kSession,
              .summary = "One's own",
              .handler = [](Call&, const Reply& reply) { reply.json("{}"); }});
  EXPECT_EQ(ask(Method::get, "/api/mine", {{"x-test-user", "viewer"}}).status, 200);
  EXPECT_EQ(ask(Method::get, "/api/mine", {{"x-test-user", "machine"}}).status, 200);
  EXPECT_EQ(ask(Method::get, "/api/things/1", {{"x-test-user", "script"}}).status, 200);
  EXPECT_EQ(ask(Method::get, "/api/mine", {{"x-test-user", "script"}}).status, 403);
}

TEST_F(RouterTest, ExpiredTokenIsToldApartFromAWrongOne) {
  const auto late = ask(Method::get, "/api/things/1", {{"x-test-user", "late"}});
  EXPECT_EQ(late.status, 401);
  EXPECT_NE(late.body.find("token-expired"), std::string::npos) << late.body;
}

}  // namespace
}  // namespace gk::api
