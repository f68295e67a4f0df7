// process_tree.h: ends every descendant of a process, also those that fork as fast as they can.
//
// For processes that are not alone in a PID namespace (there one signal to its init is enough).
// A walk through /proc can miss a process, so only the parent of all, to which orphans come, can
// know that none is left: end_own_descendants(). Needs libc only, because gamekeeper-worker, which
// is linked statically, uses it too.

#pragma once

#include <cstddef>
#include <vector>

namespace gk::sys {

/// One process as a walk sees it.
struct TreeMember {
  int pid = 0;
  int parent = 0;
  char state = 'X';  ///< As in proc(5): T stopped, Z dead and not collected, X gone.
};

/// The processes of the machine; a test puts its own in their place.
class ProcessView {
 public:
  virtual ~ProcessView() = default;
  /// All processes. A list of names, then the state of each: the list is the older part.
  virtual std::vector<TreeMember> walk() = 0;
  virtual void send(int pid, int signal) = 0;
};

/// So many walks in a row must find every descendant stopped and none new. One does not prove it:
/// a process may fork after the walk has listed the names, and be stopped when its state is read.
inline constexpr int kQuietWalks = 2;

/// Stops all descendants of `root` until no new one appears, then kills them. `root` itself is left
/// alone; make it a subreaper (PR_SET_CHILD_SUBREAPER), so that orphans stay its descendants.
/// One that forks and ends faster than a walk escapes: `root` has the last word.
/// Returns how many were killed.
/// Thread: safe.     Cost: a few scans of /proc, 5 to 20 ms each on a machine with 500 processes.
std::size_t kill_descendants(int root);
std::size_t kill_descendants(int root, ProcessView& view, int quiet_walks = kQuietWalks);

/// Kills all descendants of this process, a subreaper, and collects them; returns when the kernel
/// says that it has no child left, and so no descendant. A process that cannot die (state D) holds
/// it up.
/// Thread: compatible; no other thread may wait for children.
void end_own_descendants();

/// The descendants of `root` that live, as one walk sees them.
std::vector<int> living_descendants(int root);

}  // namespace gk::sys
