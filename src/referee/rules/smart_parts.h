// smart_parts.h: the rules that the two SmartAntiCheat sets share.

#pragma once

#include "referee/rules/smart.h"

namespace gk::referee::smart {

/// A rule's answer; `reason` is null when it passes.
struct Rule {
  const char* reason = nullptr;
  double confidence = 1;
};

/// max(0, (100 - S) / 100)
double pressure(const SmartContext& context);
/// Issues of type stutter.
int stutters(const SmartContext& context);
/// calculateConfidence with the count of stutters that the caller's set uses.
double confidence(const SmartContext& context, const SmartOptions& options, int stutter_count);

Rule stutter_rule(double t, double speed, double deviation, double base_speed, double window,
                  const SmartContext& context, const SmartOptions& options,
                  const SmartAdjustment& adjustment);
Rule speed_rule(double speed, double base_speed, const SmartContext& context,
                const SmartOptions& options, const SmartAdjustment& adjustment);
Rule proximity_rule(double t, double deviation, const SmartContext& context,
                    const SmartOptions& options, const SmartAdjustment& adjustment);

}  // namespace gk::referee::smart
