// script_templates.h: what `gamekeeper macro new` writes: a macro that is valid at every level and
// says in comments what can be changed.

#pragma once

#include <string>

namespace gk::cli {

std::string steps_template(const std::string& name);
std::string lua_template(const std::string& name);

}  // namespace gk::cli
