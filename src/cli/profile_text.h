// profile_text.h: a safety profile, and what an override file changes, as text for people. Used by
// the subcommands of `gamekeeper profile`.

#pragma once

#include <iosfwd>

#include "cli/context.h"

namespace gk::cli {

/// Prints the answer of /macro-safety/profiles/{macro_id}, and when its windows open next. Returns
/// the exit code.
int print_profile(Context& context, const JsonValue& profile);

/// A row for each change of an override file: whether it holds, of which macro, field, from, to.
/// Prints nothing when there is none.
void print_changes(std::ostream& out, const JsonValue& override_file);

}  // namespace gk::cli
