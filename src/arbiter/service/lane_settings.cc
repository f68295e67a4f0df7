#include "arbiter/service/lane_settings.h"

#include <algorithm>

#include "base/json_writer.h"

namespace gk::arbiter {
namespace {

// Source: the ranges of ArbiterOptions, LaneOptions and Pacing, in seconds.
constexpr double kMillisecond = 0.001, kHour = 3600;
constexpr double kSlowest = 1 / kHour, kFastest = 1000;  // actions a second
constexpr std::size_t kMaxUids = 64, kMaxPrograms = 16;  // Source: chosen
constexpr std::int64_t kMaxUid = 4'294'967'294;          // Source: credentials(7)

Nanos seconds(double value) {
  return std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(value));
}

Pacing pacing_of(const std::optional<double>& rate_per_s, double burst) {
  if (!rate_per_s) return {};
  const double interval = 1 / *rate_per_s;
  return {seconds(interval), seconds(std::min(kHour, (burst - 1) * interval))};
}

/// A number, or null for none; absent keeps it.
void read_optional(JsonReader& reader, std::string_view key, std::optional<double>& out,
                   double least, double most) {
  const JsonValue* member = reader.member(key);
  if (member == nullptr) return;
  if (member->is_null()) return out.reset();
  double value = 0;
  reader.number(key, value, least, most);
  out = value;
}

template <typename T>
void write_optional(JsonWriter& w, std::string_view key, const std::optional<T>& value) {
  w.key(key).value(value);
}

bool is_path(const JsonValue& value) {
  return value.is_string() && value.as_string().starts_with('/') &&
         value.as_string().size() <= 1024 && value.as_string().find('\0') == std::string::npos;
}

void read_identities(JsonReader& reader, Module& module) {
  if (const JsonValue* uids = reader.member("uids"); uids != nullptr && !uids->is_null()) {
    const auto good = [](const JsonValue& v) {
      return v.is_int() && v.as_int() >= 0 && v.as_int() <= kMaxUid;
    };
    if (!uids->is_array() || uids->as_array().size() > kMaxUids ||
        !std::all_of(uids->as_array().begin(), uids->as_array().end(), good)) {
      reader.complain("uids", "expected at most 64 user ids");
    } else {
      module.uids.clear();
      for (const JsonValue& uid : uids->as_array()) module.uids.push_back(uid.as_int());
    }
  }
  if (const JsonValue* paths = reader.member("programs"); paths != nullptr && !paths->is_null()) {
    if (!paths->is_array() || paths->as_array().size() > kMaxPrograms ||
        !std::all_of(paths->as_array().begin(), paths->as_array().end(), is_path)) {
      reader.complain("programs", "expected at most 16 absolute paths");
    } else {
      module.programs.clear();
      for (const JsonValue& path : paths->as_array()) module.programs.push_back(path.as_string());
    }
  }
}

}  // namespace

bool is_lane_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

LaneOptions LaneSettings::options() const {
  LaneOptions out{seconds(spacing_s), seconds(lease_s), pacing_of(rate_per_s, 1)};
  const LaneOrder order{seconds(aging_s), static_cast<std::uint32_t>(burst),
                        static_cast<std::uint32_t>(queue_max),
                        groups ? Grouping::by_actor : Grouping::off};
  if (order != LaneOrder{}) out.order = order;
  return out;
}

Nanos LaneSettings::timeout() const { return seconds(timeout_s); }

std::string LaneSettings::json() const {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("spacing_s", spacing_s).field("lease_s", lease_s);
  w.field("aging_s", aging_s).field("burst", burst).field("timeout_s", timeout_s);
  w.field("queue_max", queue_max).field("groups", groups);
  write_optional(w, "rate_per_s", rate_per_s);
  w.end_object();
  return out;
}

LaneSettings read_lane_settings(const JsonValue& body, const LaneSettings& base,
                                Complaints& complaints) {
  LaneSettings out = base;
  JsonReader reader(body, "");
  reader.number("spacing_s", out.spacing_s, 0, 60);
  reader.number("lease_s", out.lease_s, kMillisecond, 600);
  reader.number("aging_s", out.aging_s, kMillisecond, kHour);
  reader.integer("burst", out.burst, 0, 15);
  reader.number("timeout_s", out.timeout_s, kMillisecond, kHour);
  reader.integer("queue_max", out.queue_max, 1, 4096);
  reader.boolean("groups", out.groups);
  read_optional(reader, "rate_per_s", out.rate_per_s, kSlowest, kFastest);
  reader.refuse_unknown();
  complaints.insert(complaints.end(), reader.complaints().begin(), reader.complaints().end());
  return out;
}

ActorOptions Module::options() const {
  return {group.value_or(""), static_cast<std::uint8_t>(priority),
          pacing_of(rate_per_s, burst.value_or(1))};
}

std::string Module::json() const {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("name", name);
  write_optional(w, "group", group);
  w.field("priority", priority);
  write_optional(w, "rate_per_s", rate_per_s);
  write_optional(w, "burst", burst);
  w.key("uids").begin_array();
  for (const std::int64_t uid : uids) w.value(uid);
  w.end_array().key("programs").begin_array();
  for (const std::string& program : programs) w.value(program);
  w.end_array().field("source", custom ? "custom" : "default").end_object();
  return out;
}

Module read_module(const JsonValue& body, const std::string& name, const Module& base,
                   Complaints& complaints) {
  Module out = base;
  out.name = name;
  out.custom = true;
  JsonReader reader(body, "");
  if (const JsonValue* group = reader.member("group"); group != nullptr) {
    if (group->is_null()) {
      out.group.reset();
    } else if (group->is_string() && is_lane_name(group->as_string())) {
      out.group = group->as_string();
    } else {
      reader.complain("group", "expected 1 to 64 of a-z, 0-9, _ and -, or null for alone");
    }
  }
  reader.integer("priority", out.priority, 0, 255);
  read_optional(reader, "rate_per_s", out.rate_per_s, kSlowest, kFastest);
  read_optional(reader, "burst", out.burst, 1, 1000);
  read_identities(reader, out);
  // What GET shows may be sent back.
  std::string echoed = name;
  reader.string("name", echoed, 64);
  if (echoed != name) reader.complain("name", "expected \"" + name + "\" as in the path");
  std::string source;
  reader.string("source", source, 16);
  reader.refuse_unknown();
  complaints.insert(complaints.end(), reader.complaints().begin(), reader.complaints().end());
  return out;
}

std::vector<Module> default_modules() {
  std::vector<Module> out;
  for (const KnownActor& known : kKnownActors) {
    Module module;
    module.name = known.name;
    module.group = std::string(known.group);
    module.priority = known.priority;
    out.push_back(std::move(module));
  }
  return out;
}

bool may_act_as(const Identity& who, const Module& module) {
  if (!module.bound()) return who.trusted;
  const bool user = module.uids.empty() ? who.trusted
                                        : std::find(module.uids.begin(), module.uids.end(),
                                                    std::int64_t{who.uid}) != module.uids.end();
  const bool program =
      module.programs.empty() ||
      (!who.program.empty() && std::find(module.programs.begin(), module.programs.end(),
                                         who.program) != module.programs.end());
  return user && program;
}

}  // namespace gk::arbiter
