// result.h: a value or an error, without exceptions.
//
// Everything in Gamekeeper that can fail because of the outside world returns Result<T>. The
// message is for a person: it says what was expected, what came and where. The codes are closed
// and never renumbered, because HTTP status and CLI exit codes are derived from them
// (docs/errors.md). Expected "no" answers are std::optional, not errors.

#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace gk {

/// What kind of failure it was. Values are part of the ABI: append only.
/// Source: the canonical codes of Abseil, less those that nobody here returns.
enum class Errc : std::uint8_t {
  invalid_argument = 1,
  not_found = 2,
  already_exists = 3,
  failed_precondition = 4,
  permission_denied = 5,
  unauthenticated = 6,
  resource_exhausted = 7,
  deadline_exceeded = 8,
  unavailable = 9,
  data_loss = 10,
  cancelled = 11,
  internal = 12,
};

/// The code's name in snake_case, as it appears in logs and JSON; "unknown" for a foreign value.
constexpr const char* errc_name(Errc code) {
  switch (code) {
    case Errc::invalid_argument: return "invalid_argument";
    case Errc::not_found: return "not_found";
    case Errc::already_exists: return "already_exists";
    case Errc::failed_precondition: return "failed_precondition";
    case Errc::permission_denied: return "permission_denied";
    case Errc::unauthenticated: return "unauthenticated";
    case Errc::resource_exhausted: return "resource_exhausted";
    case Errc::deadline_exceeded: return "deadline_exceeded";
    case Errc::unavailable: return "unavailable";
    case Errc::data_loss: return "data_loss";
    case Errc::cancelled: return "cancelled";
    case Errc::internal: return "internal";
  }
  return "unknown";
}

/// Why something failed.
struct Error {
  Errc code = Errc::internal;
  std::string message;  ///< One sentence for a person: expected, got, where.

  friend bool operator==(const Error&, const Error&) = default;
};

namespace detail {
[[noreturn]] inline void bad_result_access(const char* what, const Error* error) {
  std::fprintf(stderr, "gamekeeper: %s%s%s\n", what, error ? ": " : "",
               error ? error->message.c_str() : "");
  std::abort();
}
}  // namespace detail

/// A `T`, or the Error that explains why there is none.
///
/// Requires: value(), `*` and `->` only when it holds a value, error() only when it does not;
///           otherwise the process ends with a message (our bug, not the world's).
/// Thread:   compatible.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT
  Result(Errc code, std::string message)
      : state_(std::in_place_index<1>, Error{code, std::move(message)}) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return checked(); }
  const T& value() const& { return const_cast<Result*>(this)->checked(); }
  T&& value() && { return std::move(checked()); }
  T& operator*() & { return checked(); }
  const T& operator*() const& { return const_cast<Result*>(this)->checked(); }
  T&& operator*() && { return std::move(checked()); }
  T* operator->() { return &checked(); }
  const T* operator->() const { return &const_cast<Result*>(this)->checked(); }

  /// The value, or `fallback` when there is none.
  T value_or(T fallback) && { return ok() ? std::move(checked()) : std::move(fallback); }

  const Error& error() const& {
    if (ok()) detail::bad_result_access("error() of a Result that holds a value", nullptr);
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    if (ok()) detail::bad_result_access("error() of a Result that holds a value", nullptr);
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  T& checked() {
    if (!ok()) detail::bad_result_access("value() of a Result that holds an error", &error());
    return *std::get_if<0>(&state_);
  }
  std::variant<T, Error> state_;
};

/// Success, or the Error that explains the failure. Default-constructed: success.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT
  Result(Errc code, std::string message) : error_(Error{code, std::move(message)}) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  void value() const {
    if (!ok()) detail::bad_result_access("value() of a Result that holds an error", &*error_);
  }
  const Error& error() const& {
    if (ok()) detail::bad_result_access("error() of a Result that holds a value", nullptr);
    return *error_;
  }
  Error&& error() && {
    if (ok()) detail::bad_result_access("error() of a Result that holds a value", nullptr);
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace gk
