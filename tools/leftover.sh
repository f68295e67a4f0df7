#!/usr/bin/env bash
# Runs a command in the CPU time that nothing else wants, for builds beside tests that hold times.
#
# Usage: tools/leftover.sh COMMAND…
# In the background, $! is the process group that ends all of it.
#
# SCHED_IDLE alone does not give way to everybody: with sched_autogroup_enabled, Linux shares the CPUs
# among sessions first, and the tests' daemons and macros have sessions of their own. So the command
# gets a session too, with the least weight there is. A kernel without autogroups lacks the file.
set -euo pipefail
read -r _ _ _ _ _ session _ <"/proc/$$/stat"  # Not ps: where it is missing, this would go on for ever.
if [ "$session" != $$ ]; then
  exec setsid --wait "$0" "$@"  # The same process, unless it leads a group.
fi
{ echo 19 >/proc/self/autogroup; } 2>/dev/null || true
exec chrt --idle 0 "$@"
