// toml.h: toml++ with assertions that are errors. toml++ 3.3 asserts that a table's name begins
// with a letter of a key ("[+x" does not), and takes that for granted in a release build: undefined
// behaviour for a file that anybody may write. The only place that includes it.

#pragma once

namespace gk::settings {

/// Thrown in the place of an assertion of toml++ that does not hold: the text is not TOML.
struct TomlAssertion {
  const char* expression;
};

/// A function, because some assertions stand where nothing may be thrown: those end the process.
[[noreturn]] inline void toml_assertion_failed(const char* expression) {
  throw TomlAssertion{expression};
}

}  // namespace gk::settings

#pragma push_macro("NDEBUG")
#undef NDEBUG  // Else the assertions are assumptions.
#define TOML_ASSERT(expression) \
  ((expression) ? void() : gk::settings::toml_assertion_failed(#expression))
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")
