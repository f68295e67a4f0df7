// proc_account.h: how much CPU a process has used, so that the sum over a tree never falls when a
// thread or a child ends. Pure; proc_tree.h feeds it.
//
// The kernel forgets: /proc/PID/task/TID disappears with its thread. Three sources fill the gap,
// and none is counted twice:
//   - the last value seen of every thread and child that we knew (exact to one interval);
//   - utime + stime of the process, which include threads that lived between two readings (10 ms);
//   - cutime + cstime of the parent, which include children that it waited for (10 ms). What of it
//     belongs to children that we had seen and counted is subtracted.
// Not seen: children that nobody waits for (SIGCHLD ignored, or re-parented before we looked) and
// that lived less than an interval; the run-queue wait of such short lives.

#pragma once

#include <algorithm>

#include "gamekeeper/time.h"

namespace gk::sys {

/// CPU time of one process and the ended part of its subtree.
/// Thread:     compatible (a value).
/// Invariants: total() never decreases.
class ProcessAccount {
 public:
  /// Sum over the threads that live now; each at least its earlier value.
  void set_live(Nanos run) { live_ = run; }
  /// A thread is gone: `last_seen` of its time leaves the live sum that comes next.
  void thread_ended(Nanos last_seen) {
    ended_ += last_seen;
    live_ -= std::min(live_, last_seen);
  }
  /// utime + stime: the excess over what we saw is threads that we missed.
  /// Requires: read before the threads and handed in after set_live(), so that what runs meanwhile
  /// is not taken for a missed thread.
  void set_group(Nanos user_and_system) { ended_ = std::max(ended_, user_and_system - live_); }
  /// A known child is gone; `total` is its total().
  void child_ended(Nanos total) { known_children_ += total; }
  /// cutime + cstime: the excess over known children is children that we missed.
  /// Requires: child_ended() was called for every known child that the value may contain.
  void set_reaped(Nanos children_user_and_system) {
    missed_children_ = std::max(missed_children_, children_user_and_system - known_children_);
  }

  Nanos total() const { return live_ + ended_ + known_children_ + missed_children_; }

 private:
  Nanos live_{}, ended_{}, known_children_{}, missed_children_{};
};

}  // namespace gk::sys
