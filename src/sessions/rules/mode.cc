#include "sessions/rules/mode.h"

#include <algorithm>

#include "base/json_writer.h"
#include "sessions/rules/command.h"

namespace gk::sessions {
namespace {

JsonValue read_object(JsonReader& reader, std::string_view key) {
  const JsonValue* value = reader.member(key);
  if (value == nullptr || value->is_null()) return nullptr;
  if (!value->is_object()) {
    reader.complain(key, std::string("expected an object, got ") + value->type_name());
    return nullptr;
  }
  if (to_json(*value).size() > kMaxArgsBytes) reader.complain(key, "longer than 8 KiB");
  return *value;
}

ModeMacro read_macro(JsonReader& reader) {
  ModeMacro macro;
  reader.require("macro_id");
  reader.string("macro_id", macro.macro_id, 64);
  reader.string("macro_name", macro.macro_name, 128);
  reader.string("script", macro.script, 64);
  reader.string("profile", macro.profile, 64);
  reader.string("safety_level", macro.safety_level, 16);
  reader.string("game", macro.game, 64);
  macro.args = read_object(reader, "args");
  const auto check = [&](std::string_view key, const std::string& value) {
    if (!value.empty() && !is_mode_name(value)) reader.complain(key, std::string(kNameRule));
  };
  check("macro_id", macro.macro_id);
  check("script", macro.script);
  check("profile", macro.profile);
  check("game", macro.game);
  const std::string& level = macro.safety_level;
  if (!level.empty() && level != "safe" && level != "risky" && level != "dangerous") {
    reader.complain("safety_level", "expected safe, risky or dangerous");
  }
  reader.refuse_unknown();
  return macro;
}

void read_macros(JsonReader& reader, ModeReading& out) {
  const JsonValue* list = reader.member("macros");
  if (list == nullptr) return reader.require("macros");
  if (!list->is_array() || list->as_array().empty() || list->as_array().size() > kMaxModeMacros) {
    return reader.complain("macros", "expected an array of 1 to 32 objects");
  }
  const auto& items = list->as_array();
  for (std::size_t i = 0; i < items.size(); ++i) {
    JsonReader item(items[i], "macros[" + std::to_string(i) + "]");
    ModeMacro macro = read_macro(item);
    const bool twice = std::any_of(out.mode.macros.begin(), out.mode.macros.end(),
                                   [&](const auto& m) { return m.macro_id == macro.macro_id; });
    if (twice) item.complain("macro_id", "is in the mode already");
    out.complaints.insert(out.complaints.end(), item.complaints().begin(), item.complaints().end());
    out.mode.macros.push_back(std::move(macro));
  }
}

void text_field(JsonWriter& w, std::string_view key, const std::string& value) {
  if (!value.empty()) w.field(key, value);
}

}  // namespace

ModeReading read_mode(std::string name, const JsonValue& body) {
  ModeReading out;
  out.mode.name = std::move(name);
  JsonReader reader(body, "");
  if (!is_mode_name(out.mode.name)) reader.complain("name", std::string(kNameRule));
  // A mode that was read may be written back as it is.
  std::string same_name = out.mode.name;
  reader.string("name", same_name, 64);
  if (same_name != out.mode.name) reader.complain("name", "differs from the name in the path");
  reader.string("description", out.mode.description, 512);
  read_macros(reader, out);
  out.mode.settings = read_object(reader, "settings");
  reader.refuse_unknown();
  out.complaints.insert(out.complaints.end(), reader.complaints().begin(),
                        reader.complaints().end());
  return out;
}

std::string mode_json(const Mode& mode) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("name", mode.name).field("description", mode.description);
  w.key("macros").begin_array();
  for (const ModeMacro& macro : mode.macros) {
    w.begin_object().field("macro_id", macro.macro_id);
    text_field(w, "macro_name", macro.macro_name);
    text_field(w, "script", macro.script);
    text_field(w, "profile", macro.profile);
    text_field(w, "safety_level", macro.safety_level);
    text_field(w, "game", macro.game);
    if (macro.args.is_object()) w.field("args", macro.args);
    w.end_object();
  }
  w.end_array().key("settings");
  w.value(mode.settings.is_object() ? mode.settings : JsonValue(JsonValue::Object{}));
  w.end_object();
  return out;
}

std::string macro_args(const Mode& mode, const ModeMacro& macro) {
  JsonValue::Object merged;
  if (mode.settings.is_object()) merged = mode.settings.as_object();
  if (macro.args.is_object()) {
    for (const auto& [key, value] : macro.args.as_object()) {
      const auto it = std::find_if(merged.begin(), merged.end(),
                                   [&](const JsonValue::Member& m) { return m.first == key; });
      if (it == merged.end()) {
        merged.emplace_back(key, value);
      } else {
        it->second = value;
      }
    }
  }
  return to_json(JsonValue(std::move(merged)));
}

}  // namespace gk::sessions
