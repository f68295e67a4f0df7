// json_lines.h: the lines that a program and the daemon exchange when a process macro was started
// with "protocol": "json-lines". The program is hostile until proved otherwise: everything that it
// prints is checked here. What a request may ask is what Lua's worker may ask (lua_protocol.h).
//
// Page: docs/scripting.md, Programs that speak JSON lines.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/json.h"
#include "gamekeeper/result.h"
#include "macros/scripts/lua_protocol.h"

namespace gk::macros::json_lines {

inline constexpr std::size_t kMaxLine = 64 * 1024;  // Source: chosen; the output that is kept

/// A line that is no JSON object: plain output, without its end.
struct Plain {
  std::string text;
};
/// A line that begins like an object and is no request. `id`: what an answer may name.
struct Bad {
  std::optional<std::uint32_t> id;
  std::string message;
  std::string line;  ///< At most its first 256 bytes.
};
/// `wish`: one of Send, LogText, Notify, StateGet, StateSet, MetricsAsked. Ids in there mean
/// nothing.
struct Request {
  std::optional<std::uint32_t> id;
  lua::Message wish;
};
/// It wants the lines of its game, or no more of them.
struct Listen {
  std::optional<std::uint32_t> id;
  bool on = true;
};
using Line = std::variant<Plain, Bad, Request, Listen>;

/// Takes lines out of what a program prints.
/// Thread:     compatible.
/// Invariants: holds no more than kMaxLine of a line that has no end yet; the rest of a longer one
/// is
///             passed over.
class Reader {
 public:
  void append(std::string_view bytes) { buffer_.append(bytes); }
  /// The next line; nothing while it is not whole.
  std::optional<Line> next();
  /// What is left without an end, when no more will come.
  std::string rest();
  std::size_t buffered() const { return buffer_.size() - taken_; }

 private:
  std::optional<Line> too_long();
  std::string buffer_;
  std::size_t taken_ = 0;
  bool skipping_ = false;  // Until the end of a line that was too long.
};

// What the daemon says, each with its end of line.
std::string reply_line(std::uint32_t id, const JsonValue& reply);
std::string error_line(std::optional<std::uint32_t> id, const Error& error);
/// paused, resumed or cancelled.
std::string event_line(std::string_view event);
/// A line that its game said.
std::string game_line(std::string_view text);

}  // namespace gk::macros::json_lines
