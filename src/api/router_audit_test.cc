// The rows of the audit that the router writes.

#include <gtest/gtest.h>

#include "api/router.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/seeded_random.h"

namespace gk::api {
namespace {

using net::Method;

class AnnOnly final : public Gate {
 public:
  Result<std::shared_ptr<const Principal>> authenticate(const net::Request&) override {
    auto principal = std::make_shared<Principal>();
    principal->user_id = principal->name = "ann";
    principal->kind = CredentialKind::token;
    principal->scopes = {"*"};
    return std::shared_ptr<const Principal>(principal);
  }
  bool is_set_up() const override { return true; }
};

/// A router with one thing, {"name":…,"size":…}, and a sink that keeps the rows.
class RouterAuditTest : public testing::Test {
 protected:
  RouterAuditTest()
      : router({.allowed_hosts = {"localhost"}, .allowed_origins = {}}, gate, log, metrics, clock,
               random) {
    router.add_schema({"Thing", {{"size", "integer", "", true}}});
    add(Method::get, [this](Call&, const Reply& reply) { reply.json(thing); });
    add(Method::put, [this](Call& call, const Reply& reply) {
      if (call.body.find("size") == nullptr) return reply.error({Errc::invalid_argument, "size"});
      thing = R"({"name":"box","size":)" + to_json(*call.body.find("size")) + "}";
      reply.json(thing);
    });
    add(Method::post, [](Call&, const Reply& reply) { reply.json(R"({"key":"s3cret"})"); });
    add(Method::del, [](Call&, const Reply& reply) { reply.response({.status = 204}); });
    router.set_audit_sink([this](AuditAct act, std::function<void()> done) {
      acts.push_back(std::move(act));
      waiting = std::move(done);
      if (!hold && waiting) waiting();
    });
  }

  void add(Method method, std::function<void(Call&, const Reply&)> handler) {
    router.add({.method = method,
                .path = "/things/{name}",
                .scope = "things:write",
                .summary = "Things",
                .request = method == Method::get || method == Method::del ? "" : "Thing",
                .handler = std::move(handler)});
  }

  void rule(Method method, AuditBy by, AuditDetail detail, std::string_view keep = {},
            std::string_view unless = {}) {
    router.audit({.method = method,
                  .path = "/things/{name}",
                  .by = by,
                  .action = "thing.touch",
                  .target = "name",
                  .detail = detail,
                  .keep = keep,
                  .unless = unless,
                  .why = "a test"});
  }

  int ask(Method method, std::string body = {}, std::string key = {}) {
    net::Request request;
    request.method = method;
    request.path = "/api/v1/things/box";
    request.body = std::move(body);
    request.headers = {{"host", "localhost"}, {"content-type", "application/json"}};
    if (!key.empty()) request.headers.emplace_back("idempotency-key", key);
    int status = 0;
    answers = 0;
    router.dispatch(std::move(request), [&](const net::Response& response) {
      status = response.status;
      ++answers;
    });
    return status;
  }

  AnnOnly gate;
  CaptureLog log;
  Metrics metrics;
  ManualClock clock;
  SeededRandom random{1};
  Router router;
  std::string thing = R"({"name":"box","size":1})";
  std::vector<AuditAct> acts;
  std::function<void()> waiting;
  bool hold = false;
  int answers = 0;
};

TEST_F(RouterAuditTest, SaysWhoDidWhatToWhomAndWhatDiffers) {
  rule(Method::put, AuditBy::router, AuditDetail::change);
  EXPECT_EQ(ask(Method::put, R"({"size":2})"), 200);
  ASSERT_EQ(acts.size(), 1u);
  EXPECT_EQ(acts[0].by->name, "ann");
  EXPECT_EQ(acts[0].action + " " + acts[0].target, "thing.touch box");
  EXPECT_EQ(acts[0].before, R"({"size":1})");
  EXPECT_EQ(acts[0].after, R"({"size":2})");
  EXPECT_FALSE(acts[0].correlation_id.empty());
}

TEST_F(RouterAuditTest, KeepsWhatWasDeleted) {
  rule(Method::del, AuditBy::router, AuditDetail::change);
  EXPECT_EQ(ask(Method::del), 204);
  ASSERT_EQ(acts.size(), 1u);
  EXPECT_EQ(acts[0].before, thing);
  EXPECT_FALSE(acts[0].after);
}

TEST_F(RouterAuditTest, WritesNoRowOfWhatWasRefused) {
  rule(Method::put, AuditBy::router, AuditDetail::change);
  EXPECT_EQ(ask(Method::put, R"({"sise":2})"), 400);
  EXPECT_TRUE(acts.empty());
}

TEST_F(RouterAuditTest, WritesOneRowOfARepeatedPost) {
  rule(Method::post, AuditBy::router, AuditDetail::none);
  EXPECT_EQ(ask(Method::post, "{}", "k1"), 200);
  EXPECT_EQ(ask(Method::post, "{}", "k1"), 200);
  EXPECT_EQ(acts.size(), 1u);
}

TEST_F(RouterAuditTest, KeepsTheNamedMembersOfTheBodyOnly) {
  rule(Method::post, AuditBy::router, AuditDetail::request, "size colour");
  EXPECT_EQ(ask(Method::post, R"({"size":3,"password":"s3cret"})"), 200);
  ASSERT_EQ(acts.size(), 1u);
  EXPECT_EQ(acts[0].after, R"({"size":3})");
}

TEST_F(RouterAuditTest, WritesNoRowWhenAMacroActs) {
  rule(Method::post, AuditBy::router, AuditDetail::none, {}, "macro_id");
  EXPECT_EQ(ask(Method::post, R"({"size":1,"macro_id":"m"})"), 200);
  EXPECT_TRUE(acts.empty());
  EXPECT_EQ(ask(Method::post, R"({"size":1})"), 200);
  EXPECT_EQ(acts.size(), 1u);
}

TEST_F(RouterAuditTest, AnswersOnceTheRowIsOnDisk) {
  rule(Method::post, AuditBy::router, AuditDetail::none);
  hold = true;
  int status = 0;
  net::Request request;
  request.method = Method::post;
  request.path = "/api/v1/things/box";
  request.headers = {{"host", "localhost"}};
  router.dispatch(std::move(request), [&](const net::Response& r) { status = r.status; });
  EXPECT_EQ(status, 0);
  waiting();
  EXPECT_EQ(status, 200);
}

TEST_F(RouterAuditTest, WaitsForNothingWhenTheRowIsLate) {
  rule(Method::post, AuditBy::late, AuditDetail::none);
  hold = true;
  EXPECT_EQ(ask(Method::post, "{}"), 200);
  EXPECT_EQ(acts.size(), 1u);
  EXPECT_FALSE(waiting);
}

TEST_F(RouterAuditTest, NamesARouteThatWasForgotten) {
  rule(Method::post, AuditBy::router, AuditDetail::none);
  rule(Method::del, AuditBy::nobody, AuditDetail::none);
  const auto missing = router.without_audit_rule();
  // The router's own POST /ws-tickets, and the PUT without a rule; GET changes nothing.
  EXPECT_EQ(missing, (std::vector<std::string>{"POST /ws-tickets", "PUT /things/{name}"}));
}

TEST(AuditDetailText, SaysHowLongATooLongOneIs) {
  EXPECT_EQ(audit_detail(std::string(kMaxAuditDetail, 'x')).size(), kMaxAuditDetail);
  EXPECT_EQ(audit_detail(std::string(kMaxAuditDetail + 1, 'x')),
            R"({"bytes":4097,"too_long":true})");
}

}  // namespace
}  // namespace gk::api
