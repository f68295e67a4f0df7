// mutant.h: planted bugs of the fence and of the places in flight, that the tests must catch.
//
// Only the test program games_mutant_tests defines GK_GAMES_MUTANTS; everywhere else
// GK_GAMES_MUTANT is the constant false, so the bugs do not exist in a product binary.

#pragma once

#include <cstdint>

namespace gk::games {

/// Which promise is broken on purpose.
enum class MutantForTest : std::uint8_t {
  none = 0,
  fence_spares_the_queue,   ///< What waits for the lane is written all the same.
  fence_spares_the_holder,  ///< The one that has the lane and waits for the pace is written.
  fence_lets_new_ones_in,   ///< A fenced sender may send.
  one_place_too_many,       ///< in_flight + 1.
  changes_in_a_row,         ///< Commands that change the game are pipelined as queries are.
  pace_stays,               ///< A lane keeps its pace, whatever its game is like.
  count,
};

#ifdef GK_GAMES_MUTANTS
/// The planted bug of this process. Global: what it breaks has no state to hold it.
inline MutantForTest active_mutant_for_test = MutantForTest::none;
#define GK_GAMES_MUTANT(name) \
  (::gk::games::active_mutant_for_test == ::gk::games::MutantForTest::name)
#else
#define GK_GAMES_MUTANT(name) false
#endif

}  // namespace gk::games
