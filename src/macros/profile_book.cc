#include "macros/profile_book.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/json_writer.h"
#include "base/try.h"
#include "sys/file_below.h"

namespace gk::macros {
namespace {

constexpr std::string_view kSuffix = ".safe.json";

std::string hash_of(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  crypto_generichash(digest.data(), digest.size(),
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), nullptr,
                     0);
  std::string hex(digest.size() * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size());
  hex.pop_back();
  return hex;
}

// Fields of `top` over fields of `bottom`.
void merge(ProfilePatch& bottom, const ProfilePatch& top) {
  const auto take = [&](auto field) {
    if (top.*field) bottom.*field = top.*field;
  };
  take(&ProfilePatch::name);
  take(&ProfilePatch::category);
  take(&ProfilePatch::description);
  take(&ProfilePatch::safety_level);
  take(&ProfilePatch::max_duration_s);
  take(&ProfilePatch::cpu_usage_max);
  take(&ProfilePatch::memory_usage_max);
  take(&ProfilePatch::fps_min);
  take(&ProfilePatch::latency_max);
  take(&ProfilePatch::response_time_max);
  take(&ProfilePatch::auto_cancel_enabled);
  take(&ProfilePatch::discord_notify);
  take(&ProfilePatch::dry_run);
  take(&ProfilePatch::windows);
  if (!top.patterns) return;
  if (!bottom.patterns) bottom.patterns.emplace();
  for (const PatternRule& rule : *top.patterns) {
    std::erase_if(*bottom.patterns, [&](const auto& r) { return r.matcher == rule.matcher; });
    bottom.patterns->push_back(rule);
  }
}

void write_profile(JsonWriter& w, const MacroSafetyProfile& p) {
  w.field("macro_id", p.macro_id).field("name", p.name).field("category", p.category);
  w.field("safety_level", level_name(p.safety_level)).field("max_duration", p.max_duration_s);
  w.key("thresholds").begin_object();
  w.field("cpu_usage_max", p.thresholds.cpu_usage_max);
  w.field("memory_usage_max", p.thresholds.memory_usage_max);
  w.field("fps_min", p.thresholds.fps_min).field("latency_max", p.thresholds.latency_max);
  w.field("response_time_max", p.thresholds.response_time_max).end_object();
  w.field("auto_cancel_enabled", p.auto_cancel_enabled).field("discord_notify", p.discord_notify);
  w.field("dry_run", p.dry_run).key("windows").begin_array();
  for (const ProfileWindow& window : p.windows) write_profile_window(w, window);
  w.end_array();
  w.field("description", p.description).key("patterns").begin_array();
  for (const PatternRule& rule : p.patterns) {
    w.begin_object().field("matcher", matcher_name(rule.matcher)).field("count", rule.count);
    w.field("window", static_cast<double>(rule.window.count()) / 1000);
    w.field("action", action_name(rule.action)).end_object();
  }
  w.end_array().field("source", source_name(p.source));
}

}  // namespace

std::string profile_etag(const MacroSafetyProfile& profile) {
  std::string text;
  JsonWriter w(text);
  w.begin_object();
  write_profile(w, profile);
  w.end_object();
  return hash_of(text).substr(0, 16);
}

std::string profile_json(const MacroSafetyProfile& profile) {
  std::string out;
  JsonWriter w(out);
  w.begin_object();
  write_profile(w, profile);
  w.field("etag", profile_etag(profile)).end_object();
  return out;
}

ProfileBook::ProfileBook(std::string directory, MacroStore& store, Log& log,
                         ProfileBookLimits limits, ZoneBook::Load load_zone)
    : directory_(std::move(directory)),
      store_(store),
      log_(log),
      limits_(limits),
      zones_(std::move(load_zone)) {}

std::vector<const Zone*> ProfileBook::zones(const MacroSafetyProfile& profile) const {
  std::vector<const Zone*> zones;
  for (const ProfileWindow& window : profile.windows)
    zones.push_back(zones_.find(window.time_zone));
  return zones;
}

