// proc_parse.h: reads the files of one process in /proc from text. Pure; every parser takes any
// bytes and says "no" to what it does not understand. Machine-wide files are the monitor's.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "gamekeeper/time.h"

namespace gk::sys {

/// The fields of /proc/PID/stat that we use. Units: one tick is 10 ms (USER_HZ is 100 on every
/// architecture that Debian has).
struct PidStat {
  int pid = 0;
  char state = '?';  ///< 'Z' zombie, 'X' dead.
  int parent = 0;
  std::uint64_t user_ticks = 0, system_ticks = 0;  ///< All threads, also ended ones.
  std::uint64_t children_user_ticks = 0, children_system_ticks = 0;  ///< Children waited for.
  std::uint32_t threads = 0;
  std::uint64_t start_ticks = 0;  ///< Since boot; tells a reused pid.
  std::uint64_t rss_pages = 0;
};
/// The command name may hold spaces, parentheses and any byte: fields count from the last ')'.
std::optional<PidStat> parse_pid_stat(std::string_view text);

/// "run wait slices" of a schedstat file.
struct SchedStat {
  Nanos run{};   ///< On a CPU.
  Nanos wait{};  ///< Ready, waiting in a run queue.
};
std::optional<SchedStat> parse_schedstat(std::string_view text);

/// Resident pages of a statm file. A zombie has 0 everywhere.
struct Statm {
  std::uint64_t size_pages = 0;
  std::uint64_t rss_pages = 0;
};
std::optional<Statm> parse_statm(std::string_view text);

/// Pids separated by blanks, appended to `out`; false when something else is among them.
bool parse_pid_list(std::string_view text, std::vector<int>& out);

/// A directory name that is a pid, above 0.
std::optional<int> parse_pid(std::string_view text);

/// Ticks as time.
constexpr Nanos ticks_to_time(std::uint64_t ticks) {
  return Nanos(static_cast<Nanos::rep>(ticks) * 10'000'000);
}

}  // namespace gk::sys
