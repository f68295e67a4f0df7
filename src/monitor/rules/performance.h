// performance.h: the performance context that the referee and the macro rules consume: frame times,
// issues with who says so, and one score.
//
// A client's claim and our own measurement never mix: keep one PerformanceContext a subject and
// source, or read the source of each issue.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ring.h"
#include "gamekeeper/time.h"
#include "monitor/rules/snapshot.h"

namespace gk::monitor {

enum class IssueKind : std::uint8_t { stutter, low_fps, memory_pressure };
enum class IssueSeverity : std::uint8_t { low, medium, high };

std::string_view issue_kind_name(IssueKind kind);
std::string_view severity_name(IssueSeverity severity);

struct PerformanceIssue {
  IssueKind kind = IssueKind::stutter;
  IssueSeverity severity = IssueSeverity::low;
  SampleSource source = SampleSource::claim;
  std::string subject;
  double value = 0;  ///< Frame ms, frames a second or memory %, by kind.
  MonoTime at{};
};

/// Severity of one value; empty: no issue.
/// Source: monitor specification, Performance context.
std::optional<IssueSeverity> stutter_severity(double frame_ms);   ///< > 100, > 200, > 300 ms.
std::optional<IssueSeverity> low_fps_severity(double fps);        ///< < 30, < 25, < 15.
std::optional<IssueSeverity> memory_severity(double memory_pct);  ///< > 80 medium, >= 90 high.

/// 0..100, 100 best: 0.6·min(100, fps/60·100) + 0.3·max(0, 100 − (frame_ms − 16.67)·2)
/// + 0.1·(100 − memory %), clamped. Source: monitor specification, Performance context.
double performance_score(double fps, double frame_ms, double memory_pct);

/// The score of signals: unknown unless frame rate and memory are both known at `now`.
Signal score_signal(const Signal& fps, const Signal& memory_pct, MonoTime now, WallTime wall);

/// The last 120 frames of one subject.
/// Thread: compatible.  Cost: O(1) per frame, no allocation.
class FrameTracker {
 public:
  /// Requires: frame_ms > 0 and finite; ignored otherwise.
  void add(double frame_ms);
  /// 1000 / mean of the last 30 frames; empty before the first.
  std::optional<double> fps() const;
  /// Mean of the last 30 frames, ms.
  std::optional<double> frame_ms() const;
  /// True when the last 30 are all there.
  bool settled() const { return frames_.size() >= kRateFrames; }
  std::size_t size() const { return frames_.size(); }

  static constexpr std::size_t kFrames = 120;     // Source: monitor specification.
  static constexpr std::size_t kRateFrames = 30;  // Source: monitor specification.

 private:
  Ring<double> frames_{kFrames};
};

/// What went wrong lately for one subject, as told by one source.
/// Thread: compatible.
class PerformanceContext {
 public:
  PerformanceContext(std::string subject, SampleSource source);

  /// One frame took `frame_ms`: may raise `stutter` (each frame) and `low_fps` (edge).
  void on_frame(double frame_ms, MonoTime now);
  /// A frame rate without frame times: may raise `low_fps` (edge).
  void on_fps(double fps, MonoTime now);
  /// May raise `memory_pressure`: at the edge, and each half of a window while it lasts.
  void on_memory(double memory_pct, MonoTime now);

  /// Issues of the last 5 s, oldest first.
  std::vector<PerformanceIssue> issues(MonoTime now) const;
  /// How many were ever raised.
  std::uint64_t raised() const { return raised_; }
  /// The issue raised last (0), before it (1) and so on. Requires: back < kMaxIssues and raised().
  const PerformanceIssue& newest(std::size_t back) const {
    return issues_[issues_.size() - 1 - back];
  }
  const FrameTracker& frames() const { return frames_; }
  const std::string& subject() const { return subject_; }
  SampleSource source() const { return source_; }
  /// Issues pushed out of the bounded list before they were 5 s old.
  std::size_t dropped() const { return issues_.dropped(); }

  static constexpr Nanos kIssueWindow = Seconds(5);  // Source: monitor specification.
  static constexpr std::size_t kMaxIssues = 64;      // Source: chosen; 5 s of 12 stutters a second.

 private:
  void edge(IssueKind kind, std::optional<IssueSeverity> severity,
            std::optional<IssueSeverity>& state, double value, MonoTime now);
  void raise(IssueKind kind, IssueSeverity severity, double value, MonoTime now);

  std::string subject_;
  SampleSource source_;
  FrameTracker frames_;
  std::optional<IssueSeverity> fps_state_;  // Raised and not yet left.
  std::optional<IssueSeverity> memory_state_;
  MonoTime memory_raised_{};
  Ring<PerformanceIssue> issues_{kMaxIssues};
  std::uint64_t raised_ = 0;
};

}  // namespace gk::monitor
