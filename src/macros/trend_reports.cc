#include "macros/trend_reports.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "base/json_writer.h"
#include "base/try.h"
#include "macros/rules/day_trend.h"
#include "macros/rules/metric_days.h"
#include "monitor/rules/snapshot_fields.h"

namespace gk::macros {
namespace {

// Source: the six triggers, without duration; the game's are those that links measure.
constexpr std::string_view kMachine[] = {"cpu_usage",  "memory_usage", "fps",
                                         "tick_ratio", "latency",      "response_time"};
constexpr std::string_view kGame[] = {"fps", "tick_ratio", "latency", "response_time"};
constexpr std::string_view kGameSubject = "game:";

using Values = std::vector<std::optional<double>>;

struct MacroDays {
  std::string id, name;
  Quarter named = 0;  // When it last ran under that name.
  Micros run_time{0};
  std::vector<std::optional<QuarterTally>> days;
};

struct MetricRow {
  std::string metric, game;
  std::vector<std::optional<MetricDay>> days;
};

double seconds(Micros time) { return std::chrono::duration<double>(time).count(); }

void write_trend(JsonWriter& w, std::string_view name, Values values) {
  if (!values.empty()) values.back().reset();  // Today is not over: its sums would seem to fall.
  w.key(name);
  const auto trend = day_trend(values);
  if (!trend) {
    w.null();
    return;
  }
  w.begin_object().field("direction", direction_name(trend->direction));
  w.field("per_day", trend->per_day).end_object();
}

void write_day(JsonWriter& w, const QuarterTally& t) {
  w.begin_object().field("runs", t.runs).field("run_time_s", seconds(t.run_time));
  w.field("commands", t.commands).field("commands_failed", t.commands_failed);
  w.field("warnings", t.warnings).field("throttles", t.throttles).field("pauses", t.pauses);
  w.field("cancellations", t.cancelled()).key("cancellations_by_rule").begin_object();
  for (const auto& [rule, count] : t.cancellations) w.field(rule, count);
  w.end_object().field("demand_pct", t.demand_mean_pct());
  w.field("demand_peak_pct", t.demand_peak_pct);
  w.field("memory_peak_pct", t.memory_peak_pct).end_object();
}

void write_macro(JsonWriter& w, const MacroDays& macro) {
  w.begin_object().field("macro_id", macro.id);
  w.field("macro_name", macro.name.empty() ? macro.id : macro.name).key("days").begin_array();
  for (const auto& day : macro.days) {
    if (day) write_day(w, *day);
    if (!day) w.null();
  }
  w.end_array().key("trend").begin_object();
  const auto row = [&](std::string_view name, auto value) {
    Values values;
    for (const auto& day : macro.days) {
      values.push_back(day ? std::optional<double>(value(*day)) : std::nullopt);
    }
    write_trend(w, name, std::move(values));
  };
  using Tally = const QuarterTally&;
  row("run_time_s", [](Tally t) { return seconds(t.run_time); });
  row("commands", [](Tally t) { return static_cast<double>(t.commands); });
  row("warnings", [](Tally t) { return static_cast<double>(t.warnings); });
  row("cancellations", [](Tally t) { return static_cast<double>(t.cancelled()); });
  row("demand_pct", [](Tally t) { return t.demand_mean_pct(); });
  row("memory_peak_pct", [](Tally t) { return t.memory_peak_pct; });
  w.end_object().end_object();
}

void write_metric(JsonWriter& w, const MetricRow& row) {
  const monitor::SnapshotField* field = monitor::find_field(row.metric);
  w.begin_object().field("metric", row.metric).key("game");
  w.value(row.game.empty() ? std::nullopt : std::optional(row.game));
  w.field("unit", field == nullptr ? "" : field->unit).key("days").begin_array();
  Values means;
  for (const auto& day : row.days) {
    means.push_back(day ? std::optional(day->mean) : std::nullopt);
    if (!day) {
      w.null();
      continue;
    }
    w.begin_object().field("count", day->count).field("mean", day->mean).field("min", day->min);
    w.field("max", day->max).field("coverage", day->coverage).end_object();
  }
  w.end_array();
  write_trend(w, "trend", std::move(means));
  w.end_object();
}

}  // namespace

struct TrendReports::Job {
  TrendRequest request;
  std::vector<Done> askers;
  std::optional<DayRow> days;
  // By id. Filled on the pool, read on the loop and the pool later: one step at a time.
  std::map<std::string, MacroDays, std::less<>> macros;
  std::vector<Micros> daemon_ran;                           // By day.
  std::optional<Quarter> daemon_counted;                    // Since when that is counted.
  std::vector<std::pair<std::string, std::string>> wanted;  // Signal, game.
  std::size_t next = 0;
  std::vector<MetricRow> metrics;
  std::string json;

