#include "sessions/rules/command.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/utf8.h"

namespace gk::sessions {
namespace {

using Kind = CommandKind;

const std::vector<CommandSpec>& table() {
  static const std::vector<CommandSpec> kSpecs{
      {Kind::session_start,
       "session",
       "start",
       "sessions:write",
       {"character_name", "session_id", "game", "mode_name"},
       {}},
      {Kind::session_pause,
       "session",
       "pause",
       "sessions:write",
       {"session_id", "character_name"},
       {}},
      {Kind::session_stop,
       "session",
       "stop",
       "sessions:write",
       {"session_id", "character_name"},
       {}},
      {Kind::mode_execute,
       "mode",
       "execute",
       "macros:run",
       {"mode_name", "session_id", "character_name"},
       {"mode_name"}},
      {Kind::mode_stop, "mode", "stop", "macros:run", {"mode_name"}, {"mode_name"}},
      {Kind::macro_start,
       "macro",
       "start",
       "macros:run",
       {"macro_id", "macro_name", "script", "profile", "safety_level", "game", "args",
        "session_id"},
       {"macro_id"}},
      {Kind::macro_stop, "macro", "stop", "macros:run", {"macro_id"}, {"macro_id"}},
      {Kind::config_reload, "config", "reload", "config:write", {}, {}},
      {Kind::diagnostics_run, "diagnostics", "run", "health:read", {}, {}},
      {Kind::emergency_stop, "emergency", "stop", "macros:run", {}, {}},
  };
  return kSpecs;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kShown = 40;  // Source: chosen; enough to recognise what was sent
  return "\"" + printable(text.substr(0, kShown)) + (text.size() > kShown ? "…\"" : "\"");
}

std::string known_types() {
  std::string out;
  std::string_view last;
  for (const CommandSpec& spec : table()) {
    if (spec.type != last) out += (out.empty() ? "" : ", ") + std::string(spec.type);
    last = spec.type;
  }
  return out;
}

std::string known_actions(std::string_view type) {
  std::string out;
  for (const CommandSpec& spec : table()) {
    if (spec.type == type) out += (out.empty() ? "" : ", ") + std::string(spec.action);
  }
  return out;
}

// The row that `type` and `action` name; a complaint otherwise.
const CommandSpec* find_spec(JsonReader& reader) {
  std::string type, action;
  reader.string("type", type, 64);
  const std::string actions = known_actions(type);
  // A wrong type is told at once, also when the action is missing or wrong too.
  if (actions.empty()) {
    if (!type.empty()) {
      reader.complain("type", "expected one of " + known_types() + "; got " + in_quotes(type));
    }
    reader.require("action");
    return nullptr;
  }
  if (reader.member("action") == nullptr) {
    reader.complain("action", "is required; expected one of " + actions + " for type " + type);
  }
  reader.string("action", action, 64);
  if (!reader.complaints().empty()) return nullptr;
  const auto& all = table();
  const auto it = std::find_if(all.begin(), all.end(), [&](const CommandSpec& spec) {
    return spec.type == type && spec.action == action;
  });
  if (it != all.end()) return &*it;
  reader.complain(
      "action", "expected one of " + actions + " for type " + type + "; got " + in_quotes(action));
  return nullptr;
}

void read_args(JsonReader& reader, Command& command) {
  const JsonValue* args = reader.member("args");
  if (args == nullptr || args->is_null()) return;
  if (!args->is_object()) {
    return reader.complain("args", std::string("expected an object, got ") + args->type_name());
  }
  command.args_json = to_json(*args);
  if (command.args_json.size() > kMaxArgsBytes) reader.complain("args", "longer than 8 KiB");
}

void read_field(JsonReader& reader, std::string_view field, Command& command) {
  if (field == "args") return read_args(reader, command);
  const std::array<std::pair<std::string_view, std::string*>, 9> texts{{
      {"session_id", &command.session_id},
      {"character_name", &command.character_name},
      {"game", &command.game},
      {"mode_name", &command.mode_name},
      {"macro_id", &command.macro_id},
      {"macro_name", &command.macro_name},
      {"script", &command.script},
      {"profile", &command.profile},
      {"safety_level", &command.safety_level},
  }};
  for (const auto& [name, target] : texts) {
    if (name == field) reader.string(name, *target, name == "macro_name" ? 128 : 64);
  }
}

void check_names(JsonReader& reader, const Command& command) {
  if (!command.character_name.empty() && !is_character_name(command.character_name)) {
    reader.complain("character_name", std::string(kCharacterNameRule));
  }
  const std::array<std::pair<std::string_view, const std::string*>, 5> names{{
      {"game", &command.game},
      {"mode_name", &command.mode_name},
      {"macro_id", &command.macro_id},
      {"script", &command.script},
      {"profile", &command.profile},
  }};
  for (const auto& [key, value] : names) {
    if (!value->empty() && !is_mode_name(*value)) reader.complain(key, std::string(kNameRule));
  }
  const std::string& level = command.safety_level;
  if (!level.empty() && level != "safe" && level != "risky" && level != "dangerous") {
    reader.complain("safety_level", "expected safe, risky or dangerous");
  }
  if (command.kind == Kind::session_start && command.character_name.empty() &&
      command.session_id.empty()) {
    reader.complain("character_name",
                    "expected character_name for a new session, or session_id of one that is "
                    "paused, interrupted or stopped");
  }
}

}  // namespace

std::span<const CommandSpec> command_specs() { return table(); }

const CommandSpec& spec_of(CommandKind kind) {
  const auto& all = table();
  const auto it =
      std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.kind == kind; });
  GK_ASSERT(it != all.end());  // every kind has its row: a test walks them
  return *it;
}

CommandReading read_command(const JsonValue& body) {
  JsonReader reader(body, "");
  reader.require("type");
  const CommandSpec* spec = find_spec(reader);
  if (spec == nullptr) return {std::nullopt, reader.complaints()};
  Command command;
  command.kind = spec->kind;
  for (const auto field : spec->required_fields) reader.require(field);
  for (const auto field : spec->fields) read_field(reader, field, command);
  check_names(reader, command);
  reader.refuse_unknown();
  if (!reader.complaints().empty()) return {std::nullopt, reader.complaints()};
  return {std::move(command), {}};
}

bool is_character_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && printable(name) == name && name.front() != ' ' &&
         name.back() != ' ';
}

bool is_mode_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace gk::sessions
