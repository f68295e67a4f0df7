#include "macros/simulations.h"

#include <algorithm>

#include "base/json_writer.h"
#include "base/span.h"
#include "base/try.h"

namespace gk::macros {
namespace {

constexpr std::string_view kMacro = "macro:";
// Source: kSnapshotFields of the monitor; those that a rule looks at.
constexpr std::string_view kMachine[] = {"cpu_usage",  "memory_usage", "psi_cpu",      "fps",
                                         "tick_ratio", "latency",      "response_time"};
// Source: rules on the game.
constexpr std::string_view kGame[] = {"fps", "tick_ratio", "latency", "response_time"};
// Source: kProcessFields of the monitor.
constexpr std::string_view kProcess[] = {"process_demand_pct", "process_cpu_pct",
                                         "process_rss_bytes"};

std::string_view action_name(Decision::Action action) {
  using Action = Decision::Action;
  switch (action) {
    case Action::warn: return "warn";
    case Action::clear: return "clear";
    case Action::throttle: return "throttle";
    case Action::pause: return "pause";
    case Action::resume: return "resume";
    case Action::cancel: return "cancel";
    case Action::record: break;
  }
  return "record";
}

void write_decisions(JsonWriter& w, const SimulationResult& result) {
  w.key("decisions").begin_array();
  for (const SimulatedDecision& s : result.decisions) {
    const Decision& d = s.decision;
    w.begin_object().field("at", s.at).field("action", action_name(d.action));
    w.field("reason", d.reason).field("rule", trigger_name(d.rule.trigger));
    w.field("signal", d.rule.signal).field("value", d.value).field("limit", d.rule.enter);
    w.key("window").value(d.rule.window.empty() ? std::nullopt : std::optional(d.rule.window));
    w.field("forecast", d.forecast).field("from_aggregate", s.from_aggregate).end_object();
  }
  w.end_array().key("possible").begin_array();
  for (const PossibleBreach& p : result.possible) {
    w.begin_object().field("from", p.from).field("to", p.to).field("signal", p.signal);
    w.field("worst", p.worst).field("limit", p.limit).end_object();
  }
  w.end_array();
}

std::string_view source_name(LevelSource source) {
  switch (source) {
    case LevelSource::request: return "request";
    case LevelSource::last_run: return "last_run";
    case LevelSource::profile: break;
  }
  return "profile";
}

std::string result_json(const SimulationInput& input, LevelSource source,
                        const SimulationResult& result, std::size_t evidence) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("macro_id", input.profile.macro_id);
  w.field("safety_level", level_name(input.profile.safety_level));
  w.field("level_from", source_name(source));
  w.field("from", input.from).field("to", input.to);
  w.field("runs", result.runs).field("runs_recorded", result.runs_recorded);
  w.field("evaluations", result.evaluations).field("samples_used", result.samples_used);
  w.field("evidence_used", evidence).field("gaps", result.gaps);
  w.field("unknown_share", result.unknown_share).field("truncated", result.truncated);
  write_decisions(w, result);
  w.key("coverage").begin_array();
  for (const SignalCoverage& c : result.coverage) {
    if (c.samples + c.folded == 0) continue;
    w.begin_object().field("signal", c.signal).field("subject", c.subject);
    w.field("samples", c.samples).field("folded", c.folded);
    w.field("known_share", c.known_share).end_object();
  }
  w.end_array().end_object();
  return out;
}

// Puts the samples of `from` into `into`, unless it has raw ones of that time itself.
void add_samples(RecordedSeries& into, const RecordedSeries& from) {
  if (from.raw.empty()) return;
  const auto begin = std::lower_bound(into.raw.begin(), into.raw.end(), from.raw.front().at,
                                      [](const auto& s, WallTime t) { return s.at < t; });
  if (begin != into.raw.end() && begin->at <= from.raw.back().at) return;
  into.raw.insert(begin, from.raw.begin(), from.raw.end());
}

}  // namespace

struct Simulations::Job {
  SimulationInput input;
  LevelSource level_source = LevelSource::profile;
  std::vector<std::pair<std::string, std::string>> wanted;  // Signal, subject.
  std::size_t next = 0;
  std::vector<std::string> evidence;  // Ids of events.
  std::size_t evidence_used = 0;
  Done done;
  std::optional<PendingSpan> span;
};

Simulations::Simulations(net::Loop& loop, WorkerPool& pool, Observer& observer, MacroStore& store,
                         const ProfileBook& profiles,
                         std::function<const Ring<CancellationEvent>&()> events,
                         std::function<WatchSettings()> settings, Log& log, const Clock& clock,
                         SimulationsLimits limits)
    : loop_(loop),
      pool_(pool),
      observer_(observer),
      store_(store),
      profiles_(profiles),
      events_(std::move(events)),
      settings_(std::move(settings)),
      log_(log),
      clock_(clock),
      limits_(limits) {}

