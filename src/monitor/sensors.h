// sensors.h: the table of what is read from the machine. Each sensor has its own outputs, its own
// shortest period and its own back-off, so that one that fails stops no other.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "gamekeeper/result.h"
#include "monitor/rules/snapshot.h"

namespace gk::monitor {

/// What a sensor sees of one round, and where it writes.
struct Reading {
  MonoTime now{};
  WallTime wall{};
  Nanos period{};          ///< Distance to this sensor's next reading.
  std::span<char> buffer;  ///< Scratch, shared by all sensors of a round.
  Snapshot& out;
  std::uint64_t& forks;  ///< "processes" of /proc/stat; 0 when unknown.

  Signal known(double value) const { return Signal::known(value, now, wall, period); }
};

/// One source of signals.
/// Thread: compatible (the sampler's).
class Sensor {
 public:
  virtual ~Sensor() = default;
  /// Writes its outputs. An output that needs two readings may be left unknown.
  /// Errors: not_found of an optional sensor means that the machine has no such thing; it is not
  ///         counted. After any error the outputs are unknown, whatever was written.
  virtual Result<void> read(Reading& reading) = 0;
  /// Makes outputs that are not plain members unknown (the cores).
  virtual void clear(Snapshot&) {}

  std::string_view name;
  std::vector<Signal Snapshot::*> outputs;
  Nanos min_period{};     ///< Not read more often. 0: every round.
  bool optional = false;  ///< The machine may lack it.
};

struct SensorOptions {
  std::string root = "/";      ///< Before "proc" and "sys"; tests point it at a fake tree.
  std::string data_dir = "/";  ///< Whose file system disk_usage is about. Not below `root`.
  std::string gpu_file;  ///< A file with the GPU's load in %; empty: searched below sys/class/drm.
};

/// The sensors of a Linux machine.
std::vector<std::unique_ptr<Sensor>> make_system_sensors(const SensorOptions& options);

/// Reads due sensors and carries the values of the others over.
/// Thread: compatible (the sampler's).
class SensorTable {
 public:
  SensorTable(std::vector<std::unique_ptr<Sensor>> sensors, Metrics& metrics);

  /// Reads what is due at `now` into `out`, which keeps what earlier rounds wrote.
  /// A failed sensor is unknown at once and is retried after 1, 2, 4 … intervals, at most 60 s.
  /// Returns "processes" of /proc/stat, 0 when unknown.
  std::uint64_t read(Snapshot& out, MonoTime now, WallTime wall, Nanos interval);

  /// Failures in a row of `name`; 0 for an unknown name.
  unsigned failures(std::string_view name) const;

 private:
  struct Slot {
    std::unique_ptr<Sensor> sensor;
    Counter failed;
    MonoTime due = MonoTime::min();
    unsigned failures = 0;
  };
  void fail(Slot& slot, Reading& reading, const Error& error, Nanos interval);

  std::vector<Slot> slots_;
  std::vector<char> buffer_;
};

}  // namespace gk::monitor
