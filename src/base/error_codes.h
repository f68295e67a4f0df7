// error_codes.h: what an error code means to HTTP and to a shell, in one table. docs/errors.md is
// generated from it (`gamekeeperd --print errors`).

#pragma once

#include <array>
#include <string_view>

#include "gamekeeper/result.h"

namespace gk {

/// The exit code of the CLI for a wrong command line and for misconfiguration.
inline constexpr int kExitUsage = 2;

/// One row: the problem type and status over HTTP, the exit code of the CLI.
struct ErrorCode {
  Errc code;
  std::string_view problem_type;
  int http_status;
  int exit_code;
};

inline constexpr std::array<ErrorCode, 12> kErrorCodes = {{
    {Errc::invalid_argument, "validation", 400, 2},
    {Errc::not_found, "not-found", 404, 3},
    {Errc::already_exists, "conflict", 409, 4},
    {Errc::failed_precondition, "conflict", 409, 4},
    {Errc::permission_denied, "forbidden", 403, 5},
    {Errc::unauthenticated, "unauthenticated", 401, 5},
    {Errc::resource_exhausted, "rate-limited", 429, 8},
    {Errc::deadline_exceeded, "timeout", 408, 7},
    {Errc::unavailable, "unavailable", 503, 6},
    {Errc::data_loss, "internal", 500, 9},
    {Errc::cancelled, "unavailable", 503, 10},
    {Errc::internal, "internal", 500, 10},
}};

/// The row of `code`.
constexpr const ErrorCode& error_code(Errc code) {
  for (const ErrorCode& row : kErrorCodes) {
    if (row.code == code) return row;
  }
  return kErrorCodes.back();
}

/// The exit code for an HTTP status: 0 for success, that of the first row with the status.
constexpr int exit_code_for_status(int http_status) {
  if (http_status < 400) return 0;
  for (const ErrorCode& row : kErrorCodes) {
    if (row.http_status == http_status) return row.exit_code;
  }
  return http_status < 500 ? kExitUsage : 10;
}

}  // namespace gk
