// rest_bodies.h: the bodies of the movement routes: JSON to values, values through the judge, JSON
// back. Reading happens on the loop, judging on the judge's thread.

#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "referee/service/judge.h"

namespace gk::referee {

using Complaints = std::vector<std::pair<std::string, std::string>>;

/// More items are refused as a whole. Source: chosen; 10,000 take about 2 ms to judge.
inline constexpr std::size_t kMaxItems = 10'000;

/// What a player may be called: 1 to 64 bytes of UTF-8 without controls, '/', '\', '"' and '%'.
bool valid_player_name(std::string_view name);

/// One movement of a body.
struct ReportedMove {
  std::string player;
  bool solid = false;
  Move move;                              ///< Without player and received_us.
  std::optional<std::int64_t> server_us;  ///< When it came, on the caller's clock.
};

/// The body of POST /movement/validate.
struct ValidateBody {
  std::vector<ReportedMove> items;
  std::optional<MoveProfile> session;  ///< For all players of the body; else theirs stays.
};
ValidateBody read_validate(const JsonValue& body, const ServiceOptions& options,
                           Complaints& complaints);
/// {items: […]}.
std::string validate(Judge& judge, const ValidateBody& body, Now now);

/// One declaration, round trip or claim of a body.
struct ReportedEvent {
  std::string player;
  EventRecord event;
  std::optional<std::int64_t> server_us;
  bool leave = false;
};
std::vector<ReportedEvent> read_declarations(const JsonValue& body, const ServiceOptions& options,
                                             Complaints& complaints);
std::vector<ReportedEvent> read_round_trips(const JsonValue& body, Complaints& complaints);
std::vector<ReportedEvent> read_claims(const JsonValue& body, Complaints& complaints);
/// {items: [{player, applied, error}]}.
std::string apply_events(Judge& judge, const std::vector<ReportedEvent>& events, Now now);

}  // namespace gk::referee
