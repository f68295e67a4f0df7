#include "monitor/rules/proc_parse.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace gk::monitor {
namespace {

/// Takes lines and words off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  std::string_view line() {
    const auto end = rest_.find('\n');
    const std::string_view out = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    return out;
  }
  std::string_view word() {
    const auto begin = rest_.find_first_not_of(" \t");
    if (begin == std::string_view::npos) {
      rest_ = {};
      return {};
    }
    rest_.remove_prefix(begin);
    const auto end = std::min(rest_.find_first_of(" \t"), rest_.size());
    const std::string_view out = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return out;
  }
  std::optional<std::uint64_t> number() {
    const std::string_view text = word();
    std::uint64_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
  }

 private:
  std::string_view rest_;
};

std::optional<double> decimal(std::string_view text) {
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!std::isfinite(value) || value < 0) return std::nullopt;
  return value;
}

Error malformed(std::string_view file, std::string_view expected, std::string_view got) {
  return Error{Errc::invalid_argument, std::string(file) + ": expected " + std::string(expected) +
                                           ", got \"" + std::string(got.substr(0, 60)) + "\""};
}

std::optional<CpuTimes> parse_cpu(Scanner& words) {
  CpuTimes t;
  // Kernels before 2.6.11 lack the last; none of those runs this program, so all are required.
  for (auto field : {&CpuTimes::user, &CpuTimes::nice, &CpuTimes::system, &CpuTimes::idle,
                     &CpuTimes::iowait, &CpuTimes::irq, &CpuTimes::softirq, &CpuTimes::steal}) {
    const auto value = words.number();
    if (!value) return std::nullopt;
    t.*field = *value;
  }
  return t;
}

std::optional<std::uint64_t> kilobytes(Scanner& words) {
  const auto value = words.number();
  if (!value || *value > std::numeric_limits<std::uint64_t>::max() / 1024) return std::nullopt;
  return *value * 1024;
}

bool is_stacked(std::string_view name) {
  // Source: Documentation/admin-guide/devices.txt; sr and fd are not worth a disk's attention.
  static constexpr std::array<std::string_view, 7> kPrefixes = {"loop", "ram", "zram", "dm-",
                                                                "md",   "sr",  "fd"};
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

/// "sda1" is a partition of "sda", "nvme0n1p2" of "nvme0n1". The disk's line comes first.
bool is_partition_of(std::string_view name, std::string_view disk) {
  if (disk.empty() || name.size() <= disk.size() || !name.starts_with(disk)) return false;
  std::string_view tail = name.substr(disk.size());
  const bool needs_p = disk.back() >= '0' && disk.back() <= '9';
  if (needs_p) {
    if (tail.front() != 'p') return false;
    tail.remove_prefix(1);
  }
  return !tail.empty() &&
         std::all_of(tail.begin(), tail.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<void> parse_stat(std::string_view text, CpuStat& out) {
  out.cores.clear();
  out.forks = 0;
  bool found = false;
  for (Scanner lines(text); !lines.done();) {
    const std::string_view line = lines.line();
    Scanner words(line);
    const std::string_view name = words.word();
    if (name.starts_with("cpu")) {
      const auto times = parse_cpu(words);
      if (!times) return malformed("stat", "a cpu line with 8 numbers", line);
      if (name == "cpu") {
        out.all = *times;
        found = true;
      } else {
        out.cores.push_back(*times);
      }
    } else if (name == "processes") {
      const auto forks = words.number();
      if (!forks) return malformed("stat", "processes and a number", line);
      out.forks = *forks;
      break;  // What follows is not needed, and the line before it, intr, is long.
    }
  }
  if (!found) return malformed("stat", "a cpu line", text);
  return {};
}

Result<Meminfo> parse_meminfo(std::string_view text) {
  std::optional<std::uint64_t> total, available, swap_total, swap_free;
  for (Scanner lines(text); !lines.done();) {
    const std::string_view line = lines.line();
    Scanner words(line);
    const std::string_view name = words.word();
    auto* slot = name == "MemTotal:"       ? &total
                 : name == "MemAvailable:" ? &available
                 : name == "SwapTotal:"    ? &swap_total
                 : name == "SwapFree:"     ? &swap_free
                                           : nullptr;
    if (slot == nullptr) continue;
    *slot = kilobytes(words);
    if (!*slot) return malformed("meminfo", "a name and kilobytes", line);
    if (total && available && swap_total && swap_free) break;
  }
  if (!total || !available || *total == 0) {
    return malformed("meminfo", "MemTotal above 0 and MemAvailable", text);
  }
  return Meminfo{.total = *total,
                 .available = *available,
                 .swap_total = swap_total.value_or(0),
                 .swap_free = swap_free.value_or(0)};
}

Result<Pressure> parse_pressure(std::string_view text) {
  for (Scanner lines(text); !lines.done();) {
    const std::string_view line = lines.line();
    Scanner words(line);
    if (words.word() != "some") continue;
    Pressure out;
    for (auto [prefix, field] : {std::pair{"avg10=", &Pressure::avg10},
                                 {"avg60=", &Pressure::avg60},
                                 {"avg300=", &Pressure::avg300}}) {
      const std::string_view name = prefix;
      const std::string_view item = words.word();
      const auto value =
          item.starts_with(name) ? decimal(item.substr(name.size())) : std::optional<double>();
      if (!value || *value > 100) return malformed("pressure", "avg10=, avg60=, avg300=", line);
      out.*field = *value;
    }
    return out;
  }
  return malformed("pressure", "a line \"some avg10=…\"", text);
}

Result<TransferTotals> parse_diskstats(std::string_view text) {
  // Source: Documentation/block/stat.rst, a sector here is always 512 bytes.
  constexpr std::uint64_t kSector = 512;
  TransferTotals out;
  std::string_view disk;
  for (Scanner lines(text); !lines.done();) {
    const std::string_view line = lines.line();
    if (line.empty()) continue;
    Scanner words(line);
    (void)words.word();  // major
    (void)words.word();  // minor
    const std::string_view name = words.word();
    std::array<std::uint64_t, 7> numbers{};
    for (auto& number : numbers) {
      const auto value = words.number();
      if (!value) return malformed("diskstats", "a device and at least 7 numbers", line);
      number = *value;
    }
    if (is_stacked(name) || is_partition_of(name, disk)) continue;
    disk = name;
    out.in += numbers[2] * kSector;
    out.out += numbers[6] * kSector;
  }
  return out;
}

Result<TransferTotals> parse_net_dev(std::string_view text) {
  TransferTotals out;
  for (Scanner lines(text); !lines.done();) {
    const std::string_view line = lines.line();
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;  // The two title lines.
    const std::string_view name = Scanner(line.substr(0, colon)).word();
    Scanner words(line.substr(colon + 1));
    std::array<std::uint64_t, 9> numbers{};
    for (auto& number : numbers) {
      const auto value = words.number();
      if (!value) return malformed("net/dev", "an interface and at least 9 numbers", line);
      number = *value;
    }
    if (name == "lo") continue;
    out.in += numbers[0];
    out.out += numbers[8];
  }
  return out;
}

Result<double> parse_loadavg(std::string_view text) {
  const auto value = decimal(Scanner(text).word());
  if (!value) return malformed("loadavg", "a load", text);
  return *value;
}

Result<double> parse_percent(std::string_view text) {
  Scanner lines(text);
  const auto value = decimal(Scanner(lines.line()).word());
  if (!value || *value > 100) return malformed("percent file", "a number in [0, 100]", text);
  return *value;
}

}  // namespace gk::monitor
