#include "base/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <unistd.h>

#include <atomic>

#include "base/json_writer.h"
#include "base/utf8.h"

namespace gk {
namespace {

constexpr std::string_view kLevelNames[] = {"debug", "info", "warn", "error"};

std::string_view level_name(LogLevel level) { return kLevelNames[static_cast<std::size_t>(level)]; }

void append_json_line(std::string& out, WallTime at, LogLevel level, std::string_view event,
                      std::string_view message, std::initializer_list<LogField> fields) {
  JsonWriter w(out);
  w.begin_object().field("ts", at).field("level", level_name(level)).field("event", event);
  w.field("message", message);
  for (const LogField& f : fields) {
    w.key(f.key);
    std::visit([&](const auto& v) { w.value(v); }, f.value);
  }
  w.end_object();
}

void append_text_value(std::string& out, const LogField& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    out += printable(*text);
  } else {
    JsonWriter w(out);
    std::visit([&](const auto& v) { w.value(v); }, field.value);
  }
}

void append_text_line(std::string& out, WallTime at, LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields) {
  out += rfc3339(at).substr(11, 12);
  out += ' ';
  out += level_name(level);
  out.append(6 - level_name(level).size(), ' ');
  out += printable(message);
  for (const LogField& f : fields) {
    out += "  ";
    out += f.key;
    out += '=';
    append_text_value(out, f);
  }
  out += '\n';
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n <= 0) return;  // stderr is gone: nobody is left to tell
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

struct FileLog::Impl {
  LogOptions options;
  const Clock* clock = nullptr;
  std::shared_ptr<spdlog::sinks::rotating_file_sink_mt> file;  // spdlog shares its sinks
  std::atomic<LogLevel> file_level{LogLevel::info};
  std::atomic<LogLevel> stderr_level{LogLevel::info};
  std::atomic<LogFormat> stderr_format{LogFormat::text};
  std::atomic<std::uint64_t> lines{0};
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<std::int64_t> last_line_ns{0};
  std::atomic<std::int64_t> last_flush_ns{0};

  void to_file(LogLevel level, const std::string& line, MonoTime now) {
    const std::int64_t now_ns = now.time_since_epoch().count();
    try {
      file->log(spdlog::details::log_msg(spdlog::source_loc{}, "", spdlog::level::info, line));
      const bool due = now_ns - last_flush_ns.load() >= 1'000'000'000;
      if (level >= LogLevel::warn || due) {
        file->flush();
        last_flush_ns = now_ns;
      }
      ++lines;
      last_line_ns = now_ns;
    } catch (const spdlog::spdlog_ex&) {
      ++dropped;  // The disk is full or the file is gone: counted, shown by the health check.
    }
  }
};

FileLog::FileLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FileLog::~FileLog() { flush(); }

Result<std::unique_ptr<FileLog>> FileLog::create(const LogOptions& options, const Clock& clock) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->clock = &clock;
  impl->file_level = options.file_level;
  impl->stderr_level = options.stderr_level;
  impl->stderr_format = options.stderr_format;
  if (!options.file.empty()) {
    try {
      impl->file = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          options.file, options.max_file_bytes, options.max_files);
      impl->file->set_pattern("%v");
    } catch (const spdlog::spdlog_ex& e) {
      return Error{Errc::unavailable, "cannot open the log file " + options.file + ": " + e.what()};
    }
  }
  return std::unique_ptr<FileLog>(new FileLog(std::move(impl)));
}

bool FileLog::enabled(LogLevel level) const {
  return (impl_->file && level >= impl_->file_level) ||
         (impl_->options.to_stderr && level >= impl_->stderr_level);
}

void FileLog::write(LogLevel level, std::string_view event, std::string_view message,
                    std::initializer_list<LogField> fields) {
  const WallTime at = impl_->clock->wall();
  if (impl_->file && level >= impl_->file_level) {
    std::string line;
    line.reserve(256);
    append_json_line(line, at, level, event, message, fields);
    impl_->to_file(level, line, impl_->clock->mono());
  }
  if (impl_->options.to_stderr && level >= impl_->stderr_level) {
    std::string line;
    if (impl_->stderr_format == LogFormat::json) {
      append_json_line(line, at, level, event, message, fields);
      line += '\n';
    } else {
      append_text_line(line, at, level, message, fields);
    }
    write_all(STDERR_FILENO, line);
  }
}

void FileLog::set_levels(LogLevel file, LogLevel terminal, LogFormat terminal_format) {
  impl_->file_level = file;
  impl_->stderr_level = terminal;
  impl_->stderr_format = terminal_format;
}

void FileLog::flush() {
  if (!impl_->file) return;
  try {
    impl_->file->flush();
  } catch (const spdlog::spdlog_ex&) {
    ++impl_->dropped;
  }
}

LogStats FileLog::stats() const {
  return {.lines = impl_->lines.load(),
          .dropped = impl_->dropped.load(),
          .last_line = MonoTime(Nanos(impl_->last_line_ns.load()))};
}

}  // namespace gk
