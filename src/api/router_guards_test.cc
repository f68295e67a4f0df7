// Idempotency-Key, ETag and If-Match, as the router applies them.

#include <gtest/gtest.h>

#include "api/router.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/seeded_random.h"

namespace gk::api {
namespace {

using net::Method;

class OneUser final : public Gate {
 public:
  Result<std::shared_ptr<const Principal>> authenticate(const net::Request& request) override {
    auto principal = std::make_shared<Principal>();
    const auto* name = request.header("x-test-user");
    principal->user_id = name == nullptr ? "ann" : *name;
    principal->kind = CredentialKind::token;
    principal->scopes = {"*"};
    return std::shared_ptr<const Principal>(principal);
  }
  bool is_set_up() const override { return true; }
};

/// A router with one text that clients read and write, and a counter that POST moves.
class RouterGuardsTest : public testing::Test {
 protected:
  RouterGuardsTest()
      : router({.allowed_hosts = {"localhost"}, .allowed_origins = {}}, gate, log, metrics, clock,
               random) {
    add_text("/text", Versions::optional);
    add_text("/strict", Versions::required);
    router.add({.method = Method::post,
                .path = "/count",
                .scope = "things:write",
                .summary = "Count",
                .handler = [this](Call&, const Reply& reply) {
                  ++count;
                  if (hold) {
                    held = reply;
                  } else {
                    reply.json(std::to_string(count), 201);
                  }
                }});
  }

  void add_text(std::string_view path, Versions versions) {
    router.add({.method = Method::get,
                .path = path,
                .scope = "things:read",
                .summary = "Read",
                .handler =
                    [this](Call&, const Reply& reply) {
                      if (!text) return reply.error({Errc::not_found, "no text"});
                      reply.json(*text);
                    },
                .versions = versions});
    router.add({.method = Method::put,
                .path = path,
                .scope = "things:write",
                .summary = "Write",
                .handler = [this](Call& call, const Reply& reply) {
                  if (hold) {
                    held = reply;
                    return;
                  }
                  text = call.request.body;
                  reply.json(*text);
                }});
  }

  net::Response ask(Method method, std::string path, net::Headers headers = {},
                    std::string body = {}) {
    net::Request request;
    request.method = method;
    request.path = std::move(path);
    request.headers = std::move(headers);
    request.headers.emplace_back("host", "localhost");
    request.body = std::move(body);
    const auto answer = std::make_shared<net::Response>();  // shared: with a held reply
    router.dispatch(std::move(request), [answer](net::Response r) { *answer = std::move(r); });
    return *answer;
  }
  static std::string header(const net::Response& response, std::string_view wanted) {
    for (const auto& [name, value] : response.headers) {
      if (name == wanted) return value;
    }
    return {};
  }

