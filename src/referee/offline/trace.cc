#include "referee/offline/trace.h"

#include <cmath>

#include "base/json_writer.h"
#include "referee/offline/trace_keys.h"

namespace gk::referee {
namespace {

constexpr std::size_t kMaxLine = 64 * 1024;  // Source: chosen; a line is about 100 bytes.

Result<void> missing(const char* kind, Num key) {
  return Error{Errc::invalid_argument,
               std::string(kind) + " needs a number \"" + std::string(name_of(key)) + "\""};
}

Result<void> need(const TraceEvent& event, const char* kind, std::initializer_list<Num> keys) {
  for (const Num key : keys)
    if (!event.has(key)) return missing(kind, key);
  return {};
}

Result<void> check_declared(const TraceEvent& event) {
  const std::string_view type = event[Text::type];
  if (type == "teleport") return need(event, "teleport", {Num::r, Num::x, Num::y});
  if (type == "speed") return need(event, "speed", {Num::r, Num::mul, Num::dur});
  if (type == "knock") return need(event, "knock", {Num::r, Num::vx, Num::vy});
  return Error{Errc::invalid_argument,
               "type: expected teleport, speed or knock, got \"" + std::string(type) + "\""};
}

std::int64_t micros(double ms) {
  constexpr double kMost = 1e15;  // Source: far above any clock, far below overflow.
  return std::llround(std::fmax(-kMost, std::fmin(kMost, ms)) * 1000);
}

Vec3 vector_of(const TraceEvent& event, Num x, Num y, Num z) {
  return {static_cast<float>(event[x]), static_cast<float>(event[y]), static_cast<float>(event[z])};
}

Claim claim_of(const TraceEvent& event) {
  Claim claim;
  const std::string_view type = event[Text::type];
  claim.kind = type == "low_fps"           ? ClaimKind::low_fps
               : type == "memory_pressure" ? ClaimKind::memory_pressure
                                           : ClaimKind::stutter;
  const std::string_view severity = event[Text::sev];
  claim.severity = severity == "high" ? 3 : severity == "medium" ? 2 : 1;
  claim.duration_us =
      static_cast<std::uint32_t>(std::fmin(4e9, std::fmax(0, event[Num::dur] * 1000)));
  return claim;
}

}  // namespace

std::int64_t TraceEvent::received_us() const { return micros((*this)[Num::r]); }

/// Whether the keys that the kind needs are there. Shared by both readers.
Result<void> check_trace_event(const TraceEvent& event) {
  switch (event.kind) {
    case TraceKind::session:
      if (event[Text::mode] != "2d" && event[Text::mode] != "3d")
        return Error{Errc::invalid_argument, "mode: expected \"2d\" or \"3d\""};
      return need(event, "S", {Num::vmax, Num::nom});
    case TraceKind::move: return need(event, "m", {Num::r, Num::x, Num::y});
    case TraceKind::claim: return need(event, "p", {Num::r});
    case TraceKind::metrics: return need(event, "q", {Num::r});
    case TraceKind::rtt: return need(event, "t", {Num::r, Num::rtt});
    case TraceKind::overrun: return need(event, "o", {Num::r, Num::over});
    case TraceKind::declared: return check_declared(event);
    case TraceKind::end: return {};
  }
  return Error{Errc::invalid_argument, "k: expected one of S m p q t o x E"};
}

Result<void> parse_trace_line(std::string_view line, TraceEvent& event) {
  if (line.size() > kMaxLine) return Error{Errc::invalid_argument, "line is longer than 64 KiB"};
  if (scan_trace_line(line, event)) return check_trace_event(event);
  return parse_trace_line_strictly(line, event);
}

Result<void> parse_trace_line_strictly(std::string_view line, TraceEvent& event) {
  event = TraceEvent{};
  auto parsed = parse_json(line);
  if (!parsed) return parsed.error();
  event.tree = std::move(*parsed);
  if (!event.tree.is_object())
    return Error{Errc::invalid_argument,
                 std::string("expected an object, got ") + event.tree.type_name()};
  const JsonValue* kind = event.tree.find("k");
  if (!kind || !kind->is_string() || kind->as_string().size() != 1 ||
      !is_kind(kind->as_string()[0]))
    return Error{Errc::invalid_argument, "k: expected one of S m p q t o x E"};
  event.kind = static_cast<TraceKind>(kind->as_string()[0]);
  if (auto mended = event.tree.find("id"); mended && mended->is_number()) {
    JsonValue::Object members = event.tree.as_object();
    for (auto& [name, value] : members)
      if (name == "id") value = JsonValue(to_json(value));
    event.tree = JsonValue(std::move(members));
  }
  for (const auto& [name, value] : event.tree.as_object()) {
    if (name == "k" || value.is_null()) continue;
    if (const auto key = number_key(name)) {
      if (!value.is_number() && !value.is_bool())
        return Error{Errc::invalid_argument,
                     name + ": expected a number, got " + value.type_name()};
      event.set(*key, value.is_bool() ? (value.as_bool() ? 1.0 : 0.0) : value.as_number());
    } else if (const auto text = text_key(name)) {
      if (!value.is_string())
        return Error{Errc::invalid_argument,
                     name + ": expected a string, got " + value.type_name()};
      event.set(*text, value.as_string());
    }
  }
  return check_trace_event(event);
}

void write_trace_line(const TraceEvent& event, std::string& out) {
  JsonWriter json(out);
  json.begin_object().field("k", std::string_view(reinterpret_cast<const char*>(&event.kind), 1));
  for (std::size_t i = 0; i < event.texts.size(); ++i)
    if (!event.texts[i].empty()) json.field(name_of(static_cast<Text>(i)), event.texts[i]);
  for (std::size_t i = 0; i < event.numbers.size(); ++i) {
    const Num key = static_cast<Num>(i);
    if (!event.has(key)) continue;
    if (key == Num::g)
      json.field(name_of(key), event[key] != 0);
    else
      json.field(name_of(key), std::round(event[key] * 1e4) / 1e4);
  }
  json.end_object();
  out += '\n';
}

MoveProfile profile_of(const TraceEvent& session) {
  MoveProfile profile;
  profile.space = session[Text::mode] == "3d" ? Space::solid_3d : Space::flat_2d;
  profile.max_speed = static_cast<float>(session[Num::vmax]);
  profile.max_rise_speed = static_cast<float>(session[Num::vup]);
  profile.gravity = static_cast<float>(session[Num::grav]);
  profile.nominal_us =
      static_cast<std::uint32_t>(std::fmin(1e9, std::fmax(0, session[Num::nom] * 1000)));
  if (session.has(Num::upm)) profile.units_per_metre = static_cast<float>(session[Num::upm]);
  if (session.has(Num::step)) profile.step_m = static_cast<float>(session[Num::step]);
  if (session.has(Num::tol)) profile.tolerance_m = static_cast<float>(session[Num::tol]);
  return profile;
}

Move move_of(const TraceEvent& event, PlayerId player) {
  Move move;
  move.player = player;
  move.received_us = event.received_us();
  move.has_clock = event.has(Num::c);
  if (move.has_clock) move.client_us = micros(event[Num::c]);
  move.has_sequence = event.has(Num::s);
  if (move.has_sequence)
    move.sequence = static_cast<std::uint32_t>(
        static_cast<std::int64_t>(std::fmax(-9e15, std::fmin(9e15, event[Num::s]))));
  move.position = vector_of(event, Num::x, Num::y, Num::z);
  if (event.has(Num::g)) move.ground = event[Num::g] != 0 ? Ground::contact : Ground::air;
  return move;
}

Result<void> apply_event(Referee& referee, PlayerId player, const TraceEvent& event) {
  const std::int64_t now = event.received_us();
  switch (event.kind) {
    case TraceKind::claim: return referee.claim(player, claim_of(event), now);
    case TraceKind::metrics: return referee.claim(player, {ClaimKind::metrics, 1, 0}, now);
    case TraceKind::rtt: return referee.rtt(player, micros(event[Num::rtt]), now);
    case TraceKind::overrun: referee.tick(micros(event[Num::over]), now); return {};
    case TraceKind::declared: {
      const std::string_view type = event[Text::type];
      if (type == "teleport")
        return referee.declare_teleport(player, vector_of(event, Num::x, Num::y, Num::z), now);
      if (type == "speed")
        return referee.declare_speed(player, static_cast<float>(event[Num::mul]),
                                     micros(event[Num::dur]), now);
      return referee.declare_knockback(player, vector_of(event, Num::vx, Num::vy, Num::vz),
                                       static_cast<float>(event[Num::decel]), now);
    }
    default: return {};
  }
}

}  // namespace gk::referee
