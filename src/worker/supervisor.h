// supervisor.h: starts one program, reaps every orphan in its namespace, obeys the daemon's bytes,
// and ends with the program or with the daemon, whichever is first.

#pragma once

#include "worker/options.h"

namespace gk::worker {

/// Descriptors that the daemon hands over, see sys/spawn.cc.
inline constexpr int kControlFd = 3;
inline constexpr int kReportFd = 4;

/// Runs until the program has ended. Returns the exit code: the program's, 128 + its signal, 126
/// when it could not be confined, 127 when it could not be executed.
int supervise(const Options& options);

}  // namespace gk::worker
