// running_macro.h: one macro that runs, and how it is being ended. Inside the room only.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "macros/event.h"
#include "macros/evidence.h"
#include "macros/process_macro.h"
#include "macros/rules/macro_watch.h"
#include "macros/script_host.h"
#include "net/loop.h"

namespace gk::macros {

enum class MacroKind : std::uint8_t { external, process, script };

constexpr std::string_view kind_name(MacroKind kind) {
  switch (kind) {
    case MacroKind::external: return "external";
    case MacroKind::process: return "process";
    case MacroKind::script: break;
  }
  return "script";
}

enum class MacroState : std::uint8_t { starting, running, warned, paused, cancelling };

constexpr std::string_view state_name(MacroState state) {
  switch (state) {
    case MacroState::starting:
    case MacroState::running: return "running";
    case MacroState::warned: return "warned";
    case MacroState::paused: return "paused";
    case MacroState::cancelling: break;
  }
  return "cancelling";
}

/// Why and since when a macro is being ended.
struct Ending {
  /// `ended`: a script that is over by itself, while its process is still there.
  enum class Kind : std::uint8_t { stopped, cancelled, emergency, ended };
  Kind kind = Kind::stopped;
  MonoTime decided_at{};
  std::string by;                          ///< Of a stop: who asked; empty: not known.
  std::optional<CancellationEvent> event;  ///< Not of a plain stop.
  CaseFile file;
  bool certain = true;  ///< False: its worker has ended, and processes of it may be left.
  std::vector<std::function<void(bool gone)>> waiting;
};

struct RunningMacro {
  std::string id;
  std::string name;
  std::string subject;         ///< "macro:ID"
  MacroSafetyProfile base;     ///< Without windows.
  MacroSafetyProfile profile;  ///< What holds now.
  std::string window;          ///< Of the profile, that is open; empty: none.
  WallTime window_from{};      ///< This and the next: for which moments that is known.
  WallTime window_until{};
  std::optional<SafetyLevel> wanted_level;  ///< Of its start.
  MacroKind kind = MacroKind::external;
  MacroState state = MacroState::starting;
  MonoTime started{};
  WallTime started_wall{};
  std::optional<std::string> session_id;
  std::string correlation_id;  ///< Of the request that started it; empty: none did.
  std::string reason;          ///< Of the last warning, pause or cancellation.

  std::string script;  ///< Of a script: its name in the library.
  std::string game;    ///< Where it acts; empty: not known.

  /// Process macro: all of it. External with pid: `process` only. Script: its worker, if any.
  sys::Spawned spawned;
  bool drained = false;  ///< Its process is gone, and what it said last is read.
  std::vector<std::string> command;
  bool speaks = false;  ///< A process macro with the hands of a script, over JSON lines.
  ProgramEnds ends;     ///< Until it runs.
  std::string args_json;
  bool abandoned = false;  ///< An emergency stop came while it was starting.
  std::string report;
  OutputTail output;
  std::optional<sys::ExitStatus> status;  ///< Since its process was reaped.
  net::Handle exit_watch, report_watch, escalation, deadline;
  std::optional<Ending> ending;
  std::size_t slot = 0;  ///< In the emergency table.

  /// The script host does for it what it asks for.
  bool is_hosted() const { return kind == MacroKind::script || speaks; }
  bool has_process() const { return static_cast<bool>(spawned.process); }
};

}  // namespace gk::macros
