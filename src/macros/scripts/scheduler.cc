#include "macros/scripts/scheduler.h"

#include <algorithm>

#include "base/try.h"

namespace gk::macros {
namespace {

constexpr auto kSane = std::chrono::hours(25);  // Source: chosen; more than any change of a clock

Result<Schedule> schedule_of(const LibraryEntry& entry) {
  GK_TRY(const JsonValue value, parse_json(entry.script.settings.schedule_json));
  return read_schedule(value);
}

}  // namespace

Scheduler::Scheduler(SchedulerOptions options, ScriptLibrary& library, ScriptStore& store,
                     MacroStarter& starter, net::Loop& loop, const Clock& clock, Log& log,
                     Metrics& metrics, Note note, Ready ready, LoadZone load_zone)
    : options_(options),
      library_(library),
      store_(store),
      starter_(starter),
      loop_(loop),
      clock_(clock),
      log_(log),
      note_(std::move(note)),
      ready_(std::move(ready)),
      load_zone_(std::move(load_zone)),
      fired_total_(metrics.counter("gamekeeper_script_schedule_starts_total",
                                   "Macros that a schedule has started")),
      skipped_total_(metrics.counter("gamekeeper_script_schedule_skipped_total",
                                     "Scheduled starts that could not be: it ran, or was refused")),
      late_total_(metrics.counter("gamekeeper_script_schedule_late_total",
                                  "Scheduled starts that were made up for")) {
  changes_ = library_.changed().subscribe([this](const ScriptChanged& change) {
    if (change.kind == ScriptChanged::Kind::removed) served_.erase(change.name);
    plan(change.name);
  });
}

void Scheduler::restore(std::map<std::string, WallTime> served, std::vector<ResumableRun> runs) {
  served_ = std::move(served);
  for (const auto& [name, entry] : library_.entries()) plan(name);
  for (auto& run : runs) {
    waiting_.push_back({std::move(run), clock_.mono() + options_.resume_deadline});
  }
  timer_ = loop_.every(options_.look_every, [this] { tick(); });
  loop_.post([this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) tick();
  });
}

void Scheduler::note(const std::string& name, const std::string& text) {
  log_.info("script.schedule", text, {{"script", name}});
  note_(name, text);
}

// From the change on: a moment before it is not made up for. After a restart: from the last moment
// that was served.
void Scheduler::plan(const std::string& name) {
  const LibraryEntry* entry = library_.find(name);
  const bool wanted = entry != nullptr && entry->script.settings.enabled &&
                      !entry->script.settings.schedule_json.empty();
  if (!wanted) {
    plans_.erase(name);
    return;
  }
  auto schedule = schedule_of(*entry);
  auto zone = schedule ? load_zone_(schedule->time_zone) : Result<Zone>(schedule.error());
  if (!zone) {
    plans_.erase(name);
    return note(name, "its schedule does not work: " + zone.error().message);
  }
  Plan& plan = plans_[name];
  plan.schedule = std::move(*schedule);
  plan.zone = std::move(*zone);
  set_due(name, plan);
}

void Scheduler::set_due(const std::string& name, Plan& plan) {
  const WallTime now = clock_.wall(), changed = library_.find(name)->script.changed_at;
  const auto served = served_.find(name);
  WallTime from = served == served_.end() ? changed : std::max(changed, served->second);
  // The clock had been far ahead and was put right: what was served then does not bind for years.
  if (from > now + kSane) {
    note(name, "the clock went back from " + rfc3339(from) + "; its schedule counts from now");
    from = now;
    served_[name] = now;
  }
  plan.due = next_time(plan.schedule, plan.zone, from);
}

void Scheduler::tick() {
  const WallTime now = clock_.wall();
  std::vector<std::string> names;  // A start may change the plans.
  for (const auto& [name, plan] : plans_) names.push_back(name);
  for (const auto& name : names) {
    const auto found = plans_.find(name);
    if (found == plans_.end()) continue;
    Plan& plan = found->second;
    if (plan.stop_at && now >= *plan.stop_at) {
      plan.stop_at.reset();
      if (starter_.stop(name)) note(name, "is stopped: its window has ended");
    }
    if (plan.due && now >= *plan.due) fire(name, plan, now);
  }
  resume_ready();
}

