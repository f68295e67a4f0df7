// mutant.h: planted bugs, one for each rule of the ladder, that the tests must catch.
//
// Only the test library gk_macros_mutants defines GK_MACROS_MUTANTS; everywhere else
// GK_MACROS_MUTANT is the constant false, so the bugs do not exist in a product binary.

#pragma once

#include <cstdint>

namespace gk::macros {

/// Which rule is broken on purpose.
enum class MutantForTest : std::uint8_t {
  none = 0,
  pattern_one_too_many,      ///< Fires at count + 1.
  pattern_no_window,         ///< Counts for ever.
  pattern_ignores_text,      ///< Different commands count as identical.
  pattern_never_resets,      ///< Fires again at each event.
  pace_without_floor,        ///< Halves below 1 in 5 s.
  pace_back_at_once,         ///< Lifts the limit at the first quiet window.
  pace_steps_too_often,      ///< Halves at every sample.
  quarantine_no_doubling,    ///< The same back-off each time.
  quarantine_off_by_a_step,  ///< Confirmation after the fourth.
  quarantine_forgets,        ///< A trial that is cancelled starts from zero.
  quarantine_stop_clears,    ///< A trial that is stopped at once counts as passed.
  ladder_skips_warning,      ///< Cancels a safe macro at once.
  ladder_no_pause,           ///< Never pauses.
  ladder_dangerous_waits,    ///< A dangerous macro gets a grace.
  ladder_pause_for_ever,     ///< No auto-resume.
  trend_cancels,             ///< A forecast starts the grace.
  trend_ignores_noise,       ///< Any slope is a trend.
  share_of_all_games,        ///< Commands to other games count too.
  window_keeps_limits,       ///< A window that opens changes no limit.
  window_keeps_breach,       ///< A breach of the old limit lives on under the new one.
  window_restarts_grace,     ///< A window that opens gives a warned macro its grace again.
  window_unnamed,            ///< The decision does not say which window was open.
  profile_dry_run_acts,      ///< The dry run of a profile acts.
  processes_unlimited,       ///< However many processes it has.
  processes_off_by_one,      ///< One fewer than the limit says.
  processes_of_others,       ///< The limit holds for what others started, too.
  count,
};

#ifdef GK_MACROS_MUTANTS
/// The planted bug of this process. Global: the rules it breaks have no state to hold it.
inline MutantForTest active_mutant_for_test = MutantForTest::none;
#define GK_MACROS_MUTANT(name) \
  (::gk::macros::active_mutant_for_test == ::gk::macros::MutantForTest::name)
#else
#define GK_MACROS_MUTANT(name) false
#endif

}  // namespace gk::macros
