#include "accounts/outcome.h"

#include <algorithm>

namespace gk::accounts {
namespace {

api::Problem problem(std::string_view type, std::string detail, int retry_after_s = 0) {
  return {.type = type,
          .detail = std::move(detail),
          .errors = {},
          .status = 0,
          .retry_after_s = retry_after_s};
}

}  // namespace

api::Problem invalid(Faults faults) { return api::invalid_request(std::move(faults)); }
api::Problem invalid_field(std::string path, std::string message) {
  Faults faults;
  faults.emplace_back(std::move(path), std::move(message));
  return invalid(std::move(faults));
}
api::Problem conflict(std::string detail) { return problem("conflict", std::move(detail)); }
api::Problem forbidden(std::string detail) { return problem("forbidden", std::move(detail)); }
api::Problem not_found(std::string detail) { return problem("not-found", std::move(detail)); }
api::Problem wrong_credentials() {
  return problem("unauthenticated", "the username or the password is wrong");
}
api::Problem too_many(Nanos retry_after) {
  const auto seconds = std::chrono::ceil<Seconds>(retry_after).count();
  return problem("rate-limited", "too many attempts; wait before the next one",
                 static_cast<int>(std::clamp<std::int64_t>(seconds, 1, 86'400)));
}
api::Problem overloaded() {
  return problem("unavailable", "too many passwords are being checked; try again", 1);
}
api::Problem stale() {
  return problem("precondition-failed", "the user has changed since it was read");
}

}  // namespace gk::accounts
