#include "referee/service/rest_bodies.h"

#include <cmath>
#include <limits>

#include "base/utf8.h"

namespace gk::referee {
namespace {

constexpr double kFar = 1e9;           // Source: positions beyond it are refused by the rules.
constexpr double kMostMs = 1e14;       // Source: 3,000 years; the sum in µs stays in 64 bits.
constexpr double kMostSeconds = 3600;  // Source: chosen; of one declared effect.

/// Out of range becomes infinity, which the rules call invalid: the caller learns it item by item.
float to_float(double value) {
  return std::fabs(value) <= kFar ? static_cast<float>(value)
                                  : std::numeric_limits<float>::infinity();
}

std::int64_t to_micros(double ms) {
  constexpr std::int64_t kOutOfRange = std::int64_t{1} << 62U;
  return std::fabs(ms) <= kMostMs ? std::llround(ms * 1000) : kOutOfRange;
}

/// Reads "items" of a body; `each` gets a reader and the object of one item.
template <typename Each>
void each_item(const JsonValue& body, Complaints& complaints, Each each) {
  const JsonValue* items = body.find("items");
  if (items == nullptr || !items->is_array() || items->as_array().empty()) {
    complaints.emplace_back("items", "expected an array with at least one item");
    return;
  }
  if (items->as_array().size() > kMaxItems) {
    complaints.emplace_back("items", "at most 10000 items at once; split them or use the ingest");
    return;
  }
  for (std::size_t i = 0; i < items->as_array().size(); ++i) {
    JsonReader reader(items->as_array()[i], "items[" + std::to_string(i) + "]");
    each(reader);
    reader.refuse_unknown();
    for (const auto& complaint : reader.complaints()) complaints.push_back(complaint);
    if (complaints.size() > 20) return;  // Enough to see what is wrong.
  }
}

void read_player(JsonReader& reader, std::string& player) {
  reader.require("player");
  reader.string("player", player, 64);
  if (!player.empty() && !valid_player_name(player))
    reader.complain("player", "expected 1 to 64 bytes without controls, / \\ \" and %");
}

bool read_number(JsonReader& reader, const char* key, double& out) {
  const JsonValue* value = reader.member(key);
  if (value == nullptr || value->is_null()) return false;
  if (!value->is_number()) {
    reader.complain(key, std::string("expected a number, got ") + value->type_name());
    return false;
  }
  out = value->as_number();
  return true;
}

float read_part(JsonReader& reader, const char* key, bool required) {
  if (required) reader.require(key);
  double value = 0;
  read_number(reader, key, value);
  return to_float(value);
}

Vec3 read_vector(JsonReader& reader, const char* x, const char* y, const char* z) {
  return {read_part(reader, x, true), read_part(reader, y, true), read_part(reader, z, false)};
}

std::optional<std::int64_t> read_server_time(JsonReader& reader) {
  double ms = 0;
  if (!read_number(reader, "server_ms", ms)) return std::nullopt;
  return to_micros(ms);
}

std::uint32_t read_duration_us(JsonReader& reader, const char* key, double scale_us, double most,
                               bool required) {
  if (required) reader.require(key);
  double value = 0;
  reader.number(key, value, 0, most);
  return static_cast<std::uint32_t>(std::llround(std::fmin(value, most) * scale_us));
}

ReportedMove read_move(JsonReader& reader, const ServiceOptions& options) {
  ReportedMove out;
  read_player(reader, out.player);
  std::string mode;
  reader.string("mode", mode, 2);
  if (!mode.empty() && mode != "2d" && mode != "3d") reader.complain("mode", "expected 2d or 3d");
  out.solid = mode.empty() ? options.session.space == Space::solid_3d : mode == "3d";
  std::int64_t sequence = -1;
  reader.integer("seq", sequence, 0, 0xffffffff);
  out.move.has_sequence = sequence >= 0;
  out.move.sequence = static_cast<std::uint32_t>(std::max<std::int64_t>(0, sequence));
  double client_ms = 0;
  out.move.has_clock = read_number(reader, "client_ms", client_ms);
  if (out.move.has_clock) out.move.client_us = to_micros(client_ms);
  out.server_us = read_server_time(reader);
  out.move.position = read_vector(reader, "x", "y", "z");
  if (const JsonValue* ground = reader.member("ground"); ground && !ground->is_null()) {
    if (!ground->is_bool()) reader.complain("ground", "expected a boolean");
    out.move.ground = ground->is_bool() && ground->as_bool() ? Ground::contact : Ground::air;
  }
  return out;
}

/// The members of one kind of declaration. False: unknown type.
bool read_declared(JsonReader& reader, const std::string& type, const ServiceOptions& options,
                   ReportedEvent& out, Complaints& complaints) {
  EventRecord& event = out.event;
  if (type == "teleport" || type == "respawn") {
    event.kind = EventKind::teleport;
    event.vector = read_vector(reader, "x", "y", "z");
  } else if (type == "speed") {
    event.kind = EventKind::speed;
    double factor = 1;
    reader.require("factor");
    reader.number("factor", factor, 0, 1000);
    event.number = static_cast<float>(factor);
    event.duration_us = read_duration_us(reader, "duration_s", 1e6, kMostSeconds, true);
  } else if (type == "knockback") {
    event.kind = EventKind::knockback;
    event.vector = read_vector(reader, "vx", "vy", "vz");
    double slow = 0;
    reader.number("deceleration", slow, 0, 1e6);
    event.number = static_cast<float>(slow);
  } else if (type == "vehicle") {
    event.kind = EventKind::vehicle;
    event.profile = options.session;
    if (const JsonValue* session = reader.member("session"))
      read_session(*session, "session", event.profile, complaints);
    else
      reader.complain("session", "is required");
  } else if (type == "free") {
    event.kind = EventKind::free;
    reader.require("on");
    reader.boolean("on", event.on);
  } else if (type == "frozen") {
    event.kind = EventKind::frozen;
    event.duration_us = read_duration_us(reader, "duration_s", 1e6, kMostSeconds, true);
  } else if (type == "leave") {
    out.leave = true;
  } else {
    return false;
  }
  return true;
}

void write_item(JsonWriter& json, const VerdictRecord& record) {
  const bool valid = record.valid() || (record.shadow && record.refused());
  json.begin_object()
      .field("player", record.player)
      .field("seq", record.sequence)
      .field("valid", valid)
      .field("reason", reason_of(record))
      .field("confidence", static_cast<double>(record.confidence))
      .field("performance_adjusted", record.adjusted)
      .field("state", player_state_name(record.state))
      .key("set_back_to");
  if (record.refused() && !record.shadow)
    write_vector(json, record.set_back);
  else
    json.null();
  json.key("explanation");
  write_explanation(json, record);
  json.end_object();
}

void write_unseated(JsonWriter& json, const ReportedMove& item, const std::string& why) {
  json.begin_object()
      .field("player", item.player)
      .field("seq", item.move.sequence)
      .field("valid", false)
      .field("reason", why)
      .field("confidence", 0)
      .field("performance_adjusted", false)
      .field("state", "ok")
      .key("set_back_to")
      .null()
      .key("explanation")
      .null()
      .end_object();
}

Result<Handle> seat_of(Judge& judge, const ValidateBody& body, const ReportedMove& item, Now now) {
  const auto present = judge.find(item.player);
  if (present && !body.session) return *present;
  MoveProfile profile = body.session.value_or(judge.options().session);
  profile.space = item.solid ? Space::solid_3d : Space::flat_2d;
  return judge.join(item.player, profile, std::nullopt, now, now.us);
}

}  // namespace

bool valid_player_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || !is_utf8(name)) return false;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '/' || c == '\\' || c == '"' || c == '%') return false;
  }
  return true;
}

