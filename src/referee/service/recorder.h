// recorder.h: writes what arrives as a trace that `gamekeeper referee replay` reads. Opt-in,
// bounded.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

#include "gamekeeper/referee_types.h"
#include "gamekeeper/result.h"
#include "referee/offline/trace.h"
#include "referee/service/frame.h"
#include "sys/files.h"

namespace gk::referee {

/// What a recording is or was.
struct RecordingState {
  bool running = false;
  std::string name;
  std::uint64_t bytes = 0, max_bytes = 0, lines = 0;
  std::string ended;  ///< Why: "stopped", "full", or the disk's complaint; empty while running.
};

/// Thread: compatible. Blocks for writes into the page cache only.
class Recorder {
 public:
  static constexpr std::uint64_t kMostBytes = 1ULL << 30;  // Source: chosen.
  static constexpr std::size_t kMostPlayers = 65'536;      // Source: as many as can be handles.

  ~Recorder() { stop("stopped"); }
  /// Takes an empty file that the caller opened.
  void start(std::string name, sys::Fd file, std::uint64_t max_bytes, std::int64_t now_us);
  void stop(const std::string& why);
  bool running() const { return state_.running; }
  const RecordingState& state() const { return state_; }

  void move(const std::string& player, const MoveProfile& profile, const Move& move);
  void event(const std::string& player, const EventRecord& event, std::int64_t at_us);
  void leave(const std::string& player);

 private:
  bool knows(const std::string& player) const { return open_.contains(player); }
  void begin(const std::string& player, const MoveProfile& profile);
  void line(const TraceEvent& event);
  void flush();
  double ms(std::int64_t at_us) const { return static_cast<double>(at_us - start_us_) / 1000; }

  RecordingState state_;
  sys::Fd file_;
  std::int64_t start_us_ = 0;
  std::string buffer_;
  std::unordered_set<std::string> open_;
};

}  // namespace gk::referee
