// operation_store.h: what operations and tasks keep in state.db: the journal of transactions,
// settings, the table of conflicts, finished graphs.
//
// The journal's calls block for one commit each, so they run on a pool thread, never on the loop.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arbiter/rules/transact.h"
#include "base/clock.h"
#include "net/loop.h"
#include "store/migrations.h"
#include "store/writer.h"

namespace gk::arbiter {

/// The schema of this room in state.db.
store::RoomMigrations operations_migrations();

/// The journal of transact() in state.db: what a call acknowledged is on disk.
/// Thread: safe. Blocks; not on the loop thread, except at start-up.
class SqlJournal final : public Journal {
 public:
  /// Most transactions that are open at a time. Source: chosen; the pool runs 4.
  static constexpr std::int64_t kMaxOpen = 256;

  /// Requires: both outlive it; the migrations have run.
  SqlJournal(store::Writer& writer, const Clock& clock) : writer_(writer), clock_(clock) {}

  Result<TransactionId> begin() override;
  Result<void> append(TransactionId id, const JournalStep& step) override;
  Result<void> pop(TransactionId id) override;
  Result<void> end(TransactionId id) override { return end(id, {}); }
  /// The end and `also` in one commit. Errors: also those of `also`; then it has not ended.
  Result<void> end(TransactionId id, const store::Writer::Job& also);
  Result<std::vector<OpenTransaction>> open() override;

 private:
  store::Writer& writer_;
  const Clock& clock_;
};

/// A value that an operator set, with its time.
struct Setting {
  std::string key;
  std::string value_json;
  WallTime changed_at{};
};

/// Most settings. Source: chosen.
inline constexpr std::int64_t kMaxSettings = 1000;

/// Blocking; for steps on a pool thread. Errors: those of the writer; set: resource_exhausted.
Result<std::optional<std::string>> load_setting(store::Writer& writer, const std::string& key);
Result<void> save_setting(store::Writer& writer, const std::string& key, const std::string& json,
                          WallTime now);
Result<void> remove_setting(store::Writer& writer, const std::string& key);

/// One graph as it is kept: `record` is the JSON of its answer.
struct GraphRecord {
  std::uint64_t number = 0;
  bool ended = false;
  std::string record;
};

/// Graphs, settings and the table of conflicts, read and written from the loop.
/// Thread: loop; `done` comes on the loop, and never before the call returns.
class OperationStore {
 public:
  using Done = std::function<void(Result<void>)>;
  static constexpr std::int64_t kMaxGraphs = 200;  // Source: contract of the tasks room

  /// Requires: both outlive the store.
  OperationStore(store::Writer& writer, net::Loop& loop) : writer_(writer), loop_(loop) {}

  Result<std::vector<GraphRecord>> load_graphs();  ///< At start-up only: blocks. Oldest first.
  Result<std::string> load_document(const std::string& name);  ///< The same; empty: none.
  /// Keeps the newest kMaxGraphs that have ended.
  void save_graph(GraphRecord graph, Done done);
  void delete_graph(std::uint64_t number, Done done);
  /// `also`, unless empty, is part of the commit.
  void save_document(const std::string& name, std::string json, store::Writer::Job also, Done done);
  void list_settings(std::function<void(Result<std::vector<Setting>>)> done);

 private:
  void submit(store::Writer::Job job, Done done);

  store::Writer& writer_;
  net::Loop& loop_;
};

}  // namespace gk::arbiter
