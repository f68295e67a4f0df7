// tally_store.h: what macros did, by quarter hour, in telemetry.db: history that no decision needs.
// What was cancelled and why is in state.db (macro_store.h).

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/worker_pool.h"
#include "macros/rules/quarter_tally.h"
#include "monitor/rules/retention_guard.h"
#include "net/loop.h"
#include "store/migrations.h"
#include "store/writer.h"

namespace gk::macros {

/// The table of this room in telemetry.db.
store::RoomMigrations tallies_migrations();

/// What a report reads.
struct TallyQuery {
  Quarter from = 0, to = 0;   ///< Both included.
  std::string macro_id;       ///< Empty: of all macros.
  std::string game;           ///< Empty: of all games.
  std::int64_t macros = 200;  ///< At most so many; those that ran least are left out.
};

/// Thread: loop. `done` comes on the loop, never before the call returns.
class TallyStore {
 public:
  using Done = std::function<void(Result<void>)>;
  using Entries = std::shared_ptr<const PendingTallies::Entries>;
  /// A quarter of a macro, on a thread of the pool; its game may have several rows.
  using Sink = std::function<void(const TallyKey& key, std::string_view macro_name,
                                  const QuarterTally& tally)>;

  virtual ~TallyStore() = default;
  /// Adds to what is stored. Shared: the caller keeps them until it knows that they are.
  virtual void add(Entries entries, Done done) = 0;
  /// In order of quarter. `sink` is not called any more when `done` comes. The daemon's own rows
  /// come whatever macro and game are asked for, and the first one of all even if it is older.
  /// Errors to `done`: those of the store, resource_exhausted (the pool is full).
  virtual void scan(TallyQuery query, Sink sink, Done done) = 0;
};

/// Source: chosen. 500,000 quarters: 57 macros that run day and night for 90 days; some 60 MB.
struct TallyLimits {
  Quarter keep = 90 * 96;           ///< Days, as quarters; older ones go.
  Quarter future = 96;              ///< Further ahead of the clock is removed.
  std::int64_t max_rows = 500'000;  ///< The oldest go.
};

class SqlTallyStore final : public TallyStore {
 public:
  /// `path` is the file that `writer` writes; it is read through a short read-only connection.
  /// Requires: migrated; all outlive the store and what it posted.
  SqlTallyStore(store::Writer& writer, std::string path, WorkerPool& pool, net::Loop& loop,
                const Clock& clock, TallyLimits limits = {});

  /// Looks how far the clock is from what was stored last: a clock that is set far ahead must not
  /// make all of it too old. Blocks: called once, at the start.
  Result<void> start();
  void add(Entries entries, Done done) override;
  void scan(TallyQuery query, Sink sink, Done done) override;

 private:
  store::Writer& writer_;
  const std::string path_;
  WorkerPool& pool_;
  net::Loop& loop_;
  const Clock& clock_;
  const TallyLimits limits_;
  monitor::RetentionGuard guard_;
  Quarter swept_ = 0;  // The quarter of the last sweep.
};

}  // namespace gk::macros
