#include "macros/tallies.h"

#include <algorithm>
#include <utility>

namespace gk::macros {
namespace {

constexpr std::string_view kMacro = "macro:";

double seconds(Micros time) { return std::chrono::duration<double>(time).count(); }

void raise(std::optional<double>& peak, double by) { peak = std::max(peak.value_or(by), by); }

}  // namespace

MacroTallies::MacroTallies(TalliesOptions options, net::Loop& loop, const Clock& clock, Log& log,
                           Metrics& metrics, MacroService& service, Observer& observer,
                           TallyStore& store)
    : options_(options),
      loop_(loop),
      clock_(clock),
      log_(log),
      store_(store),
      lost_(metrics.gauge("gamekeeper_macro_tallies_lost",
                          "Things that macros did which the trends do not count: too many waited "
                          "for the disk")) {
  daemon_.counted_to = clock_.mono();
  notices_ = service.notices().subscribe([this](const MacroNotice& notice) { on_notice(notice); });
  cancelled_ = service.cancelled().subscribe([this](const CancellationEvent& event) {
    if (!was_done(event.outcome)) return;
    count(event.macro_id, [&](QuarterTally& tally) { ++tally.cancellations[event.rule]; });
  });
  snapshots_ = observer.snapshots().subscribe([this](const Observer::Published& snapshot) {
    if (snapshot != nullptr) on_snapshot(*snapshot);
  });
}

MacroTallies::~MacroTallies() {
  for (auto& [id, live] : live_) count_run(id, live);
  count_daemon();
  if (pending_.empty()) return;
  store_.add(std::make_shared<const PendingTallies::Entries>(pending_.take()),
             [](const Result<void>&) {});
}

void MacroTallies::set_games(games::Port* games) {
  commands_ = {};
  if (games == nullptr) return;
  commands_ =
      games->commands().subscribe([this](const games::CommandSeen& seen) { on_command(seen); });
}

void MacroTallies::on_notice(const MacroNotice& notice) {
  using Kind = MacroNotice::Kind;
  switch (notice.kind) {
    case Kind::started:
      live_[notice.macro_id] = {notice.macro_name, notice.game, clock_.mono()};
      return count(notice.macro_id, [](QuarterTally& tally) { ++tally.runs; });
    case Kind::warned: return count(notice.macro_id, [](QuarterTally& tally) { ++tally.warnings; });
    case Kind::throttled:
      return count(notice.macro_id, [](QuarterTally& tally) { ++tally.throttles; });
    case Kind::paused: return count(notice.macro_id, [](QuarterTally& tally) { ++tally.pauses; });
    case Kind::ended: {
      const auto live = live_.find(notice.macro_id);
      if (live == live_.end()) return;
      count_run(live->first, live->second);
      live_.erase(live);
      return;
    }
    case Kind::cleared:
    case Kind::resumed: return;
  }
}

// The time since it was counted last, by the clock that does not jump; it is laid before now.
void MacroTallies::count_run(std::string_view macro_id, Live& live) {
  const MonoTime now = clock_.mono();
  const WallTime wall = clock_.wall();
  const auto since = std::chrono::duration_cast<Micros>(now - live.counted_to);
  live.counted_to += since;
  for (const auto& [quarter, part] : split_by_quarter(wall - since, wall)) {
    QuarterTally* tally = pending_.at(quarter, macro_id, live.name, live.game);
    if (tally != nullptr) tally->run_time += part;
  }
}

void MacroTallies::count_daemon() {
  count_run("", daemon_);
  daemon_counted_ = quarter_of(clock_.wall());
}

void MacroTallies::on_snapshot(const monitor::Snapshot& snapshot) {
  const MonoTime now = clock_.mono();
  const Nanos step = std::min(now - std::exchange(last_snapshot_, now), options_.longest_step);
  const auto held = std::chrono::duration_cast<Micros>(step);
  std::string subject;  // Its memory is used again for each.
  for (auto& [id, live] : live_) {
    count_run(id, live);
    const auto process = snapshot.processes.find(subject.assign(kMacro).append(id));
    if (process == snapshot.processes.end()) continue;
    count(id, live, [&](QuarterTally& tally) {
      const monitor::Signal& demand = process->second.demand_pct;
      const monitor::Signal& memory = process->second.rss_bytes;
      if (demand.is_known(now)) {
        tally.demand_known += held;
        tally.demand_pct_s += demand.value() * seconds(held);
        raise(tally.demand_peak_pct, demand.value());
      }
      if (memory.is_known(now) && options_.memory_total_bytes > 0) {
        raise(tally.memory_peak_pct, 100 * memory.value() / options_.memory_total_bytes);
      }
    });
  }
  // Without a macro a write a quarter is enough; the first makes a day known that ends soon.
  const bool quarter_over = daemon_counted_ != quarter_of(clock_.wall());
  if (quarter_over) count_daemon();
  if (quarter_over || !live_.empty()) write_later();
}

void MacroTallies::on_command(const games::CommandSeen& seen) {
  if (!seen.sender.starts_with(kMacro)) return;
  count(std::string_view(seen.sender).substr(kMacro.size()), [&](QuarterTally& tally) {
    ++tally.commands;
    tally.commands_failed += seen.ok ? 0 : 1;
  });
}

void MacroTallies::count(std::string_view macro_id, const Live& live, const Added& add) {
  QuarterTally* tally = pending_.at(quarter_of(clock_.wall()), macro_id, live.name, live.game);
  if (tally != nullptr) add(*tally);
  if (tally == nullptr) lost_.set(static_cast<double>(pending_.lost()));
  write_later();
}

// Of one that does not run: a command of on_cancel, or what was on its way when it ended.
void MacroTallies::count(std::string_view macro_id, const Added& add) {
  const auto live = live_.find(macro_id);
  if (live != live_.end()) count(macro_id, live->second, add);
}

void MacroTallies::flush(std::function<void(Result<void>)> done) {
  for (auto& [id, live] : live_) count_run(id, live);
  waiting_.push_back(std::move(done));
  if (writing_) {
    write_again_ = true;
    return;
  }
  write();
}

void MacroTallies::write_later() {
  if (timer_.active() || writing_) return;
  timer_ = loop_.after(options_.flush_every, [this] { write(); });
}

void MacroTallies::write() {
  timer_.cancel();
  count_daemon();
  auto told = std::exchange(waiting_, {});
  if (pending_.empty()) {
    for (const auto& done : told) done({});
    return;
  }
  writing_ = true;
  // Shared: the store writes them, and we take them back when it could not.
  const auto entries = std::make_shared<const PendingTallies::Entries>(pending_.take());
  store_.add(entries, [this, entries, told = std::move(told),
                       alive = std::weak_ptr<int>(alive_)](const Result<void>& saved) {
    if (alive.expired()) return;
    writing_ = false;
    if (!saved) {
      log_.warn("macros.tallies_not_stored", saved.error().message);
      pending_.put_back(*entries);
      lost_.set(static_cast<double>(pending_.lost()));
    }
    if (!pending_.empty()) write_later();
    if (std::exchange(write_again_, false)) write();
    for (const auto& done : told) done(saved);
  });
}

}  // namespace gk::macros