void ProfileBook::restore(const StoredMacros& stored) {
  approvals_.insert(stored.approvals.begin(), stored.approvals.end());
  for (const auto& [macro_id, json] : stored.profiles) {
    Complaints complaints;
    const auto document = parse_json(json);
    if (document) {
      custom_[macro_id] = read_profile_patch(*document, macro_id, complaints);
      custom_json_[macro_id] = json;
    }
    if (!document || !complaints.empty()) {
      log_.warn("macros.profile_unreadable", "A stored profile is not valid any more",
                {{"macro_id", macro_id}});
    }
  }
  load_all();
}

void ProfileBook::load_all() {
  const auto names = sys::list_dir(directory_, 4096);
  if (!names) return;  // No directory: no override files.
  for (const std::string& name : *names) load_named(name);
}

void ProfileBook::load_named(const std::string& name) {
  if (!name.ends_with(kSuffix)) {
    if (name.ends_with(".json")) {
      log_.warn("macros.override_ignored",
                "Only NAME.safe.json is loaded; the file would otherwise weaken a protection",
                {{"file", name}});
    }
    return;
  }
  const auto loaded = load_file(name.substr(0, name.size() - kSuffix.size()));
  if (!loaded) {
    log_.warn("macros.override_refused", loaded.error().message, {{"file", name}});
  }
}

void ProfileBook::file_changed(const std::string& name, bool gone) {
  if (name.empty()) return load_all();
  if (!gone) return load_named(name);
  if (!name.ends_with(kSuffix)) return;
  const std::string profile = name.substr(0, name.size() - kSuffix.size());
  contents_.erase(profile);
  if (files_.erase(profile) > 0) {
    log_.warn("macros.override_removed", "An override file is gone: its entries hold no more",
              {{"file", name}});
  }
}

const ProfilePatch* ProfileBook::custom_of(std::string_view macro_id) const {
  const auto it = custom_.find(macro_id);
  return it == custom_.end() ? nullptr : &it->second;
}

std::string ProfileBook::custom_json(std::string_view macro_id) const {
  const auto it = custom_json_.find(macro_id);
  return it == custom_json_.end() ? "{}" : it->second;
}

ProfilePatch ProfileBook::override_of(std::string_view macro_id) const {
  ProfilePatch merged;
  for (const auto& [profile, state] : files_) {
    const auto it = state.split.effective.find(macro_id);
    if (it != state.split.effective.end()) merge(merged, it->second);
  }
  return merged;
}

MacroSafetyProfile ProfileBook::resolve(std::string_view macro_id) const {
  const ProfilePatch file = override_of(macro_id);
  return resolve_profile(macro_id, custom_of(macro_id), &file);
}

MacroSafetyProfile ProfileBook::resolve(std::string_view macro_id,
                                        const ProfilePatch& on_top) const {
  const ProfilePatch file = override_of(macro_id);
  const ProfilePatch* own = custom_of(macro_id);
  ProfilePatch custom = own == nullptr ? ProfilePatch{} : *own;
  merge(custom, on_top);
  return resolve_profile(macro_id, &custom, &file);
}

std::vector<MacroSafetyProfile> ProfileBook::all() const {
  std::set<std::string> ids;
  for (const auto& p : builtin_profiles()) ids.insert(p.macro_id);
  for (const auto& [id, patch] : custom_) ids.insert(id);
  for (const auto& [profile, state] : files_) {
    for (const auto& [id, patch] : state.split.effective) ids.insert(id);
  }
  std::vector<MacroSafetyProfile> out;
  for (const auto& id : ids) out.push_back(resolve(id));
  return out;
}

Result<void> ProfileBook::check_known(std::string_view macro_id) const {
  constexpr std::size_t kTold = 20;  // Source: chosen; a message is read by people.
  std::string told;
  std::size_t others = 0;
  for (const auto& profile : all()) {
    if (profile.macro_id == macro_id) return {};
    if (told.empty()) {
      told = profile.macro_id;
    } else if (others++ < kTold - 1) {
      told += ", " + profile.macro_id;
    }
  }
  if (others > kTold - 1) told += " and " + std::to_string(others - (kTold - 1)) + " more";
  const bool is_file = files_.count(macro_id) > 0;
  return Error{Errc::invalid_argument,
               "profile: expected " + told + "; there is no profile \"" + std::string(macro_id) +
                   "\"" + (is_file ? ", that is an override file: it holds by itself" : "")};
}

