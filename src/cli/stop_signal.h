// stop_signal.h: Ctrl-C, SIGTERM and SIGHUP for commands that watch something and must end it
// first.

#pragma once

namespace gk::cli {

/// From now on these signals are noted instead of ending this process. One that is ignored, as
/// SIGHUP is under nohup, stays ignored.
void catch_stop_signals();

/// The signal that came last; 0 when none did. Its exit code is 128 more, as a shell has it.
int stop_signal();

}  // namespace gk::cli
