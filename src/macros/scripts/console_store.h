// console_store.h: the logs of macros in telemetry.db, so that they survive the daemon. History,
// not truth: a damaged file costs them, and nothing waits for a write.

#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "macros/scripts/console_log.h"
#include "net/loop.h"
#include "store/migrations.h"
#include "store/writer.h"

namespace gk::macros {

/// The schema of these logs in telemetry.db.
store::RoomMigrations console_migrations();

/// What is new in the logs since the last write.
struct ConsoleChanges {
  struct Macro {
    std::string macro_id;
    std::uint64_t first = 0;  ///< Lines with smaller numbers are kept no more.
    std::vector<ConsoleLine> lines;
  };
  std::vector<std::string> dropped;  ///< Whole logs that went; done first.
  std::vector<Macro> macros;
};

using StoredLogs = std::map<std::string, std::vector<ConsoleLine>>;

/// Thread: loop; `done` comes on the loop, and never before the call returns.
class ConsoleStore {
 public:
  virtual ~ConsoleStore() = default;
  virtual void save(ConsoleChanges changes, std::function<void(Result<void>)> done) = 0;
};

class SqlConsoleStore final : public ConsoleStore {
 public:
  static constexpr Seconds kKeep{30 * 86'400};  // Source: chosen; a line may name a player

  /// Requires: all outlive the store; the migrations have run.
  SqlConsoleStore(store::Writer& writer, net::Loop& loop, const Clock& clock)
      : writer_(writer), loop_(loop), clock_(clock) {}

  /// Removes lines older than kKeep, counted from the newest line or now, whichever is earlier (a
  /// clock that is far ahead removes nothing), and reads the others. At start-up only: blocks.
  Result<StoredLogs> load();
  void save(ConsoleChanges changes, std::function<void(Result<void>)> done) override;

 private:
  store::Writer& writer_;
  net::Loop& loop_;
  const Clock& clock_;
};

}  // namespace gk::macros
