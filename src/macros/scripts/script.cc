#include "macros/scripts/script.h"

#include "macros/rules/safety_profile.h"
#include "macros/rules/schedule.h"
#include "macros/time_zone.h"

namespace gk::macros {
namespace {

// An object as text: absent keeps, null clears.
void object(JsonReader& reader, std::string_view key, std::string& out, std::size_t max_bytes) {
  const JsonValue* value = reader.member(key);
  if (value == nullptr) return;
  if (!value->is_null() && !value->is_object()) {
    return reader.complain(key, std::string("expected an object, got ") + value->type_name());
  }
  std::string text = value->is_null() ? std::string() : to_json(*value);
  if (text.size() > max_bytes) {
    return reader.complain(key, "longer than " + std::to_string(max_bytes) + " bytes");
  }
  out = std::move(text);
}

void put_object(JsonWriter& w, std::string_view key, const std::string& json) {
  w.key(key);
  json.empty() ? w.null() : w.raw(json);
}

}  // namespace

std::optional<ScriptKind> parse_kind(std::string_view text) {
  if (text == "steps") return ScriptKind::steps;
  if (text == "lua") return ScriptKind::lua;
  return std::nullopt;
}

void write_settings(JsonWriter& w, const ScriptSettings& settings) {
  w.field("enabled", settings.enabled).field("resume", settings.resume);
  w.field("game", settings.game).field("profile", settings.profile);
  put_object(w, "args", settings.args_json);
  put_object(w, "schedule", settings.schedule_json);
}

ScriptSettings read_settings(JsonReader& reader, ScriptSettings base) {
  reader.boolean("enabled", base.enabled);
  reader.boolean("resume", base.resume);
  reader.string("game", base.game, 64);
  reader.string("profile", base.profile, 64);
  if (!base.profile.empty() && !valid_macro_id(base.profile)) {
    reader.complain("profile", "expected a-z, 0-9, _ and -, 1 to 64 characters");
  }
  object(reader, "args", base.args_json, ScriptLimits::kMaxArgsBytes);
  object(reader, "schedule", base.schedule_json, ScriptLimits::kMaxArgsBytes);
  const JsonValue* schedule = reader.member("schedule");
  if (schedule != nullptr && schedule->is_object()) {
    if (auto read = read_schedule(*schedule); !read) {
      reader.complain("schedule", read.error().message);
    }
  }
  return base;
}

void check_zone(JsonReader& reader, const ScriptSettings& settings) {
  if (settings.schedule_json.empty()) return;
  const auto value = parse_json(settings.schedule_json);
  const auto schedule = value ? read_schedule(*value) : Result<Schedule>(value.error());
  if (!schedule) return;  // read_settings() has complained.
  if (auto zone = load_zone(schedule->time_zone); !zone) {
    reader.complain("schedule.time_zone", zone.error().message);
  }
}

}  // namespace gk::macros
