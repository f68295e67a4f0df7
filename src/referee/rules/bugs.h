// bugs.h: defects that the tests plant on purpose, to show that they would be noticed.
//
// The judging code is a template over one of these sets of switches; the product uses NoBugs,
// whose constants vanish at compile time. mutants_test.cc makes one set a bug.

#pragma once

namespace gk::referee {

/// No defect: what the library is built with.
struct NoBugs {
  static constexpr bool claims_widen_credit = false;  // A claimed stall counts as evidence.
  static constexpr bool refusal_keeps_grant = false;  // A refused movement keeps its position.
  static constexpr bool credit_never_leaks = false;   // V is never pulled up to R - A.
  static constexpr bool tolerance_doubled = false;    // eps twice.
  static constexpr bool clock_believed = false;       // g = dC without the limit R - V.
  static constexpr bool pool_forgets = false;         // The pool empties at every movement.
  static constexpr bool client_silence = false;       // Evidence from the client's clock.
  static constexpr bool stale_granted = false;        // An older movement is judged as new.
  static constexpr bool speed_forever = false;        // A declared speed never ends.
  static constexpr bool teleport_unspent = false;     // A used teleport stays open.
  static constexpr bool air_time_stops = false;       // Air time is not counted.
  static constexpr bool carry_unpaid = false;         // Carry is not taken out of the slack.
};

}  // namespace gk::referee
