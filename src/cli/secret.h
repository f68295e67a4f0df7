// secret.h: reads a password without showing it.

#pragma once

#include <ostream>
#include <string>

#include "gamekeeper/result.h"

namespace gk::cli {

/// Reads one line of stdin; from a terminal with a prompt and without echo.
std::string read_secret(std::ostream& prompt_to, const std::string& prompt);

/// A new password: from a terminal asked for twice.
/// Errors: invalid_argument (the two differ).
Result<std::string> read_new_password(std::ostream& prompt_to, const std::string& username);

}  // namespace gk::cli
