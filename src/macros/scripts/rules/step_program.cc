#include "macros/scripts/rules/step_program.h"

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "base/json_writer.h"

namespace gk::macros {
namespace {

constexpr double kMaxPauseS = 3600;        // Source: chosen; a profile's duration ends it anyway
constexpr double kMaxPauseMs = 3'600'000;  // Source: kMaxPauseS
constexpr std::size_t kMaxCancel = 16;     // Source: chosen; they share 5 s
constexpr double kMaxTimeoutS = 600;       // Source: games/port.h, SendRequest::timeout
constexpr std::string_view kDefaultSay = "say ${text}";  // Source: econ, TinyMUX, Minecraft

Nanos nanos(double seconds) {
  return Nanos(static_cast<std::int64_t>(std::llround(seconds * 1e9)));
}

/// Reads one program; every complaint goes to `complaints`.
class StepReader {
 public:
  explicit StepReader(Complaints& complaints) : complaints_(complaints) {}

  void program(const JsonValue& root, StepProgram& out);

 private:
  void take(const JsonReader& reader) {
    complaints_.insert(complaints_.end(), reader.complaints().begin(), reader.complaints().end());
  }
  void complain(std::string path, std::string text) {
    complaints_.emplace_back(std::move(path), std::move(text));
  }
  void words(JsonReader& reader, std::string_view key, std::vector<std::string>& out);
  void variables(JsonReader& reader, StepProgram& out);
  void settings(const JsonValue* value, StepProgram& out);
  std::vector<Action> list(const JsonValue* value, const std::string& path, std::size_t depth);
  Action action(const JsonValue& value, const std::string& path, std::size_t depth);
  void parameters(const JsonValue* value, Action& action, std::size_t depth);
  void parameters_of_type(JsonReader& reader, const std::string& path, Action& action,
                          std::size_t depth);
  void loop(JsonReader& reader, const std::string& path, Action& action, std::size_t depth);
  void changes(JsonReader& reader, const std::string& path, Action& action);
  std::optional<Template> text(JsonReader& reader, std::string_view key, const std::string& value);
  void trouble(JsonReader& reader, std::string_view key, OnTrouble& out);
  void pattern(JsonReader& reader, std::string_view key, Action& action);
  void declare(const std::string& name) { known_[name]; }
  void check_names(const std::vector<Action>& actions);
  void check_name(const std::string& path, const std::string& name);

