#include "api/cors.h"

namespace gk::api {
namespace {

constexpr const char* kRequestHeaders =
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, "
    "X-Gamekeeper-Csrf, traceparent";
constexpr const char* kAnswerHeaders = "ETag, Idempotency-Replayed, Retry-After, X-Correlation-Id";
constexpr const char* kMaxAge = "600";  // Source: chosen; a change of the list is seen in 10 min

}  // namespace

bool is_preflight(const net::Request& request) {
  return request.method == net::Method::options && request.header("origin") != nullptr &&
         request.header("access-control-request-method") != nullptr;
}

net::Response preflight_answer(const std::string& methods) {
  return {.status = 204,
          .content_type = "",
          .headers = {{"Access-Control-Allow-Methods", methods},
                      {"Access-Control-Allow-Headers", kRequestHeaders},
                      {"Access-Control-Max-Age", kMaxAge}},
          .body = {},
          .static_body = {}};
}

void allow_origin(net::Response& response, const std::string& origin) {
  response.headers.emplace_back("Access-Control-Allow-Origin", origin);
  response.headers.emplace_back("Access-Control-Allow-Credentials", "true");
  response.headers.emplace_back("Access-Control-Expose-Headers", kAnswerHeaders);
}

}  // namespace gk::api
