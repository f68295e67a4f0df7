// changes.h: how a change of accounts becomes durable: one writer job with its audit row, and the
// answer back on the loop after the commit.

#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "accounts/rules/audit_chain.h"
#include "base/clock.h"
#include "base/log.h"
#include "gamekeeper/result.h"
#include "store/writer.h"

namespace gk::accounts {

/// Runs a task on the loop thread, soon and in order. Safe from any thread; outlives the room.
using Post = std::function<void(std::function<void()>)>;

/// Thread: loop. After destruction no `done` is called any more.
class Changes {
 public:
  using Done = std::function<void(Result<void>)>;

  /// Requires: writer, clock, log and what `post` refers to outlive the writer's last job.
  Changes(store::Writer& writer, Post post, const Clock& clock, Log& log);

  /// Commits `job` and `audit` together, then calls `done` on the loop thread. When the queue is
  /// full `done` gets the error, also on the loop thread and not before this returns.
  void commit(store::Writer::Job job, std::optional<AuditRow> audit, Done done);

 private:
  store::Writer& writer_;
  Post post_;
  const Clock& clock_;
  Log& log_;
  std::shared_ptr<const char> alive_;  // shared: closures on their way hold a weak one
};

}  // namespace gk::accounts
