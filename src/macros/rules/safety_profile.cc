#include "macros/rules/safety_profile.h"

#include <algorithm>

#include "macros/rules/profile_fields.h"

namespace gk::macros {

std::string_view source_name(ProfileSource source) {
  switch (source) {
    case ProfileSource::builtin: return "builtin";
    case ProfileSource::override_file: return "override";
    case ProfileSource::custom: return "custom";
    case ProfileSource::fallback: break;
  }
  return "default";
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
T pick(const ProfilePatch* custom, const ProfilePatch* file, std::optional<T> ProfilePatch::*field,
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

namespace {

// What a file says about its windows never holds against what an admin set.
void clamp(ProfileWindow& window, const ProfilePatch& custom) {
  const auto at_most = [&](auto field, auto own) {
    if (window.*field && custom.*own) window.*field = std::min(*(window.*field), *(custom.*own));
  };
  const auto at_least = [&](auto field, auto own) {
    if (window.*field && custom.*own) window.*field = std::max(*(window.*field), *(custom.*own));
  };
  using W = ProfileWindow;
  using P = ProfilePatch;
  at_least(&W::safety_level, &P::safety_level);
  at_most(&W::max_duration_s, &P::max_duration_s);
  at_most(&W::cpu_usage_max, &P::cpu_usage_max);
  at_most(&W::memory_usage_max, &P::memory_usage_max);
  at_least(&W::fps_min, &P::fps_min);
  at_most(&W::latency_max, &P::latency_max);
  at_most(&W::response_time_max, &P::response_time_max);
  at_least(&W::auto_cancel_enabled, &P::auto_cancel_enabled);
}

std::vector<ProfileWindow> resolve_windows(const ProfilePatch* custom, const ProfilePatch* file) {
  if (custom != nullptr && custom->windows) return *custom->windows;
  if (file == nullptr || !file->windows) return {};
  std::vector<ProfileWindow> windows = *file->windows;
  for (ProfileWindow& window : windows) {
    if (custom != nullptr) clamp(window, *custom);
  }
  return windows;
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
  p.dry_run = pick(custom, file, &ProfilePatch::dry_run, p.dry_run);
  p.windows = resolve_windows(custom, file);
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
  p.thresholds = level < p.safety_level ? row : stricter(p.thresholds, row);
  p.safety_level = level;
  return p;
}

MacroSafetyProfile with_window(MacroSafetyProfile p, const ProfileWindow& window) {
  if (window.safety_level && *window.safety_level > p.safety_level) {
    p = with_level(std::move(p), *window.safety_level);
  }
  p.safety_level = window.safety_level.value_or(p.safety_level);
  p.max_duration_s = window.max_duration_s.value_or(p.max_duration_s);
  PerformanceThresholds& t = p.thresholds;
  t.cpu_usage_max = window.cpu_usage_max.value_or(t.cpu_usage_max);
  t.memory_usage_max = window.memory_usage_max.value_or(t.memory_usage_max);
  t.fps_min = window.fps_min.value_or(t.fps_min);
  t.latency_max = window.latency_max.value_or(t.latency_max);
  t.response_time_max = window.response_time_max.value_or(t.response_time_max);
  p.auto_cancel_enabled = window.auto_cancel_enabled.value_or(p.auto_cancel_enabled);
  return p;
}

bool loosens(const ProfileWindow& window, const MacroSafetyProfile& base) {
  const MacroSafetyProfile open = with_window(base, window);
  return open.safety_level < base.safety_level || open.max_duration_s > base.max_duration_s ||
         stricter(open.thresholds, base.thresholds) != open.thresholds ||
         (base.auto_cancel_enabled && !open.auto_cancel_enabled);
}

bool valid_macro_id(std::string_view id) {
  if (id.empty() || id.size() > 64) return false;
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

namespace {

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
                                Complaints& complaints, const ZoneCheck& zone_exists) {
  using namespace fields;
  ProfilePatch patch;
  JsonReader reader(object, path);
  read_text(reader, object, "name", 128, patch.name);
  read_text(reader, object, "category", 64, patch.category);
  read_text(reader, object, "description", 1024, patch.description);
  read_level(reader, object, patch.safety_level);
  read_number(reader, object, "max_duration", 1, 86'400, patch.max_duration_s);
  read_flag(reader, object, "auto_cancel_enabled", patch.auto_cancel_enabled);
  read_flag(reader, object, "discord_notify", patch.discord_notify);
  read_flag(reader, object, "dry_run", patch.dry_run);
  const JsonValue* patterns = reader.member("patterns");
  const JsonValue* thresholds = reader.member("thresholds");
  const JsonValue* windows = reader.member("windows");
  reader.refuse_unknown();
  complaints.insert(complaints.end(), reader.complaints().begin(), reader.complaints().end());
  if (patterns != nullptr && !patterns->is_null()) {
    read_patterns(*patterns, below(path, "patterns"), patch, complaints);
  }
  read_thresholds(thresholds, below(path, "thresholds"), patch, complaints);
  if (windows != nullptr && !windows->is_null()) {
    patch.windows = read_profile_windows(*windows, below(path, "windows"), complaints, zone_exists);
  }
  return patch;
}

}  // namespace gk::macros
