// recordings.h: one player's lines in the recorded traces of the referee (<folder>/*.jsonl).

#pragma once

#include <string>

#include "gamekeeper/result.h"

namespace gk::server {

/// [{"file", "lines"}] of the traces that name `player`.
/// Errors: not_found (none does), as sys::list_dir().
/// Cost: reads every trace; blocks.
Result<std::string> recordings_of(const std::string& folder, const std::string& player);

/// Rewrites the traces without the player's lines. After success they are on disk without them;
/// after an error each file is either as it was or without them.
/// Requires: nobody writes a trace meanwhile. Errors: as recordings_of(), unavailable.
Result<void> erase_from_recordings(const std::string& folder, const std::string& player);

}  // namespace gk::server
