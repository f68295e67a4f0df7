// toml_edit.h: sets or removes one key of a TOML text and leaves the rest, comments too, as it is.

#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "gamekeeper/result.h"

namespace gk::settings {

/// `key` is "section.name" or "name"; `value` a boolean, number, string or array of strings; null
/// removes the key. A key that is not there goes to the end of its section, which is made when it
/// is missing.
/// Errors: invalid_argument (not TOML; a value of another kind), failed_precondition (the text
///         writes this key in a way that cannot be changed safely: edit the file).
Result<std::string> set_in_toml(std::string_view text, std::string_view key,
                                const JsonValue& value);

}  // namespace gk::settings
