// smart_replay.h: a trace judged by the published SmartAntiCheat sets, for comparison.
//
// The sets know no trace format, so this maps: claims (p) are issues at their client time, metrics
// (q) give FPS and score, a movement's deviation is its step length with full speed scaled to the
// sets' literal 200 px/s. smart_ts judges each movement alone; smart_cs judges speed per movement
// with the rules that the C# set re-runs. Unsafe by design: rules/smart.h.

#pragma once

#include <string>

#include "gamekeeper/referee_types.h"
#include "referee/offline/trace.h"
#include "referee/rules/smart.h"

namespace gk::referee {

/// Thread: compatible.
class SmartReplay {
 public:
  SmartReplay(const MoveProfile& profile, bool csharp);

  /// Takes any line but a movement.
  void note(const TraceEvent& event);
  /// accepted or rejected; rule `speed` stands for every reason.
  Verdict judge(const TraceEvent& move);
  /// Why the last movement was refused, in the set's own word.
  const std::string& reason() const { return reason_; }

 private:
  double scale_;
  bool csharp_, solid_;
  bool placed_ = false;
  double x_ = 0, z_ = 0, at_ = 0;
  double fps_ = 0, score_ = 0;
  SmartContextBuilder context_;
  std::string reason_;
};

}  // namespace gk::referee
