// macros.h: lets automation in this program be watched and stopped as a macro.
//
// start_macro("heal", "Heal Macro", …) registers it with the daemon of this machine over its Unix
// socket. A thread of the registration then waits for the daemon's decisions and calls back. What
// the daemon refuses after a cancellation is its lanes; that the automation stops acting is what
// the callback is for. C: macros_c.h. Page: docs/macros.md, External macros.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk {

/// What became of a macro. Values are part of the ABI: append only.
enum class MacroChange : std::uint8_t {
  warned = 1,     ///< A limit is near.
  paused = 2,     ///< Do nothing until `resumed`.
  resumed = 3,    ///< It may act; also after a warning that is over.
  cancelled = 4,  ///< The last one: the daemon ended it; the reason says why.
  stopped = 5,    ///< The last one: a person stopped it.
  lost = 6,       ///< The daemon does not answer: nobody watches. Registered anew when it does.
  regained = 7,   ///< It watches again.
};

struct MacroOptions {
  std::string socket;        ///< Of the daemon. Empty: /var/lib/gamekeeper/gamekeeper.sock.
  std::string profile;       ///< Whose limits hold; empty: those of the id.
  std::string safety_level;  ///< safe, risky or dangerous; empty: the profile's.
  std::string game;          ///< Where it acts; empty: not said.
  /// Not 0: this process gets SIGTERM when the macro is cancelled, and SIGKILL 20 ms later.
  int pid = 0;
  Millis reply_deadline{5'000};  ///< Of each request but the long poll. [10 ms, 1 min]
  Millis first_retry{100};       ///< Doubles up to `last_retry` while the daemon is gone. [1 ms, …]
  Millis last_retry{5'000};      ///< [first_retry, 1 min]
};

/// One registered macro. It ends, at the daemon too, when this object does.
///
/// Thread: safe; the destructor may not run in the callback.
class Macro {
 public:
  /// Called from the registration's own thread, one at a time; the next waits for it.
  using Changed = std::function<void(MacroChange change, const std::string& reason)>;

  virtual ~Macro() = default;
  Macro(const Macro&) = delete;
  Macro& operator=(const Macro&) = delete;
  /// False once it was cancelled or stopped, and while it is paused.
  virtual bool may_act() const = 0;

 protected:
  Macro() = default;
};

/// Registers automation `macro_id` ([a-z0-9_-], 1 to 64) with the daemon.
/// Errors: unavailable (no daemon at that socket), deadline_exceeded (it does not answer),
///         invalid_argument, already_exists (it runs), permission_denied, failed_precondition
///         (quarantine). Nothing is registered then, and nothing calls back.
/// Cost:   blocks for one request; one thread a macro.
Result<std::unique_ptr<Macro>> start_macro(const std::string& macro_id, const std::string& name,
                                           Macro::Changed changed,
                                           const MacroOptions& options = {});

}  // namespace gk
