#include "macros/scripts/rules/step_run.h"

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/try.h"

namespace gk::macros {
namespace {

constexpr std::size_t kMaxReply = 4096;  // Source: chosen; what `reply` keeps of an answer
constexpr Millis kBreath{10};            // Source: chosen; between two long stretches of silence

double number_of(const Variables& variables, const std::string& name) {
  const auto found = variables.find(name);
  double out = 0;
  if (found != variables.end()) {
    const std::string& text = found->second.text;
    std::from_chars(text.data(), text.data() + text.size(), out);
  }
  return out;
}

}  // namespace

StepRun::StepRun(const StepProgram& program, Variables variables, Part part)
    : program_(program), variables_(std::move(variables)) {
  variables_.try_emplace("reply");
  frames_.push_back({part == Part::actions ? &program.actions : &program.on_cancel, 0, nullptr, 0});
}

const Action* StepRun::current() const {
  if (frames_.empty() || frames_.back().index >= frames_.back().list->size()) return nullptr;
  return &(*frames_.back().list)[frames_.back().index];
}

std::string_view StepRun::path() const {
  const Action* action = current();
  return action == nullptr ? std::string_view() : std::string_view(action->path);
}

void StepRun::advance() {
  ++frames_.back().index;
  phase_ = Phase::fetch;
}

Move StepRun::fail(const Action& action, const std::string& why) {
  end_ = Move{.kind = Move::Kind::done, .text = action.path + ": " + why, .ok = false};
  return *end_;
}

Move StepRun::next(MonoTime now, const SignalView& signals) {
  GK_ASSERT(phase_ != Phase::sent);  // The caller owes a replied().
  if (end_) return *end_;
  for (int silent = 0; silent < kMaxSilent; ++silent) {
    if (auto move = step(now, signals)) return *move;
  }
  return {.kind = Move::Kind::wait, .until = now + kBreath};
}

std::optional<Move> StepRun::step(MonoTime now, const SignalView& signals) {
  if (phase_ == Phase::fetch) {
    Frame& frame = frames_.back();
    if (frame.index < frame.list->size()) return fetch(now);
    if (frame.loop != nullptr && next_round(frame, signals)) return std::nullopt;
    frames_.pop_back();
    if (frames_.empty()) {
      end_ = Move{.kind = Move::Kind::done};
      return end_;
    }
    advance();
    return std::nullopt;
  }
  if (phase_ == Phase::delay) {
    if (now < until_) return Move{.kind = Move::Kind::wait, .until = until_};
    phase_ = Phase::act;
  }
  const Action& action = *current();
  return phase_ == Phase::waiting ? wait(action, now, signals) : act(now, signals);
}

std::optional<Move> StepRun::fetch(MonoTime now) {
  const Action& action = *current();
  phase_ = Phase::act;
  // A pause that its condition skips must not pause: act() looks at it first.
  if (action.delay > Nanos(0) && action.type != ActionType::pause) {
    until_ = now + action.delay;
    phase_ = Phase::delay;
  }
  return std::nullopt;
}

std::optional<Move> StepRun::act(MonoTime now, const SignalView& signals) {
  const Action& action = *current();
  const bool asks =
      action.condition && action.type != ActionType::wait_for && action.type != ActionType::loop;
  const bool holds = !asks || action.condition->holds(variables_, signals);
  if (action.type == ActionType::branch) {
    frames_.push_back({holds ? &action.then : &action.otherwise, 0, nullptr, 0});
    phase_ = Phase::fetch;
    return std::nullopt;
  }
  if (!holds) {
    advance();
    return std::nullopt;
  }
  switch (action.type) {
    case ActionType::command:
    case ActionType::say: return speak(action);
    case ActionType::loop: enter_loop(action); return std::nullopt;
    case ActionType::pause: until_ = now + action.delay; break;
    default: until_ = now + action.timeout; break;
  }
  seen_ = false;
  phase_ = Phase::waiting;
  return std::nullopt;
}

std::optional<Move> StepRun::speak(const Action& action) {
  auto text = action.command.expand(variables_);
  if (!text) return fail(action, text.error().message);
  if (action.type == ActionType::say && action.audience != Audience::players) {
    if (auto failed = apply_changes(action)) return failed;
    const auto kind = action.audience == Audience::operators ? Move::Kind::notify : Move::Kind::log;
    advance();
    return Move{.kind = kind, .text = std::move(*text)};
  }
  const bool chat = action.type == ActionType::say;
  if (chat) {
    // A quote inside the text would end the text where the format quotes it.
    for (char& c : *text) c = c == '"' ? '\'' : c;
    text = program_.say_format.expand({{"text", {std::move(*text), false}}});
    if (!text) return fail(action, text.error().message);
  }
  phase_ = Phase::sent;
  return Move{.kind = Move::Kind::send, .text = std::move(*text), .chat = chat};
}

void StepRun::replied(const Result<std::string>& reply) {
  GK_ASSERT(phase_ == Phase::sent);
  const Action& action = *current();
  if (!reply && action.on_error == OnTrouble::stop) {
    fail(action, reply.error().message);
    phase_ = Phase::fetch;
    return;
  }
  const std::string text = reply ? reply->substr(0, kMaxReply) : std::string();
  variables_["reply"] = {text, true};
  if (!action.save.empty()) variables_[action.save] = {text, true};
  if (action.pattern) {
    std::string_view rest = text;
    while (!rest.empty()) {  // The first line that fits.
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      if (const auto found = action.pattern->match(rest.substr(0, end))) {
        for (const auto& [name, value] : *found) variables_[name] = {value, true};
        break;
      }
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  if (!apply_changes(action)) advance();
  phase_ = Phase::fetch;
}

bool StepRun::line(std::string_view text) {
  if (phase_ != Phase::waiting || seen_) return false;
  const Action& action = *current();
  if (action.type != ActionType::wait_for || !action.pattern) return false;
  const auto found = action.pattern->match(text);
  if (!found) return false;
  for (const auto& [name, value] : *found) variables_[name] = {value, true};
  seen_ = true;
  return true;
}

std::optional<Move> StepRun::wait(const Action& action, MonoTime now, const SignalView& signals) {
  const bool is_pause = action.type == ActionType::pause;
  const bool came =
      seen_ || (!is_pause && action.condition && action.condition->holds(variables_, signals));
  const bool over = now >= until_;
  if (!came && over && !is_pause && action.on_timeout == OnTrouble::stop) {
    return fail(action,
                "waited in vain for " +
                    std::to_string(std::chrono::duration_cast<Millis>(action.timeout).count()) +
                    " ms");
  }
  if (came || over) {
    // What a wait changes counts only when it was not in vain.
    if (came || is_pause) {
      if (auto failed = apply_changes(action)) return failed;
    }
    advance();
    return std::nullopt;
  }
  const MonoTime ask = action.condition && !is_pause ? now + kConditionPeriod : until_;
  return Move{.kind = Move::Kind::wait, .until = std::min(ask, until_)};
}

// As after a round: the first one is asked for like the others, in step().
void StepRun::enter_loop(const Action& action) {
  frames_.push_back({&action.then, action.then.size(), &action, 0});
  phase_ = Phase::fetch;
}

bool StepRun::next_round(Frame& frame, const SignalView& signals) {
  const Action& loop = *frame.loop;
  if (frame.round == loop.count) return false;
  if (loop.condition && !loop.condition->holds(variables_, signals)) return false;
  ++frame.round;
  if (!loop.counter.empty()) {
    const std::uint32_t shown = loop.descending ? loop.count - frame.round + 1 : frame.round;
    variables_[loop.counter] = {std::to_string(shown), false};
  }
  frame.index = 0;
  return true;
}

std::optional<Move> StepRun::apply_changes(const Action& action) {
  for (const auto& [name, value] : action.set) {
    auto text = value.expand(variables_);
    if (!text) return fail(action, "set " + name + ": " + text.error().message);
    variables_[name] = {std::move(*text), false};  // expand() has tamed what came from outside
  }
  for (const auto& [name, by] : action.add) {
    variables_[name] = {format_number(number_of(variables_, name) + by), false};
  }
  return std::nullopt;
}

Result<Variables> variables_with_args(const StepProgram& program, std::string_view args_json) {
  Variables out = program.variables;
  if (args_json.empty()) return out;
  GK_TRY(const JsonValue args, parse_json(args_json));
  if (args.is_null()) return out;
  if (!args.is_object()) return Error{Errc::invalid_argument, "args: expected an object"};
  for (const auto& [name, value] : args.as_object()) {
    const auto declared = out.find(name);
    if (declared == out.end()) {
      return Error{Errc::invalid_argument,
                   "args." + name + ": the macro declares no such variable"};
    }
    if (value.is_string()) {
      declared->second = {value.as_string(), true};
    } else if (value.is_number()) {
      declared->second = {format_number(value.as_number()), true};
    } else {
      return Error{Errc::invalid_argument, "args." + name + ": expected a text or a number"};
    }
  }
  return out;
}

}  // namespace gk::macros
