#include "referee/service/verdict_record.h"

#include <charconv>

namespace gk::referee {
namespace {

double as_s(std::uint32_t us) { return us / 1e6; }

void write_declarations(JsonWriter& json, unsigned bits) {
  constexpr const char* kNames[] = {"teleport", "speed", "knockback", "vehicle", "free"};
  json.begin_array();
  for (unsigned i = 0; i < 5; ++i)
    if ((bits >> i & 1U) != 0) json.value(kNames[i]);
  json.end_array();
}

}  // namespace

std::string verdict_id(std::uint64_t number) { return "v" + std::to_string(number); }

std::optional<std::uint64_t> verdict_number(const std::string& id) {
  std::uint64_t number = 0;
  if (id.size() < 2 || id[0] != 'v') return std::nullopt;
  const auto [end, error] = std::from_chars(id.data() + 1, id.data() + id.size(), number);
  if (error != std::errc() || end != id.data() + id.size()) return std::nullopt;
  return number;
}

void write_vector(JsonWriter& json, Vec3 v) {
  json.begin_object()
      .field("x", static_cast<double>(v.x))
      .field("y", static_cast<double>(v.y))
      .field("z", static_cast<double>(v.z))
      .end_object();
}

std::string credit_reason(const Explanation& why) {
  const auto ms = [](std::uint32_t us) { return std::to_string(us / 1000) + " ms"; };
  if (why.overrun_us > why.silence_us && why.overrun_us > why.rtt_rise_us)
    return "server late " + ms(why.overrun_us);
  if (why.rtt_rise_us > 0) return "RTT +" + ms(why.rtt_rise_us);
  if (why.silence_us > 0) return "silence " + ms(why.silence_us) + " seen by server";
  return "no lag seen";
}

std::string reason_of(const VerdictRecord& record) {
  const std::string prefix = record.shadow && record.refused() ? "shadow: " : "";
  switch (record.outcome) {
    case MoveOutcome::accepted:
      return record.adjusted ? "accepted with credit for lag that the server saw" : "accepted";
    case MoveOutcome::rejected:
      if (!record.smart_reason.empty()) return prefix + record.smart_reason;
      return prefix + (record.why ? record.why->sentence : referee_rule_name(record.rule));
    case MoveOutcome::stale: return "older than a movement that was judged already";
    case MoveOutcome::duplicate: return "this sequence or client time was judged already";
    case MoveOutcome::invalid: return "a position or time is not finite or out of range";
    case MoveOutcome::unknown_player: return "no such player";
  }
  return "unknown";
}

void write_explanation(JsonWriter& json, const VerdictRecord& record) {
  if (!record.why) {
    json.null();
    return;
  }
  const Explanation& why = *record.why;
  json.begin_object()
      .field("sentence", std::string_view(why.sentence))
      .field("window_s", as_s(why.window_us))
      .field("claimed_s", as_s(why.claimed_us))
      .field("distance", static_cast<double>(why.distance))
      .field("allowed", static_cast<double>(why.allowed))
      .field("granted_s", as_s(why.granted_us))
      .field("credit_used_s", as_s(why.credit_us))
      .field("credit_limit_s", as_s(why.credit_limit_us))
      .field("credit_reason", credit_reason(why))
      .key("declarations");
  write_declarations(json, why.declarations);
  json.field("claims", why.claims)
      .field("claims_corroborated", why.claims_corroborated)
      .field("undeclared_teleport_hint", why.undeclared_teleport_hint)
      .field("e_before", static_cast<double>(why.e_before))
      .field("e_after", static_cast<double>(why.e_after))
      .end_object();
}

void write_verdict_json(JsonWriter& json, const VerdictRecord& record) {
  json.begin_object()
      .field("id", verdict_id(record.number))
      .field("player", record.player)
      .field("seq", record.sequence)
      .field("at", record.at)
      .field("valid", record.valid())
      .key("rule");
  if (record.rule == RefereeRule::none)
    json.null();
  else
    json.value(referee_rule_name(record.rule));
  json.field("reason", reason_of(record))
      .field("confidence", static_cast<double>(record.confidence))
      .field("performance_adjusted", record.adjusted)
      .field("state", player_state_name(record.state))
      .field("shadow", record.shadow)
      .key("position");
  write_vector(json, record.position);
  json.key("set_back_to");
  if (record.refused() && !record.shadow)
    write_vector(json, record.set_back);
  else
    json.null();
  json.key("explanation");
  write_explanation(json, record);
  json.end_object();
}

std::string verdict_json(const VerdictRecord& record) {
  std::string out;
  JsonWriter json(out);
  write_verdict_json(json, record);
  return out;
}

}  // namespace gk::referee