void ProfileBook::set_custom(const std::string& macro_id, ProfilePatch patch, std::string json,
                             Done done) {
  if (custom_.size() >= limits_.max_custom && !has_custom(macro_id)) {
    done(Error{Errc::resource_exhausted,
               "at most " + std::to_string(limits_.max_custom) + " profiles"});
    return;
  }
  store_.save_profile(macro_id, json,
                      [this, macro_id, json, patch = std::move(patch), done](const auto& saved) {
                        if (saved) custom_[macro_id] = patch;
                        if (saved) custom_json_[macro_id] = json;
                        done(saved);
                      });
}

void ProfileBook::delete_custom(const std::string& macro_id, Done done) {
  if (!has_custom(macro_id)) {
    done(Error{Errc::not_found, "macro " + macro_id + " has no custom profile"});
    return;
  }
  store_.delete_profile(macro_id, [this, macro_id, done](const Result<void>& saved) {
    if (saved) custom_.erase(macro_id);
    if (saved) custom_json_.erase(macro_id);
    done(saved);
  });
}

void ProfileBook::split(OverrideState& state) {
  const auto approval = approvals_.find(state.profile);
  state.approved = approval != approvals_.end() && approval->second == state.hash;
  state.split = split_overrides(contents_[state.profile], state.approved);
  state.warnings.clear();
  if (!state.split.pending.empty()) {
    state.warnings.push_back(std::to_string(state.split.pending.size()) +
                             " loosening entries wait for the approval of hash " + state.hash);
  }
}

Result<const OverrideState*> ProfileBook::load_file(std::string_view profile) {
  if (!sys::is_safe_name(profile)) {
    return Error{Errc::invalid_argument, "expected a profile name of a-z, 0-9, _ and -"};
  }
  if (files_.size() >= limits_.max_files && files_.count(profile) == 0) {
    return Error{Errc::resource_exhausted,
                 "at most " + std::to_string(limits_.max_files) + " override files"};
  }
  const std::string name = std::string(profile) + std::string(kSuffix);
  GK_TRY(const sys::ConfinedDir dir, sys::ConfinedDir::open(directory_));
  GK_TRY(const std::string text, dir.read_file(name, limits_.max_file_bytes));
  GK_TRY(PatchMap patches,
         parse_override_file(text, name, [this](const auto& zone) { return zone_exists(zone); }));
  contents_[std::string(profile)] = std::move(patches);
  OverrideState& state = files_[std::string(profile)];
  state.profile = profile;
  state.hash = hash_of(text);
  split(state);
  log_.info("macros.override_loaded", "An override file holds now",
            {{"file", name},
             {"applied", state.split.applied.size()},
             {"pending", state.split.pending.size()},
             {"hash", state.hash}});
  return &state;
}

Result<const OverrideState*> ProfileBook::overrides(std::string_view profile) const {
  const auto it = files_.find(profile);
  if (it == files_.end()) {
    return Error{Errc::not_found, "override file " + std::string(profile) + " is not loaded"};
  }
  return &it->second;
}

void ProfileBook::approve(const std::string& profile, const std::string& hash,
                          const std::string& by,
                          std::function<void(Result<const OverrideState*>)> done) {
  const auto state = overrides(profile);
  if (!state) return done(state.error());
  if ((*state)->hash != hash) {
    return done(Error{Errc::failed_precondition,
                      "the loaded file has hash " + (*state)->hash + "; load and read it again"});
  }
  store_.save_approval(profile, hash, by, [this, profile, hash, done](const Result<void>& saved) {
    if (!saved) return done(saved.error());
    approvals_[profile] = hash;
    OverrideState& now = files_[profile];
    split(now);
    done(&now);
  });
}

}  // namespace gk::macros
