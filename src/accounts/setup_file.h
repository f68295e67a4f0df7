// setup_file.h: the file that shows the one-time setup code to whoever may read the data folder.

#pragma once

#include <string>
#include <string_view>

#include "gamekeeper/result.h"

namespace gk::accounts {

/// Writes `code` and a newline to `path`, readable by the owner alone, in place of any older file.
/// A link at `path` is replaced, never followed. Not synced: the next start makes a new code.
/// Errors: unavailable (says which step, and why). Blocks.
Result<void> write_setup_file(const std::string& path, std::string_view code);

/// Removes the file, if it is there. Blocks.
void remove_setup_file(const std::string& path);

}  // namespace gk::accounts