  OneUser gate;
  CaptureLog log;
  Metrics metrics;
  ManualClock clock;
  SeededRandom random{1};
  Router router;
  std::optional<std::string> text = "\"one\"";
  int count = 0;
  bool hold = false;
  std::optional<Reply> held;
};

TEST_F(RouterGuardsTest, CarriesOutARepeatedPostOnce) {
  const net::Headers key = {{"idempotency-key", "k1"}};
  const auto first = ask(Method::post, "/api/count", key);
  const auto again = ask(Method::post, "/api/v1/count", key);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(header(again, "Idempotency-Replayed"), "true");
  EXPECT_NE(header(again, "X-Correlation-Id"), header(first, "X-Correlation-Id"));
}

TEST_F(RouterGuardsTest, CarriesOutARepeatedPostWithoutAKeyTwice) {
  ask(Method::post, "/api/count");
  ask(Method::post, "/api/count");
  EXPECT_EQ(count, 2);
}

TEST_F(RouterGuardsTest, RefusesAKeyForAnotherBody) {
  ask(Method::post, "/api/count", {{"idempotency-key", "k1"}}, "a");
  const auto other = ask(Method::post, "/api/count", {{"idempotency-key", "k1"}}, "b");
  EXPECT_EQ(other.status, 422);
  EXPECT_NE(other.body.find("idempotency-mismatch"), std::string::npos);
  EXPECT_EQ(count, 1);
}

TEST_F(RouterGuardsTest, DoesNotShareAnswersBetweenUsers) {
  ask(Method::post, "/api/count", {{"idempotency-key", "k1"}});
  ask(Method::post, "/api/count", {{"idempotency-key", "k1"}, {"x-test-user", "bob"}});
  EXPECT_EQ(count, 2);
}

TEST_F(RouterGuardsTest, SaysThatTheFirstHasNoAnswerYet) {
  hold = true;
  ask(Method::post, "/api/count", {{"idempotency-key", "k1"}});
  const auto second = ask(Method::post, "/api/count", {{"idempotency-key", "k1"}});
  EXPECT_EQ(second.status, 409);
  EXPECT_EQ(header(second, "Retry-After"), "1");
  EXPECT_EQ(count, 1);
}

TEST_F(RouterGuardsTest, RefusesAKeyThatIsNone) {
  EXPECT_EQ(ask(Method::post, "/api/count", {{"idempotency-key", ""}}).status, 400);
  EXPECT_EQ(count, 0);
}

TEST_F(RouterGuardsTest, AnswersThatNothingHasChanged) {
  const auto first = ask(Method::get, "/api/text");
  const std::string etag = header(first, "ETag");
  const auto same = ask(Method::get, "/api/text", {{"if-none-match", etag}});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  text = "\"two\"";
  EXPECT_EQ(ask(Method::get, "/api/text", {{"if-none-match", etag}}).status, 200);
}

TEST_F(RouterGuardsTest, WritesOverWhatTheCallerHasSeenOnly) {
  const std::string etag = header(ask(Method::get, "/api/text"), "ETag");
  EXPECT_EQ(ask(Method::put, "/api/text", {{"if-match", etag}}, "\"two\"").status, 200);
  const auto late = ask(Method::put, "/api/v1/text", {{"if-match", etag}}, "\"three\"");
  EXPECT_EQ(late.status, 412);
  EXPECT_EQ(*text, "\"two\"");
}

TEST_F(RouterGuardsTest, AsksForIfMatchWhereItIsRequired) {
  EXPECT_EQ(ask(Method::put, "/api/strict", {}, "\"two\"").status, 428);
  EXPECT_EQ(*text, "\"one\"");
  const std::string etag = header(ask(Method::get, "/api/strict"), "ETag");
  EXPECT_EQ(ask(Method::put, "/api/strict", {{"if-match", etag}}, "\"two\"").status, 200);
}

TEST_F(RouterGuardsTest, RefusesIfMatchOfWhatIsGone) {
  text.reset();
  EXPECT_EQ(ask(Method::put, "/api/text", {{"if-match", "*"}}, "\"two\"").status, 412);
  EXPECT_FALSE(text.has_value());
}

TEST_F(RouterGuardsTest, CreatesOnlyWhatIsNotThere) {
  EXPECT_EQ(ask(Method::put, "/api/text", {{"if-none-match", "*"}}, "\"two\"").status, 412);
  text.reset();
  EXPECT_EQ(ask(Method::put, "/api/text", {{"if-none-match", "*"}}, "\"two\"").status, 200);
}

TEST_F(RouterGuardsTest, RefusesIfMatchWhileAnotherWriteRuns) {
  const std::string etag = header(ask(Method::get, "/api/text"), "ETag");
  hold = true;
  ask(Method::put, "/api/text", {{"if-match", etag}}, "\"two\"");  // Not answered yet.
  hold = false;
  EXPECT_EQ(ask(Method::put, "/api/v1/text", {{"if-match", etag}}, "\"three\"").status, 412);
  held->json("{}");
  EXPECT_EQ(ask(Method::put, "/api/text", {{"if-match", etag}}, "\"four\"").status, 200)
      << "the write ended with its answer, though a copy of it is held";
}

TEST(Conditional, ReadsListsOfTags) {
  EXPECT_TRUE(names_etag(R"("a", "b")", R"("b")"));
  EXPECT_TRUE(names_etag("*", R"("b")"));
  EXPECT_FALSE(names_etag(R"("a")", R"("b")"));
  EXPECT_FALSE(names_etag("", R"("b")"));
}

}  // namespace
}  // namespace gk::api
