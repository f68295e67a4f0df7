// profile_fields.h: reads the members that profiles and their windows share. Used by the readers of
// this folder only.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "macros/rules/safety_level.h"

namespace gk::macros::fields {

/// Absent and null mean "not set"; JsonReader then marks the key as known and leaves it alone.
inline bool is_set(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.find(key);
  return value != nullptr && !value->is_null();
}

inline void read_number(JsonReader& reader, const JsonValue& object, std::string_view key,
                        double min, double max, std::optional<double>& out) {
  double number = 0;
  reader.number(key, number, min, max);
  if (is_set(object, key)) out = number;
}

inline void read_flag(JsonReader& reader, const JsonValue& object, std::string_view key,
                      std::optional<bool>& out) {
  bool flag = false;
  reader.boolean(key, flag);
  if (is_set(object, key)) out = flag;
}

inline void read_text(JsonReader& reader, const JsonValue& object, std::string_view key,
                      std::size_t max_bytes, std::optional<std::string>& out) {
  std::string text;
  reader.string(key, text, max_bytes);
  if (is_set(object, key)) out = text;
}

inline void read_level(JsonReader& reader, const JsonValue& object,
                       std::optional<SafetyLevel>& out) {
  std::optional<std::string> level;
  read_text(reader, object, "safety_level", 32, level);
  if (!level) return;
  out = parse_level(*level);
  if (!out) {
    reader.complain("safety_level", "expected safe, risky or dangerous, got \"" + *level + "\"");
  }
}

/// The limits in `thresholds`, into the members of the same names of `patch`.
template <typename Patch, typename Complaints>
void read_thresholds(const JsonValue* object, const std::string& path, Patch& patch,
                     Complaints& complaints) {
  if (object == nullptr || object->is_null()) return;
  JsonReader reader(*object, path);
  read_number(reader, *object, "cpu_usage_max", 1, 100, patch.cpu_usage_max);
  read_number(reader, *object, "memory_usage_max", 1, 100, patch.memory_usage_max);
  read_number(reader, *object, "fps_min", 0, 1000, patch.fps_min);
  read_number(reader, *object, "latency_max", 1, 60'000, patch.latency_max);
  read_number(reader, *object, "response_time_max", 1, 600'000, patch.response_time_max);
  reader.refuse_unknown();
  complaints.insert(complaints.end(), reader.complaints().begin(), reader.complaints().end());
}

inline std::string below(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

}  // namespace gk::macros::fields
