// start_request.h: what is asked of the macro service when a macro shall run.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "macros/rules/safety_profile.h"

namespace gk::macros {

/// What a caller asks for, and what the caller may.
struct StartRequest {
  std::string macro_id;
  std::string macro_name;  ///< Empty: the profile's.
  std::string profile;     ///< Empty: macro_id.
  std::optional<SafetyLevel> safety_level;
  std::string args_json;
  std::optional<int> pid;
  std::vector<std::string> command;  ///< Not empty: a process macro.
  bool json_lines = false;           ///< The program speaks JSON lines.
  std::string script;                ///< Not empty: a macro of the library.
  std::string game;                  ///< Where it acts: the scope of its rules. Empty: not known.
  std::optional<std::string> session_id;
  bool is_admin = false;               ///< May run commands and weaken levels.
  std::string role;                    ///< Of the caller, for the lists of the game.
  bool any_game = false;               ///< games:write; or nobody asks: a schedule, a resume.
  std::optional<unsigned> caller_uid;  ///< Of a Unix-socket caller.
  std::optional<int> caller_pid;       ///< The same.
  std::string caller_token;            ///< Id of the caller's token, if it has one.
  std::string by;                      ///< For the log.
  std::string correlation_id = {};     ///< Of the request; for the log of start and end.
};

}  // namespace gk::macros
