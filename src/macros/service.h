// service.h: runs, watches and ends macros. The rules decide (rules/macro_watch.h); this acts:
// fence first, kill by pidfd, reap, then tell and record. Nothing on the way to the kill waits for
// the store or needs memory.
//
// HTTP is routes.h, profiles are profile_book.h, processes are process_macro.h. Design:
// docs/macros.md.

#pragma once

#include <array>
#include <deque>
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
#include "base/random.h"
#include "base/ring.h"
#include "base/topic.h"
#include "base/worker_pool.h"
#include "games/port.h"
#include "macros/evidence.h"
#include "macros/lifecycle.h"
#include "macros/macro_store.h"
#include "macros/observer.h"
#include "macros/profile_book.h"
#include "macros/rules/quarantine.h"
#include "macros/run_memory.h"
#include "macros/running_macro.h"
#include "macros/script_host.h"
#include "macros/start_request.h"

namespace gk::macros {

/// Source of the numbers: macros specification; those without a word there are chosen.
struct MacroServiceOptions {
  LauncherOptions launcher;
  std::string logs_dir;  ///< For macro_cancellations_<date>.json; empty: no log.
  WatchSettings watch;
  QuarantineSettings quarantine;
  EvidenceLimits evidence;
  RunMemoryLimits memory;
  std::size_t max_events = 1'000;  ///< Kept in memory; the oldest loses.
  std::size_t max_ended = 256;     ///< Ended macros that wait() still knows.
  std::size_t max_waiters = 256;   ///< Long polls; the newest is refused.
  Millis period{100};              ///< Between evaluations while a macro runs.
  Millis term_grace{20};           ///< SIGTERM → SIGKILL, of an external macro or a stop.
  Millis end_deadline{1'000};      ///< Then it counts as still acting.
  Millis start_deadline{5'000};    ///< For the worker to say that the program runs.
};

/// What wait() answers.
struct WaitAnswer {
  std::string macro_id;
  std::string state;  ///< running, warned, paused, cancelled, stopped or ended.
  std::string reason;
};

/// The macros of this machine.
///
/// Thread:     loop, except emergency_stop_signal(), which is safe and async-signal-safe.
/// Invariants: at most kMaxMacros run, each macro_id once; a macro that is being ended is fenced
///             and gets no second decision.
class MacroService {
 public:
  static constexpr std::size_t kMaxMacros = 256;  // Source: chosen; the sampler watches 256.

  /// Requires: all references outlive the service.
  MacroService(MacroServiceOptions options, net::Loop& loop, const Clock& clock, Random& random,
               Log& log, Metrics& metrics, WorkerPool& pool, Observer& observer, MacroStore& store,
               ProfileBook& profiles);
  ~MacroService();
  MacroService(const MacroService&) = delete;
  MacroService& operator=(const MacroService&) = delete;

  /// Who runs macros of the library; null: nobody, and their start is refused.
  /// Requires: it outlives the service; no macro runs yet.
  void set_script_host(ScriptHost* host);
  /// The game links, where a macro that is being ended is fenced; null: there are none.
  /// Requires: as set_script_host().
  void set_games(games::Port* games);
  /// Who may act on a game besides those with `any_game`; null: everybody.
  /// Errors of it: not_found (no such game), permission_denied.
  using GameRights = std::function<Result<void>(std::string_view game, std::string_view user,
                                                std::string_view role)>;
  void set_game_rights(GameRights rights) { game_rights_ = std::move(rights); }

  /// Whether a caller without macros:admin may take a name: its lanes are refused when the macro is
  /// stopped, also to whoever else uses it. Null: everybody may.
  /// Errors of it: already_exists (it is somebody else's).
  using NameRights = std::function<Result<void>(const StartRequest& request)>;
  void set_name_rights(NameRights rights) { name_rights_ = std::move(rights); }

  /// Takes over what the store had.
  void restore(StoredMacros stored);

  /// Starts watching an external macro, or starts and watches a process macro or one of the
  /// library. `done` gets the JSON of the active macro, after the program or the script runs.
  /// Errors: invalid_argument, already_exists (it runs), permission_denied (a command or a weaker
  ///         level without the right, or a pid of another user), not_found (no such pid),
  ///         resource_exhausted (too many), unavailable (confinement refused; nobody runs
  ///         scripts), already_exists (the name is somebody else's). For a script also those of
  ///         ScriptHost::start().
  using Started = std::function<void(Result<std::string>)>;
  void start(StartRequest request, Started done);
  /// Ends a macro; `done` gets whether it is gone. `by` is for its log. The process of an external
  /// macro (`caller_pid`) takes its own back: no signal. Errors: not_found.
  Result<void> stop(std::string_view macro_id, std::function<void(bool gone)> done,
                    std::string by = {}, std::optional<int> caller_pid = {});
  /// Emergency stop of everything. Returns how many macros were told to end.
  std::size_t stop_all(const std::string& reason);
  /// The kill of stop_all() alone: no memory, no lock, no store. Call stop_all() after it.
  void emergency_stop_signal() noexcept;
  /// Errors: not_found, failed_precondition (not running or not paused, or it cannot be stopped).
  Result<void> pause(std::string_view macro_id, const std::string& reason);
  Result<void> resume(std::string_view macro_id);

  /// Other weights of the culprit score, from the next evaluation on.
  void set_culprit(const CulpritSettings& settings) { watch_.set_culprit(settings); }

  /// Who may not start now, and why.
  const Quarantine& quarantine() const { return quarantine_; }
  /// An admin lets a macro start again; `done` after that is on disk. Errors: not_found.
  void lift_quarantine(const std::string& macro_id, const std::string& by,
                       std::function<void(Result<void>)> done);

  /// Evaluates the rules now. Returns the events of the cancellations that it began.
  std::vector<CancellationEvent> check();

  /// Answers when the state of the macro differs from `known_state`, or after `timeout`.
  /// Errors: not_found, resource_exhausted.
  Result<void> wait(const std::string& macro_id, const std::string& known_state, Millis timeout,
                    std::function<void(WaitAnswer)> done);

  /// Writes the cancellation log of today. `done` gets its path.
  void write_log(std::function<void(Result<std::string>)> done);
  void load_evidence(const std::string& event_id, std::function<void(Result<std::string>)> done);
  /// Of a macro that runs, or of the last run of a program that ended. Errors: not_found.
  Result<ProgramOutput> output(std::string_view macro_id) const;

  /// The level that the last start of a macro asked for; nothing: its profile's, or not known.
  std::optional<SafetyLevel> last_level(std::string_view id) const { return memory_.level(id); }

  // Views as JSON, see the contract of /api/macro-safety.
  std::string status_json() const;
  std::string active_json() const;
  std::string report_json() const;
  const Ring<CancellationEvent>& events() const { return events_; }
  std::uint64_t total_cancellations() const { return total_cancellations_; }
  const WatchSettings& watch_settings() const { return watch_.settings(); }
  std::size_t active() const { return running_.size(); }
  /// Not of one that is being ended.
  bool is_running(std::string_view macro_id) const;
  /// For the health check: "namespace" or "session", and whether that is less than the best.
  std::string_view confinement() const;
  bool degraded() const { return launcher_.mode() == sys::Confinement::session; }

  /// Published at the moment of the decision, before the kill: refuse the macro everything.
  Topic<MacroFence>& fenced() { return fenced_; }
  Topic<MacroEntry>& entries() { return entries_; }
  Topic<CancellationEvent>& cancelled() { return cancelled_; }
  Topic<MacroNotice>& notices() { return notices_; }

 private:
  struct Waiter;
  // A child that outlived its deadline: it is reaped when it ends at last.
  struct Straggler {
    sys::ProcessHandle process;
    net::Handle exit_watch;
    std::string script_id;  // Of what a host runs, which waits for the end.
    bool runs_on_cancel = false;
    std::string why;                                          // As ScriptHost::gone().
    std::optional<std::pair<std::string, WallTime>> program;  // Its id, and when it was given up.
  };
  struct Slot {
    int pidfd = -1;
    int control = -1;  ///< Used alone in session mode: that worker must live to walk its tree.
    bool session = false;
  };

  // service_start.cc
  Result<std::unique_ptr<RunningMacro>> admit(const StartRequest& request) const;
  Result<void> check_kind(const StartRequest& request) const;
  Result<void> check_game(const StartRequest& request) const;
  Result<void> check_claims(const StartRequest& request) const;
  Result<void> check_pid(const StartRequest& request, RunningMacro& macro) const;
  void launch(std::unique_ptr<RunningMacro> macro, const std::string& by, Started done);
  Result<void> open_program(RunningMacro& macro);
  void close_program(const RunningMacro& macro);
  void on_report(const std::string& id, const std::string& by, const Started& done);
  void enter(RunningMacro& macro, const std::string& by);
  std::size_t take_slot(const RunningMacro& macro);
  // service_script.cc
  void launch_script(std::unique_ptr<RunningMacro> macro, const std::string& by, Started done);
  void on_script_started(const std::string& id, const std::string& by, const Started& done,
                         Result<std::optional<sys::Spawned>> started);
  void on_script_ended(const ScriptEnded& ended);
  bool is_straggler(std::string_view script_id) const;
  // service_ladder.cc
  WatchedMacro means_of(const RunningMacro& macro) const;
  void observe(std::string_view macro_id, Deed deed, std::string_view text);
  void throttle(RunningMacro& macro, const Decision& decision);
  void judge_end(const RunningMacro& macro, bool by_itself);
  bool still_holds_now(const Decision& decision) const;
  // service_windows.cc
  void hold_window(RunningMacro& macro, WallTime at) const;
  void follow_windows();
  // service_act.cc
  std::vector<CancellationEvent> evaluate();
  void act(const Decision& decision, std::vector<CancellationEvent>& begun);
  void fence(const RunningMacro& macro, Ending::Kind kind);
  void begin_end(RunningMacro& macro, Ending::Kind kind);
  void accuse(RunningMacro& macro, std::string reason, std::string rule, const Decision* decision);
  void send_end_signals(RunningMacro& macro);
  void kill_after_grace(RunningMacro& macro);
  void on_exit(const std::string& id);
  void finish(const std::string& id, bool gone);
  void reap_later(RunningMacro& macro, bool runs_on_cancel, std::string why);
  void record_event(const CancellationEvent& event, const CaseFile& file);
  CancellationEvent make_event(const RunningMacro& macro, std::string reason, std::string rule);
  CaseFile make_file(const RunningMacro& macro, const Decision* decision);
  void step(Ending& ending, std::string what, std::string result);
  void note(MacroNotice::Kind kind, RunningMacro& macro, const std::string& reason);
  void answer_waiters(const std::string& id, std::string_view state, const std::string& reason);
  void schedule();
  void write_log_later();
  // service_views.cc
  std::string active_item(const RunningMacro& macro, const monitor::Snapshot* snapshot,
                          MonoTime now) const;
  RunningMacro* find(std::string_view macro_id);

  const MacroServiceOptions options_;
  net::Loop& loop_;
  const Clock& clock_;
  Random& random_;
  Log& log_;
  Metrics& metrics_;
  WorkerPool& pool_;
  Observer& observer_;
  MacroStore& store_;
  ProfileBook& profiles_;
  ScriptHost* scripts_ = nullptr;  // Borrowed.
  games::Port* games_ = nullptr;   // Borrowed.

  ProcessLauncher launcher_;
  MacroWatch watch_;
  Quarantine quarantine_;
  EvidenceRecorder recorder_;
  RunMemory memory_;
  std::map<std::string, std::unique_ptr<RunningMacro>, std::less<>> running_;
  std::array<Slot, kMaxMacros> slots_;  // What emergency_stop_signal() walks.
  Ring<CancellationEvent> events_;
  std::deque<WaitAnswer> ended_;
  std::map<int, Straggler> stragglers_;  // By pid.
  std::vector<std::unique_ptr<Waiter>> waiters_;
  std::map<std::string, net::Handle> evidence_timers_;
  std::uint64_t total_cancellations_ = 0;
  std::optional<WallTime> last_check_;
  net::Handle ticker_;
  Topic<Observer::Published>::Subscription snapshots_;
  Topic<ScriptEnded>::Subscription script_ended_;
  Topic<ScriptActivity>::Subscription script_activity_;
  Topic<games::CommandSeen>::Subscription commands_;
  Gauge active_gauge_;
  Counter started_total_;
  bool log_is_being_written_ = false, log_is_stale_ = false;
  GameRights game_rights_;
  NameRights name_rights_;
  Topic<MacroFence> fenced_;
  Topic<MacroEntry> entries_;
  Topic<CancellationEvent> cancelled_;
  Topic<MacroNotice> notices_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late callbacks.
};

}  // namespace gk::macros
