#include "macros/evidence.h"

#include <algorithm>
#include <cmath>

#include "base/json_writer.h"

namespace gk::macros {
namespace {

struct SignalInfo {
  std::string_view name, unit;
  monitor::Signal monitor::Snapshot::* field;
};
constexpr std::array<SignalInfo, 7> kSignalInfo{{
    {"cpu_usage", "%", &monitor::Snapshot::cpu_usage},
    {"memory_usage", "%", &monitor::Snapshot::memory_usage},
    {"fps", "1/s", &monitor::Snapshot::fps},
    {"tick_ratio", "ratio", &monitor::Snapshot::tick_ratio},
    {"latency", "ms", &monitor::Snapshot::latency},
    {"response_time", "ms", &monitor::Snapshot::response_time},
    {"psi_cpu", "%", &monitor::Snapshot::psi_cpu},
}};
constexpr std::string_view kSubjectPrefix = "macro:";

// Three decimals are enough to read a curve and halve its text.
double rounded(double value) { return std::round(value * 1000) / 1000; }

void write_rule(JsonWriter& w, const CaseFile& file) {
  w.key("rule").begin_object();
  w.field("signal", file.rule.signal).field("enter", file.rule.enter);
  w.field("leave", file.rule.leave).field("for_s", file.rule.for_s);
  w.field("min_samples", file.rule.min_samples).field("limit", file.rule.enter);
  w.field("measured", file.rule.measured).field("value", file.value);
  w.field("profile", file.profile).field("safety_level", level_name(file.safety_level));
  w.key("window");
  w.value(file.rule.window.empty() ? std::nullopt : std::optional(file.rule.window));
  w.end_object();
}

void write_culprit(JsonWriter& w, const CaseFile& file) {
  w.key("culprit");
  if (!file.verdict) {
    w.null();  // A rule on the macro's own behaviour: there was nobody else to suspect.
    return;
  }
  const Verdict& v = *file.verdict;
  w.begin_object();
  const double score = v.culprit ? v.scores[*v.culprit].score : 0;
  // False: a rule on its own behaviour convicts by itself, the others are for comparison.
  w.field("needed", v.culprit.has_value());
  w.field("score", rounded(score)).field("margin", rounded(v.margin));
  w.field("threshold", v.threshold);
  w.key("candidates").begin_array();
  for (const auto& s : v.scores) {
    w.begin_object().field("macro_id", s.macro_id).field("score", rounded(s.score));
    w.field("demand_pct", s.demand_pct).field("share", rounded(s.share)).end_object();
  }
  w.end_array().end_object();
}

void write_decision(JsonWriter& w, const CaseFile& file) {
  w.key("decision").begin_object().field("at", file.decided_wall).key("steps").begin_array();
  for (const Step& step : file.steps) {
    w.begin_object().field("at", step.wall).field("what", step.what);
    w.field("offset_ms",
            rounded(std::chrono::duration<double, std::milli>(step.at - file.decided_at).count()));
    w.field("result", step.result).end_object();
  }
  w.end_array().end_object();
}

}  // namespace

EvidenceRecorder::EvidenceRecorder(EvidenceLimits limits, double memory_total_bytes)
    : limits_(limits), memory_total_bytes_(memory_total_bytes), samples_(limits.max_samples) {
  static_assert(kSignalInfo.size() == kSignals);
}

void EvidenceRecorder::add(const monitor::Snapshot& snapshot, MonoTime now) {
  Sample sample;
  sample.at = snapshot.at;
  for (std::size_t i = 0; i < kSignals; ++i) {
    const monitor::Signal& signal = snapshot.*kSignalInfo[i].field;
    if (signal.is_known(now)) sample.values[i] = static_cast<float>(signal.value());
  }
  for (const auto& [subject, process] : snapshot.processes) {
    if (!subject.starts_with(kSubjectPrefix)) continue;
    Own own{subject.substr(kSubjectPrefix.size()), {}, {}, {}};
    // As the rule counts them: without the worker, and only while the count is fresh.
    if (process.threads.is_known(now) && process.processes > 0) {
      own.processes = static_cast<float>(process.processes - 1);
    }
    if (process.demand_pct.is_known(now)) {
      own.demand_pct = static_cast<float>(process.demand_pct.value());
    }
    if (process.rss_bytes.is_known(now) && memory_total_bytes_ > 0) {
      own.memory_share_pct =
          static_cast<float>(100 * process.rss_bytes.value() / memory_total_bytes_);
    }
    sample.own.push_back(std::move(own));
  }
  samples_.push(std::move(sample));
}

std::string EvidenceRecorder::write(const CaseFile& file) const {
  std::string out;
  JsonWriter w(out);
  w.begin_object();
  write_rule(w, file);
  write_culprit(w, file);
  write_decision(w, file);
  w.key("series").begin_array();
  const auto series = [&](std::string_view name, std::string_view unit, auto value_of) {
    w.begin_object().field("signal", name).field("unit", unit).key("limit");
    if (name == file.rule.measured) {
      w.value(file.rule.enter);
    } else {
      w.null();
    }
    w.key("points").begin_array();
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      const Nanos offset = samples_[i].at - file.decided_at;
      if (offset < -limits_.before || offset > limits_.after) continue;
      w.begin_array().value(rounded(std::chrono::duration<double>(offset).count()));
      const std::optional<float> value = value_of(samples_[i]);
      if (value) {
        w.value(rounded(static_cast<double>(*value)));
      } else {
        w.null();
      }
      w.end_array();
    }
    w.end_array().end_object();
  };
  for (std::size_t s = 0; s < kSignals; ++s) {
    series(kSignalInfo[s].name, kSignalInfo[s].unit,
           [&](const Sample& sample) { return sample.values[s]; });
  }
  const auto own_series = [&](std::string_view name, std::string_view unit,
                              std::optional<float> Own::* member) {
    series(name, unit, [&](const Sample& sample) -> std::optional<float> {
      for (const Own& own : sample.own) {
        if (own.macro_id == file.macro_id) return own.*member;
      }
      return std::nullopt;
    });
  };
  own_series("demand_pct", "% of one core", &Own::demand_pct);
  // The others are for every case; this one would be a flat line in most.
  if (file.rule.measured == "processes") own_series("processes", "1", &Own::processes);
  own_series("memory_share_pct", "% of the memory", &Own::memory_share_pct);
  w.end_array().end_object();
  return out;
}

}  // namespace gk::macros
