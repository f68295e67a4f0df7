// step_program.h: a macro as a list of steps, read from JSON. What each member means:
// docs/macro-library.md. Running one is step_run.h, judging one step_check.h.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gamekeeper/result.h"
#include "gamekeeper/time.h"
#include "macros/scripts/rules/condition.h"
#include "macros/scripts/rules/text_pattern.h"
#include "macros/scripts/rules/variables.h"

namespace gk::macros {

enum class ActionType : std::uint8_t { command, pause, wait_for, branch, loop, say };
enum class Audience : std::uint8_t { players, operators, log };
enum class OnTrouble : std::uint8_t { stop, go_on };

/// One step. Which members count depends on `type`.
struct Action {
  ActionType type = ActionType::command;
  std::string path;                    ///< "actions[3].parameters.then[0]", for messages.
  Template command;                    ///< command and say: the text.
  Nanos delay{0};                      ///< Before the step; of a pause, its length.
  std::optional<Condition> condition;  ///< Not true: the step is skipped (branch: `otherwise`).

  OnTrouble on_error = OnTrouble::stop;    ///< command and say: the game refused.
  std::string save;                        ///< command: variable that gets the reply.
  std::optional<TextPattern> pattern;      ///< wait_for: a line; command: looked for in the reply.
  Nanos timeout{Seconds(60)};              ///< wait_for.
  OnTrouble on_timeout = OnTrouble::stop;  ///< wait_for.
  Audience audience = Audience::players;   ///< say.
  std::vector<std::pair<std::string, Template>> set;  ///< After the step, in order.
  std::vector<std::pair<std::string, double>> add;    ///< After `set`.

  std::uint32_t count = 1;   ///< loop: most rounds; its condition is asked before each.
  std::string counter;       ///< loop: variable with 1, 2, … `count`; empty: none.
  bool descending = false;   ///< loop: the counter goes `count` … 1.
  std::vector<Action> then;  ///< branch and loop.
  std::vector<Action> otherwise;
};

/// A whole macro.
/// Thread: immutable once read.
struct StepProgram {
  static constexpr std::size_t kMaxActions = 1'000;    // Source: chosen
  static constexpr std::size_t kMaxDepth = 8;          // Source: chosen
  static constexpr std::size_t kMaxVariables = 64;     // Source: chosen
  static constexpr std::int64_t kMaxRounds = 100'000;  // Source: chosen

  std::string name, description, version, author, category, game;
  std::vector<std::string> tags;
  Variables variables;            ///< Declared, with their first values.
  std::vector<std::string> keep;  ///< Of these, what a restart keeps.
  Template say_format;            ///< How this game says `${text}` to its players.
  Nanos reply_timeout{Seconds(30)};
  std::vector<Action> actions;
  std::vector<Action> on_cancel;  ///< Only commands and says.
  std::size_t action_count = 0;   ///< With nested ones, without on_cancel.
};

/// A complaint: where, and what.
using Complaints = std::vector<std::pair<std::string, std::string>>;

/// Reads a program; with anything to complain about, all of it is in `complaints` and nothing is
/// returned.
std::shared_ptr<const StepProgram> read_steps(std::string_view json, Complaints& complaints);

/// on_cancel lines of a Lua macro as steps. Errors: invalid_argument.
Result<std::shared_ptr<const StepProgram>> cancel_steps(const std::vector<std::string>& commands);

/// Whether a step, wherever it is nested, acts on a game or waits for a line of it. on_cancel does
/// not count: without a game it is not run.
bool needs_game(const StepProgram& program);

/// "path: text; path: text".
std::string joined(const Complaints& complaints);

}  // namespace gk::macros
