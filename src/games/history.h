// history.h: what a console shows of a game: commands, answers, lines, states; and words to
// complete.

#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ring.h"
#include "gamekeeper/time.h"

namespace gk::games {

enum class HistoryKind : std::uint8_t { command, reply, error, line, state };
std::string_view history_kind_name(HistoryKind kind);

struct HistoryEntry {
  std::string game;
  std::uint64_t seq = 0;  ///< 1, 2, … of its game since the daemon started.
  WallTime at{};
  HistoryKind kind = HistoryKind::line;
  std::string sender;  ///< Of a command and its answer.
  std::string text;    ///< At most History::kMaxText bytes, then cut with "…".
};
std::string history_entry_json(const HistoryEntry& entry);

/// Thread: compatible.
class History {
 public:
  static constexpr std::size_t kEntries = 500;   // Source: chosen; the oldest goes.
  static constexpr std::size_t kMaxText = 4096;  // Source: chosen.

  const HistoryEntry& add(std::string_view game, HistoryKind kind, WallTime at,
                          std::string_view sender, std::string_view text);
  const Ring<HistoryEntry>& entries() const { return entries_; }

 private:
  Ring<HistoryEntry> entries_{kEntries};
  std::uint64_t last_ = 0;
};

/// Words that begin a command: what the server says it has, and what was sent before.
/// Thread: compatible.
class Completions {
 public:
  static constexpr std::size_t kKnown = 2000, kUsed = 200, kAnswer = 50;  // Source: chosen.

  void add_known(std::string word);
  /// Newest first; a command used again moves to the front.
  void add_used(std::string_view command);
  /// Used commands first, then known ones by the alphabet.
  std::vector<std::string> matching(std::string_view prefix) const;

 private:
  std::set<std::string, std::less<>> known_;
  std::deque<std::string> used_;
};

}  // namespace gk::games
