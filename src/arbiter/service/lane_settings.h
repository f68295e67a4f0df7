// lane_settings.h: what an operator may set of a lane and of a module, and who may act as whom.
//
// Values only, with their JSON; pure. The service applies them, lane_store.h keeps them.

#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "gamekeeper/arbiter_types.h"

namespace gk::arbiter {

/// Complaints about a body: path and message.
using Complaints = std::vector<std::pair<std::string, std::string>>;

/// Options of a lane, as in JSON. Defaults and ranges: docs/arbiter.md.
struct LaneSettings {
  double spacing_s = 1;
  double lease_s = 30;
  double aging_s = 1;
  std::int64_t burst = 4;
  double timeout_s = 30;  ///< When the caller names none.
  std::int64_t queue_max = 64;
  bool groups = true;
  std::optional<double> rate_per_s;

  LaneOptions options() const;
  Nanos timeout() const;
  std::string json() const;
  friend bool operator==(const LaneSettings&, const LaneSettings&) = default;
};

/// Members that are absent keep the value of `base`.
LaneSettings read_lane_settings(const JsonValue& body, const LaneSettings& base,
                                Complaints& complaints);

/// A module: who it is to the arbiter, and which processes may act as it.
struct Module {
  std::string name;
  std::optional<std::string> group;
  std::int64_t priority = 50;
  std::optional<double> rate_per_s, burst;
  std::vector<std::int64_t> uids;     ///< Empty: see may_act_as().
  std::vector<std::string> programs;  ///< Absolute paths of executables. Empty: any.
  bool custom = false;                ///< Set by an operator, not from kKnownActors.

  ActorOptions options() const;
  /// Whether only named processes may act as it.
  bool bound() const { return !uids.empty() || !programs.empty(); }
  std::string json() const;
};

Module read_module(const JsonValue& body, const std::string& name, const Module& base,
                   Complaints& complaints);
/// kKnownActors.
std::vector<Module> default_modules();

/// What the kernel says of a process that asks for a lane.
struct Identity {
  unsigned uid = 0;
  int pid = 0;
  std::string program;   ///< Of /proc/PID/exe; empty when it may not be read.
  bool trusted = false;  ///< uid 0 or the daemon's own.
};

/// A module with uids or programs is for those alone, also for a trusted process; a module without
/// is for trusted processes. Never by what the process says of itself.
bool may_act_as(const Identity& who, const Module& module);

/// `[a-z0-9_-]{1,64}`: names of lanes and modules.
bool is_lane_name(std::string_view name);

}  // namespace gk::arbiter
