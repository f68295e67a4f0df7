// trace.h: the trace format of the referee: one JSON object a line (docs/referee.md, "Traces").
//
// A line is read by a scanner made for flat objects; whatever it does not take (escapes, nested
// values, oddities) goes through the strict JSON reader, which also words the errors. Both must
// agree: trace_fuzz.cc.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "gamekeeper/referee.h"
#include "gamekeeper/result.h"

namespace gk::referee {

/// `k` of a line.
enum class TraceKind : char {
  session = 'S',
  move = 'm',
  claim = 'p',
  metrics = 'q',
  rtt = 't',
  overrun = 'o',
  declared = 'x',
  end = 'E',
};

/// Keys with a number (or a boolean, read as 0 or 1). Times in ms, as in the file.
enum class Num : std::uint8_t {
  s,
  c,
  r,
  x,
  y,
  z,
  g,
  vmax,
  vup,
  grav,
  nom,
  upm,
  step,
  tol,
  dur,
  fps,
  score,
  rtt,
  over,
  mul,
  vx,
  vy,
  vz,
  decel,
  cheat_at,
  count_,
};
/// Keys with a string. `id` may also be a number; its text is kept.
enum class Text : std::uint8_t { id, mode, type, sev, link, machine, cheat, count_ };

/// One line. Thread: compatible. The texts live as long as the line's text and `tree`.
struct TraceEvent {
  TraceKind kind = TraceKind::end;
  std::uint32_t has_numbers = 0;  ///< Bit per Num.
  std::array<double, static_cast<std::size_t>(Num::count_)> numbers{};
  std::array<std::string_view, static_cast<std::size_t>(Text::count_)> texts{};
  JsonValue tree;  ///< Owns the texts when the strict reader was needed.

  bool has(Num key) const { return (has_numbers >> static_cast<unsigned>(key)) & 1U; }
  double operator[](Num key) const { return numbers[static_cast<std::size_t>(key)]; }
  std::string_view operator[](Text key) const { return texts[static_cast<std::size_t>(key)]; }
  void set(Num key, double value) {
    numbers[static_cast<std::size_t>(key)] = value;
    has_numbers |= 1U << static_cast<unsigned>(key);
  }
  void set(Text key, std::string_view value) { texts[static_cast<std::size_t>(key)] = value; }
  /// Receive time in µs. Requires: has(Num::r).
  std::int64_t received_us() const;
};

/// Reads one line into `event` (which is overwritten).
/// Errors: invalid_argument (not JSON, unknown kind, a needed key missing or of the wrong type).
Result<void> parse_trace_line(std::string_view line, TraceEvent& event);

/// The scanner alone: false = "ask the strict reader". For the differential fuzz target.
bool scan_trace_line(std::string_view line, TraceEvent& event);
/// The strict reader alone.
Result<void> parse_trace_line_strictly(std::string_view line, TraceEvent& event);

/// Appends the event as one line with a newline.
void write_trace_line(const TraceEvent& event, std::string& out);

/// The profile of an `S` line.
MoveProfile profile_of(const TraceEvent& session);
/// The movement of an `m` line.
Move move_of(const TraceEvent& event, PlayerId player);
/// Feeds any other line than S, m and E. Errors: those of the Referee's calls.
Result<void> apply_event(Referee& referee, PlayerId player, const TraceEvent& event);

}  // namespace gk::referee
