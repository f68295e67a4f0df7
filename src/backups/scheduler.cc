#include "backups/scheduler.h"

#include <utility>

namespace gk::backups {

BackupScheduler::BackupScheduler(ScheduleOptions options, NextTime next, BackupService& service,
                                 net::Loop& loop, const Clock& clock, Log& log)
    : options_(options),
      next_(std::move(next)),
      service_(service),
      loop_(loop),
      clock_(clock),
      log_(log) {}

void BackupScheduler::start() {
  service_.list([this, alive = std::weak_ptr(alive_)](const Result<std::vector<Backup>>& present) {
    if (alive.expired()) return;
    std::optional<WallTime> last;
    if (!present) log_.warn("backup.schedule", present.error().message);
    for (std::size_t i = 0; present && i < present->size() && !last; ++i) {
      if ((*present)[i].scheduled) last = (*present)[i].created_at;  // Newest first.
    }
    {
      const MutexLock lock(mu_);
      state_.last_good = last;
    }
    // A copy from the future (the clock was wrong) must not put off the next one.
    plan(std::min(last.value_or(clock_.wall()), clock_.wall()));
    tick();
    timer_ = loop_.every(options_.look_every, [this] { tick(); });
  });
}

void BackupScheduler::plan(WallTime after) {
  const auto due = next_(after);
  const MutexLock lock(mu_);
  state_.due = due;
}

void BackupScheduler::tick() {
  const auto due = state().due;
  const WallTime now = clock_.wall();
  if (running_ || service_.busy() || !due || now < *due) return;  // Busy: with a person's.
  running_ = true;
  plan(now);  // Everything up to now is served by this one.
  service_.make(
      [this, due = *due, alive = std::weak_ptr(alive_)](const Result<Backup>& backup) {
        if (!alive.expired()) made(due, backup);
      },
      Maker::schedule);
}

void BackupScheduler::made(WallTime due, const Result<Backup>& backup) {
  running_ = false;
  {
    const MutexLock lock(mu_);
    state_.failure = backup ? "" : "the backup of " + rfc3339(due) + ": " + backup.error().message;
    if (backup) state_.last_good = backup->created_at;
  }
  if (!backup) {
    log_.error("backup.schedule_failed", backup.error().message, {{"due", rfc3339(due)}});
    return;
  }
  remove_surplus();
}

void BackupScheduler::remove_surplus() {
  service_.list([this, alive = std::weak_ptr(alive_)](const Result<std::vector<Backup>>& present) {
    if (alive.expired() || !present) return;
    std::size_t seen = 0;
    for (const Backup& backup : *present) {
      if (!backup.scheduled || !backup.ready || ++seen <= options_.keep) continue;
      service_.remove(backup.name, [this, name = backup.name, alive](const Result<void>& gone) {
        if (alive.expired()) return;
        if (!gone) return log_.error("backup.not_removed", gone.error().message);
        log_.info("backup.removed", "an old backup of the schedule is gone", {{"name", name}});
      });
    }
  });
}

ScheduleState BackupScheduler::state() const {
  const MutexLock lock(mu_);
  return state_;
}

}  // namespace gk::backups
