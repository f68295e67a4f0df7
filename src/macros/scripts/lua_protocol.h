// lua_protocol.h: the frames between the daemon and a script's worker. The worker is hostile until
// proved otherwise: everything that it sends is checked here.
//
// A frame is a length (4 bytes, little endian, of what follows), a kind (1 byte) and fields: a
// byte, a number (4 bytes), a real (8 bytes) or a text (length and bytes). A value is a tag and
// what it stands for: n nil, t true, f false, d real, s text, a array (count, values), o object
// (count, then text and value each). The worker's end is src/worker/lua_channel.h.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/json.h"
#include "gamekeeper/result.h"

namespace gk::macros::lua {

inline constexpr std::size_t kMaxFrame = 512 * 1024;  // Source: chosen; a text of 256 KiB and args
inline constexpr int kMaxDepth = 24;                  // Source: chosen; json.h reads 32

// What the daemon says.
std::string start_frame(bool check_only, std::string_view name, std::string_view source,
                        const JsonValue& args);
std::string begin_frame();
/// Of a send: `text` is the reply, or why there is none.
std::string reply_frame(std::uint32_t id, bool worked, std::string_view text);
/// Of state_get (`worked` true) and state_set (false: `value` is the reason).
std::string value_frame(std::uint32_t id, bool worked, const JsonValue& value);
std::string metrics_frame(std::uint32_t id, const JsonValue& metrics);
std::string line_frame(std::string_view text);

// What the worker says.
struct Ready {
  bool worked = false;
  std::string reason;
};
struct Send {
  std::uint32_t id = 0;
  bool chat = false;  ///< `command` is a text for the players.
  double timeout_s = 0;
  std::string command;
};
struct LogText {
  std::string text;
};
struct Notify {
  std::string text;
};
struct StateGet {
  std::uint32_t id = 0;
  std::string key;
};
struct StateSet {
  std::uint32_t id = 0;
  std::string key;
  JsonValue value;
};
struct MetricsAsked {
  std::uint32_t id = 0;
};
struct Ended {
  bool worked = false;
  std::string reason;
};
struct Subscribed {};
using Message =
    std::variant<Ready, Send, LogText, Notify, StateGet, StateSet, MetricsAsked, Ended, Subscribed>;

/// Takes whole frames out of a stream.
/// Thread: compatible.
class Reader {
 public:
  void append(std::string_view bytes) { buffer_.append(bytes); }
  /// The next message; nothing while it is not whole.
  /// Errors: invalid_argument (a frame that the protocol does not know). The stream is then
  /// useless.
  Result<std::optional<Message>> next();
  std::size_t buffered() const { return buffer_.size() - taken_; }

 private:
  std::string buffer_;
  std::size_t taken_ = 0;
};

}  // namespace gk::macros::lua
