// scheduler.h: makes a backup whenever a schedule says so, and keeps the newest of those it made.
//
// When is the caller's (a function): the rules of cron and time zones belong to another room. Here:
// at most one backup for each moment, one that was missed is made up for once, what is too old goes
// only after a newer one is whole, and a failure is shown until a later one succeeds. Backups that
// people made are never touched. Guide: docs/storage.md.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "backups/service.h"
#include "base/mutex.h"
#include "net/loop.h"

namespace gk::backups {

/// The first moment of the schedule after the given one; nothing when there is none.
using NextTime = std::function<std::optional<WallTime>(WallTime after)>;

struct ScheduleOptions {
  std::size_t keep = 7;    ///< Backups of the schedule that stay. [1, 100] Source: chosen; a week
  Seconds look_every{15};  ///< The clock may jump: looked at so often. Source: chosen
};

/// How the schedule fares.
struct ScheduleState {
  std::optional<WallTime> due;        ///< Of the next one.
  std::optional<WallTime> last_good;  ///< When the newest whole one was begun.
  std::string failure;                ///< Of the last attempt; empty: it was well.
};

/// Thread: loop, but for state(). Requires: all references outlive it.
class BackupScheduler {
 public:
  BackupScheduler(ScheduleOptions options, NextTime next, BackupService& service, net::Loop& loop,
                  const Clock& clock, Log& log);

  /// Begins: looks which backups there are, so that one that was missed is made at once.
  void start();
  /// Makes what is due. Called by a timer; tests call it themselves.
  void tick();
  /// Thread: safe.
  ScheduleState state() const;

 private:
  void plan(WallTime after);
  void made(WallTime due, const Result<Backup>& backup);
  void remove_surplus();

  const ScheduleOptions options_;
  const NextTime next_;
  BackupService& service_;
  net::Loop& loop_;
  const Clock& clock_;
  Log& log_;
  net::Handle timer_;
  bool running_ = false;
  mutable Mutex mu_{MutexRank::leaf};
  ScheduleState state_ GK_GUARDED_BY(mu_);
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // shared: weak copies in late answers
};

}  // namespace gk::backups
