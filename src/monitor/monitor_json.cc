#include "monitor/monitor_json.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "monitor/rules/performance.h"
#include "monitor/rules/snapshot_fields.h"

namespace gk::monitor {
namespace {

// Source: chosen, the resolution in which staleness shows without a new snapshot.
constexpr Nanos kMaxBodyAge = Seconds(1);

// Issues of one subject in an answer, the newest. Source: chosen; 256 subjects stay below 0.5 MB.
constexpr std::size_t kMaxIssuesShown = 16;

constexpr std::array<const char*, 5> kHistoryFields = {"cpu_usage", "memory_usage", "fps",
                                                       "latency", "response_time"};

std::optional<double> number(const Signal& signal, MonoTime now) {
  return signal.is_known(now) ? std::optional(signal.value()) : std::nullopt;
}

void write_current(JsonWriter& w, const Snapshot& snapshot, MonoTime now) {
  for (std::size_t i = 0; i < kCurrentFields; ++i) {
    w.key(kSnapshotFields[i].name);
    write_signal(w, snapshot.*kSnapshotFields[i].member, now);
  }
  w.key("score");
  write_signal(w, score_signal(snapshot.fps, snapshot.memory_usage, now, snapshot.wall), now);
}

void write_averages(JsonWriter& w, const History& history, MonoTime now) {
  w.key("averages").begin_object();
  for (std::size_t i = 0; i < kCurrentFields; ++i) {
    const Average average = history.average(kSnapshotFields[i].member, kAverageWindow, now);
    w.key(kSnapshotFields[i].name)
        .begin_object()
        .field("value", average.value)
        .field("samples_used", average.samples_used)
        .field("samples_total", average.samples_total)
        .field("window_s", std::chrono::duration_cast<Seconds>(average.window).count())
        .end_object();
  }
  w.end_object();
}

void write_history(JsonWriter& w, const History& history) {
  w.key("history").begin_array();
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Snapshot& snapshot = *history[i];
    w.begin_object().field("at", snapshot.wall);
    for (const char* name : kHistoryFields) {
      w.field(name, number(snapshot.*find_field(name)->member, snapshot.at));
    }
    w.end_object();
  }
  w.end_array();
}

void write_issues(JsonWriter& w, const std::vector<PerformanceIssue>& issues,
                  const Snapshot& snapshot) {
  w.field("issues_total", issues.size()).key("issues").begin_array();
  const std::size_t first = issues.size() - std::min(issues.size(), kMaxIssuesShown);
  for (std::size_t i = first; i < issues.size(); ++i) {
    const PerformanceIssue& issue = issues[i];
    const auto age = std::chrono::duration_cast<Micros>(snapshot.at - issue.at);
    w.begin_object().field("kind", issue_kind_name(issue.kind));
    w.field("severity", severity_name(issue.severity)).field("source", source_name(issue.source));
    w.field("value", issue.value).field("at", snapshot.wall - age).end_object();
  }
  w.end_array();
}

/// What is known of one subject, as one source tells it; either may be missing.
struct Subject {
  const Signal* fps = nullptr;
  const PerformanceContext* context = nullptr;
};

void write_subject(JsonWriter& w, const Subject& subject, const Snapshot& snapshot, MonoTime now) {
  const Signal fps = subject.fps != nullptr ? *subject.fps
                                            : Signal::unknown("fewer than 30 frames, or not sent",
                                                              snapshot.at, snapshot.wall);
  const bool paced = subject.context != nullptr && fps.is_known(now);
  w.key("fps");
  write_signal(w, fps, now);
  w.field("frame_ms", paced ? subject.context->frames().frame_ms() : std::nullopt).key("score");
  write_signal(w, score_signal(fps, snapshot.memory_usage, now, snapshot.wall), now);
  write_issues(
      w,
      subject.context != nullptr ? subject.context->issues(now) : std::vector<PerformanceIssue>(),
      snapshot);
}

void write_subjects(JsonWriter& w, const PerformanceSet& set, const Snapshot& snapshot,
                    MonoTime now) {
  std::map<std::pair<std::string_view, SampleSource>, Subject> subjects;
  for (const auto& sample : snapshot.external) {
    if (sample.signal == "fps") subjects[{sample.subject, sample.source}].fps = &sample.value;
  }
  set.each([&](const PerformanceContext& context) {
    subjects[{context.subject(), context.source()}].context = &context;
  });
  w.key("subjects").begin_array();
  for (const auto& [key, subject] : subjects) {
    w.begin_object().field("subject", key.first).field("source", source_name(key.second));
    write_subject(w, subject, snapshot, now);
    w.end_object();
  }
  w.end_array();
}

}  // namespace

