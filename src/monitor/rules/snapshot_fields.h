// snapshot_fields.h: the one table that ties a signal's name to its place in a Snapshot and its
// unit. JSON, series, averages and metrics walk it, so that a new signal is added in one place.

#pragma once

#include <array>
#include <string_view>

#include "monitor/rules/snapshot.h"

namespace gk::monitor {

/// A machine-wide signal of a Snapshot.
struct SnapshotField {
  std::string_view name;  ///< As in JSON and in series.
  std::string_view unit;  ///< "%", "ms", "1/s", "B/s", "ratio" or "1" (a plain number).
  Signal Snapshot::* member;
};

/// All machine-wide signals, in the order in which JSON shows them.
/// Source: monitor specification, Sensors.
inline constexpr std::array<SnapshotField, 19> kSnapshotFields = {{
    {"cpu_usage", "%", &Snapshot::cpu_usage},
    {"memory_usage", "%", &Snapshot::memory_usage},
    {"fps", "1/s", &Snapshot::fps},
    {"tick_ratio", "ratio", &Snapshot::tick_ratio},
    {"latency", "ms", &Snapshot::latency},
    {"response_time", "ms", &Snapshot::response_time},
    {"disk_usage", "%", &Snapshot::disk_usage},
    {"load1", "1", &Snapshot::load1},
    {"swap_usage", "%", &Snapshot::swap_usage},
    {"network_rx_bytes_per_s", "B/s", &Snapshot::network_rx_bytes_per_s},
    {"network_tx_bytes_per_s", "B/s", &Snapshot::network_tx_bytes_per_s},
    {"disk_read_bytes_per_s", "B/s", &Snapshot::disk_read_bytes_per_s},
    {"disk_write_bytes_per_s", "B/s", &Snapshot::disk_write_bytes_per_s},
    {"psi_cpu", "%", &Snapshot::psi_cpu},
    {"psi_memory", "%", &Snapshot::psi_memory},
    {"psi_io", "%", &Snapshot::psi_io},
    {"gpu_usage", "%", &Snapshot::gpu_usage},
    {"cpu_iowait", "%", &Snapshot::cpu_iowait},
    {"cpu_steal", "%", &Snapshot::cpu_steal},
}};

/// The field called `name`; null pointer when there is none.
constexpr const SnapshotField* find_field(std::string_view name) {
  for (const auto& field : kSnapshotFields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

}  // namespace gk::monitor
