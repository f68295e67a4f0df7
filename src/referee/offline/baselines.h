// baselines.h: three usual ways to judge movement, for comparison on the same traces.

#pragma once

#include <algorithm>
#include <cmath>

#include "referee/offline/trace.h"

namespace gk::referee {

/// Common to all: last position, and the declared events handled as kindly as for the referee.
class Baseline {
 public:
  virtual ~Baseline() = default;
  /// True when the movement would be refused.
  virtual bool refuses(const TraceEvent& move) = 0;

 protected:
  static double apart(const TraceEvent& a, const TraceEvent& b) {
    const bool solid = a.has(Num::z);
    return std::hypot(a[Num::x] - b[Num::x], solid ? a[Num::z] - b[Num::z] : a[Num::y] - b[Num::y]);
  }
};

/// Distance over server time, 1.2 times the speed, step by step.
class PerStep final : public Baseline {
 public:
  explicit PerStep(double speed) : limit_(speed * 1.2) {}
  bool refuses(const TraceEvent& move) override {
    const bool first = !last_.has(Num::r);
    const double dt = (move[Num::r] - last_[Num::r]) / 1000;
    const double way = apart(move, last_);
    last_ = move;
    return !first && way > limit_ * dt + 1e-6;
  }

 private:
  double limit_;
  TraceEvent last_;
};

/// A leaky bucket of time for everybody. Source: Luanti, LagPool, pool of 5 s.
class LagPool final : public Baseline {
 public:
  explicit LagPool(double speed) : speed_(speed) {}
  bool refuses(const TraceEvent& move) override {
    if (!last_.has(Num::r)) {
      last_ = move;
      return false;
    }
    pool_ = std::max(0.0, pool_ - (move[Num::r] - last_[Num::r]) / 1000);
    const double cost = apart(move, last_) / speed_;
    last_ = move;
    if (pool_ + cost > 5) return true;
    pool_ += cost;
    return false;
  }

 private:
  double speed_, pool_ = 0;
  TraceEvent last_;
};

/// Client time may lead server time by a margin; distance is judged by client time.
/// Source: Unreal Engine, movement time discrepancy, margin 0.25 s; distance tolerance 1.05.
class TimeMargin final : public Baseline {
 public:
  explicit TimeMargin(double speed) : speed_(speed) {}
  bool refuses(const TraceEvent& move) override {
    if (!last_.has(Num::r) || !move.has(Num::c)) {
      last_ = move;
      return false;
    }
    const double dr = (move[Num::r] - last_[Num::r]) / 1000;
    const double dc = (move[Num::c] - last_[Num::c]) / 1000;
    if (dc <= 0) return false;
    lead_ = std::max(-0.25, lead_ + dc - dr);
    const double way = apart(move, last_);
    last_ = move;
    const bool late = lead_ > 0.25;
    if (late) lead_ = 0.25;
    return late || way > speed_ * dc * 1.05 + 1e-3;
  }

 private:
  double speed_, lead_ = 0;
  TraceEvent last_;
};

}  // namespace gk::referee
