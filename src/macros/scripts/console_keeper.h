// console_keeper.h: writes the logs of macros a moment behind, many lines at a time. What is
// written is taken out of the log itself, so a macro that floods costs at most its 64 KiB a write.

#pragma once

#include <memory>
#include <set>
#include <string>

#include "base/log.h"
#include "macros/scripts/console_store.h"

namespace gk::macros {

/// Thread:     loop.
/// Guarantees: what was noted longer than kWriteEvery ago is with the store, unless the disk fails;
///             then it is tried again every kRetryAfter, with what the log still has.
class ConsoleKeeper {
 public:
  static constexpr Millis kWriteEvery{1'000};  // Source: chosen; what kill -9 may cost
  static constexpr Seconds kRetryAfter{5};     // Source: chosen

  /// Requires: all outlive it.
  ConsoleKeeper(ConsoleLog& console, ConsoleStore& store, net::Loop& loop, Log& log)
      : console_(console), store_(store), loop_(loop), log_(log) {}
  ~ConsoleKeeper();  ///< Hands what is left to the store.
  ConsoleKeeper(const ConsoleKeeper&) = delete;
  ConsoleKeeper& operator=(const ConsoleKeeper&) = delete;

  /// Puts back what was stored.
  void restore(StoredLogs logs);
  /// A line was added to the log of that macro.
  void changed(const std::string& macro_id);
  /// Writes now what is not written yet; nothing while a write is under way.
  void flush();

 private:
  ConsoleChanges take();
  void written(const ConsoleChanges& changes, const Result<void>& result);
  void write_later(Nanos delay);

  ConsoleLog& console_;
  ConsoleStore& store_;
  net::Loop& loop_;
  Log& log_;
  std::set<std::string> dirty_;    // At most as many as the log has, and those that it dropped.
  std::set<std::string> dropped_;  // Not yet away from the disk, of a write that failed.
  std::map<std::string, std::uint64_t> saved_;  // Number of the last line on disk.
  bool under_way_ = false;
  net::Handle timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late answers.
};

}  // namespace gk::macros
