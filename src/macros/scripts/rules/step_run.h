// step_run.h: goes through a list of steps, one move at a time. Time, signals and replies are
// arguments, so an hour of a macro is tested in microseconds.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "macros/scripts/rules/step_program.h"

namespace gk::macros {

/// What the caller does next.
struct Move {
  enum class Kind : std::uint8_t {
    send,    ///< Send `text` to the game, then call replied().
    notify,  ///< Tell the operators `text`, then call next().
    log,     ///< Note `text`, then call next().
    wait,    ///< Call next() at `until`, or when line() returned true.
    done,    ///< The run has ended; `ok` and `text` say how.
  };
  Kind kind = Kind::done;
  std::string text;
  bool chat = false;  ///< send: it is a say.
  MonoTime until = MonoTime::max();
  bool ok = true;
};

/// One run of a program.
///
/// Thread:     compatible.
/// Invariants: bounded memory; next() returns after at most kMaxSilent steps that show nothing.
class StepRun {
 public:
  static constexpr int kMaxSilent = 1'000;        // Source: chosen; some 0.2 ms in 10 ms
  static constexpr Millis kConditionPeriod{250};  // Source: chosen; a wait_for asks four times a s

  /// Which list of the program is run.
  enum class Part : std::uint8_t { actions, on_cancel };

  /// Requires: `program` outlives the run (shared by the caller).
  StepRun(const StepProgram& program, Variables variables, Part part = Part::actions);

  /// Requires: `now` never decreases; not between a send and its replied().
  Move next(MonoTime now, const SignalView& signals);
  /// The answer to the last send.
  void replied(const Result<std::string>& reply);
  /// A line that the game said. True: it is what a wait_for waits for; call next().
  bool line(std::string_view text);

  /// Time in which the run was paused: its waits end so much later.
  void shift(Nanos by) { until_ += by; }

  const Variables& variables() const { return variables_; }
  /// The step that is at work; empty at the end.
  std::string_view path() const;

 private:
  enum class Phase : std::uint8_t { fetch, delay, act, sent, waiting };
  struct Frame {
    const std::vector<Action>* list = nullptr;
    std::size_t index = 0;
    const Action* loop = nullptr;  // Null: the program itself, or a branch.
    std::uint32_t round = 0;       // Of `loop`, from 1.
  };

  std::optional<Move> step(MonoTime now, const SignalView& signals);
  std::optional<Move> fetch(MonoTime now);
  std::optional<Move> act(MonoTime now, const SignalView& signals);
  std::optional<Move> speak(const Action& action);
  std::optional<Move> wait(const Action& action, MonoTime now, const SignalView& signals);
  void enter_loop(const Action& action);
  bool next_round(Frame& frame, const SignalView& signals);
  std::optional<Move> apply_changes(const Action& action);
  void advance();
  Move fail(const Action& action, const std::string& why);
  const Action* current() const;

  const StepProgram& program_;
  Variables variables_;
  std::vector<Frame> frames_;
  Phase phase_ = Phase::fetch;
  MonoTime until_{};         // End of the delay or of the wait.
  bool seen_ = false;        // The line of the wait has come.
  std::optional<Move> end_;  // Once it has ended.
};

/// First values with `args_json` put over them.
/// Errors: invalid_argument (no object; a name that the program does not declare; no text or
///         number). Their texts count as from outside.
Result<Variables> variables_with_args(const StepProgram& program, std::string_view args_json);

}  // namespace gk::macros
