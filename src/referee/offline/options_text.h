// options_text.h: RefereeOptions by name, as `--set bcap=1.0` gives them.

#pragma once

#include <string_view>
#include <vector>

#include "gamekeeper/referee_types.h"
#include "gamekeeper/result.h"

namespace gk::referee {

/// Sets one option from "name=value"; times in seconds.
/// Errors: invalid_argument (unknown name, with the list; not a number).
Result<void> set_option(RefereeOptions& options, std::string_view assignment);

/// One option by name; times in seconds.
/// Errors: invalid_argument (unknown name).
Result<double> get_option(const RefereeOptions& options, std::string_view name);

/// Every name that set_option knows.
std::vector<std::string_view> option_names();

/// The competitive preset: bcap 1.0. Source: referee specification.
RefereeOptions competitive_options();

}  // namespace gk::referee
