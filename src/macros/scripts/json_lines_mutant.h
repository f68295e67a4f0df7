// json_lines_mutant.h: planted bugs of the programs that speak JSON lines, which the tests of liars
// must catch. Only the test program json_lines_mutant_tests defines GK_JSON_LINES_MUTANTS;
// everywhere else the bugs do not exist.

#pragma once

#include <cstdint>

namespace gk::macros::json_lines {

/// What is broken on purpose.
enum class MutantForTest : std::uint8_t {
  none = 0,
  lines_without_end,     ///< Holds a line for as long as it gets.
  ids_twice,             ///< Two requests may wait under one id.
  ids_for_ever,          ///< An id is never free again.
  no_bound_in_flight,    ///< Any number of commands wait.
  serves_after_fence,    ///< Writes on when the macro is being ended.
  errors_not_counted,    ///< Bad lines are free.
  error_under_that_id,   ///< The second request of an id is answered under it.
  waits_for_reader,      ///< A program that reads nothing lives on.
  garbage_ends_program,  ///< Errors that do not fit end the program.
  lines_to_all,          ///< Lines of the game also to who does not listen.
  last_words_lost,       ///< What is printed at the end is not kept.
  count,
};

#ifdef GK_JSON_LINES_MUTANTS
/// The planted bug of this process. Global: what it breaks has no state to hold it.
inline MutantForTest active_mutant_for_test = MutantForTest::none;
#define GK_JSON_LINES_MUTANT(name)                     \
  (::gk::macros::json_lines::active_mutant_for_test == \
   ::gk::macros::json_lines::MutantForTest::name)
#else
#define GK_JSON_LINES_MUTANT(name) false
#endif

}  // namespace gk::macros::json_lines
