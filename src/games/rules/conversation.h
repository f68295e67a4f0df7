// conversation.h: what every protocol of a game server is to its link: bytes in, events out.
//
// Pure: no socket, no clock, no randomness. The link owns those, tells a conversation what came and
// what it wants to say, and does what the answer lists. Each protocol is one file beside this one.

#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/time.h"

namespace gk::games {

using CommandId = std::uint64_t;  ///< Given by the link; never reused on a connection.

/// Longest line that a conversation keeps; the rest of it is dropped.
inline constexpr std::size_t kMaxLine = 16U * 1024;  // Source: chosen; real lines have < 2 KiB.

/// Something that the server's bytes mean.
struct Event {
  enum class Kind : std::uint8_t {
    ready,      ///< Logged in: commands may be sent.
    line,       ///< `text` was not an answer to us.
    reply,      ///< `text` is one line of the answer to `id`.
    reply_end,  ///< The answer to `id` is complete.
    pong,       ///< The answer to the last ping().
    day,        ///< The game's day `number` has begun.
    step,       ///< The server's step takes `number` seconds on average.
    known,      ///< The server has a command named `text`.
    refused,    ///< Wrong password, ban, wrong version: trying again is no use. `text` says why.
    broken,     ///< What came is not this protocol: `text`. The connection is of no more use.
  };
  Kind kind = Kind::line;
  CommandId id = 0;
  std::string text;
  double number = 0;
};

/// What a call brought about. Writes of a datagram protocol are one datagram each.
struct Output {
  std::vector<std::string> writes;
  std::vector<Event> events;

  void write(std::string bytes) { writes.push_back(std::move(bytes)); }
  void add(Event::Kind kind, CommandId id = 0, std::string text = {}, double number = 0) {
    events.push_back({kind, id, std::move(text), number});
  }
};

/// One connection's worth of talk with a server.
/// Thread: compatible.
class Conversation {
 public:
  virtual ~Conversation() = default;
  /// The connection is there.
  virtual void open(Output& out) = 0;
  virtual void bytes(std::string_view bytes, Output& out) = 0;
  /// Requires: ready, and the command passed the checks of command_check.h.
  virtual void send(CommandId id, std::string_view command, Output& out) = 0;
  /// Asks for a pong; does nothing where the protocol has no cheap question.
  virtual void ping(Output&) {}
  /// While it has a value: call quiet() when nothing has come for that long.
  virtual std::optional<Nanos> quiet_time() const { return std::nullopt; }
  virtual void quiet(Output&) {}
  /// The server ended the connection before `ready`: why, when the protocol says nothing itself.
  /// nullopt: the ordinary reason.
  virtual std::optional<std::string> meaning_of_early_end() const { return std::nullopt; }
};

/// Cuts bytes into lines at `end`. A longer line than kMaxLine loses its rest.
/// Thread: compatible.
class LineCutter {
 public:
  explicit LineCutter(char end = '\n') : end_(end) {}

  /// Calls `take(std::string_view)` for each complete line, without its end.
  template <typename Take>
  void feed(std::string_view bytes, Take take) {
    while (!bytes.empty()) {
      const std::size_t at = bytes.find(end_);
      const std::string_view part = bytes.substr(0, at);
      line_.append(part.substr(0, kMaxLine - std::min(kMaxLine, line_.size())));
      if (at == std::string_view::npos) return;
      bytes.remove_prefix(at + 1);
      const std::string line = std::move(line_);
      line_.clear();
      take(std::string_view(line));
    }
  }
  /// What has come of the unfinished line.
  const std::string& rest() const { return line_; }
  std::string take_rest() {
    std::string out = std::move(line_);
    line_.clear();
    return out;
  }

 private:
  char end_;
  std::string line_;
};

/// `text` as valid UTF-8 without control characters (tab becomes a space): what a person, a log
/// and JSON may see of a server's line.
std::string clean_line(std::string_view text);

}  // namespace gk::games
