// outcome.h: what an accounts operation answers: a value, or the problem that the caller gets.
//
// gk::Result does not fit: a refusal here may carry Retry-After and a list of faulty fields.

#pragma once

#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/problem.h"
#include "gamekeeper/time.h"

namespace gk::accounts {

/// For operations that answer nothing but success.
struct Success {};

template <typename T>
using Outcome = std::variant<T, api::Problem>;

/// Called once, on the loop thread, with the outcome.
template <typename T>
using Then = std::function<void(Outcome<T>)>;

/// Faulty fields of a request: path and message.
using Faults = std::vector<std::pair<std::string, std::string>>;

api::Problem invalid(Faults faults);
api::Problem invalid_field(std::string path, std::string message);
api::Problem conflict(std::string detail);
api::Problem forbidden(std::string detail);
api::Problem not_found(std::string detail);
/// The one answer to every failed log-in, whatever failed.
api::Problem wrong_credentials();
/// Rate limited; Retry-After is rounded up to whole seconds.
api::Problem too_many(Nanos retry_after);
/// The password queue is full.
api::Problem overloaded();
/// The If-Match version is not the present one.
api::Problem stale();

}  // namespace gk::accounts
