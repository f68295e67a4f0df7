// try.h: propagate the Error of a Result, without exceptions and without compiler extensions.
// Private to Gamekeeper's sources: no public header may include it.

#pragma once

#include <utility>

#define GK_TRY_JOIN2(a, b) a##b
#define GK_TRY_JOIN(a, b) GK_TRY_JOIN2(a, b)

/// GK_TRY(auto file, open(path)): declares `file` from the value, or returns the error.
#define GK_TRY(value, expression)                                                                \
  auto GK_TRY_JOIN(gk_try_, __LINE__) = (expression);                                            \
  if (!GK_TRY_JOIN(gk_try_, __LINE__)) return std::move(GK_TRY_JOIN(gk_try_, __LINE__)).error(); \
  value = std::move(*GK_TRY_JOIN(gk_try_, __LINE__))

/// GK_CHECK_OK(close(file)): returns the error of a Result<void>, or goes on.
#define GK_CHECK_OK(expression)                                \
  do {                                                         \
    if (auto gk_check_result = (expression); !gk_check_result) \
      return std::move(gk_check_result).error();               \
  } while (false)