  Complaints& complaints_;
  Variables known_;
  std::size_t count_ = 0;
};

std::optional<ActionType> action_type(std::string_view text) {
  if (text == "command") return ActionType::command;
  if (text == "pause") return ActionType::pause;
  if (text == "wait_for") return ActionType::wait_for;
  if (text == "if") return ActionType::branch;
  if (text == "loop") return ActionType::loop;
  if (text == "say") return ActionType::say;
  return std::nullopt;
}

void StepReader::words(JsonReader& reader, std::string_view key, std::vector<std::string>& out) {
  const JsonValue* value = reader.member(key);
  if (value == nullptr || value->is_null()) return;
  const auto fits = [](const JsonValue& w) { return w.is_string() && w.as_string().size() <= 64; };
  if (!value->is_array() || value->as_array().size() > 32 ||
      !std::all_of(value->as_array().begin(), value->as_array().end(), fits)) {
    return reader.complain(key, "expected at most 32 strings of at most 64 bytes");
  }
  for (const JsonValue& word : value->as_array()) out.push_back(word.as_string());
}

void StepReader::variables(JsonReader& reader, StepProgram& out) {
  const JsonValue* value = reader.member("variables");
  if (value == nullptr || value->is_null()) return;
  if (!value->is_object()) return reader.complain("variables", "expected an object");
  if (value->as_object().size() > StepProgram::kMaxVariables) {
    return reader.complain("variables", "more than 64 variables");
  }
  for (const auto& [name, first] : value->as_object()) {
    const std::string path = "variables." + name;
    if (!valid_variable(name) || is_signal(name) || name == "reply") {
      complain(path, "expected a name of a-z, 0-9 and _ that is no signal and not reply");
    } else if (first.is_string()) {
      out.variables[name] = {first.as_string(), false};
    } else if (first.is_number()) {
      out.variables[name] = {format_number(first.as_number()), false};
    } else {
      complain(path, std::string("expected a string or a number, got ") + first.type_name());
    }
    declare(name);
  }
}

std::optional<Template> StepReader::text(JsonReader& reader, std::string_view key,
                                         const std::string& value) {
  auto parsed = Template::parse(value);
  if (parsed) return std::move(*parsed);
  reader.complain(key, parsed.error().message);
  return std::nullopt;
}

void StepReader::settings(const JsonValue* value, StepProgram& out) {
  static const JsonValue kNone{JsonValue::Object{}};
  JsonReader reader(value == nullptr || value->is_null() ? kNone : *value, "settings");
  (void)reader.member("comment");
  std::string say{kDefaultSay};
  reader.string("say", say, 256);
  if (auto parsed = text(reader, "say", say)) {
    const auto names = parsed->names();
    if (names != std::vector<std::string>{"text"}) {
      reader.complain("say", "expected exactly one ${text} and no other variable");
    }
    out.say_format = std::move(*parsed);
  }
  double timeout_s = 30;
  reader.number("reply_timeout_s", timeout_s, 0.1, kMaxTimeoutS);
  out.reply_timeout = nanos(timeout_s);
  words(reader, "keep", out.keep);
  for (const auto& name : out.keep) {
    if (out.variables.count(name) == 0) reader.complain("keep", "no variable " + name);
  }
  reader.refuse_unknown();
  take(reader);
}

void StepReader::program(const JsonValue& root, StepProgram& out) {
  JsonReader reader(root, "");
  if (!root.is_object()) return take(reader);
  reader.require("name");
  reader.string("name", out.name, 64);
  (void)reader.member("comment");
  reader.string("description", out.description, 2048);
  reader.string("version", out.version, 32);
  reader.string("author", out.author, 128);
  reader.string("category", out.category, 64);
  reader.string("game", out.game, 64);
  words(reader, "tags", out.tags);
  variables(reader, out);
  settings(reader.member("settings"), out);
  reader.require("actions");
  out.actions = list(reader.member("actions"), "actions", 1);
  out.action_count = count_;
  if (const JsonValue* cancel = reader.member("on_cancel")) {
    out.on_cancel = list(cancel, "on_cancel", 1);
    if (out.on_cancel.size() > kMaxCancel) reader.complain("on_cancel", "more than 16 steps");
    for (const Action& step : out.on_cancel) {
      if (step.type != ActionType::command && step.type != ActionType::say) {
        complain(step.path, "expected command or say: it has 5 s for all of them");
      }
    }
  }
  reader.refuse_unknown();
  take(reader);
  check_names(out.actions);
  check_names(out.on_cancel);
}

std::vector<Action> StepReader::list(const JsonValue* value, const std::string& path,
                                     std::size_t depth) {
  std::vector<Action> out;
  if (value == nullptr || value->is_null()) return out;
  if (!value->is_array()) {
    complain(path, std::string("expected an array, got ") + value->type_name());
    return out;
  }
  if (depth > StepProgram::kMaxDepth) {
    complain(path, "nested more than 8 deep");
    return out;
  }
  for (std::size_t i = 0; i < value->as_array().size(); ++i) {
    if (++count_ > StepProgram::kMaxActions) {
      complain(path, "more than 1000 actions in all");
      return out;
    }
    out.push_back(action(value->as_array()[i], path + "[" + std::to_string(i) + "]", depth));
  }
  return out;
}

Action StepReader::action(const JsonValue& value, const std::string& path, std::size_t depth) {
  Action out;
  out.path = path;
  JsonReader reader(value, path);
  std::string type, command, condition;
  (void)reader.member("comment");
  reader.require("type");
  reader.string("type", type, 16);
  const auto known = action_type(type);
  if (!known && !type.empty()) {
    reader.complain("type", "expected command, pause, wait_for, if, loop or say, got " + type);
  }
  out.type = known.value_or(ActionType::pause);
  reader.string("command", command, Template::kMaxBytes);
  const bool speaks = out.type == ActionType::command || out.type == ActionType::say;
  if (known && speaks && command.empty()) reader.complain("command", "is required");
  if (known && !speaks && !command.empty()) reader.complain("command", "means nothing in " + type);
  if (auto parsed = text(reader, "command", command)) out.command = std::move(*parsed);
  double delay_ms = 0;
  reader.number("delay_ms", delay_ms, 0, kMaxPauseMs);
  out.delay = nanos(delay_ms / 1000);
  reader.string("condition", condition, Condition::kMaxBytes);
  if (!condition.empty()) {
    auto parsed = Condition::parse(condition);
    if (parsed) out.condition = std::move(*parsed);
    if (!parsed) reader.complain("condition", parsed.error().message);
  } else if (out.type == ActionType::branch) {
    reader.complain("condition", "is required");
  }
  const JsonValue* more = reader.member("parameters");
  reader.refuse_unknown();
  take(reader);
  if (known) parameters(more, out, depth);
  return out;
}

void StepReader::trouble(JsonReader& reader, std::string_view key, OnTrouble& out) {
  std::string word = out == OnTrouble::stop ? "stop" : "continue";
  reader.string(key, word, 16);
  if (word != "stop" && word != "continue") {
    return reader.complain(key, "expected stop or continue, got " + word);
  }
  out = word == "stop" ? OnTrouble::stop : OnTrouble::go_on;
}

void StepReader::pattern(JsonReader& reader, std::string_view key, Action& action) {
  std::string text;
  reader.string(key, text, TextPattern::kMaxBytes);
  if (text.empty()) return;
  auto parsed = TextPattern::parse(text);
  if (!parsed) return reader.complain(key, parsed.error().message);
  for (const auto& name : parsed->names()) {
    if (is_signal(name)) reader.complain(key, name + " is the name of a signal");
    declare(name);
  }
  action.pattern = std::move(*parsed);
}

void StepReader::parameters(const JsonValue* value, Action& action, std::size_t depth) {
  static const JsonValue kNone{JsonValue::Object{}};
  const std::string path = action.path + ".parameters";
  JsonReader reader(value == nullptr || value->is_null() ? kNone : *value, path);
  parameters_of_type(reader, path, action, depth);
  changes(reader, path, action);
  reader.refuse_unknown();
  take(reader);
}

void StepReader::parameters_of_type(JsonReader& reader, const std::string& path, Action& action,
                                    std::size_t depth) {
  double seconds = 0;
  std::string to = "players";
  switch (action.type) {
    case ActionType::command:
      reader.string("save", action.save, 32);
      if (!action.save.empty() && (!valid_variable(action.save) || is_signal(action.save))) {
        reader.complain("save", "expected the name of a variable");
      }
      if (!action.save.empty()) declare(action.save);
      pattern(reader, "capture", action);
      return trouble(reader, "on_error", action.on_error);
    case ActionType::say:
      trouble(reader, "on_error", action.on_error);
      reader.string("to", to, 16);
      action.audience = to == "operators" ? Audience::operators
                        : to == "log"     ? Audience::log
                                          : Audience::players;
      if (action.audience == Audience::players && to != "players") {
        reader.complain("to", "expected players, operators or log, got " + to);
      }
      return;
    case ActionType::pause:
      reader.number("seconds", seconds, 0.001, kMaxPauseS);
      if (seconds > 0) action.delay = nanos(seconds);
      if (action.delay == Nanos(0)) reader.complain("seconds", "is required, or delay_ms");
      return;
    case ActionType::wait_for:
      pattern(reader, "line", action);
      seconds = 60;
      reader.number("timeout_s", seconds, 0.001, kMaxPauseS);
      action.timeout = nanos(seconds);
      trouble(reader, "on_timeout", action.on_timeout);
      if (action.pattern.has_value() == action.condition.has_value()) {
        reader.complain("line", "expected either a line here or a condition of the step");
      }
      return;
    case ActionType::branch:
      action.then = list(reader.member("then"), path + ".then", depth + 1);
      action.otherwise = list(reader.member("else"), path + ".else", depth + 1);
      return;
    case ActionType::loop: return loop(reader, path, action, depth);
  }
}

void StepReader::loop(JsonReader& reader, const std::string& path, Action& action,
                      std::size_t depth) {
  std::int64_t count = 1;
  reader.require("count");
  reader.integer("count", count, 1, StepProgram::kMaxRounds);
  action.count = static_cast<std::uint32_t>(count);
  reader.string("as", action.counter, 32);
  if (!action.counter.empty() && (!valid_variable(action.counter) || is_signal(action.counter))) {
    reader.complain("as", "expected the name of a variable");
  }
  if (!action.counter.empty()) declare(action.counter);
  reader.boolean("down", action.descending);
  reader.require("actions");
  action.then = list(reader.member("actions"), path + ".actions", depth + 1);
}

void StepReader::changes(JsonReader& reader, const std::string& path, Action& action) {
  if (action.type == ActionType::branch || action.type == ActionType::loop) return;
  const JsonValue* set = reader.member("set");
  const JsonValue* add = reader.member("add");
  if (set != nullptr && !set->is_object()) return reader.complain("set", "expected an object");
  if (add != nullptr && !add->is_object()) return reader.complain("add", "expected an object");
  for (const auto& [name, value] : set == nullptr ? JsonValue::Object{} : set->as_object()) {
    const std::string at = path + ".set." + name;
    if (!value.is_string()) {
      complain(at, std::string("expected a string, got ") + value.type_name());
    } else if (auto parsed = Template::parse(value.as_string()); !parsed) {
      complain(at, parsed.error().message);
    } else {
      action.set.emplace_back(name, std::move(*parsed));
    }
    check_name(at, name);
  }
  for (const auto& [name, value] : add == nullptr ? JsonValue::Object{} : add->as_object()) {
    const std::string at = path + ".add." + name;
    if (!value.is_number()) {
      complain(at, std::string("expected a number, got ") + value.type_name());
    } else {
      action.add.emplace_back(name, value.as_number());
    }
    check_name(at, name);
  }
}

void StepReader::check_name(const std::string& path, const std::string& name) {
  if (name == "reply" || known_.count(name) > 0) return;
  complain(path, "no variable " + name + " is declared, taken from a line or counted by a loop");
}

// After everything is read: a name may be declared further down.
void StepReader::check_names(const std::vector<Action>& actions) {
  for (const Action& action : actions) {
    for (const auto& name : action.command.names()) check_name(action.path + ".command", name);
    if (action.condition) {
      for (const auto& name : action.condition->variables()) {
        check_name(action.path + ".condition", name);
      }
    }
    for (const auto& [target, value] : action.set) {
      for (const auto& name : value.names()) check_name(action.path + ".parameters.set", name);
    }
    check_names(action.then);
    check_names(action.otherwise);
  }
}

}  // namespace

std::shared_ptr<const StepProgram> read_steps(std::string_view json, Complaints& complaints) {
  const std::size_t before = complaints.size();
  const auto root = parse_json(json);
  if (!root) {
    complaints.emplace_back("source", root.error().message);
    return nullptr;
  }
  auto out = std::make_shared<StepProgram>();  // shared: the library and every run of it
  StepReader(complaints).program(*root, *out);
  if (complaints.size() > before) return nullptr;
  return out;
}

Result<std::shared_ptr<const StepProgram>> cancel_steps(const std::vector<std::string>& commands) {
  if (commands.size() > kMaxCancel) {
    return Error{Errc::invalid_argument, "on_cancel: more than 16 steps"};
  }
  auto out = std::make_shared<StepProgram>();  // shared: as above
  for (const auto& text : commands) {
    auto parsed = Template::parse(text);
    if (!parsed || !parsed->names().empty()) {
      return Error{Errc::invalid_argument, "on_cancel: expected a command without variables"};
    }
    Action step;
    step.path = "on_cancel[" + std::to_string(out->on_cancel.size()) + "]";
    step.command = std::move(*parsed);
    step.on_error = OnTrouble::go_on;
    out->on_cancel.push_back(std::move(step));
  }
  return std::shared_ptr<const StepProgram>(std::move(out));
}

namespace {

bool any_needs_game(const std::vector<Action>& actions) {
  return std::any_of(actions.begin(), actions.end(), [](const Action& step) {
    const bool says = step.type == ActionType::say && step.audience == Audience::players;
    return step.type == ActionType::command || step.type == ActionType::wait_for || says ||
           any_needs_game(step.then) || any_needs_game(step.otherwise);
  });
}

}  // namespace

bool needs_game(const StepProgram& program) { return any_needs_game(program.actions); }

std::string joined(const Complaints& complaints) {
  std::string out;
  for (const auto& [path, text] : complaints) out += (out.empty() ? "" : "; ") + path + ": " + text;
  return out;
}

}  // namespace gk::macros
