// capture_log.h: a Log that keeps its lines for a test to read.

#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "base/log.h"

namespace gk {

/// Lines as "level event message {fields as JSON}".
/// Thread: safe.
class CaptureLog final : public Log {
 public:
  void write(LogLevel level, std::string_view event, std::string_view message,
             std::initializer_list<LogField> fields) override {
    std::string line = std::to_string(static_cast<int>(level)) + " " + std::string(event) + " " +
                       std::string(message) + " ";
    JsonWriter w(line);
    w.begin_object();
    for (const auto& f : fields) {
      w.key(f.key);
      std::visit([&](const auto& v) { w.value(v); }, f.value);
    }
    w.end_object();
    const std::lock_guard lock(mu_);
    lines_.push_back(std::move(line));
  }
  bool enabled(LogLevel) const override { return true; }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mu_);
    return lines_;
  }

 private:
  mutable std::mutex mu_;
  std::vector<std::string> lines_;
};

}  // namespace gk
