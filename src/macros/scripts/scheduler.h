// scheduler.h: starts macros of the library when their schedules say so, and again after a restart
// those that are marked to resume.
//
// When is rules/schedule.h. Here: at most one start for each moment, also over a restart or a jump
// of the clock; a start that came too late is made up for once and says so; one that meets a run
// of the same macro is skipped and says so.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "macros/rules/schedule.h"
#include "macros/scripts/library.h"
#include "macros/scripts/macro_starter.h"
#include "macros/scripts/script_store.h"
#include "net/loop.h"

namespace gk::macros {

struct SchedulerOptions {
  Seconds look_every{5};         ///< The clock may jump: looked at so often at least. [1 s, 60 s]
  Seconds late_after{60};        ///< A start later than this says that it is late.
  Seconds resume_deadline{300};  ///< For the game of a macro that resumes to be ready.
};

/// Thread: loop.
class Scheduler {
 public:
  /// Notes a line about a macro, for its log.
  using Note = std::function<void(const std::string& macro_id, std::string_view text)>;
  /// Whether the link of a game is ready; true for no game.
  using Ready = std::function<bool(std::string_view game)>;
  using LoadZone = std::function<Result<Zone>(const std::string& name)>;

  /// Requires: all references outlive it.
  Scheduler(SchedulerOptions options, ScriptLibrary& library, ScriptStore& store,
            MacroStarter& starter, net::Loop& loop, const Clock& clock, Log& log, Metrics& metrics,
            Note note, Ready ready, LoadZone load_zone);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Takes over what was stored; begins to look.
  void restore(std::map<std::string, WallTime> served, std::vector<ResumableRun> runs);
  /// Starts what is due. Called by a timer; tests call it themselves.
  void tick();

  /// The next `count` starts of a macro, from now.
  /// Errors: not_found, failed_precondition (no schedule), invalid_argument (its time zone).
  Result<std::vector<WallTime>> next(std::string_view name, std::size_t count) const;

 private:
  struct Plan {
    Schedule schedule;
    Zone zone;
    std::optional<WallTime> due;
    std::optional<WallTime> stop_at;  // End of the window that its run was started in.
  };
  struct Waiting {
    ResumableRun run;
    MonoTime deadline;
  };

  void plan(const std::string& name);
  void set_due(const std::string& name, Plan& plan);
  void fire(const std::string& name, Plan& plan, WallTime now);
  void started(const std::string& name, WallTime due, bool late, const Result<std::string>& how);
  void resume_ready();
  void note(const std::string& name, const std::string& text);

  const SchedulerOptions options_;
  ScriptLibrary& library_;
  ScriptStore& store_;
  MacroStarter& starter_;
  net::Loop& loop_;
  const Clock& clock_;
  Log& log_;
  const Note note_;
  const Ready ready_;
  const LoadZone load_zone_;
  Counter fired_total_, skipped_total_, late_total_;
  std::map<std::string, Plan, std::less<>> plans_;
  std::map<std::string, WallTime> served_;  // Last moment that needs nothing more.
  std::vector<Waiting> waiting_;            // Macros that resume when their game is ready.
  net::Handle timer_;
  Topic<ScriptChanged>::Subscription changes_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late callbacks.
};

}  // namespace gk::macros
