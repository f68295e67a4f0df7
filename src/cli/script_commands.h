// script_commands.h: the part of `gamekeeper macro` that is about the library: new, check FILE, run
// FILE, start NAME, log NAME, import, export, enable, disable.

#pragma once

#include <optional>
#include <string>

#include "cli/commands.h"

namespace gk::cli {

/// How a macro of the library is started.
struct ScriptRunOptions {
  std::string name;  ///< Of the macro, or the file of `run`.
  std::string id;    ///< Empty: the name.
  std::string game;
  std::string args;     ///< JSON object.
  std::string profile;  ///< Empty: the macro's.
  std::string level;    ///< Empty: the profile's.
  bool detach = false;
};

/// True when `word` names a text of a macro: it ends with .json or .lua.
bool is_script_file(const std::string& word);

int start_script(Context& context, const ScriptRunOptions& options);
/// Puts the file into the library under its name, starts it, prints its log until it ends.
int run_script_file(Context& context, ScriptRunOptions options);
/// Checks a text: steps without a daemon; of Lua the grammar by the daemon when one runs.
int check_script(Context& context, const std::string& file, const std::string& level);
int script_log(Context& context, const std::string& name, bool follow);
int list_library(Context& context);

void add_script_commands(CommandLine macro, Action& action);

}  // namespace gk::cli