  void add(const TallyKey& key, std::string_view name, const QuarterTally& tally) {
    const auto day = days->index(quarter_start(key.quarter));
    if (key.macro_id.empty()) {
      daemon_counted = std::min(daemon_counted.value_or(key.quarter), key.quarter);
      daemon_ran.resize(days->size());
      if (day) daemon_ran[*day] += tally.run_time;
      return;
    }
    if (!day) return;
    auto found = macros.find(key.macro_id);
    if (found == macros.end()) {
      found = macros.emplace(key.macro_id, MacroDays{key.macro_id, {}, 0, {}, {}}).first;
      found->second.days.resize(days->size());
    }
    MacroDays& macro = found->second;
    if (!name.empty() && key.quarter >= macro.named) {
      macro.name = name;
      macro.named = key.quarter;
    }
    macro.run_time += tally.run_time;
    if (!macro.days[*day]) macro.days[*day].emplace();
    add_tally(*macro.days[*day], tally);
  }

  // The share of each day; null: nothing tells, it was before that was counted.
  void write_daemon(JsonWriter& w) const {
    w.key("daemon_ran").begin_array();
    for (std::size_t i = 0; i < days->size(); ++i) {
      const WallTime since = daemon_counted ? quarter_start(*daemon_counted) : WallTime::max();
      const auto first = days->index(since);
      const Micros length = days->length(i);
      const bool known = length > Micros(0) && (since < days->from() || (first && *first <= i));
      if (!known) {
        w.null();
        continue;
      }
      w.value(std::min(1.0, seconds(daemon_ran[i]) / seconds(length)));
    }
    w.end_array();
  }

