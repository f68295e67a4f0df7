// The sensors of a Linux machine: each holds its file open and reads it again.

#include <sys/statvfs.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "base/try.h"
#include "monitor/rules/proc_parse.h"
#include "monitor/rules/rates.h"
#include "monitor/sensors.h"
#include "sys/proc_file.h"

namespace gk::monitor {
namespace {

/// A file that is opened at the first reading and again after every failure.
class HeldFile {
 public:
  explicit HeldFile(std::string path) : path_(std::move(path)) {}
  Result<std::string_view> read(std::span<char> buffer) {
    if (!file_.is_open()) {
      GK_TRY(file_, sys::ProcFile::open(path_.c_str()));
    }
    auto text = file_.read(buffer);
    if (!text) {
      file_.close();
      return Error{text.error().code, path_ + ": " + text.error().message};
    }
    return text;
  }

 private:
  std::string path_;
  sys::ProcFile file_;
};

class CpuSensor final : public Sensor {
 public:
  explicit CpuSensor(const std::string& root) : file_(root + "proc/stat") {
    name = "cpu";
    outputs = {&Snapshot::cpu_usage, &Snapshot::cpu_iowait, &Snapshot::cpu_steal};
  }
  Result<void> read(Reading& reading) override {
    auto text = file_.read(reading.buffer);
    if (!text) {
      has_before_ = false;
      return text.error();
    }
    GK_CHECK_OK(parse_stat(*text, now_));
    reading.forks = now_.forks;
    if (!has_before_) {
      for (const auto output : outputs) {
        reading.out.*output = Signal::unknown("needs two readings", reading.now, reading.wall);
      }
    } else if (const auto shares = cpu_shares(before_.all, now_.all)) {
      reading.out.cpu_usage = reading.known(shares->usage);
      reading.out.cpu_iowait = reading.known(shares->iowait);
      reading.out.cpu_steal = reading.known(shares->steal);
      read_cores(reading);
    } else {
      return {};  // No tick passed: keep the older reading, so that the next has something to say.
    }
    std::swap(before_, now_);
    has_before_ = true;
    return {};
  }
  void clear(Snapshot& out) override { out.cpu_cores.clear(); }

 private:
  void read_cores(Reading& reading) {
    auto& cores = reading.out.cpu_cores;
    if (now_.cores.size() != before_.cores.size()) {
      cores.clear();  // A core went on- or offline: the next reading knows again.
      return;
    }
    cores.resize(now_.cores.size());
    for (std::size_t i = 0; i < cores.size(); ++i) {
      const auto shares = cpu_shares(before_.cores[i], now_.cores[i]);
      if (shares) cores[i] = reading.known(shares->usage);
    }
  }

  HeldFile file_;
  CpuStat before_, now_;
  bool has_before_ = false;
};

class MemorySensor final : public Sensor {
 public:
  explicit MemorySensor(const std::string& root) : file_(root + "proc/meminfo") {
    name = "memory";
    outputs = {&Snapshot::memory_usage, &Snapshot::swap_usage};
  }
  Result<void> read(Reading& reading) override {
    GK_TRY(const std::string_view text, file_.read(reading.buffer));
    GK_TRY(const Meminfo info, parse_meminfo(text));
    reading.out.memory_usage = reading.known(memory_usage_pct(info));
    reading.out.swap_usage = reading.known(swap_usage_pct(info));
    return {};
  }

 private:
  HeldFile file_;
};

/// A file with one number that is the signal.
template <typename Parse>
class NumberSensor final : public Sensor {
 public:
  NumberSensor(std::string_view sensor_name, std::string path, Signal Snapshot::* output,
               Nanos period, Parse parse)
      : file_(std::move(path)), parse_(parse) {
    name = sensor_name;
    outputs = {output};
    min_period = period;
    optional = true;
  }
  Result<void> read(Reading& reading) override {
    GK_TRY(const std::string_view text, file_.read(reading.buffer));
    GK_TRY(const double value, parse_(text));
    reading.out.*outputs[0] = reading.known(value);
    return {};
  }

 private:
  HeldFile file_;
  Parse parse_;
};

template <typename Parse>
std::unique_ptr<Sensor> number_sensor(std::string_view name, std::string path,
                                      Signal Snapshot::* output, Nanos period, Parse parse) {
  return std::make_unique<NumberSensor<Parse>>(name, std::move(path), output, period, parse);
}

Result<double> pressure_avg10(std::string_view text) {
  GK_TRY(const Pressure pressure, parse_pressure(text));
  return pressure.avg10;
}

/// A file with counters of bytes in and out.
class TransferSensor final : public Sensor {
 public:
  using Parse = Result<TransferTotals> (*)(std::string_view);
  TransferSensor(std::string_view sensor_name, std::string path, Parse parse, Signal Snapshot::* in,
                 Signal Snapshot::* out)
      : file_(std::move(path)), parse_(parse) {
    name = sensor_name;
    outputs = {in, out};
    min_period = Seconds(1);  // Shorter windows only show how transfers are batched.
  }
  Result<void> read(Reading& reading) override {
    auto text = file_.read(reading.buffer);
    if (!text) before_.reset();
    GK_TRY(const std::string_view bytes, std::move(text));
    GK_TRY(const TransferTotals totals, parse_(bytes));
    const Nanos elapsed = reading.now - before_at_;
    write(reading, 0, before_ ? per_second(before_->in, totals.in, elapsed) : std::nullopt);
    write(reading, 1, before_ ? per_second(before_->out, totals.out, elapsed) : std::nullopt);
    before_ = totals;
    before_at_ = reading.now;
    return {};
  }

