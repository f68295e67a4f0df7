// log_reader.h: lines of the daemon's log files. They rotate while they are read: a place is a
// file's inode and an offset in it, which a rotation does not change.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/result.h"
#include "logs/rules/log_query.h"

namespace gk::logs {

/// Where in the log. As text "inode-offset", hexadecimal; it is opaque to callers.
struct Place {
  std::uint64_t inode = 0, offset = 0;
  std::string text() const;
  /// Nothing: not a place of ours.
  static std::optional<Place> read(std::string_view text);
};

struct Page {
  std::vector<std::string> lines;  ///< As they stand in the file.
  std::optional<Place> next;       ///< Go on here; nothing: all was read.
};

/// Read in one go at most, then `next` tells. Source: chosen; some 100 ms of a pool thread
inline constexpr std::size_t kMaxRead = 8U << 20;

/// Lines from `before` backwards, newest first; from the end without one. `file` is the newest of
/// the rotated files (X.log, X.1.log, …). A place whose file is gone reads nothing. Errors:
/// unavailable (a file cannot be read). Thread: safe. Blocks: reads up to kMaxRead.
Result<Page> read_back(const std::string& file, const LogQuery& query, std::size_t limit,
                       std::optional<Place> before);

/// Whole lines of the newest file after `after`, oldest first; `next` is always set. Without
/// `after` or when it is in another file: its rest is lost, and reading goes on at the end of the
/// newest (first call) or at its begin (it was rotated).
Result<Page> read_on(const std::string& file, const LogQuery& query, std::size_t limit,
                     std::optional<Place> after);

}  // namespace gk::logs
