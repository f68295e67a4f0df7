// smart.h: the two published SmartAntiCheat rule sets, exact. UNSAFE: for migration and comparison.
//
// Both widen their limits with performance that the *client* reports: a client that claims to
// stutter may move three times as fast, and honest slow machines fail on low confidence alone.
// Nothing here feeds the bounded referee. IEEE doubles in the order of the original sources
// (KnutGame: SmartAntiCheat.ts, SmartAntiCheatService.cs, AntiCheatService.cs), quirks included.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gk::referee {

enum class IssueType : std::uint8_t { stutter, low_fps, memory_pressure };

/// A performance problem as the client reported it. Times in ms.
struct SmartIssue {
  IssueType type = IssueType::stutter;
  int severity = 1;  ///< 1 low, 2 medium, 3 high.
  double timestamp = 0;
  double duration = 0;
};

/// `memory_events` is a count of its own: the original keeps it beside the issues.
struct SmartContext {
  double average_fps = 60;
  double score = 100;
  int memory_events = 0;
  std::vector<SmartIssue> issues;
};

/// Source of both sets of defaults: KnutGame (TypeScript; C#).
struct SmartOptions {
  double speed_tolerance = 1.5;
  double proximity_tolerance = 60;
  bool adjust = true;
  double confidence_threshold = 0.7;
  double stutter_tolerance_ms = 150;
  double low_fps = 30;

  static SmartOptions typescript() { return {}; }
  static SmartOptions csharp() { return {1.2, 48, true, 0.8, 100, 30}; }
};

/// PerformanceAdjustment of the original.
struct SmartAdjustment {
  double stutter_tolerance = 0, speed = 1, proximity = 1, time_extension = 0;
};

/// ValidationResult of the original; `reason` is empty where the original has none.
struct SmartResult {
  bool valid = true;
  std::string reason;
  double confidence = 1;
  bool adjusted = false;
  bool details = false;
};

/// Only these two fields of the original's MovementValidation are read.
struct SmartMove {
  double timestamp = 0;
  double deviation = 0;
};

SmartAdjustment smart_ts_adjustment(const SmartContext& context, const SmartOptions& options);
double smart_ts_confidence(const SmartContext& context, const SmartOptions& options, double now);
/// The TypeScript rule set. Cost: O(moves * issues).
SmartResult smart_ts_validate(std::span<const SmartMove> moves, const SmartContext& context,
                              const SmartOptions& options, double now);

/// One run of the C# game. Times in ms.
struct SmartRun {
  struct Move {
    double t = 0, x = 0;
  };
  struct Item {
    double t = 0;
    std::string id;
    double x = 0, y = 0;
  };
  double duration = 0, width = 0, height = 0;
  std::vector<Move> moves;
  std::vector<double> hits;
  std::vector<Item> items;
};

SmartAdjustment smart_cs_adjustment(const SmartContext& context, const SmartOptions& options);
/// The C# base rules: the reason, or empty.
std::string smart_cs_base(const SmartRun& run);
/// The C# rule set over its base rules.
SmartResult smart_cs_validate(const SmartRun& run, const SmartContext& context,
                              const SmartOptions& options);

/// ContextBuilder of the original: a window of reports. Future timestamps are never dropped, and
/// an FPS or score of 0 becomes 60 or 100. At most `kMaxIssues` are kept (the original: no limit).
class SmartContextBuilder {
 public:
  static constexpr std::size_t kMaxIssues = 1024;  // Source: chosen; oldest goes.
  explicit SmartContextBuilder(double window_ms = 5000) : window_ms_(window_ms) {}
  void add(const SmartIssue& issue, double now);
  SmartContext build(double fps, double score, double now) const;

 private:
  double window_ms_;
  std::vector<SmartIssue> issues_;
};

/// Score of the original's monitor: not capped at 100. `memory`: fraction 0..1.
double smart_score(double fps, double frame_ms, double memory);
/// Severity, 1..3, as the monitor and (differently) the detector decide it; 0 = no issue.
int smart_monitor_severity(IssueType type, double value);
int smart_detector_severity(IssueType type, double value);

}  // namespace gk::referee
