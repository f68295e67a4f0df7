// script_runner.h: runs macros of the library for the macro service: steps inside the daemon, Lua
// in a worker. Every command goes through games::Port as sender "macro:ID".
//
// Limits and decisions are the macro service's. Design: docs/macro-library.md.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/topic.h"
#include "games/port.h"
#include "macros/script_host.h"
#include "macros/scripts/console_log.h"
#include "macros/scripts/library.h"
#include "macros/scripts/running_script.h"
#include "macros/scripts/script_memory.h"
#include "macros/scripts/step_script.h"
#include "net/loop.h"

namespace gk::macros {

struct RunnerOptions {
  std::string actor = "macros";       ///< The arbiter module whose priority counts on the lanes.
  Millis cancel_deadline{5'000};      ///< For all on_cancel steps of a macro together.
  std::size_t max_cleanups = 64;      ///< on_cancel lists at a time; the newest is not run.
  Nanos max_reply_wait{Seconds(30)};  ///< Of a Lua send.
};

/// A macro tells its operators something.
struct ScriptNotice {
  std::string macro_id;
  std::string text;
};

/// A new line of a macro's log.
struct ScriptLogLine {
  std::string macro_id;
  ConsoleLine line;
};

class ScriptRunner;

/// Makes the run of a Lua macro. Apart, because its worker is a process that tests do without.
class LuaLauncher {
 public:
  /// The run, and its process, which the macro service watches and kills.
  struct Launched {
    std::unique_ptr<RunningScript> script;
    sys::Spawned spawned;
  };
  virtual ~LuaLauncher() = default;
  /// `done` comes once, when the script may run and has not begun.
  virtual void launch(const ScriptLaunch& launch, const std::string& source, ScriptHands hands,
                      std::function<void(Result<Launched>)> done) = 0;
};

/// Thread: loop.
class ScriptRunner final : public ScriptHost {
 public:
  /// The value of a signal of the machine (cpu_usage, memory_usage, fps); nothing while unknown.
  using Machine = std::function<std::optional<double>(std::string_view signal)>;

  /// Requires: all references outlive it; `lua` may be null: then Lua macros do not start.
  ScriptRunner(RunnerOptions options, ScriptLibrary& library, ScriptMemory& memory,
               ScriptStore& store, games::Port& port, net::Loop& loop, const Clock& clock, Log& log,
               Metrics& metrics, Machine machine, LuaLauncher* lua);
  ~ScriptRunner() override;
  ScriptRunner(const ScriptRunner&) = delete;
  ScriptRunner& operator=(const ScriptRunner&) = delete;

  std::string game_of(std::string_view script) const override;
  void start(const ScriptLaunch& launch, Started started) override;
  Result<ProgramEnds> open(const ScriptLaunch& launch, Printed printed) override;
  void drain(std::string_view macro_id) override;
  void run(std::string_view macro_id) override;
  void fence(std::string_view macro_id) override;
  void interrupt(std::string_view macro_id) override;
  void pause(std::string_view macro_id) override;
  void resume(std::string_view macro_id) override;
  void set_pace(std::string_view macro_id, Nanos interval) override;
  void gone(std::string_view macro_id, bool cancelled, std::string_view why) override;
  Topic<ScriptEnded>& ended() override { return ended_; }
  Topic<ScriptActivity>& activity() override { return activity_; }

  /// The daemon stops: what is marked to resume is remembered although it is ended now.
  void prepare_to_stop() { stopping_ = true; }

  const ConsoleLog& console() const { return console_; }
  ConsoleLog& console() { return console_; }
  /// Notes a line about a macro that is not one of its own.
  void note(const std::string& macro_id, std::string_view text);
  void notify(const std::string& macro_id, std::string text);
  Topic<ScriptNotice>& notices() { return notices_; }
  Topic<ScriptLogLine>& logged() { return logged_; }
  std::size_t running() const { return running_.size(); }

 private:
  struct Running {        // Without a program: a process macro.
    ScriptLaunch launch;  // With the game that was chosen.
    std::string subject;  // "macro:ID"
    std::shared_ptr<const StepProgram> program;
    std::unique_ptr<RunningScript> script;
    bool fenced = false;
  };
  struct Cleanup {
    std::string macro_id;
    std::unique_ptr<StepScript> script;
    net::Handle deadline;
  };

  Result<std::shared_ptr<Running>> admit(const ScriptLaunch& launch) const;
  void enter(const std::shared_ptr<Running>& run, const Started& started);
  ScriptHands hands_of(const std::shared_ptr<Running>& run);
  void send(Running& run, std::string command, bool chat, Nanos timeout, games::Port::Replied done);
  std::optional<double> signal(const std::string& game, std::string_view name) const;
  void save_run(const ScriptLaunch& launch);
  void follow_resume(std::string_view script);
  void forget(const std::string& macro_id);
  void begin_cleanup(const Running& run);
  void end_cleanup(std::uint64_t number, const std::string& how);
  Running* find(std::string_view macro_id) const;

  const RunnerOptions options_;
  ScriptLibrary& library_;
  ScriptMemory& memory_;
  ScriptStore& store_;
  games::Port& port_;
  net::Loop& loop_;
  const Clock& clock_;
  Log& log_;
  const Machine machine_;
  LuaLauncher* const lua_;
  Counter runs_total_;
  ConsoleLog console_;
  // Shared: callbacks of the port hold weak copies.
  std::map<std::string, std::shared_ptr<Running>, std::less<>> running_;
  std::map<std::uint64_t, Cleanup> cleanups_;
  std::uint64_t last_cleanup_ = 0;
  bool stopping_ = false;
  Topic<games::GameLine>::Subscription lines_;
  Topic<ScriptChanged>::Subscription changes_;
  Topic<ScriptEnded> ended_;
  Topic<ScriptActivity> activity_;
  Topic<ScriptNotice> notices_;
  Topic<ScriptLogLine> logged_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late callbacks.
};

}  // namespace gk::macros
