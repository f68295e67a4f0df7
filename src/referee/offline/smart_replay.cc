#include "referee/offline/smart_replay.h"

#include <cmath>

namespace gk::referee {

SmartReplay::SmartReplay(const MoveProfile& profile, bool csharp)
    : scale_(200.0 / static_cast<double>(profile.max_speed)),
      csharp_(csharp),
      solid_(profile.space == Space::solid_3d) {}

void SmartReplay::note(const TraceEvent& event) {
  const double at = event.has(Num::c) ? event[Num::c] : event[Num::r];
  if (event.kind == TraceKind::metrics) {
    fps_ = event[Num::fps];
    score_ = event[Num::score];
  }
  if (event.kind != TraceKind::claim) return;
  const std::string_view type = event[Text::type];
  const std::string_view severity = event[Text::sev];
  context_.add({type == "low_fps"           ? IssueType::low_fps
                : type == "memory_pressure" ? IssueType::memory_pressure
                                            : IssueType::stutter,
                severity == "high"     ? 3
                : severity == "medium" ? 2
                                       : 1,
                at, event[Num::dur]},
               at);
}

Verdict SmartReplay::judge(const TraceEvent& move) {
  Verdict verdict;
  const double at = move.has(Num::c) ? move[Num::c] : move[Num::r];
  const double z = solid_ ? move[Num::z] : move[Num::y];
  const double step = std::hypot(move[Num::x] - x_, z - z_) * scale_;
  const double dt = at - at_;
  const bool first = !placed_;
  placed_ = true;
  x_ = move[Num::x];
  z_ = z;
  at_ = at;
  if (first) return verdict;
  const SmartContext context = context_.build(fps_, score_, at);
  SmartResult result;
  if (csharp_) {
    // A run of one step, long enough for the base rules to look at its speed.
    SmartRun run;
    run.duration = 1000;
    run.width = 1e9;
    run.moves = {{1000 - std::max(dt, 0.0), 0}, {1000, step}};
    result = smart_cs_validate(run, context, SmartOptions::csharp());
  } else {
    const SmartMove one{at, step};
    result = smart_ts_validate({&one, 1}, context, SmartOptions::typescript(), at);
  }
  verdict.confidence = static_cast<float>(1 - result.confidence);
  verdict.adjusted = result.adjusted;
  if (result.valid) return verdict;
  reason_ = result.reason.empty() ? "LowConfidence" : result.reason;
  verdict.outcome = MoveOutcome::rejected;
  verdict.rule = RefereeRule::speed;
  return verdict;
}

}  // namespace gk::referee
