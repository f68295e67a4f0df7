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
  std::string subject;  ///< Who asked: "macro:dance", "self".
  int root_pid = 0;
  bool alive = false;           ///< Any process of the tree lives (a zombie does not).
  std::uint32_t processes = 0;  ///< Living ones.
  Signal cpu_pct;               ///< CPU time / wall, % of one core, whole tree.
  Signal demand_pct;            ///< (run + run-queue wait) / wall, % of one core, whole tree.
  Signal rss_bytes;
  Signal threads;
};

/// Who says so. Consumers must not mix what we measured with what a client told us.
enum class SampleSource : std::uint8_t {
  server,  ///< Gamekeeper measured it itself.
  claim,   ///< A client said it.
};

/// "server" or "claim".
constexpr std::string_view source_name(SampleSource source) {
  return source == SampleSource::server ? "server" : "claim";
}

/// A value that a game link or a client handed in, per signal and subject.
struct ExternalSample {
  std::string signal;   ///< "fps", "tick_ratio", "latency" or "response_time".
  std::string subject;  ///< Session, game link or client; empty: the machine's one game.
  SampleSource source = SampleSource::claim;
  Signal value;
};

/// Thread: immutable.
struct Snapshot {
  std::uint64_t number = 0;  ///< Counts from 1.
  MonoTime at{};
  WallTime wall{};
  Nanos interval{};               ///< Planned distance to the next snapshot.
  Signal cpu_usage;               ///< % of all cores, 0..100.
  std::vector<Signal> cpu_cores;  ///< % each.
  Signal cpu_iowait, cpu_steal;   ///< %
  Signal memory_usage;            ///< % of MemTotal not available.
  Signal swap_usage;              ///< %
  Signal load1;
  Signal disk_usage;  ///< % of the file system of the data directory.
  Signal disk_read_bytes_per_s, disk_write_bytes_per_s;
  Signal network_rx_bytes_per_s, network_tx_bytes_per_s;  ///< All interfaces but lo.
  Signal psi_cpu, psi_memory, psi_io;                     ///< "some avg10", %.
  Signal gpu_usage;                                       ///< %
  Signal fps;            ///< 1/s, of a client. Here and below: the worst subject that is known,
                         ///< of the best source; all of them are in `external`.
  Signal tick_ratio;     ///< A server's rate / its nominal rate.
  Signal latency;        ///< ms
  Signal response_time;  ///< ms
  std::vector<ExternalSample> external;
  std::map<std::string, ProcessSample, std::less<>> processes;  ///< By subject.
};

}  // namespace gk::monitor
