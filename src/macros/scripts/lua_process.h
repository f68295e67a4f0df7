// lua_process.h: starts Lua macros in workers of their own and talks to them. The worker computes;
// whatever it wants of the world is a frame, and the daemon does it or not.
//
// The frames are lua_protocol.h, the sandbox is src/worker. Design: docs/scripting.md.

#pragma once

#include <list>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/metrics.h"
#include "macros/process_macro.h"
#include "macros/scripts/lua_protocol.h"
#include "macros/scripts/script_runner.h"
#include "net/loop.h"

namespace gk::macros {

struct LuaOptions {
  LauncherOptions launcher;      ///< `lanes` is not used: a script has a connection of its own.
  Millis start_deadline{5'000};  ///< From the spawn until the text is compiled. Source: chosen
  std::size_t max_checks = 8;    ///< Syntax checks at a time; the newest is refused.
};

/// Thread: loop. A launch blocks for the millisecond that vfork and exec take.
class LuaWorkers final : public LuaLauncher {
 public:
  /// Requires: loop, log and metrics outlive it.
  LuaWorkers(LuaOptions options, net::Loop& loop, Log& log, Metrics& metrics);
  ~LuaWorkers() override;
  LuaWorkers(const LuaWorkers&) = delete;
  LuaWorkers& operator=(const LuaWorkers&) = delete;

  /// Errors to `done`: failed_precondition (does not compile: with the line), invalid_argument
  /// (args), unavailable (refused by the system), not_found (no worker), deadline_exceeded.
  void launch(const ScriptLaunch& launch, const std::string& source, ScriptHands hands,
              std::function<void(Result<Launched>)> done) override;
  /// A LuaCheck: whether a worker compiles the text.
  void check(const std::string& name, const std::string& source,
             std::function<void(Result<void>)> done);

 private:
  struct Start;
  struct Leaving;
  Result<void> spawn(Start& start);
  void begin(std::unique_ptr<Start> start);
  void on_report(Start& start);
  void on_bytes(Start& start);
  void finish(Start& start, Result<void> result);
  void reap_later(sys::Spawned spawned);

  LuaOptions options_;
  net::Loop& loop_;
  sys::Fd child_end_;  // For the launch that is going on.
  ProcessLauncher launcher_;
  std::list<std::unique_ptr<Start>> starting_;
  std::list<std::unique_ptr<Leaving>> leaving_;
  std::size_t checks_ = 0;
};

}  // namespace gk::macros
