// Profiles and override files over HTTP.
#include <algorithm>
#include <charconv>

#include "macros/routes_detail.h"

namespace gk::macros {
namespace {

using api::Call;
using api::Reply;
using net::Method;

void write_changes(JsonWriter& w, const std::vector<OverrideChange>& changes) {
  w.begin_array();
  for (const auto& c : changes) {
    w.begin_object().field("macro_id", c.macro_id).field("field", c.field);
    w.key("from").raw(c.from).key("to").raw(c.to);
    w.field("loosens", c.loosens).end_object();
  }
  w.end_array();
}

std::string override_json(const OverrideState& state) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("profile", state.profile).field("hash", state.hash);
  w.field("approved", state.approved).key("applied");
  write_changes(w, state.split.applied);
  w.key("pending");
  write_changes(w, state.split.pending);
  w.key("warnings").begin_array();
  for (const auto& warning : state.warnings) w.value(warning);
  w.end_array().end_object();
  return out;
}

// `base` with the members of `change`: null takes one away, an object changes the one that is
// there, anything else replaces it. Source: RFC 7396 s2.
JsonValue merged(const JsonValue& base, const JsonValue& change) {
  if (!change.is_object()) return change;
  JsonValue::Object members = base.is_object() ? base.as_object() : JsonValue::Object{};
  for (const auto& [key, value] : change.as_object()) {
    const auto at = std::find_if(members.begin(), members.end(),
                                 [&](const auto& member) { return member.first == key; });
    if (value.is_null()) {
      if (at != members.end()) members.erase(at);
    } else if (at == members.end()) {
      members.emplace_back(key, merged(JsonValue(), value));
    } else {
      at->second = merged(at->second, value);
    }
  }
  return JsonValue(std::move(members));
}

// The patch of a body. Members that only answers have are accepted and ignored, so that what GET
// gave can be put back.
std::optional<ProfilePatch> read_patch(const ProfileBook& profiles, const JsonValue& given,
                                       const std::string& macro_id, std::string& json,
                                       const Reply& reply) {
  Complaints complaints;
  JsonValue::Object members;
  if (given.is_object()) {
    for (const auto& [key, value] : given.as_object()) {
      if (key == "macro_id" && !(value.is_string() && value.as_string() == macro_id)) {
        complaints.emplace_back("macro_id", "differs from the path");
      }
      if (key != "macro_id" && key != "source" && key != "etag") members.emplace_back(key, value);
    }
  }
  const JsonValue body = given.is_object() ? JsonValue(std::move(members)) : given;
  ProfilePatch patch = read_profile_patch(
      body, "", complaints, [&](const auto& zone) { return profiles.zone_exists(zone); });
  if (!complaints.empty()) {
    reply.problem(invalid(std::move(complaints)));
    return std::nullopt;
  }
  json = to_json(body);
  return patch;
}

void put_profile(ProfileBook& profiles, const JsonValue& given, const std::string& macro_id,
                 int status, const Reply& reply) {
  if (!valid_macro_id(macro_id)) {
    return reply.problem(invalid({{"macro_id", "expected a-z, 0-9, _ and -, 1 to 64 characters"}}));
  }
  std::string json;
  auto patch = read_patch(profiles, given, macro_id, json, reply);
  if (!patch) return;
  profiles.set_custom(macro_id, std::move(*patch), std::move(json),
                      [&profiles, macro_id, status, reply](const Result<void>& saved) {
                        if (!saved) return reply.error(saved.error());
                        reply.json(profile_json(profiles.resolve(macro_id)), status);
                      });
}

void patch_profile(ProfileBook& profiles, const Call& call, const Reply& reply) {
  if (!call.body.is_object()) {
    return reply.problem(
        invalid({{"", std::string("expected an object, got a ") + call.body.type_name()}}));
  }
  const std::string& macro_id = call.param("macro_id");
  const auto own = parse_json(profiles.custom_json(macro_id));
  if (!own) return reply.error(own.error());
  put_profile(profiles, merged(*own, call.body), macro_id, 200, reply);
}

void add_profile(ProfileBook& profiles, const Call& call, const Reply& reply) {
  const JsonValue* id = call.body.find("macro_id");
  if (id == nullptr || !id->is_string()) {
    return reply.problem(invalid({{"macro_id", "is required"}}));
  }
  if (profiles.has_custom(id->as_string())) {
    return reply.error(
        Error{Errc::already_exists, "macro " + id->as_string() + " has a custom profile"});
  }
  put_profile(profiles, call.body, id->as_string(), 201, reply);
}

void send_profile(const ProfileBook& profiles, const Call& call, const Reply& reply) {
  const std::string& id = call.param("macro_id");
  if (!valid_macro_id(id)) return reply.error(Error{Errc::not_found, "no such macro id"});
  const auto profile = profiles.resolve(id);
  net::Response response;
  response.headers.emplace_back("ETag", "\"" + profile_etag(profile) + "\"");
  response.body = profile_json(profile);
  reply.response(std::move(response));
}

void add_crud(api::Router& router, ProfileBook& profiles) {
  router.add({Method::get, "/macro-safety/profiles", "macros:read", "All known profiles", "",
              "MacroProfileList", [&profiles](Call&, const Reply& reply) {
                std::string out = "{\"items\":[";
                for (const auto& profile : profiles.all()) {
                  if (out.back() == '}') out += ',';
                  out += profile_json(profile);
                }
                reply.json(out + "],\"next_cursor\":null}");
              }});
  router
      .add({Method::post, "/macro-safety/profiles", "macros:admin", "Add a custom profile",
            "MacroProfilePatch", "MacroProfile",
            [&profiles](Call& call, const Reply& reply) { add_profile(profiles, call, reply); }})
      .answers({201});
  router.add({Method::get, "/macro-safety/profiles/{macro_id}", "macros:read",
              "The profile that holds for a macro", "", "MacroProfile",
              [&profiles](Call& call, const Reply& reply) { send_profile(profiles, call, reply); },
              false, false, api::Versions::optional});
  router.add({Method::put, "/macro-safety/profiles/{macro_id}", "macros:admin",
              "Set the custom fields of a macro; absent fields fall through", "MacroProfilePatch",
              "MacroProfile", [&profiles](Call& call, const Reply& reply) {
                put_profile(profiles, call.body, call.param("macro_id"), 200, reply);
              }});
  router.add({Method::patch, "/macro-safety/profiles/{macro_id}", "macros:admin",
              "Change custom fields of a macro; null takes one away, absent ones stay",
              "MacroProfilePatch", "MacroProfile", [&profiles](Call& call, const Reply& reply) {
                patch_profile(profiles, call, reply);
              }});
  router
      .add({Method::del, "/macro-safety/profiles/{macro_id}", "macros:admin",
            "Remove the custom fields of a macro", "", "",
            [&profiles](Call& call, const Reply& reply) {
              profiles.delete_custom(call.param("macro_id"), [reply](const Result<void>& gone) {
                if (!gone) return reply.error(gone.error());
                net::Response response;
                response.status = 204;
                reply.response(std::move(response));
              });
            }})
      .answers({204});
}

void add_overrides(api::Router& router, ProfileBook& profiles) {
  router.add({Method::get, "/macro-safety/overrides/{profile}", "macros:read",
              "What an override file changes", "", "MacroOverride",
              [&profiles](Call& call, const Reply& reply) {
                const auto state = profiles.overrides(call.param("profile"));
                if (!state) return reply.error(state.error());
                reply.json(override_json(**state));
              }});
  router.add({Method::post, "/macro-safety/overrides/{profile}/load", "macros:admin",
              "Read config/macro_safety/{profile}.safe.json", "", "MacroOverride",
              [&profiles](Call& call, const Reply& reply) {
                const auto state = profiles.load_file(call.param("profile"));
                if (!state) return reply.error(state.error());
                reply.json(override_json(**state));
              }});
  router.add({Method::post, "/macro-safety/overrides/{profile}/approve", "macros:admin",
              "Let the loosening entries of the loaded file hold", "MacroApproval", "MacroOverride",
              [&profiles](Call& call, const Reply& reply) {
                JsonReader reader(call.body, "");
                std::string hash;
                reader.require("hash");
                reader.string("hash", hash, 64);
                reader.refuse_unknown();
                if (!reader.complaints().empty())
                  return reply.problem(invalid(reader.complaints()));
                profiles.approve(call.param("profile"), hash, call.principal->name,
                                 [reply](const Result<const OverrideState*>& state) {
                                   if (!state) return reply.error(state.error());
                                   reply.json(override_json(**state));
                                 });
              }});
}

std::string windows_json(const MacroSafetyProfile& profile, const std::vector<const Zone*>& zones,
                         WallTime now, std::size_t count) {
  const WindowState state = window_at(profile.windows, zones, now);
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("macro_id", profile.macro_id).key("open");
  state.open ? w.value(profile.windows[*state.open].name) : w.null();
  w.key("until");
  state.until == WallTime::max() ? w.null() : w.value(state.until);
  w.key("next").begin_array();
  for (const WindowStart& start : next_windows(profile.windows, zones, now, count)) {
    w.begin_object().field("window", profile.windows[start.window].name);
    w.field("from", start.from).field("to", start.to).end_object();
  }
  w.end_array().end_object();
  return out;
}

void send_windows(const ProfileBook& profiles, const Clock& clock, const Call& call,
                  const Reply& reply) {
  constexpr std::size_t kMost = 100;  // Source: that of the next starts of a schedule
  const std::string& id = call.param("macro_id");
  if (!valid_macro_id(id)) return reply.error(Error{Errc::not_found, "no such macro id"});
  const std::string text = call.request.query_param("n").value_or("5");
  std::size_t count = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failed != std::errc() || end != text.data() + text.size() || count < 1 || count > kMost) {
    return reply.problem(invalid({{"n", "expected a whole number from 1 to 100"}}));
  }
  const MacroSafetyProfile profile = profiles.resolve(id);
  reply.json(windows_json(profile, profiles.zones(profile), clock.wall(), count));
}

void add_windows(api::Router& router, const ProfileBook& profiles, const Clock& clock) {
  router
      .add({Method::get, "/macro-safety/profiles/{macro_id}/windows/next", "macros:read",
            "Which window of a profile holds now, and when windows open next", "",
            "MacroProfileWindowsNext",
            [&profiles, &clock](Call& call, const Reply& reply) {
              send_windows(profiles, clock, call, reply);
            }})
      .query({{"n", "integer", "How many, 1 to 100, default 5"}});
}

}  // namespace

void add_profile_routes(api::Router& router, ProfileBook& profiles, const Clock& clock) {
  add_crud(router, profiles);
  add_windows(router, profiles, clock);
  add_overrides(router, profiles);
}

}  // namespace gk::macros
