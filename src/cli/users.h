// users.h: what the commands about users share.

#pragma once

#include <string>

#include "cli/context.h"

namespace gk::cli {

/// The id of the user with this name.
/// Errors: not_found, and those of the call.
Result<std::string> user_id_of(Context& context, const std::string& username);

/// Prints a list answer as a table of these members, or as JSON.
int print_list(Context& context, const Result<JsonValue>& answer,
               const std::vector<std::string>& headings, const std::vector<std::string>& members);

/// Prints `done`, or the answer as JSON, or its error.
int print_done(Context& context, const Result<JsonValue>& answer, const std::string& done);

/// A name as one segment of a path: what is not [A-Za-z0-9._-] becomes %XX.
std::string path_segment(const std::string& text);

}  // namespace gk::cli
