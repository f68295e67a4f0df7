// options_text.h: RefereeOptions by name, as `--set bcap=1.0` gives them.

#pragma once

#include <string_view>

#include "gamekeeper/referee_types.h"
#include "gamekeeper/result.h"

namespace gk::referee {

/// Sets one option from "name=value"; times in seconds.
/// Errors: invalid_argument (unknown name, with the list; not a number).
Result<void> set_option(RefereeOptions& options, std::string_view assignment);

/// The competitive preset: bcap 1.0. Source: referee specification.
RefereeOptions competitive_options();

}  // namespace gk::referee
