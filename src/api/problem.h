// problem.h: errors as RFC 9457 application/problem+json, with stable types (docs/errors.md).

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gamekeeper/result.h"
#include "net/http.h"

namespace gk::api {

/// One problem. `type` is a stable slug, e.g. "validation"; the table in problem.cc gives its
/// title and default status.
struct Problem {
  std::string_view type;
  std::string detail;
  std::vector<std::pair<std::string, std::string>> errors;  ///< Path and message, for validation.
  int status = 0;                                           ///< 0: the type's own.
  int retry_after_s = 0;                                    ///< > 0: sent as Retry-After.
};

/// The row of the problem table.
struct ProblemType {
  std::string_view type;
  int status;
  std::string_view title;
};
const std::vector<ProblemType>& problem_types();

/// The problem that an Error becomes (one table for all: docs/errors.md).
Problem problem_from(const Error& error);
/// "validation" with one entry a fault (path, message); the detail says the first of them in full.
/// Requires: `errors` is not empty.
Problem invalid_request(std::vector<std::pair<std::string, std::string>> errors);
/// The problem for a request that broke a rule of the protocol.
Problem problem_from(const net::ProtocolFault& fault);

/// The answer for `problem`.
net::Response problem_response(const Problem& problem, std::string_view instance,
                               std::string_view correlation_id);

}  // namespace gk::api
