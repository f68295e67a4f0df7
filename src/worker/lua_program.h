// lua_program.h: `gamekeeper-worker lua`: the program that runs one script for the daemon. It is
// confined like any macro (supervisor.h) and then gives up nearly all of Linux.

#pragma once

namespace gk::worker {

/// Runs until the script has ended or was interrupted. Returns the exit code.
int run_lua();

}  // namespace gk::worker
