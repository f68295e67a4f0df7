#include "api/problem.h"

#include <algorithm>

#include "base/assert.h"
#include "base/error_codes.h"
#include "base/json_writer.h"

namespace gk::api {
namespace {

const ProblemType& row(std::string_view type) {
  const auto& rows = problem_types();
  const auto it =
      std::find_if(rows.begin(), rows.end(), [&](const ProblemType& r) { return r.type == type; });
  GK_ASSERT(it != rows.end());  // types are literals of ours, all in the table
  return *it;
}

}  // namespace

const std::vector<ProblemType>& problem_types() {
  static const std::vector<ProblemType> kRows = {
      {"unauthenticated", 401, "A credential is needed"},
      {"token-expired", 401, "The token has expired"},
      {"token-reused", 401, "The refresh token was used before"},
      {"forbidden", 403, "Not allowed"},
      {"not-found", 404, "Not found"},
      {"validation", 400, "The request is not valid"},
      {"conflict", 409, "The request conflicts with the present state"},
      {"precondition-failed", 412, "The resource has changed"},
      {"precondition-required", 428, "If-Match is needed"},
      {"idempotency-mismatch", 422, "The Idempotency-Key was used for another request"},
      {"rate-limited", 429, "Too many requests"},
      {"too-large", 413, "Too large"},
      {"method-not-allowed", 405, "Method not allowed"},
      {"timeout", 408, "Timed out"},
      {"misdirected", 421, "This host name is not served here"},
      {"unsupported-media", 415, "Unsupported media type"},
      {"lock-timeout", 408, "The lock was not granted in time"},
      {"dependency-failed", 424, "Something that this depends on failed"},
      {"macro-blocked", 409, "The macro may not run now"},
      {"unavailable", 503, "Not available now"},
      {"internal", 500, "Internal error"},
  };
  return kRows;
}

Problem problem_from(const Error& error) {
  return {.type = error_code(error.code).problem_type,
          .detail = error.message,
          .errors = {},
          .status = 0,
          .retry_after_s = error.code == Errc::resource_exhausted ? 1 : 0};
}

Problem invalid_request(std::vector<std::pair<std::string, std::string>> errors) {
  GK_ASSERT(!errors.empty());  // a complaint without content would help nobody
  std::string detail = errors[0].first + ": " + errors[0].second;
  if (errors.size() > 1) detail += "; and " + std::to_string(errors.size() - 1) + " more in errors";
  return {.type = "validation", .detail = std::move(detail), .errors = std::move(errors)};
}

Problem problem_from(const net::ProtocolFault& fault) {
  const auto& rows = problem_types();
  const auto it = std::find_if(rows.begin(), rows.end(),
                               [&](const ProblemType& r) { return r.status == fault.status; });
  std::string_view type = "validation";
  if (it != rows.end()) {
    type = it->type;
  } else if (fault.status == 414 || fault.status == 431) {
    type = "too-large";
  } else if (fault.method) {
    type = "method-not-allowed";
  }
  return {.type = type,
          .detail = std::string(fault.detail),
          .errors = {},
          .status = fault.status,
          .retry_after_s = fault.status == 503 ? 1 : 0};
}

net::Response problem_response(const Problem& problem, std::string_view instance,
                               std::string_view correlation_id) {
  const ProblemType& type = row(problem.type);
  const int status = problem.status != 0 ? problem.status : type.status;
  net::Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  JsonWriter w(response.body);
  w.begin_object().field("type", type.type).field("title", type.title).field("status", status);
  w.field("detail", problem.detail).field("instance", instance);
  w.field("correlation_id", correlation_id);
  if (!problem.errors.empty()) {
    w.key("errors").begin_array();
    for (const auto& [path, message] : problem.errors) {
      w.begin_object().field("path", path).field("message", message).end_object();
    }
    w.end_array();
  }
  w.end_object();
  if (problem.retry_after_s > 0) {
    response.headers.emplace_back("Retry-After", std::to_string(problem.retry_after_s));
  }
  if (!correlation_id.empty()) {
    response.headers.emplace_back("X-Correlation-Id", std::string(correlation_id));
  }
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace gk::api