ValidateBody read_validate(const JsonValue& body, const ServiceOptions& options,
                           Complaints& complaints) {
  ValidateBody out;
  JsonReader top(body, "");
  (void)top.member("items");
  if (const JsonValue* session = top.member("session"); session && !session->is_null()) {
    out.session = options.session;
    read_session(*session, "session", *out.session, complaints);
  }
  top.refuse_unknown();
  for (const auto& complaint : top.complaints()) complaints.push_back(complaint);
  each_item(body, complaints,
            [&](JsonReader& reader) { out.items.push_back(read_move(reader, options)); });
  return out;
}

std::string validate(Judge& judge, const ValidateBody& body, Now now) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("items").begin_array();
  for (const ReportedMove& item : body.items) {
    const auto handle = seat_of(judge, body, item, now);
    if (!handle) {
      write_unseated(json, item, handle.error().message);
      continue;
    }
    Move move = item.move;
    move.player = judge.id_of(*handle);
    move.received_us =
        item.server_us ? judge.to_daemon_us(*handle, *item.server_us, now.us) : now.us;
    Verdict verdict;
    judge.judge({&move, 1}, {&*handle, 1}, {&verdict, 1}, now);
    write_item(json, judge.record_of(move, *handle, verdict, now));
  }
  json.end_array().end_object();
  return out;
}

