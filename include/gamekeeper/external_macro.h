// external_macro.h: lets a program register its automation with the daemon, and tells it to stop.
//
// The daemon watches the game while the automation runs and may decide against it: then the
// callback is told, and no lane is granted to it any more. Obeying is the program's part; a program
// that gave its process is also signalled. Not here: the lanes (lanes.sock), other kinds of macros.
// Rules: docs/macros.md.
//
//   auto heal = gk::start_macro("heal", "Heal Macro", [&](const gk::ExternalChange& change) {
//     acting = change.state == gk::ExternalState::running;
//   }).value();
//   while (acting) cast_heal();

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "gamekeeper/result.h"

namespace gk {

/// What the daemon says of a registered macro.
enum class ExternalState : std::uint8_t {
  running = 0,    ///< May act.
  unwatched = 1,  ///< The daemon does not answer; it is asked again until it does.
  cancelled = 2,  ///< The daemon decided against it. Final, as are the following.
  stopped = 3,    ///< Somebody stopped it.
  ended = 4,      ///< It has ended by itself.
  refused = 5,    ///< A daemon that was restarted does not take it again.
};

/// "running", "unwatched" …; "unknown" for a foreign value.
const char* external_state_name(ExternalState state);

struct ExternalChange {
  ExternalState state = ExternalState::running;
  std::string reason;  ///< Of the end, e.g. "Duration exceeded: 61 s > 60 s"; else maybe empty.
};

struct ExternalMacroOptions {
  /// The daemon's Unix socket. Empty: gamekeeper.sock in $XDG_DATA_HOME/gamekeeper, else in
  /// ~/.local/share/gamekeeper; where there is none, in /var/lib/gamekeeper.
  std::string socket;
  std::string token;         ///< An API token with macros:run. Empty: the process's user decides.
  std::string profile;       ///< Its limits; empty: the profile with the macro's id.
  std::string safety_level;  ///< safe, risky or dangerous; empty: the profile's.
  std::string game;          ///< Name of the game link that it acts on; empty: none.
  /// Hands over this process: its CPU time and memory are watched, and a cancellation sends it
  /// SIGTERM and, 20 ms later, SIGKILL. For a program that is nothing but the macro.
  bool give_process = false;
};

/// A registered macro. Its end unregisters it, unless the daemon ended it before.
///
/// Thread: safe. Has a thread of its own, which sleeps in the daemon's answer.
class ExternalMacro {
 public:
  /// Called by the macro's thread, one call at a time, after each change; must return soon and not
  /// destroy the macro.
  using Callback = std::function<void(const ExternalChange&)>;

  ~ExternalMacro();  ///< Blocks: at most 1 s. No callback runs after it.
  ExternalMacro(const ExternalMacro&) = delete;
  ExternalMacro& operator=(const ExternalMacro&) = delete;

  ExternalState state() const;

 private:
  struct Impl;
  friend Result<std::unique_ptr<ExternalMacro>> start_macro(const std::string&, const std::string&,
                                                            Callback, ExternalMacroOptions);
  explicit ExternalMacro(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Registers the macro; it runs when this returns. A daemon that restarts later is registered with
/// again, at growing intervals of 0.1 to 5 s.
/// Errors: unavailable (no daemon answers), unauthenticated, permission_denied, invalid_argument,
///         failed_precondition (it runs already, or is in quarantine), not_found (profile or game),
///         resource_exhausted, deadline_exceeded.  Blocks: at most 5 s.
Result<std::unique_ptr<ExternalMacro>> start_macro(const std::string& macro_id,
                                                   const std::string& macro_name,
                                                   ExternalMacro::Callback changed,
                                                   ExternalMacroOptions options = {});

}  // namespace gk