void Scheduler::fire(const std::string& name, Plan& plan, WallTime now) {
  const WallTime due = *plan.due;
  const bool late = now - due > options_.late_after;
  // Everything up to now is served by this one start, on disk too.
  served_[name] = now;
  plan.due = next_time(plan.schedule, plan.zone, now);
  store_.save_served(name, now, [this, alive = std::weak_ptr(alive_), name](const Result<void>& r) {
    if (!r && !alive.expired()) {
      log_.warn("script.schedule_not_saved", r.error().message, {{"script", name}});
    }
  });
  const auto window = window_end(plan.schedule, plan.zone, now);
  if (!plan.schedule.windows.empty() && !window) {
    skipped_total_.inc();
    return note(name, "its start of " + rfc3339(due) + " was missed and its window has ended");
  }
  const LibraryEntry* entry = library_.find(name);
  starter_.start({.macro_id = name,
                  .script = name,
                  .game = {},
                  .args_json = {},
                  .profile = entry->script.settings.profile,
                  .by = "schedule",
                  .is_admin = false,
                  .any_game = true},
                 [this, alive = std::weak_ptr(alive_), name, due, late,
                  window](const Result<std::string>& how) {
                   if (alive.expired()) return;
                   const auto mine = plans_.find(name);
                   if (how && mine != plans_.end()) mine->second.stop_at = window;
                   started(name, due, late, how);
                 });
}

void Scheduler::started(const std::string& name, WallTime due, bool late,
                        const Result<std::string>& how) {
  if (!how) {
    skipped_total_.inc();
    const bool runs = how.error().code == Errc::already_exists;
    return note(name, "its start of " + rfc3339(due) +
                          " is skipped: " + (runs ? "it still runs" : how.error().message));
  }
  fired_total_.inc();
  if (late) {
    late_total_.inc();
    note(name, "its start of " + rfc3339(due) + " was missed; it starts once, now");
  } else {
    note(name, "is started by its schedule");
  }
}

void Scheduler::resume_ready() {
  std::vector<Waiting> later;
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    const std::string id = waiting.run.macro_id;
    const LibraryEntry* entry = library_.find(waiting.run.script);
    const bool over = clock_.mono() >= waiting.deadline;
    const bool wanted = entry != nullptr && entry->script.settings.resume;
    if (wanted && !over && !ready_(waiting.run.game)) {
      later.push_back(std::move(waiting));
      continue;
    }
    if (!wanted || over) {
      store_.remove_run(id, [](const Result<void>&) {});
      note(id, wanted ? "does not resume: its game was not ready in time"
                      : "does not resume: it is no longer marked for it");
      continue;
    }
    starter_.start({.macro_id = id,
                    .script = waiting.run.script,
                    .game = waiting.run.game,
                    .args_json = waiting.run.args_json,
                    .profile = entry->script.settings.profile,
                    .by = "resume",
                    .is_admin = false,
                    .any_game = true},
                   [this, alive = std::weak_ptr(alive_), id](const Result<std::string>& how) {
                     if (alive.expired()) return;
                     if (how) return note(id, "resumes after a restart of the daemon");
                     store_.remove_run(id, [](const Result<void>&) {});
                     note(id, "does not resume: " + how.error().message);
                   });
  }
  waiting_.insert(waiting_.end(), std::make_move_iterator(later.begin()),
                  std::make_move_iterator(later.end()));
}

Result<std::vector<WallTime>> Scheduler::next(std::string_view name, std::size_t count) const {
  const LibraryEntry* entry = library_.find(name);
  if (entry == nullptr) return Error{Errc::not_found, "no macro " + std::string(name)};
  if (entry->script.settings.schedule_json.empty()) {
    return Error{Errc::failed_precondition, "macro " + std::string(name) + " has no schedule"};
  }
  GK_TRY(const Schedule schedule, schedule_of(*entry));
  GK_TRY(const Zone zone, load_zone_(schedule.time_zone));
  std::vector<WallTime> out;
  WallTime from = clock_.wall();
  while (out.size() < count) {
    const auto found = next_time(schedule, zone, from);
    if (!found) break;
    out.push_back(*found);
    from = *found;
  }
  return out;
}

}  // namespace gk::macros
