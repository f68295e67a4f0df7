// evidence.h: what the signals did round a decision, so that it can be checked and replayed.
//
// A recorder keeps the last 90 s of samples all the time, because nobody knows beforehand which of
// them will matter. A case file is opened at a decision and written when it is complete.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ring.h"
#include "gamekeeper/time.h"
#include "macros/rules/macro_watch.h"
#include "monitor/rules/snapshot.h"

namespace gk::macros {

/// Source: macros specification: −60 s to +30 s; 10 Hz and some room.
struct EvidenceLimits {
  Millis before{60'000};
  Millis after{30'000};
  std::size_t max_samples = 1'000;  ///< In the recorder; the oldest loses.
};

/// What was done, when, and with what result.
struct Step {
  MonoTime at{};
  WallTime wall{};
  std::string what;    ///< "fence", "signal KILL", "gone", …
  std::string result;  ///< "ok" or an error.
};

/// Everything about one decision but the samples.
struct CaseFile {
  std::string event_id;
  std::string macro_id;
  MonoTime decided_at{};
  WallTime decided_wall{};
  RuleFacts rule;
  std::optional<double> value;  ///< That broke the rule; nothing: there was no rule.
  std::string profile;          ///< Id of the macro's profile.
  SafetyLevel safety_level = SafetyLevel::risky;
  CulpritSettings culprit_settings;
  std::optional<Verdict> verdict;
  std::vector<Step> steps;  ///< At most 32.
};

/// Thread: compatible.
class EvidenceRecorder {
 public:
  /// `memory_total_bytes` 0: the macros' shares of the memory are unknown.
  explicit EvidenceRecorder(EvidenceLimits limits = {}, double memory_total_bytes = 0);

  /// Keeps the known values of a snapshot.
  void add(const monitor::Snapshot& snapshot, MonoTime now);

  /// `{rule, culprit, decision, series}` with the samples from `before` to `after` the decision, as
  /// far as they have been recorded.
  std::string write(const CaseFile& file) const;

 private:
  static constexpr std::size_t kSignals = 7;
  struct Own {
    std::string macro_id;
    std::optional<float> demand_pct, memory_share_pct, processes;
  };
  struct Sample {
    MonoTime at{};
    std::array<std::optional<float>, kSignals> values;
    std::vector<Own> own;
  };
  EvidenceLimits limits_;
  double memory_total_bytes_;
  Ring<Sample> samples_;
};

}  // namespace gk::macros
