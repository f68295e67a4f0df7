// mutant.h: planted bugs, one for each rule, that the tests must catch.
//
// Only the test library gk_arbiter_mutants defines GK_ARBITER_MUTANTS; everywhere else GK_MUTANT
// is the constant false, so the bugs do not exist in a product binary.

#pragma once

#include <cstdint>

namespace gk::arbiter {

/// Which rule is broken on purpose.
enum class MutantForTest : std::uint8_t {
  none = 0,
  grant_while_held,         ///< Rule 1: a second root grant.
  share_end_ends_root,      ///< Rule 1: the first share to end frees the lane.
  ignore_priority,          ///< Rule 2: oldest first.
  ignore_age_order,         ///< Rule 2: newest first among equals.
  ignore_burst_limit,       ///< Rule 2: the same group for ever.
  burst_never_resets,       ///< Rule 2: what other groups did in a row counts too.
  slip_in_during_cooldown,  ///< Rule 2: whoever needs no gap goes before the head.
  no_aging,                 ///< Rule 3.
  aging_rounds_up,          ///< Rule 3: a step counts when it begins.
  early_by_a_millisecond,   ///< Rule 4.
  no_spacing,               ///< Rule 4.
  gap_within_group,         ///< Rule 4: waits although nothing asks for it.
  no_lane_pacing,           ///< Rule 5.
  no_actor_pacing,          ///< Rule 5.
  paced_ticket_blocks,      ///< Rule 5: a ticket held back by its own pacing blocks others.
  grant_after_deadline,     ///< Rule 6.
  two_outcomes,             ///< Rule 6.
  reuse_token,              ///< Rule 7.
  lease_never_ends,         ///< Rule 7.
  accept_stale_send,        ///< Rule 7.
  renew_under_contention,   ///< Rule 7: a lease without end while others wait.
  dead_owner_keeps,         ///< Rule 7: a dead holder is noticed at Hmax only.
  no_wound,                 ///< Rule 9: a nested wait that closes a cycle stands.
  partial_acquire_all,      ///< Rule 9: one lane of several is granted early.
  no_external_check,        ///< Rule 9: a foreign lock may close a cycle.
  no_inheritance,           ///< Rule 10.
  forget_to_grant,          ///< Work conservation: a release does not look at the queue.
  untraced_renewal,         ///< Rule 12.
  count,
};

#ifdef GK_ARBITER_MUTANTS
#define GK_MUTANT(name) (mutant_ == ::gk::arbiter::MutantForTest::name)
#else
#define GK_MUTANT(name) false
#endif

}  // namespace gk::arbiter
