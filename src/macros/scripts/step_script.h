// step_script.h: a list of steps that runs inside the daemon, on the loop's timers.

#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "macros/scripts/rules/step_run.h"
#include "macros/scripts/running_script.h"
#include "net/loop.h"

namespace gk::macros {

/// Thread: loop.
class StepScript final : public RunningScript {
 public:
  /// Moves in one go before others get the loop. Source: chosen
  static constexpr int kMovesAtOnce = 32;
  static constexpr Millis kTurn{10};  ///< Then it waits so long, or it could hold the loop busy.

  /// Kept variables are recalled, then `args` are put over them.
  /// Errors: as variables_with_args().
  static Result<std::unique_ptr<StepScript>> create(std::shared_ptr<const StepProgram> program,
                                                    std::string_view args_json, ScriptHands hands,
                                                    net::Loop& loop, const Clock& clock,
                                                    StepRun::Part part = StepRun::Part::actions);

  void run() override { advance(); }
  void pause() override;
  void resume() override;
  void fence() override;
  void interrupt() override { fence(); }
  void line(std::string_view text) override;

 private:
  StepScript(std::shared_ptr<const StepProgram> program, Variables variables, ScriptHands hands,
             net::Loop& loop, const Clock& clock, StepRun::Part part);
  void advance();
  void send(Move move);
  void finish(const Move& move);
  void keep_variables();
  void later(Nanos delay);

  const std::shared_ptr<const StepProgram> program_;  // Shared with the library, which may drop it.
  ScriptHands hands_;
  net::Loop& loop_;
  const Clock& clock_;
  StepRun run_;
  std::map<std::string, std::string> kept_;
  net::Handle timer_;
  MonoTime paused_at_{};
  bool paused_ = false, ended_ = false, waits_for_reply_ = false, advancing_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late callbacks.
};

}  // namespace gk::macros
