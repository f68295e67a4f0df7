#include "macros/scripts/step_script.h"

#include "base/json.h"
#include "base/json_writer.h"
#include "base/try.h"

namespace gk::macros {

Result<std::unique_ptr<StepScript>> StepScript::create(std::shared_ptr<const StepProgram> program,
                                                       std::string_view args_json,
                                                       ScriptHands hands, net::Loop& loop,
                                                       const Clock& clock, StepRun::Part part) {
  GK_TRY(Variables variables, variables_with_args(*program, args_json));
  for (const auto& name : program->keep) {
    Variable& variable = variables[name];
    const std::string* kept = hands.recall(name);
    if (kept == nullptr || variable.outside) continue;  // An argument wins.
    const auto value = parse_json(*kept);
    if (value && value->is_string()) variable = {value->as_string(), true};
  }
  return std::unique_ptr<StepScript>(new StepScript(std::move(program), std::move(variables),
                                                    std::move(hands), loop, clock, part));
}

StepScript::StepScript(std::shared_ptr<const StepProgram> program, Variables variables,
                       ScriptHands hands, net::Loop& loop, const Clock& clock, StepRun::Part part)
    : program_(std::move(program)),
      hands_(std::move(hands)),
      loop_(loop),
      clock_(clock),
      run_(*program_, std::move(variables), part) {
  for (const auto& name : program_->keep) kept_[name] = run_.variables().at(name).text;
}

void StepScript::later(Nanos delay) {
  timer_ = loop_.after(std::max(delay, Nanos(0)), [this] { advance(); });
}

// Moves until it waits, for time, for a reply or for its turn. A port may answer from within
// send(): then waits_for_reply_ is false again when send() returns, and the loop goes on.
void StepScript::advance() {
  if (advancing_ || paused_ || ended_ || waits_for_reply_) return;
  timer_ = {};
  advancing_ = true;
  const std::weak_ptr<int> alive = alive_;
  for (int moves = 0; moves < kMovesAtOnce; ++moves) {
    Move move = run_.next(clock_.mono(), hands_.signals);
    keep_variables();
    if (move.kind == Move::Kind::done) {
      ended_ = true;
      advancing_ = false;
      return hands_.ended(move.ok, std::move(move.text));  // May end this object's life.
    }
    if (move.kind == Move::Kind::wait) {
      advancing_ = false;
      return later(move.until - clock_.mono());
    }
    if (move.kind == Move::Kind::log) hands_.log(move.text);
    if (move.kind == Move::Kind::notify) hands_.notify(std::move(move.text));
    if (move.kind == Move::Kind::send) send(std::move(move));
    if (alive.expired()) return;
    if (paused_ || ended_ || waits_for_reply_) {
      advancing_ = false;
      return;
    }
  }
  advancing_ = false;
  later(kTurn);
}

void StepScript::send(Move move) {
  waits_for_reply_ = true;
  hands_.send(
      std::move(move.text), move.chat, program_->reply_timeout,
      [this, alive = std::weak_ptr(alive_)](const Result<games::SendReply>& reply) {
        if (alive.expired() || ended_) return;
        waits_for_reply_ = false;
        run_.replied(reply ? Result<std::string>(reply->text) : Result<std::string>(reply.error()));
        advance();
      });
}

void StepScript::keep_variables() {
  for (auto& [name, last] : kept_) {
    const std::string& text = run_.variables().at(name).text;
    if (text == last) continue;
    last = text;
    std::string json;
    append_json_string(json, text);
    if (auto kept = hands_.remember(name, std::move(json)); !kept) hands_.log(kept.error().message);
  }
}

void StepScript::pause() {
  if (paused_) return;
  paused_ = true;
  paused_at_ = clock_.mono();
  timer_ = {};
}

void StepScript::resume() {
  if (!paused_) return;
  paused_ = false;
  run_.shift(clock_.mono() - paused_at_);
  advance();
}

void StepScript::fence() {
  ended_ = true;
  timer_.cancel();
}

void StepScript::line(std::string_view text) {
  if (!ended_ && run_.line(text)) advance();
}

}  // namespace gk::macros
