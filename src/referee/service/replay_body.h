// replay_body.h: the paste-a-trace box: a trace in a request body, judged on its own.

#pragma once

#include <string>

#include "gamekeeper/result.h"
#include "referee/offline/replay.h"

namespace gk::referee {

/// {sessions, events, paths, errors, unsafe}. Touches nothing of the daemon; blocks for about a
/// microsecond a line, so it runs on a worker.
/// Errors: invalid_argument (options; or every line is malformed).
Result<std::string> replay_body(const std::string& trace, ReplayOptions options);

}  // namespace gk::referee