void Simulations::run(SimulateRequest request, Done done) {
  if (request.from >= request.to || request.to - request.from > limits_.longest) {
    return done(Error{Errc::invalid_argument, "from: expected a time before to, at most 7 days"});
  }
  if (busy_) return done(Error{Errc::resource_exhausted, "another simulation runs; try again"});
  busy_ = true;
  auto job = std::make_shared<Job>();  // Shared: the callbacks of its steps.
  job->done = std::move(done);
  job->span.emplace(clock_, "macros.simulate", request.correlation_id);
  SimulationInput& input = job->input;
  input.profile = std::move(request.profile);
  input.profile.dry_run = false;  // What would have been done is what is asked for.
  for (const Zone* zone : profiles_.zones(input.profile)) {
    input.zones.push_back(zone == nullptr ? Zone{} : *zone);
  }
  input.watch = settings_();
  input.watch.dry_run = false;
  job->level_source = request.level_source;
  input.means = std::move(request.means);
  input.from = request.from;
  input.to = request.to;
  const std::string own = std::string(kMacro) + input.profile.macro_id;
  for (const auto signal : kMachine) job->wanted.emplace_back(signal, "");
  for (const auto signal : kProcess) job->wanted.emplace_back(signal, own);
  for (const auto signal : kGame) {
    if (!input.means.game.empty()) job->wanted.emplace_back(signal, "game:" + input.means.game);
  }
  std::size_t others = 0;
  for (const std::string& subject : observer_.measured_macros()) {
    if (subject == own || ++others > limits_.others) continue;
    for (const auto signal : kProcess) job->wanted.emplace_back(signal, subject);
  }
  const auto& events = events_();
  for (std::size_t i = events.size(); i > 0 && job->evidence.size() < limits_.evidence; --i) {
    const CancellationEvent& e = events[i - 1];
    const bool in_time = e.timestamp >= input.from && e.timestamp <= input.to;
    if (in_time && e.macro_id == input.profile.macro_id) job->evidence.push_back(e.id);
  }
  load_next(job);
}

void Simulations::load_next(const std::shared_ptr<Job>& job) {
  if (job->next == job->wanted.size()) return load_evidence(job);
  const auto& [signal, subject] = job->wanted[job->next];
  observer_.history(signal, subject, job->input.from, job->input.to,
                    [this, job, alive = std::weak_ptr<int>(alive_)](Result<RecordedSeries> series) {
                      if (alive.expired()) return;
                      if (!series) return end(job, series.error());
                      auto& raw = series->raw;
                      if (raw.size() > limits_.samples) {
                        raw.erase(raw.begin(),
                                  raw.end() - static_cast<std::ptrdiff_t>(limits_.samples));
                        raw.shrink_to_fit();
                        job->input.from = std::max(job->input.from, raw.front().at);
                      }
                      job->input.series.push_back(std::move(*series));
                      ++job->next;
                      load_next(job);
                    });
}

void Simulations::load_evidence(const std::shared_ptr<Job>& job) {
  if (job->evidence.empty()) return work(job);
  const std::string id = job->evidence.back();
  job->evidence.pop_back();
  store_.load_evidence(
      id, [this, job, alive = std::weak_ptr<int>(alive_)](const Result<std::string>& json) {
        if (alive.expired()) return;
        // A case file that is gone or cannot be read only leaves the history coarser.
        const auto found = json ? read_evidence_series(*json, job->input.profile.macro_id)
                                : Result<std::vector<RecordedSeries>>(json.error());
        if (found) ++job->evidence_used;
        for (const RecordedSeries& extra : found ? *found : std::vector<RecordedSeries>()) {
          for (RecordedSeries& series : job->input.series) {
            if (series.signal == extra.signal && series.subject == extra.subject) {
              add_samples(series, extra);
            }
          }
        }
        load_evidence(job);
      });
}

void Simulations::work(const std::shared_ptr<Job>& job) {
  const auto posted = pool_.post([this, job, &loop = loop_, alive = std::weak_ptr<int>(alive_)] {
    std::string json =
        result_json(job->input, job->level_source, simulate(job->input), job->evidence_used);
    loop.post([this, job, alive, json = std::move(json)] {
      if (!alive.expired()) end(job, json);
    });
  });
  if (!posted) end(job, posted.error());
}

void Simulations::end(const std::shared_ptr<Job>& job, Result<std::string> result) {
  busy_ = false;
  job->span->end_with(log_, clock_, result);
  job->done(std::move(result));
}

Result<std::vector<RecordedSeries>> read_evidence_series(std::string_view json,
                                                         const std::string& macro_id) {
  const auto document =
      parse_json(json, {.max_depth = 8, .max_bytes = 4 << 20, .max_values = 200'000});
  const JsonValue* decision = document ? document->find("decision") : nullptr;
  const JsonValue* at = decision != nullptr ? decision->find("at") : nullptr;
  const JsonValue* list = document ? document->find("series") : nullptr;
  const auto decided = at != nullptr && at->is_string()
                           ? parse_rfc3339(at->as_string())
                           : Result<WallTime>(Error{Errc::data_loss, ""});
  if (!decided || list == nullptr || !list->is_array()) {
    return Error{Errc::data_loss, "stored evidence without series"};
  }
  std::vector<RecordedSeries> out;
  for (const JsonValue& item : list->as_array()) {
    const JsonValue* name = item.find("signal");
    const JsonValue* points = item.find("points");
    if (name == nullptr || !name->is_string() || points == nullptr || !points->is_array()) continue;
    const bool own = name->as_string() == "demand_pct";
    RecordedSeries series{own ? "process_demand_pct" : name->as_string(),
                          own ? std::string(kMacro) + macro_id : std::string(),
                          {},
                          {}};
    for (const JsonValue& point : points->as_array()) {
      if (!point.is_array() || point.as_array().size() != 2) continue;
      const JsonValue& offset = point.as_array()[0];
      const JsonValue& value = point.as_array()[1];
      if (!offset.is_number() || !value.is_number()) continue;
      series.raw.push_back({*decided + Micros(static_cast<std::int64_t>(offset.as_number() * 1e6)),
                            value.as_number()});
    }
    out.push_back(std::move(series));
  }
  return out;
}

}  // namespace gk::macros
