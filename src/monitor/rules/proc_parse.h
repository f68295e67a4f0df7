// proc_parse.h: reads the machine-wide files of /proc from text. Pure; files are sys/proc_file.h,
// files of one process are sys/proc_parse.h.
//
// Every parser takes any bytes: a line that it does not know is skipped, a number that is missing,
// malformed or too large is an error that names the file and what was expected.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "gamekeeper/result.h"

namespace gk::monitor {

/// One "cpu" line of /proc/stat. Units: ticks of 1/100 s. Guest time is inside user and nice.
struct CpuTimes {
  std::uint64_t user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0,
                steal = 0;
};

/// /proc/stat.
struct CpuStat {
  CpuTimes all;
  std::vector<CpuTimes> cores;  ///< In the order of the file; offline cores are absent.
  std::uint64_t forks = 0;      ///< "processes": processes and threads made since boot.
};

/// Errors: invalid_argument (no "cpu" line, or a malformed one). `out` is reused, so that a steady
/// state allocates nothing; after an error its content is not specified.
Result<void> parse_stat(std::string_view text, CpuStat& out);

/// /proc/meminfo. Units: bytes.
struct Meminfo {
  std::uint64_t total = 0, available = 0, swap_total = 0, swap_free = 0;
};
/// Errors: invalid_argument (MemTotal or MemAvailable is missing or malformed, or total is 0).
Result<Meminfo> parse_meminfo(std::string_view text);

/// The "some" line of /proc/pressure/*. Units: % of time in which some task waited.
struct Pressure {
  double avg10 = 0, avg60 = 0, avg300 = 0;
};
/// Errors: invalid_argument (no well-formed "some" line).
Result<Pressure> parse_pressure(std::string_view text);

/// Bytes since boot, all devices together.
struct TransferTotals {
  std::uint64_t in = 0;   ///< Read, or received.
  std::uint64_t out = 0;  ///< Written, or sent.
};
/// /proc/diskstats: whole disks only (a partition's transfers are its disk's, those of loop, ram,
/// zram, dm and md devices are those of the disks below).
/// Errors: invalid_argument (a malformed line). No disk at all is zero.
Result<TransferTotals> parse_diskstats(std::string_view text);
/// /proc/net/dev: all interfaces but lo.
/// Errors: invalid_argument (a malformed line).
Result<TransferTotals> parse_net_dev(std::string_view text);

/// The first number of /proc/loadavg.
/// Errors: invalid_argument.
Result<double> parse_loadavg(std::string_view text);

/// A file with one decimal number in [0, 100], such as gpu_busy_percent.
/// Errors: invalid_argument.
Result<double> parse_percent(std::string_view text);

}  // namespace gk::monitor