 private:
  void write(Reading& reading, std::size_t output, std::optional<double> rate) const {
    reading.out.*outputs[output] =
        rate ? reading.known(*rate)
             : Signal::unknown(before_ ? "a counter went back" : "needs two readings", reading.now,
                               reading.wall);
  }
  HeldFile file_;
  Parse parse_;
  std::optional<TransferTotals> before_;
  MonoTime before_at_{};
};

class DiskUsageSensor final : public Sensor {
 public:
  explicit DiskUsageSensor(std::string path) : path_(std::move(path)) {
    name = "disk";
    outputs = {&Snapshot::disk_usage};
    min_period = Seconds(10);  // Source: chosen; a disk fills in minutes.
  }
  Result<void> read(Reading& reading) override {
    struct statvfs info{};
    if (::statvfs(path_.c_str(), &info) != 0) {
      return Error{Errc::unavailable, path_ + ": " + std::generic_category().message(errno)};
    }
    // As df: the share of what a plain user could have.
    const double used = static_cast<double>(info.f_blocks - info.f_bfree);
    const double reachable = used + static_cast<double>(info.f_bavail);
    if (reachable <= 0) return Error{Errc::unavailable, path_ + ": a file system without blocks"};
    reading.out.disk_usage = reading.known(100.0 * used / reachable);
    return {};
  }

 private:
  std::string path_;
};

/// A thing that the machine has and that tells nothing.
class SilentSensor final : public Sensor {
 public:
  SilentSensor(std::string_view sensor_name, Signal Snapshot::* output, std::string why)
      : why_(std::move(why)) {
    name = sensor_name;
    outputs = {output};
    min_period = Seconds(60);
    optional = true;
  }
  Result<void> read(Reading&) override { return Error{Errc::not_found, why_}; }

 private:
  std::string why_;
};

/// The first GPU that tells its load; where that would be, when none does.
std::string find_gpu_file(const SensorOptions& options) {
  if (!options.gpu_file.empty()) return options.gpu_file;
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator(options.root + "sys/class/drm", ignored)) {
    auto file = entry.path() / "device" / "gpu_busy_percent";
    if (std::filesystem::exists(file, ignored)) return file.string();
  }
  return options.root + "sys/class/drm/*/device/gpu_busy_percent";  // For the message.
}

std::unique_ptr<Sensor> make_gpu_sensor(const SensorOptions& options) {
  const std::string file = find_gpu_file(options);
  std::error_code ignored;
  // The driver of NVIDIA has no such file; its load is behind a library or a program of its own.
  if (!std::filesystem::exists(file, ignored) &&
      std::filesystem::exists(options.root + "proc/driver/nvidia", ignored)) {
    return std::make_unique<SilentSensor>("gpu", &Snapshot::gpu_usage,
                                          "no file tells the load of an NVIDIA GPU");
  }
  return number_sensor("gpu", file, &Snapshot::gpu_usage, Seconds(1), &parse_percent);
}

}  // namespace

std::vector<std::unique_ptr<Sensor>> make_system_sensors(const SensorOptions& options) {
  const std::string proc = options.root + "proc/";
  // Source of the periods: the kernel renews load every 5 s and pressure averages every 2 s.
  constexpr Nanos kLoadPeriod = Seconds(5);
  constexpr Nanos kPressurePeriod = Seconds(2);
  std::vector<std::unique_ptr<Sensor>> out;
  out.push_back(std::make_unique<CpuSensor>(options.root));
  out.push_back(std::make_unique<MemorySensor>(options.root));
  out.push_back(
      number_sensor("load", proc + "loadavg", &Snapshot::load1, kLoadPeriod, &parse_loadavg));
  out.push_back(number_sensor("psi_cpu", proc + "pressure/cpu", &Snapshot::psi_cpu, kPressurePeriod,
                              &pressure_avg10));
  out.push_back(number_sensor("psi_memory", proc + "pressure/memory", &Snapshot::psi_memory,
                              kPressurePeriod, &pressure_avg10));
  out.push_back(number_sensor("psi_io", proc + "pressure/io", &Snapshot::psi_io, kPressurePeriod,
                              &pressure_avg10));
  out.push_back(std::make_unique<TransferSensor>("disk_io", proc + "diskstats", &parse_diskstats,
                                                 &Snapshot::disk_read_bytes_per_s,
                                                 &Snapshot::disk_write_bytes_per_s));
  out.push_back(std::make_unique<TransferSensor>("network", proc + "net/dev", &parse_net_dev,
                                                 &Snapshot::network_rx_bytes_per_s,
                                                 &Snapshot::network_tx_bytes_per_s));
  out.push_back(std::make_unique<DiskUsageSensor>(options.data_dir));
  out.push_back(make_gpu_sensor(options));
  return out;
}

}  // namespace gk::monitor
