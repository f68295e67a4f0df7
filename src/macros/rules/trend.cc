#include "macros/rules/trend.h"

#include <cmath>

#include "macros/rules/mutant.h"

namespace gk::macros {

namespace {
double seconds(Nanos time) { return std::chrono::duration<double>(time).count(); }
}  // namespace

void HoltTrend::update(double value, MonoTime at) {
  if (samples_ > 0 && at <= last_) return;
  if (samples_ == 0 || at - last_ > settings_.memory) {
    samples_ = 1;
    first_ = last_ = at;
    level_ = value;
    slope_ = error_ = 0;
    return;
  }
  const double dt = seconds(at - last_);
  // The weights follow from the time between samples, so the rate of sampling does not matter.
  // The level follows ten times as fast as the slope.
  const double memory = seconds(settings_.memory);
  const double alpha = 1 - std::exp(-10 * dt / memory);
  const double beta = 1 - std::exp(-4 * dt / memory);
  const double foretold = level_ + slope_ * dt;
  const double gamma = 1 - std::exp(-dt / seconds(settings_.horizon));
  error_ += gamma * (std::abs(value - foretold) - error_);
  const double level = foretold + alpha * (value - foretold);
  slope_ += beta * ((level - level_) / dt - slope_);
  level_ = level;
  last_ = at;
  ++samples_;
}

std::optional<Nanos> HoltTrend::crosses(double limit, Direction direction) const {
  if (samples_ < 3 || last_ - first_ < settings_.least_history) return std::nullopt;
  const double sign = direction == Direction::above ? 1 : -1;
  const double room = sign * (limit - level_);
  const double speed = sign * slope_;
  if (room <= 0 || speed <= 0) return std::nullopt;
  const double change = speed * seconds(settings_.horizon);
  if (change < settings_.noise_factor * error_ && !GK_MACROS_MUTANT(trend_ignores_noise)) {
    return std::nullopt;
  }
  if (room > change) return std::nullopt;
  return std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(room / speed));
}

}  // namespace gk::macros