  void write(std::size_t most) {
    std::vector<const MacroDays*> order;
    for (const auto& [id, macro] : macros) order.push_back(&macro);
    std::stable_sort(order.begin(), order.end(),
                     [](const auto* a, const auto* b) { return a->run_time > b->run_time; });
    const bool truncated = order.size() > most;
    order.resize(std::min(order.size(), most));
    JsonWriter w(json);
    w.begin_object().field("from", days->from()).field("to", days->to());
    w.field("time_zone", days->zone().name).key("days").begin_array();
    for (std::size_t i = 0; i < days->size(); ++i) w.value(days->text(i));
    w.end_array();
    write_daemon(w);
    w.field("truncated", truncated).key("macros").begin_array();
    for (const MacroDays* macro : order) write_macro(w, *macro);
    w.end_array().key("metrics").begin_array();
    for (const MetricRow& row : metrics) write_metric(w, row);
    w.end_array().end_object();
  }
};

TrendReports::TrendReports(net::Loop& loop, WorkerPool& pool, const Clock& clock,
                           TrendSources sources, TrendReportLimits limits)
    : loop_(loop), pool_(pool), clock_(clock), sources_(std::move(sources)), limits_(limits) {}

void TrendReports::run(TrendRequest request, Done done) {
  for (const JobPtr& job : queue_) {
    if (job->request == request) return job->askers.push_back(std::move(done));
  }
  if (queue_.size() > limits_.waiting) {
    return done(Error{Errc::resource_exhausted, "too many trend reports wait; try again"});
  }
  auto job = std::make_shared<Job>();
  job->request = std::move(request);
  job->askers.push_back(std::move(done));
  queue_.push_back(job);
  if (queue_.size() == 1) begin(job);
}

// Runs `work` on the pool, then `then` on the loop; an error ends the job.
void TrendReports::off_loop(const JobPtr& job, std::function<Result<void>(Job&)> work, Step then) {
  const auto posted = pool_.post(
      [this, job, work = std::move(work), then, &loop = loop_, alive = std::weak_ptr<int>(alive_)] {
        loop.post([this, job, alive, then, outcome = work(*job)] {
          if (alive.expired()) return;
          if (!outcome) return end(job, outcome.error());
          (this->*then)(job);
        });
      });
  if (!posted) end(job, posted.error());
}

// Reading the system's zones blocks.
void TrendReports::begin(const JobPtr& job) {
  off_loop(
      job,
      [zone = sources_.zone, local = sources_.local_zone,
       now = clock_.wall()](Job& j) -> Result<void> {
        const bool given = !j.request.time_zone.empty();
        GK_TRY(Zone found, zone(given ? j.request.time_zone : local()));
        j.days.emplace(std::move(found), now, j.request.days);
        return {};
      },
      &TrendReports::load_tallies);
}

void TrendReports::load_tallies(const JobPtr& job) {
  // What is not on disk yet is written first; where that fails, the report lacks the newest.
  sources_.tallies.flush([this, job, alive = std::weak_ptr<int>(alive_)](const Result<void>&) {
    if (alive.expired()) return;
    sources_.store.scan(
        {.from = quarter_of(job->days->from()),
         .to = quarter_of(job->days->to()),
         .macro_id = job->request.macro_id,
         .game = job->request.game,
         .macros = static_cast<std::int64_t>(limits_.macros) + 1},
        [job](const TallyKey& key, std::string_view name, const QuarterTally& tally) {
          job->add(key, name, tally);
        },
        [this, job, alive](const Result<void>& read) {
          if (alive.expired()) return;
          if (!read) return end(job, read.error());
          const std::string& game = job->request.game;
          std::vector<std::string> games = sources_.games();
          std::sort(games.begin(), games.end());
          if (!game.empty()) games = {game};
          if (games.size() > limits_.games) games.resize(limits_.games);
          for (const auto metric : kMachine) {
            if (game.empty()) job->wanted.emplace_back(metric, "");
          }
          for (const auto& name : games) {
            for (const auto metric : kGame) job->wanted.emplace_back(metric, name);
          }
          load_metrics(job);
        });
  });
}

// One series at a time: a machine's month of all of them together would be large.
void TrendReports::load_metrics(const JobPtr& job) {
  if (job->next == job->wanted.size()) return write(job);
  const auto& next = job->wanted[job->next++];
  const auto& metric = next.first;
  const auto& game = next.second;
  const std::string subject = game.empty() ? "" : std::string(kGameSubject) + game;
  sources_.observer.history(
      metric, subject, job->days->from(), job->days->to(),
      [this, job, metric = metric, game = game,
       alive = std::weak_ptr<int>(alive_)](Result<RecordedSeries> found) {
        if (alive.expired()) return;
        if (!found) return end(job, found.error());
        if (found->raw.empty() && found->aggregates.empty()) return load_metrics(job);
        // Shared: the task is copied.
        const auto series = std::make_shared<const RecordedSeries>(std::move(*found));
        off_loop(
            job,
            [series, metric, game](Job& j) -> Result<void> {
              j.metrics.push_back({metric, game, fold_metric(*series, *j.days)});
              return {};
            },
            &TrendReports::load_metrics);
      });
}

void TrendReports::write(const JobPtr& job) {
  off_loop(
      job,
      [most = limits_.macros](Job& j) -> Result<void> {
        j.write(most);
        return {};
      },
      &TrendReports::answer);
}

void TrendReports::answer(const JobPtr& job) { end(job, std::move(job->json)); }

void TrendReports::end(const JobPtr& job, const Result<std::string>& result) {
  queue_.pop_front();  // It is the first.
  if (!queue_.empty()) {
    loop_.post([this, next = queue_.front(), alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired()) begin(next);
    });
  }
  for (const Done& done : job->askers) done(result);
}

}  // namespace gk::macros
