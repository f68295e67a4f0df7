// snapshot.h: everything the monitor saw at one moment; immutable once published.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gamekeeper/time.h"
#include "monitor/rules/signal.h"

namespace gk::monitor {

/// A process tree that somebody asked to watch.
struct ProcessSample {
  std::string subject;     ///< Who asked: "macro:dance", "self".
  int root_pid = 0;
  bool alive = false;
  std::uint32_t processes = 0;
  Signal cpu_pct;          ///< CPU time / wall, % of one core, whole tree.
  Signal demand_pct;       ///< (run + run-queue wait) / wall, % of one core, whole tree.
  Signal rss_bytes;
  Signal threads;
};

/// Thread: immutable.
struct Snapshot {
  std::uint64_t number = 0;  ///< Counts from 1.
  MonoTime at{};
  WallTime wall{};
  Signal cpu_usage;          ///< % of all cores, 0..100.
  std::vector<Signal> cpu_cores;  ///< % each.
  Signal cpu_iowait, cpu_steal;   ///< %
  Signal memory_usage;       ///< % of MemTotal not available.
  Signal swap_usage;         ///< %
  Signal load1;
  Signal disk_usage;         ///< % of the file system of the data directory.
  Signal disk_read_bytes_per_s, disk_write_bytes_per_s;
  Signal network_rx_bytes_per_s, network_tx_bytes_per_s;  ///< All interfaces but lo.
  Signal psi_cpu, psi_memory, psi_io;  ///< "some avg10", %.
  Signal gpu_usage;          ///< %
  Signal fps;                ///< 1/s, of a client, from samples.
  Signal tick_ratio;         ///< A server's rate / its nominal rate.
  Signal latency;            ///< ms
  Signal response_time;      ///< ms
  std::map<std::string, ProcessSample, std::less<>> processes;  ///< By subject.
};

}  // namespace gk::monitor