std::vector<ReportedEvent> read_declarations(const JsonValue& body, const ServiceOptions& options,
                                             Complaints& complaints) {
  std::vector<ReportedEvent> out;
  each_item(body, complaints, [&](JsonReader& reader) {
    ReportedEvent item;
    read_player(reader, item.player);
    std::string type;
    reader.require("type");
    reader.string("type", type, 16);
    item.server_us = read_server_time(reader);
    if (!read_declared(reader, type, options, item, complaints))
      reader.complain("type",
                      "expected teleport, respawn, speed, knockback, vehicle, free, frozen or "
                      "leave");
    out.push_back(std::move(item));
  });
  return out;
}

std::vector<ReportedEvent> read_round_trips(const JsonValue& body, Complaints& complaints) {
  std::vector<ReportedEvent> out;
  each_item(body, complaints, [&](JsonReader& reader) {
    ReportedEvent item;
    read_player(reader, item.player);
    item.event.kind = EventKind::rtt;
    item.event.duration_us = read_duration_us(reader, "rtt_ms", 1e3, 60'000, true);
    item.server_us = read_server_time(reader);
    out.push_back(std::move(item));
  });
  return out;
}

std::vector<ReportedEvent> read_claims(const JsonValue& body, Complaints& complaints) {
  std::vector<ReportedEvent> out;
  each_item(body, complaints, [&](JsonReader& reader) {
    ReportedEvent item;
    read_player(reader, item.player);
    item.event.kind = EventKind::claim;
    std::string type;
    std::string severity = "low";
    reader.require("type");
    reader.string("type", type, 16);
    reader.string("severity", severity, 8);
    constexpr const char* kTypes[] = {"stutter", "low_fps", "memory_pressure", "metrics"};
    bool known = false;
    for (std::uint8_t i = 0; i < 4; ++i) {
      if (type != kTypes[i]) continue;
      item.event.claim = static_cast<ClaimKind>(i);
      known = true;
    }
    if (!known) reader.complain("type", "expected stutter, low_fps, memory_pressure or metrics");
    if (severity != "low" && severity != "medium" && severity != "high")
      reader.complain("severity", "expected low, medium or high");
    item.event.severity = severity == "high" ? 3 : severity == "medium" ? 2 : 1;
    item.event.duration_us = read_duration_us(reader, "duration_ms", 1e3, 3'600'000, false);
    double fps = 0;
    double score = 0;
    reader.number("fps", fps, 0, 10'000);
    reader.number("score", score, 0, 1000);
    item.event.vector = {static_cast<float>(fps), static_cast<float>(score), 0};
    item.server_us = read_server_time(reader);
    out.push_back(std::move(item));
  });
  return out;
}

std::string apply_events(Judge& judge, const std::vector<ReportedEvent>& events, Now now) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("items").begin_array();
  for (const ReportedEvent& item : events) {
    std::string error;
    const auto handle = judge.find(item.player);
    if (!handle) {
      error = "no such player: a player begins with its first movement";
    } else if (item.leave) {
      judge.leave(*handle, now);
    } else {
      const std::int64_t at =
          item.server_us ? judge.to_daemon_us(*handle, *item.server_us, now.us) : now.us;
      if (const auto applied = judge.apply(*handle, item.event, at); !applied)
        error = applied.error().message;
    }
    json.begin_object()
        .field("player", item.player)
        .field("applied", error.empty())
        .field("error", error.empty() ? std::nullopt : std::optional(error))
        .end_object();
  }
  json.end_array().end_object();
  return out;
}

}  // namespace gk::referee
