// syscall_filter.h: what a script's process may ask of Linux: its one connection, memory, the end.

#pragma once

namespace gk::worker {

/// Forbids every system call but those that a running script needs; any other one kills the
/// process. There is no way back. Needs no_new_privs. False: errno says why.
bool install_syscall_filter();

}  // namespace gk::worker
