#include "macros/rules/safety_profile.h"

#include <algorithm>

namespace gk::macros {

std::string_view level_name(SafetyLevel level) {
  switch (level) {
    case SafetyLevel::safe: return "safe";
    case SafetyLevel::risky: return "risky";
    case SafetyLevel::dangerous: break;
  }
  return "dangerous";
}

std::optional<SafetyLevel> parse_level(std::string_view text) {
  if (text == "safe") return SafetyLevel::safe;
  if (text == "risky") return SafetyLevel::risky;
  if (text == "dangerous") return SafetyLevel::dangerous;
  return std::nullopt;
}

std::string_view source_name(ProfileSource source) {
  switch (source) {
    case ProfileSource::builtin: return "builtin";
    case ProfileSource::override_file: return "override";
    case ProfileSource::custom: return "custom";
    case ProfileSource::fallback: break;
  }
  return "default";
}

PerformanceThresholds level_thresholds(SafetyLevel level) {
  switch (level) {
    case SafetyLevel::safe: return {90, 92, 10, 800, 2000};
    case SafetyLevel::risky: return {80, 85, 15, 500, 1000};
    case SafetyLevel::dangerous: break;
  }
  return {60, 75, 25, 300, 600};
}

const std::vector<MacroSafetyProfile>& builtin_profiles() {
  static const auto profiles = [] {
    const auto make = [](std::string id, std::string name, std::string category, SafetyLevel level,
                         double seconds, std::string description) {
      MacroSafetyProfile p;
      p.macro_id = std::move(id);
      p.name = std::move(name);
      p.category = std::move(category);
      p.safety_level = level;
      p.max_duration_s = seconds;
      p.description = std::move(description);
      p.source = ProfileSource::builtin;
      return p;
    };
    return std::vector<MacroSafetyProfile>{
        make("heal", "Heal", "support", SafetyLevel::safe, 60, "Heals, then ends."),
        make("buff", "Buff", "support", SafetyLevel::safe, 120, "Renews buffs."),
        make("attack", "Attack", "combat", SafetyLevel::risky, 300, "Repeats attacks."),
        make("craft", "Craft", "craft", SafetyLevel::safe, 600, "Crafts a batch."),
        make("travel", "Travel", "movement", SafetyLevel::risky, 180, "Walks a route."),
        make("dance", "Dance", "social", SafetyLevel::dangerous, 3600, "Runs for long unattended."),
    };
  }();
  return profiles;
}

namespace {

// The first of custom, override file and base that has the field.
template <typename T>
T pick(const ProfilePatch* custom, const ProfilePatch* file, std::optional<T> ProfilePatch::* field,
       T base) {
  if (custom != nullptr && custom->*field) return *(custom->*field);
  if (file != nullptr && file->*field) return *(file->*field);
  return base;
}

const MacroSafetyProfile* find_builtin(std::string_view macro_id) {
  const auto& all = builtin_profiles();
  const auto it = std::find_if(all.begin(), all.end(),
                               [&](const auto& profile) { return profile.macro_id == macro_id; });
  return it == all.end() ? nullptr : &*it;
}

}  // namespace

MacroSafetyProfile resolve_profile(std::string_view macro_id, const ProfilePatch* custom,
                                   const ProfilePatch* file) {
  const MacroSafetyProfile* builtin = find_builtin(macro_id);
  MacroSafetyProfile p;
  if (builtin != nullptr) p = *builtin;
  p.macro_id = std::string(macro_id);
  if (p.name.empty()) p.name = p.macro_id;
  p.safety_level = pick(custom, file, &ProfilePatch::safety_level, p.safety_level);
  if (builtin == nullptr) p.thresholds = level_thresholds(p.safety_level);
  p.name = pick(custom, file, &ProfilePatch::name, p.name);
  p.category = pick(custom, file, &ProfilePatch::category, p.category);
  p.description = pick(custom, file, &ProfilePatch::description, p.description);
  p.max_duration_s = pick(custom, file, &ProfilePatch::max_duration_s, p.max_duration_s);
  p.auto_cancel_enabled =
      pick(custom, file, &ProfilePatch::auto_cancel_enabled, p.auto_cancel_enabled);
  p.discord_notify = pick(custom, file, &ProfilePatch::discord_notify, p.discord_notify);
  for (const ProfilePatch* patch : {file, custom}) {
    if (patch == nullptr || !patch->patterns) continue;
    for (const PatternRule& rule : *patch->patterns) {
      p.patterns[static_cast<std::size_t>(rule.matcher)] = rule;
    }
  }
  PerformanceThresholds& t = p.thresholds;
  t.cpu_usage_max = pick(custom, file, &ProfilePatch::cpu_usage_max, t.cpu_usage_max);
  t.memory_usage_max = pick(custom, file, &ProfilePatch::memory_usage_max, t.memory_usage_max);
  t.fps_min = pick(custom, file, &ProfilePatch::fps_min, t.fps_min);
  t.latency_max = pick(custom, file, &ProfilePatch::latency_max, t.latency_max);
  t.response_time_max = pick(custom, file, &ProfilePatch::response_time_max, t.response_time_max);
  if (file != nullptr && !file->empty()) p.source = ProfileSource::override_file;
  if (custom != nullptr && !custom->empty()) p.source = ProfileSource::custom;
  return p;
}

MacroSafetyProfile with_level(MacroSafetyProfile p, SafetyLevel level) {
  if (level == p.safety_level) return p;
  const PerformanceThresholds row = level_thresholds(level);
  PerformanceThresholds& t = p.thresholds;
  if (level < p.safety_level) {
    t = row;
  } else {
    t.cpu_usage_max = std::min(t.cpu_usage_max, row.cpu_usage_max);
    t.memory_usage_max = std::min(t.memory_usage_max, row.memory_usage_max);
    t.fps_min = std::max(t.fps_min, row.fps_min);
    t.latency_max = std::min(t.latency_max, row.latency_max);
    t.response_time_max = std::min(t.response_time_max, row.response_time_max);
  }
  p.safety_level = level;
  return p;
}

bool valid_macro_id(std::string_view id) {
  if (id.empty() || id.size() > 64) return false;
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

namespace {

// Absent and null mean "not set"; JsonReader then marks the key as known and leaves it alone.
bool is_set(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.find(key);
  return value != nullptr && !value->is_null();
}

void read_number(JsonReader& reader, const JsonValue& object, std::string_view key, double min,
                 double max, std::optional<double>& out) {
  double number = 0;
  reader.number(key, number, min, max);
  if (is_set(object, key)) out = number;
}

void read_flag(JsonReader& reader, const JsonValue& object, std::string_view key,
               std::optional<bool>& out) {
  bool flag = false;
  reader.boolean(key, flag);
  if (is_set(object, key)) out = flag;
}

void read_text(JsonReader& reader, const JsonValue& object, std::string_view key,
               std::size_t max_bytes, std::optional<std::string>& out) {
  std::string text;
  reader.string(key, text, max_bytes);
  if (is_set(object, key)) out = text;
}

void read_thresholds(const JsonValue& object, const std::string& path, ProfilePatch& patch,
                     Complaints& complaints) {
  JsonReader reader(object, path);
  read_number(reader, object, "cpu_usage_max", 1, 100, patch.cpu_usage_max);
  read_number(reader, object, "memory_usage_max", 1, 100, patch.memory_usage_max);
  read_number(reader, object, "fps_min", 0, 1000, patch.fps_min);
  read_number(reader, object, "latency_max", 1, 60'000, patch.latency_max);
  read_number(reader, object, "response_time_max", 1, 600'000, patch.response_time_max);
  reader.refuse_unknown();
  complaints.insert(complaints.end(), reader.complaints().begin(), reader.complaints().end());
}

// One pattern; its complaints name the place, "patterns[2].window".
std::optional<PatternRule> read_pattern(const JsonValue& item, const std::string& path,
                                        Complaints& complaints) {
  JsonReader reader(item, path);
  std::string matcher, action;
  reader.require("matcher");
  reader.string("matcher", matcher, 32);
  const auto known = parse_matcher(matcher);
  if (!known && reader.complaints().empty()) {
    reader.complain(
        "matcher", "expected commands, chats, identical_commands, errors or memory_growth, got \"" +
                       matcher + "\"");
  }
  PatternRule rule = default_patterns()[static_cast<std::size_t>(known.value_or(Matcher{}))];
  std::int64_t count = rule.count;
  reader.integer("count", count, 2, 1'000);
  rule.count = static_cast<std::uint32_t>(count);
  double window_s = static_cast<double>(rule.window.count()) / 1000;
  reader.number("window", window_s, 1, 300);
  rule.window = Millis(static_cast<std::int64_t>(window_s * 1000));
  reader.string("action", action, 16);
  if (!action.empty()) {
    const auto wanted = parse_action(action);
    if (wanted) rule.action = *wanted;
    if (!wanted) {
      reader.complain("action",
                      "expected off, warn, throttle, pause or cancel, got \"" + action + "\"");
    }
  }
  reader.refuse_unknown();
  complaints.insert(complaints.end(), reader.complaints().begin(), reader.complaints().end());
  return reader.complaints().empty() ? std::optional(rule) : std::nullopt;
}

void read_patterns(const JsonValue& list, const std::string& path, ProfilePatch& patch,
                   Complaints& complaints) {
  if (!list.is_array() || list.as_array().size() > kMatchers) {
    complaints.emplace_back(path, "expected a list of at most 5 patterns, one a matcher");
    return;
  }
  std::vector<PatternRule> rules;
  for (std::size_t i = 0; i < list.as_array().size(); ++i) {
    const std::string place = path + "[" + std::to_string(i) + "]";
    const auto rule = read_pattern(list.as_array()[i], place, complaints);
    if (!rule) continue;
    const bool twice = std::any_of(rules.begin(), rules.end(),
                                   [&](const auto& r) { return r.matcher == rule->matcher; });
    if (twice) complaints.emplace_back(place + ".matcher", "is there twice");
    rules.push_back(*rule);
  }
  patch.patterns = std::move(rules);
}

}  // namespace

ProfilePatch read_profile_patch(const JsonValue& object, const std::string& path,
                                Complaints& complaints) {
  ProfilePatch patch;
  JsonReader reader(object, path);
  read_text(reader, object, "name", 128, patch.name);
  read_text(reader, object, "category", 64, patch.category);
  read_text(reader, object, "description", 1024, patch.description);
  std::optional<std::string> level;
  read_text(reader, object, "safety_level", 32, level);
  if (level) {
    patch.safety_level = parse_level(*level);
    if (!patch.safety_level) {
      reader.complain("safety_level", "expected safe, risky or dangerous, got \"" + *level + "\"");
    }
  }
  read_number(reader, object, "max_duration", 1, 86'400, patch.max_duration_s);
  read_flag(reader, object, "auto_cancel_enabled", patch.auto_cancel_enabled);
  read_flag(reader, object, "discord_notify", patch.discord_notify);
  const JsonValue* patterns = reader.member("patterns");
  const JsonValue* thresholds = reader.member("thresholds");
  reader.refuse_unknown();
  complaints.insert(complaints.end(), reader.complaints().begin(), reader.complaints().end());
  if (patterns != nullptr && !patterns->is_null()) {
    read_patterns(*patterns, path.empty() ? "patterns" : path + ".patterns", patch, complaints);
  }
  if (thresholds != nullptr && !thresholds->is_null()) {
    read_thresholds(*thresholds, path.empty() ? "thresholds" : path + ".thresholds", patch,
                    complaints);
  }
  return patch;
}

}  // namespace gk::macros
