// lifecycle.h: what MacroService publishes about the life of a macro, for other rooms.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "macros/running_macro.h"

namespace gk::macros {

/// A change that others want to know.
struct MacroNotice {
  enum class Kind : std::uint8_t { started, warned, throttled, cleared, paused, resumed, ended };
  Kind kind = Kind::started;
  std::string macro_id;
  std::string reason;
  std::string macro_name;  ///< This and the next: when it started.
  std::string game;        ///< Where it acts; empty: not known.
};

/// A macro is let in, before anything of it runs; or that failed.
struct MacroEntry {
  enum class Kind : std::uint8_t { let_in, failed };
  Kind kind = Kind::let_in;
  std::string macro_id;
  std::optional<int> pid;         ///< Of an external macro that gave one.
  std::optional<int> caller_pid;  ///< This and the next as in StartRequest.
  std::string caller_token;
};

/// A macro is being ended. A view: publishing it needs no memory.
struct MacroFence {
  std::string_view macro_id;
  Ending::Kind kind = Ending::Kind::stopped;
};

}  // namespace gk::macros
