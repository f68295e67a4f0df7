#include "macros/rules/simulation.h"

#include <algorithm>
#include <map>

#include "monitor/rules/snapshot_fields.h"

namespace gk::macros {

using monitor::Signal;
using monitor::Snapshot;

namespace {

constexpr double kEndless = 1e9;     // Source: chosen, s; a duration that is never over.
constexpr Micros kTogether{20'000};  // Source: chosen; samples of one snapshot.
constexpr Seconds kBesideRaw{2};     // Source: chosen; there a raw sample says more than a mean.
constexpr Seconds kBackOff{10};      // Source: the first of a quarantine.
constexpr std::string_view kMacro = "macro:";

struct Point {
  WallTime at{};
  double value = 0;
  Nanos period{Seconds(1)};
  bool folded = false;
};

/// A series as points, and where it stands.
struct Cursor {
  const RecordedSeries* series = nullptr;
  std::vector<Point> points;
  std::size_t next = 0;
  const Point* last = nullptr;
  std::uint64_t known = 0;  // Evaluations at which it was.
};

// The pace of a signal is the smallest distance nearby: one that misses samples is not slower.
void set_periods(std::vector<Point>& points) {
  constexpr std::size_t kNearby = 5;  // Source: chosen.
  for (std::size_t i = 0; i < points.size(); ++i) {
    Nanos period = points.size() > 1 ? Nanos::max() : Nanos(Seconds(1));
    const std::size_t end = std::min(points.size() - 1, i + kNearby);
    for (std::size_t n = i > kNearby ? i - kNearby : 0; n < end; ++n) {
      period = std::min<Nanos>(period, points[n + 1].at - points[n].at);
    }
    points[i].period = std::clamp<Nanos>(period, Millis(50), Seconds(60));
  }
}

// Means at even distances where there are no raw samples.
void add_folded(const RecordedSeries& series, std::size_t most, std::vector<Point>& out) {
  for (const monitor::Aggregate& a : series.aggregates) {
    const auto count = std::max<std::uint64_t>(1, std::min<std::uint64_t>(a.count, most));
    const Micros step = std::max((a.to - a.from) / static_cast<std::int64_t>(count), Micros(1));
    std::size_t made = 0;
    for (WallTime t = a.from; t <= a.to && made < count; t += step, ++made) {
      const auto raw = std::lower_bound(series.raw.begin(), series.raw.end(), t - kBesideRaw,
                                        [](const auto& s, WallTime at) { return s.at < at; });
      if (raw != series.raw.end() && raw->at <= t + kBesideRaw) continue;
      out.push_back({t, a.avg, Seconds(1), true});
    }
  }
}

std::vector<Point> points_of(const RecordedSeries& series, const SimulationInput& input,
                             const SimulationLimits& limits) {
  std::vector<Point> out;
  add_folded(series, limits.points_of_aggregate, out);
  for (const monitor::Sample& s : series.raw) out.push_back({s.at, s.value, Seconds(1), false});
  std::erase_if(out, [&](const Point& p) { return p.at < input.from || p.at > input.to; });
  std::stable_sort(out.begin(), out.end(),
                   [](const Point& a, const Point& b) { return a.at < b.at; });
  set_periods(out);
  return out;
}

struct Run {
  WallTime from{}, to{};
};

class Simulator {
 public:
  Simulator(const SimulationInput& input, const SimulationLimits& limits)
      : input_(input), limits_(limits), watch_(input.watch) {
    for (const Zone& zone : input.zones) zones_.push_back(&zone);
    zones_.resize(input.profile.windows.size(), nullptr);
    subject_ = std::string(kMacro) + input.profile.macro_id;
    for (const RecordedSeries& series : input.series) {
      Cursor cursor;
      cursor.series = &series;
      cursor.points = points_of(series, input, limits);
      cursors_.push_back(std::move(cursor));
    }
    find_runs();
  }

  SimulationResult run() {
    find_possible();
    WallTime previous = input_.from;
    while (const auto at = next_tick()) {
      if (*at - previous > limits_.run_gap) ++result_.gaps;
      tick(*at, *at - previous);
      previous = *at;
    }
    if (input_.to - previous > limits_.run_gap) ++result_.gaps;
    finish();
    return std::move(result_);
  }

 private:
  // The time of the next samples, those of one snapshot together.
  std::optional<WallTime> next_tick() const {
    std::optional<WallTime> first, last;
    for (const Cursor& c : cursors_) {
      if (c.next < c.points.size() && (!first || c.points[c.next].at < *first)) {
        first = c.points[c.next].at;
      }
    }
    if (!first) return std::nullopt;
    for (const Cursor& c : cursors_) {
      if (c.next >= c.points.size()) continue;
      const WallTime at = c.points[c.next].at;
      if (at - *first <= kTogether && (!last || at > *last)) last = at;
    }
    return last;
  }
  MonoTime mono(WallTime at) const { return MonoTime(Seconds(3600)) + (at - input_.from); }

  void find_runs() {
    for (const Cursor& c : cursors_) {
      if (!c.series->subject.starts_with(kMacro)) continue;
      auto& runs = runs_[c.series->subject];
      for (const Point& p : c.points) {
        if (runs.empty() || p.at - runs.back().to > limits_.run_gap) runs.push_back({p.at, p.at});
        runs.back().to = std::max(runs.back().to, p.at);
      }
    }
    auto& own = runs_[subject_];
    result_.runs_recorded = !own.empty();
    std::sort(own.begin(), own.end(), [](const Run& a, const Run& b) { return a.from < b.from; });
    if (own.empty()) own.push_back({input_.from, input_.to});
  }

  MacroSafetyProfile profile_at(WallTime at, std::string& window) {
    const MacroSafetyProfile& base = input_.profile;
    const WindowState state = window_at(base.windows, zones_, at);
    window = state.open ? base.windows[*state.open].name : std::string();
    window_until_ = state.until;
    MacroSafetyProfile now = state.open ? with_window(base, base.windows[*state.open]) : base;
    if (!result_.runs_recorded) now.max_duration_s = kEndless;
    return now;
  }
  static MacroSafetyProfile bystander(std::string_view id) {
    MacroSafetyProfile p;
    p.macro_id = std::string(id);
    p.max_duration_s = kEndless;
    p.thresholds = {100, 100, 0, 60'000, 600'000};
    p.auto_cancel_enabled = false;
    return p;
  }

  void feed(WallTime at, Nanos since) {
    last_known_ = Nanos(0);
    for (Cursor& c : cursors_) {
      bool fresh = false;
      for (; c.next < c.points.size() && c.points[c.next].at <= at; ++c.next) {
        c.last = &c.points[c.next];
        fresh = true;
        ++result_.samples_used;
      }
      const bool known = c.last != nullptr && (fresh || is_carried(*c.last, at, since));
      set(*c.series,
          known ? Signal::known(c.last->value, mono(c.last->at), c.last->at, c.last->period)
                : Signal::unknown("no sample"));
      if (!known) continue;
      ++c.known;
      last_known_ = std::max(last_known_, 3 * c.last->period);
    }
  }
  // A signal slower than the snapshots stays for three periods, as in the monitor; one that should
  // have come with this snapshot and did not is unknown.
  bool is_carried(const Point& last, WallTime at, Nanos since) const {
    if (limits_.mutant_holds) return true;
    const Nanos age = at - last.at;
    return age <= 3 * last.period && 2 * last.period > 3 * since;
  }
  void set(const RecordedSeries& series, Signal signal) {
    if (series.subject.starts_with(kMacro)) {
      monitor::ProcessSample& process = snapshot_.processes[series.subject];
      if (series.signal == "process_cpu_pct")
        process.cpu_pct = std::move(signal);
      else if (series.signal == "process_demand_pct")
        process.demand_pct = std::move(signal);
      else if (series.signal == "process_rss_bytes")
        process.rss_bytes = std::move(signal);
      return;
    }
    if (series.subject.empty()) {
      const monitor::SnapshotField* field = monitor::find_field(series.signal);
      if (field != nullptr) snapshot_.*field->member = std::move(signal);
      return;
    }
    for (monitor::ExternalSample& sample : snapshot_.external) {
      if (sample.signal != series.signal || sample.subject != series.subject) continue;
      sample.value = std::move(signal);
      return;
    }
    snapshot_.external.push_back(
        {series.signal, series.subject, monitor::SampleSource::server, std::move(signal)});
  }

  // Lets macros in and out of the watch as their runs begin and end.
  void follow_runs(WallTime at) {
    for (auto& [subject, runs] : runs_) {
      const std::string id = subject.substr(kMacro.size());
      const bool own = subject == subject_;
      const auto run = std::find_if(runs.begin(), runs.end(),
                                    [&](const Run& r) { return at >= r.from && at <= r.to; });
      const WallTime from = run == runs.end() ? WallTime::min() : run->from;
      auto& watched = watched_[subject];
      if (watched && *watched != from) {
        watch_.remove(id, mono(at));
        watched.reset();
      }
      const bool spent = own && cancelled_ && !may_go_on(from, at);
      if (watched || run == runs.end() || spent) continue;
      watched = from;
      if (own) cancelled_.reset();
      if (own) ++result_.runs;
      watch_.add(own ? profile_at(at, window_) : bystander(id),
                 mono(std::max(from, started(at, own))), &snapshot_,
                 own ? input_.means : WatchedMacro{});
      if (own) watch_.set_profile(profile_at(at, window_), window_);
    }
  }
  WallTime started(WallTime at, bool own) const {
    return own && !result_.runs_recorded ? at : WallTime::min();
  }
  bool may_go_on(WallTime run, WallTime at) const {
    if (result_.runs_recorded) return run > *cancelled_;
    return at - *cancelled_ >= kBackOff;
  }

  void tick(WallTime at, Nanos since) {
    feed(at, since);
    follow_runs(at);
    known_time_ += std::min<Nanos>(last_known_, Nanos(since));
    if (at >= window_until_ && watched_[subject_]) {
      const std::string before = window_;
      const MacroSafetyProfile now = profile_at(at, window_);
      if (window_ != before) watch_.set_profile(now, window_);
    }
    ++result_.evaluations;
    for (Decision& decision : watch_.evaluate(&snapshot_, mono(at))) {
      if (decision.macro_id != input_.profile.macro_id) continue;
      const bool is_cancel = decision.action == Decision::Action::cancel;
      record(at, std::move(decision));
      if (!is_cancel) continue;
      watch_.remove(input_.profile.macro_id, mono(at));
      watched_[subject_].reset();
      cancelled_ = at;
    }
  }
  void record(WallTime at, Decision decision) {
    if (result_.decisions.size() >= limits_.decisions) {
      result_.truncated = true;
      return;
    }
    const bool folded = is_folded(decision.rule.signal);
    result_.decisions.push_back({at, std::move(decision), folded});
  }
  bool is_folded(const std::string& signal) const {
    return std::any_of(cursors_.begin(), cursors_.end(), [&](const Cursor& c) {
      const bool same =
          c.series->signal == signal || (c.series->subject == subject_ && signal == "cpu_usage");
      return same && c.last != nullptr && c.last->folded;
    });
  }

  // What a mean hides.
  void find_possible() {
    for (const Cursor& c : cursors_) {
      const std::string& signal = c.series->signal;
      if (c.series->subject.starts_with(kMacro) && c.series->subject != subject_) continue;
      for (const monitor::Aggregate& a : c.series->aggregates) {
        const bool used = std::any_of(c.points.begin(), c.points.end(), [&](const Point& p) {
          return p.folded && p.at >= a.from && p.at <= a.to;
        });
        std::string window;
        const auto limit = used ? limit_of(signal, profile_at(a.from, window)) : std::nullopt;
        if (!limit) continue;
        const bool low = signal == "fps" || signal == "tick_ratio";
        const double worst = low ? a.min : a.max;
        const bool hidden =
            low ? a.min < *limit && a.avg >= *limit : a.max > *limit && a.avg <= *limit;
        if (!hidden) continue;
        if (result_.possible.size() >= limits_.possible) {
          result_.truncated = true;
          return;
        }
        result_.possible.push_back({a.from, a.to, signal, worst, *limit});
      }
    }
    window_until_ = WallTime::min();
  }
  std::optional<double> limit_of(const std::string& signal, const MacroSafetyProfile& p) const {
    if (signal == "cpu_usage" || signal == "process_demand_pct") return p.thresholds.cpu_usage_max;
    if (signal == "memory_usage") return p.thresholds.memory_usage_max;
    if (signal == "fps") return p.thresholds.fps_min;
    if (signal == "tick_ratio") return input_.watch.tick_ratio_min;
    if (signal == "latency") return p.thresholds.latency_max;
    if (signal == "response_time") return p.thresholds.response_time_max;
    return std::nullopt;
  }

  void finish() {
    for (const Cursor& c : cursors_) {
      SignalCoverage cover{c.series->signal, c.series->subject, 0, 0, 0};
      for (const Point& p : c.points) (p.folded ? cover.folded : cover.samples) += 1;
      if (result_.evaluations > 0) {
        cover.known_share = static_cast<double>(c.known) / static_cast<double>(result_.evaluations);
      }
      result_.coverage.push_back(std::move(cover));
    }
    const double whole = std::chrono::duration<double>(input_.to - input_.from).count();
    const double known = std::chrono::duration<double>(known_time_).count();
    result_.unknown_share = whole > 0 ? std::clamp(1 - known / whole, 0.0, 1.0) : 1;
  }

  const SimulationInput& input_;
  const SimulationLimits limits_;
  MacroWatch watch_;
  std::vector<const Zone*> zones_;
  std::string subject_;
  std::vector<Cursor> cursors_;
  std::map<std::string, std::vector<Run>> runs_;            // By subject, in order of time.
  std::map<std::string, std::optional<WallTime>> watched_;  // Begin of the run that is watched.
  std::optional<WallTime> cancelled_;
  Snapshot snapshot_;
  std::string window_;
  WallTime window_until_ = WallTime::min();
  Nanos known_time_{0}, last_known_{0};
  SimulationResult result_;
};

}  // namespace

SimulationResult simulate(const SimulationInput& input, const SimulationLimits& limits) {
  return Simulator(input, limits).run();
}

}  // namespace gk::macros
