#include "monitor/rules/performance.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gk::monitor {

std::string_view issue_kind_name(IssueKind kind) {
  switch (kind) {
    case IssueKind::stutter: return "stutter";
    case IssueKind::low_fps: return "low_fps";
    case IssueKind::memory_pressure: break;
  }
  return "memory_pressure";
}

std::string_view severity_name(IssueSeverity severity) {
  switch (severity) {
    case IssueSeverity::low: return "low";
    case IssueSeverity::medium: return "medium";
    case IssueSeverity::high: break;
  }
  return "high";
}

std::optional<IssueSeverity> stutter_severity(double frame_ms) {
  if (frame_ms > 300) return IssueSeverity::high;
  if (frame_ms > 200) return IssueSeverity::medium;
  if (frame_ms > 100) return IssueSeverity::low;
  return std::nullopt;
}

std::optional<IssueSeverity> low_fps_severity(double fps) {
  if (fps < 15) return IssueSeverity::high;
  if (fps < 25) return IssueSeverity::medium;
  if (fps < 30) return IssueSeverity::low;
  return std::nullopt;
}

std::optional<IssueSeverity> memory_severity(double memory_pct) {
  if (memory_pct >= 90) return IssueSeverity::high;
  if (memory_pct > 80) return IssueSeverity::medium;
  return std::nullopt;
}

double performance_score(double fps, double frame_ms, double memory_pct) {
  const double rate = 0.6 * std::min(100.0, fps / 60.0 * 100.0);
  const double pace = 0.3 * std::max(0.0, 100.0 - (frame_ms - 16.67) * 2.0);
  const double room = 0.1 * (100.0 - memory_pct);
  return std::clamp(rate + pace + room, 0.0, 100.0);
}

Signal score_signal(const Signal& fps, const Signal& memory_pct, MonoTime now, WallTime wall) {
  if (!fps.is_known(now)) {
    return Signal::unknown("needs a frame rate: " + std::string(state_name(fps.state(now))), now,
                           wall);
  }
  if (!memory_pct.is_known(now)) return Signal::unknown("needs memory_usage", now, wall);
  if (fps.value() <= 0) return Signal::known(0, fps.at(), fps.wall_at(), fps.period());
  const double score = performance_score(fps.value(), 1000.0 / fps.value(), memory_pct.value());
  return Signal::known(score, fps.at(), fps.wall_at(), fps.period());
}

void FrameTracker::add(double frame_ms) {
  if (std::isfinite(frame_ms) && frame_ms > 0) frames_.push(frame_ms);
}

std::optional<double> FrameTracker::frame_ms() const {
  const std::size_t n = std::min(frames_.size(), kRateFrames);
  if (n == 0) return std::nullopt;
  double sum = 0;
  for (std::size_t i = frames_.size() - n; i < frames_.size(); ++i) sum += frames_[i];
  return sum / static_cast<double>(n);
}

std::optional<double> FrameTracker::fps() const {
  const auto mean = frame_ms();
  return mean ? std::optional(1000.0 / *mean) : std::nullopt;
}

PerformanceContext::PerformanceContext(std::string subject, SampleSource source)
    : subject_(std::move(subject)), source_(source) {}

void PerformanceContext::on_frame(double frame_ms, MonoTime now) {
  if (!std::isfinite(frame_ms) || frame_ms <= 0) return;
  frames_.add(frame_ms);
  if (const auto severity = stutter_severity(frame_ms)) {
    raise(IssueKind::stutter, *severity, frame_ms, now);
  }
  // One long frame among the first few says nothing about the rate.
  if (frames_.settled()) on_fps(*frames_.fps(), now);
}

void PerformanceContext::on_fps(double fps, MonoTime now) {
  if (!std::isfinite(fps) || fps < 0) return;
  edge(IssueKind::low_fps, low_fps_severity(fps), fps_state_, fps, now);
}

void PerformanceContext::on_memory(double memory_pct, MonoTime now) {
  if (!std::isfinite(memory_pct)) return;
  // It lasts for minutes: without a reminder it would look over after the window. A reading that
  // is due when the window ends may come late, so the reminder is not left until then.
  if (memory_state_ && now - memory_raised_ >= kIssueWindow / 2) memory_state_.reset();
  const std::uint64_t before = raised_;
  edge(IssueKind::memory_pressure, memory_severity(memory_pct), memory_state_, memory_pct, now);
  if (raised_ > before) memory_raised_ = now;
}

void PerformanceContext::edge(IssueKind kind, std::optional<IssueSeverity> severity,
                              std::optional<IssueSeverity>& state, double value, MonoTime now) {
  if (!severity) {
    state.reset();
    return;
  }
  if (!state || *severity > *state) {
    raise(kind, *severity, value, now);
    state = severity;
  }
}

void PerformanceContext::raise(IssueKind kind, IssueSeverity severity, double value, MonoTime now) {
  ++raised_;
  issues_.push({.kind = kind,
                .severity = severity,
                .source = source_,
                .subject = subject_,
                .value = value,
                .at = now});
}

std::vector<PerformanceIssue> PerformanceContext::issues(MonoTime now) const {
  std::vector<PerformanceIssue> out;
  for (std::size_t i = 0; i < issues_.size(); ++i) {
    if (now - issues_[i].at < kIssueWindow && issues_[i].at <= now) out.push_back(issues_[i]);
  }
  return out;
}

}  // namespace gk::monitor
