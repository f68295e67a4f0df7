// store.h: the revisions of the configuration in state.db.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gamekeeper/result.h"
#include "gamekeeper/time.h"
#include "net/loop.h"
#include "store/migrations.h"
#include "store/writer.h"

namespace gk::settings {

/// Who made a change, and how.
struct Author {
  std::string user_id;  ///< Empty for nobody in particular.
  std::string name;     ///< "ann", "local-admin", "file", "SIGHUP"
  std::string cause;    ///< "start", "file", "signal", "reload", "put", "patch", "restore"
  std::string comment;  ///< At most 200 bytes.
  std::string correlation_id;
};

/// A key that changed, as JSON.
struct Change {
  std::string key, before, after;
};

/// A text that took effect.
struct Revision {
  std::int64_t id = 0;  ///< From 1, growing.
  WallTime at{};
  Author author;
  std::vector<Change> changes;  ///< Against the revision before.
  std::size_t bytes = 0;
};

/// Thread: loop; `done` comes on the loop, and never before the call returns.
class RevisionStore {
 public:
  virtual ~RevisionStore() = default;
  /// At start-up only: blocks. Oldest first; and the text of the newest.
  struct Stored {
    std::vector<Revision> revisions;
    std::string newest_text;
  };
  virtual Result<Stored> load() = 0;
  virtual void save(const Revision& revision, std::string text,
                    std::function<void(Result<void>)> done) = 0;
  /// Errors: not_found.
  virtual void text(std::int64_t id, std::function<void(Result<std::string>)> done) = 0;
};

store::RoomMigrations settings_migrations();

/// Records what was done in the transaction of the change (server: the audit).
using AuditHook = std::function<Result<void>(store::Database&, const Revision&)>;

class SqlRevisionStore final : public RevisionStore {
 public:
  /// Requires: all outlive the store; the migrations have run. Of the revisions the newest `keep`
  /// stay.
  SqlRevisionStore(store::Writer& writer, net::Loop& loop, AuditHook audit, std::int64_t keep = 50)
      : writer_(writer), loop_(loop), audit_(std::move(audit)), keep_(keep) {}

  Result<Stored> load() override;
  void save(const Revision& revision, std::string text,
            std::function<void(Result<void>)> done) override;
  void text(std::int64_t id, std::function<void(Result<std::string>)> done) override;

 private:
  store::Writer& writer_;
  net::Loop& loop_;
  const AuditHook audit_;
  const std::int64_t keep_;
};

/// [{"key","before","after"}]
std::string changes_json(const std::vector<Change>& changes);

}  // namespace gk::settings
