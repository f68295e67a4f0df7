#include "referee/service/service_options.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace gk::referee {
namespace {

struct TimeOption {
  const char* name;
  std::int64_t RefereeOptions::* field;
  double most_s;
};
struct NumberOption {
  const char* name;
  double RefereeOptions::* field;
  double least, most;
};

// Ranges are those of RefereeOptions; relations between them are checked by Referee::create().
constexpr std::array<TimeOption, 9> kTimes = {
    {{"max_credit_s", &RefereeOptions::max_credit_us, 10},
     {"base_credit_s", &RefereeOptions::base_credit_us, 10},
     {"min_base_credit_s", &RefereeOptions::min_base_credit_us, 10},
     {"join_credit_s", &RefereeOptions::join_credit_us, 10},
     {"loose_s", &RefereeOptions::loose_us, 10},
     {"min_loose_s", &RefereeOptions::min_loose_us, 10},
     {"slack_s", &RefereeOptions::slack_us, 2},
     {"carry_s", &RefereeOptions::carry_us, 2},
     {"evidence_hold_s", &RefereeOptions::evidence_hold_us, 60}}};
constexpr std::array<NumberOption, 9> kNumbers = {
    {{"evidence_decay", &RefereeOptions::evidence_decay, 0, 10},
     {"credit_leak", &RefereeOptions::credit_leak, 0, 1},
     {"speed_tolerance", &RefereeOptions::speed_tolerance, 0, 1},
     {"pool_leak", &RefereeOptions::pool_leak, 0, 1},
     {"honest_block_rate", &RefereeOptions::honest_block_rate, 0.01, 0.12},
     {"bet", &RefereeOptions::bet, 0, 8},
     {"watch_at", &RefereeOptions::watch_at, 1.001, 1e9},
     {"review_at", &RefereeOptions::review_at, 1.001, 1e9},
     {"max_move_rate", &RefereeOptions::max_move_rate, 1, 1000}}};

constexpr std::array kModes = {ServiceMode::bounded, ServiceMode::shadow, ServiceMode::smart_ts,
                               ServiceMode::smart_cs};

/// The competitive preset caps every credit at its 1 s. Source: referee specification.
RefereeOptions preset(bool competitive) {
  RefereeOptions options;
  if (competitive) options.max_credit_us = options.join_credit_us = 1'000'000;
  return options;
}

void read_float(JsonReader& reader, const char* name, float& field, double least, double most) {
  auto value = static_cast<double>(field);
  reader.number(name, value, least, most);
  field = static_cast<float>(value);
}

void append(std::vector<std::pair<std::string, std::string>>& all, const JsonReader& reader) {
  all.insert(all.end(), reader.complaints().begin(), reader.complaints().end());
}

}  // namespace

const char* service_mode_name(ServiceMode mode) {
  switch (mode) {
    case ServiceMode::bounded: return "bounded";
    case ServiceMode::shadow: return "shadow";
    case ServiceMode::smart_ts: return "smart_ts";
    case ServiceMode::smart_cs: return "smart_cs";
  }
  return "unknown";
}

void read_session(const JsonValue& object, const std::string& path, MoveProfile& profile,
                  std::vector<std::pair<std::string, std::string>>& complaints) {
  JsonReader reader(object, path);
  std::string mode = profile.space == Space::solid_3d ? "3d" : "2d";
  reader.string("mode", mode, 2);
  if (mode != "2d" && mode != "3d") reader.complain("mode", "expected 2d or 3d");
  profile.space = mode == "3d" ? Space::solid_3d : Space::flat_2d;
  read_float(reader, "max_speed", profile.max_speed, 1e-6, 1e6);
  read_float(reader, "max_rise_speed", profile.max_rise_speed, 0, 1e6);
  read_float(reader, "gravity", profile.gravity, 0, 1e6);
  read_float(reader, "units_per_metre", profile.units_per_metre, 1e-6, 1e5);
  double nominal_ms = profile.nominal_us / 1e3;
  reader.number("nominal_ms", nominal_ms, 1, 10'000);
  profile.nominal_us = static_cast<std::uint32_t>(std::llround(nominal_ms * 1e3));
  reader.refuse_unknown();
  append(complaints, reader);
}

Result<ServiceOptions> read_service_options(
    const JsonValue& body, const ServiceOptions& current,
    std::vector<std::pair<std::string, std::string>>& complaints) {
  ServiceOptions out = current;
  JsonReader reader(body, "");
  std::string mode = service_mode_name(out.mode);
  std::string chosen = out.competitive ? "competitive" : "default";
  reader.string("mode", mode, 16);
  reader.string("preset", chosen, 16);
  const auto found = std::find_if(kModes.begin(), kModes.end(),
                                  [&](ServiceMode m) { return mode == service_mode_name(m); });
  if (found == kModes.end()) {
    reader.complain("mode", "expected bounded, shadow, smart_ts or smart_cs");
  } else {
    out.mode = *found;
  }
  if (chosen != "default" && chosen != "competitive") {
    reader.complain("preset", "expected default or competitive");
  } else if ((chosen == "competitive") != out.competitive) {
    out.competitive = chosen == "competitive";
    out.referee = preset(out.competitive);
  }
  for (const auto& [name, field, most] : kTimes) {
    double seconds = static_cast<double>(out.referee.*field) / 1e6;
    reader.number(name, seconds, 0, most);
    out.referee.*field = std::llround(seconds * 1e6);
  }
  for (const auto& [name, field, least, most] : kNumbers)
    reader.number(name, out.referee.*field, least, most);
  std::int64_t claims = out.referee.claims_per_second;
  reader.integer("claims_per_second", claims, 1, 1000);
  out.referee.claims_per_second = static_cast<std::uint32_t>(claims);
  (void)reader.member("unsafe");  // Read only: what GET gave can be put back.
  if (const JsonValue* session = reader.member("session"); session && !session->is_null())
    read_session(*session, "session", out.session, complaints);
  reader.refuse_unknown();
  append(complaints, reader);
  out.referee.mode = out.mode == ServiceMode::shadow ? RefereeMode::shadow : RefereeMode::bounded;
  if (complaints.empty()) {
    RefereeOptions probe = out.referee;
    probe.max_players = 1;
    if (auto checked = Referee::create(probe); !checked)
      complaints.emplace_back("", checked.error().message);
  }
  if (!complaints.empty()) return Error{Errc::invalid_argument, "the options are not valid"};
  return out;
}

void write_service_options(JsonWriter& json, const ServiceOptions& options) {
  json.field("mode", service_mode_name(options.mode))
      .field("preset", options.competitive ? "competitive" : "default")
      .field("unsafe", is_unsafe(options.mode));
  for (const auto& [name, field, most] : kTimes)
    json.field(name, static_cast<double>(options.referee.*field) / 1e6);
  for (const auto& [name, field, least, most] : kNumbers) json.field(name, options.referee.*field);
  const MoveProfile& s = options.session;
  json.field("claims_per_second", options.referee.claims_per_second).key("session").begin_object();
  json.field("mode", s.space == Space::solid_3d ? "3d" : "2d")
      .field("max_speed", static_cast<double>(s.max_speed))
      .field("max_rise_speed", static_cast<double>(s.max_rise_speed))
      .field("gravity", static_cast<double>(s.gravity))
      .field("nominal_ms", s.nominal_us / 1e3)
      .field("units_per_metre", static_cast<double>(s.units_per_metre))
      .end_object();
}

std::string service_options_json(const ServiceOptions& options) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  write_service_options(json, options);
  json.end_object();
  return out;
}

}  // namespace gk::referee
