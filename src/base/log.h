// log.h: the logging facade. One JSON object a line, or plain text for people.
//
// Context travels with the request or task as fields, never with the thread. Secrets are never
// passed here. CR, LF, ESC and bidi controls are escaped. spdlog is behind it, in log.cc only.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "gamekeeper/result.h"

namespace gk {

enum class LogLevel : std::uint8_t { debug, info, warn, error };

/// One key and value of a log line. Keys are snake_case and carry their unit.
struct LogField {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, double, bool> value;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  LogField(std::string_view k, std::integral auto v) : key(k), value(std::int64_t(v)) {}
};

/// Where lines go. Interface, so that rooms can be tested with a capturing fake
/// (testing/capture_log.h).
/// Thread: safe.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view event, std::string_view message,
                     std::initializer_list<LogField> fields) = 0;
  virtual bool enabled(LogLevel level) const = 0;

  void debug(std::string_view event, std::string_view message,
             std::initializer_list<LogField> fields = {}) {
    if (enabled(LogLevel::debug)) write(LogLevel::debug, event, message, fields);
  }
  void info(std::string_view event, std::string_view message,
            std::initializer_list<LogField> fields = {}) {
    if (enabled(LogLevel::info)) write(LogLevel::info, event, message, fields);
  }
  void warn(std::string_view event, std::string_view message,
            std::initializer_list<LogField> fields = {}) {
    if (enabled(LogLevel::warn)) write(LogLevel::warn, event, message, fields);
  }
  void error(std::string_view event, std::string_view message,
             std::initializer_list<LogField> fields = {}) {
    if (enabled(LogLevel::error)) write(LogLevel::error, event, message, fields);
  }
};

enum class LogFormat : std::uint8_t { json, text };

struct LogOptions {
  std::string file;                        ///< Rotated file; empty: no file.
  std::size_t max_file_bytes = 16U << 20;  ///< Then rotate. [64 KiB, 1 GiB]
  std::size_t max_files = 5;               ///< Oldest is deleted. [1, 100]
  LogLevel file_level = LogLevel::info;    ///< Least severe line of the file.
  bool to_stderr = true;
  LogFormat stderr_format = LogFormat::text;  ///< The file is always JSON.
  LogLevel stderr_level = LogLevel::info;     ///< Least severe line of the terminal.
};

/// Counters of a FileLog, for the logging health check.
struct LogStats {
  std::uint64_t lines = 0;
  std::uint64_t dropped = 0;  ///< Lines that could not be written (disk full, file gone).
  MonoTime last_line{};
};

/// The daemon's log.
/// Thread: safe. Blocks only for the write of one line into the file's buffer; flush() and
///         every warn or error reach the kernel, other lines with the next flush: call it once a
///         second.
class FileLog final : public Log {
 public:
  /// Errors: unavailable (the file cannot be opened).
  static Result<std::unique_ptr<FileLog>> create(const LogOptions& options, const Clock& clock);
  ~FileLog() override;

  void write(LogLevel level, std::string_view event, std::string_view message,
             std::initializer_list<LogField> fields) override;
  bool enabled(LogLevel level) const override;
  void flush();
  /// From the next line on: the least severe line of file and terminal, and the terminal's form.
  void set_levels(LogLevel file, LogLevel terminal, LogFormat terminal_format);
  LogStats stats() const;

 private:
  struct Impl;
  explicit FileLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gk
