// generate.h: a seeded generator of honest and cheating movement, as traces.
//
// A session is a client (machine class, clock, keys), a link (link.h) and a server (tick, declared
// events, round-trip measurement). The same scenario and seed give the same events. What the
// classes mean: docs/referee.md, "Generator".

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/result.h"
#include "referee/offline/link.h"
#include "referee/offline/trace.h"

namespace gk::referee {

/// Frames of 7, 16.7, 33 and 80 ms, with stalls that grow from none to 600 ms.
enum class MachineClass : std::uint8_t { fast, normal, slow, poor };
inline constexpr std::size_t kMachineClasses = 4;
const char* machine_name(MachineClass machine);

enum class Cheat : std::uint8_t {
  none,
  speed,
  duty_speed,
  teleport,
  clock,
  lag_switch,
  flood,
  flight,
  hover,
};
const char* cheat_name(Cheat cheat);

/// What to generate. Everything that is left to chance follows from `seed`.
struct Scenario {
  std::uint64_t seed = 1;
  LinkClass link = LinkClass::lan;
  MachineClass machine = MachineClass::normal;
  Cheat cheat = Cheat::none;
  double strength = 1;  ///< Factor of speed or clock; share of time for duty_speed is 30 %.
  bool forged = false;  ///< Claims of stalls, 8 a second, and of bad FPS.
  bool clock = true;    ///< Whether movements carry the client's clock.
  Space space = Space::flat_2d;
  double seconds = 60;
  double cheat_from = 10;  ///< Second at which the cheat starts.
  bool declared = true;    ///< Teleports, speed effects and knockback by the server.
};

/// One session's events, ordered by receive time, `S` first and `E` last.
/// `begin` in ms: the receive time at which the cheat began (also key cheat_at of the S line).
struct Session {
  std::string id, cheat_label;
  std::vector<TraceEvent> events;
  double cheat_at_ms = 0;
};

/// Cost: about 1 ms a minute of play at 60 frames/s; allocates.
Session generate(const Scenario& scenario);

/// The scenario of a class name such as "speed-1.05", "clock-1.02", "lag_switch+forged", "honest".
/// Errors: invalid_argument.
Result<Scenario> scenario_of(std::string_view name);

}  // namespace gk::referee