void write_signal(JsonWriter& w, const Signal& signal, MonoTime now) {
  const SignalState state = signal.state(now);
  w.begin_object().key("value");
  if (signal.measured()) {
    w.value(signal.value());
  } else {
    w.null();
  }
  w.field("state", state_name(state)).key("reason");
  if (state == SignalState::unknown) {
    w.value(signal.reason());
  } else if (state == SignalState::stale) {
    w.value("older than three of its periods");
  } else {
    w.null();
  }
  w.key("at");
  if (signal.measured()) {
    w.value(signal.wall_at());
  } else {
    w.null();
  }
  w.end_object();
}

std::string sample_json(const Snapshot& snapshot, MonoTime now) {
  std::string out;
  out.reserve(4096);
  JsonWriter w(out);
  w.begin_object();
  write_current(w, snapshot, now);
  w.key("processes").begin_object();
  for (const auto& [subject, process] : snapshot.processes) {
    w.key(subject)
        .begin_object()
        .field("pid", process.root_pid)
        .field("cpu_pct", number(process.cpu_pct, now))
        .field("demand_pct", number(process.demand_pct, now))
        .field("rss_bytes", number(process.rss_bytes, now))
        .end_object();
  }
  w.end_object().end_object();
  return out;
}

std::string subjects_json(const Monitor& monitor, MonoTime now) {
  const auto snapshot = monitor.history().latest();
  std::string out;
  JsonWriter w(out);
  w.begin_object();
  write_subjects(w, monitor.performance(), snapshot ? *snapshot : Snapshot(), now);
  w.end_object();
  return out;
}

const std::string* SubjectsFrame::next(const Monitor& monitor, MonoTime now) {
  if (now < due_) return nullptr;
  std::string body = subjects_json(monitor, now);
  if (body == body_) return nullptr;
  due_ = now + kEvery;
  body_ = std::move(body);
  return &body_;
}

void write_aggregate(JsonWriter& w, const Aggregate& item) {
  w.begin_object().field("timestamp", item.from).field("from", item.from).field("to", item.to);
  w.field("count", item.count).field("min", item.min).field("max", item.max);
  w.field("avg", item.avg).field("p95", item.p95).field("p99", item.p99).end_object();
}

std::string series_json(std::string_view name, const Monitor::SeriesAnswer& answer,
                        SeriesDetail detail) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("name", name).field("unit", answer.unit).key("points").begin_array();
  for (const auto& point : answer.points) {
    w.begin_object().field("timestamp", point.at).field("value", point.value);
    if (point.min) w.field("min", *point.min).field("max", *point.max).field("avg", *point.avg);
    w.end_object();
  }
  w.end_array();
  if (detail == SeriesDetail::aggregates) {
    w.key("aggregates").begin_array();
    for (const auto& item : answer.aggregates) write_aggregate(w, item);
    w.end_array();
  }
  w.end_object();
  return out;
}

std::string metrics_json(const Metrics& metrics, std::string_view type, std::size_t skip,
                         std::size_t limit) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("items").begin_array();
  std::size_t index = 0, written = 0;
  bool more = false;
  for (const auto& sample : metrics.samples()) {
    if (!type.empty() && sample.type != type) continue;
    if (index++ < skip) continue;
    if (written == limit) {
      more = true;
      break;
    }
    ++written;
    w.begin_object().field("name", sample.name).field("type", sample.type);
    w.field("help", sample.help).key("labels").begin_object();
    for (const auto& [key, value] : sample.labels) w.field(key, value);
    w.end_object().field("value", sample.value).end_object();
  }
  w.end_array().key("next_cursor");
  if (more) {
    w.value(std::to_string(skip + written));
  } else {
    w.null();
  }
  w.end_object();
  return out;
}

const std::string& PerformanceBody::get(const Monitor& monitor, MonoTime now) {
  const auto snapshot = monitor.history().latest();
  const std::uint64_t current = snapshot ? snapshot->number : 0;
  if (!body_.empty() && current == number_ && now - made_ < kMaxBodyAge) return body_;
  number_ = current;
  made_ = now;
  body_.clear();
  JsonWriter w(body_);
  w.begin_object().key("current").begin_object();
  write_current(w, snapshot ? *snapshot : Snapshot(), now);
  w.end_object();
  write_averages(w, monitor.history(), now);
  write_history(w, monitor.history());
  write_subjects(w, monitor.performance(), snapshot ? *snapshot : Snapshot(), now);
  w.end_object();
  return body_;
}

}  // namespace gk::monitor
