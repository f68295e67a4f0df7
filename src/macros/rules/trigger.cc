#include "macros/rules/trigger.h"

#include <cmath>

#include "base/json_writer.h"
#include "macros/rules/mutant.h"

namespace gk::macros {

std::string_view trigger_name(Trigger trigger) {
  switch (trigger) {
    case Trigger::duration: return "duration";
    case Trigger::cpu_usage: return "cpu_usage";
    case Trigger::memory_usage: return "memory_usage";
    case Trigger::fps: return "fps";
    case Trigger::latency: return "latency";
    case Trigger::response_time: return "response_time";
    case Trigger::pattern: return "pattern";
    case Trigger::processes: break;
  }
  return "processes";
}

HysteresisTrigger::HysteresisTrigger(Direction direction, double limit,
                                     const TriggerSettings& settings)
    : direction_(direction),
      limit_(limit),
      leave_(limit * (direction == Direction::above ? settings.leave_ratio_above
                                                    : settings.leave_ratio_below)),
      settings_(settings) {}

void HysteresisTrigger::set_limit(double limit) {
  if (limit == limit_) return;
  leave_ = limit * (direction_ == Direction::above ? settings_.leave_ratio_above
                                                   : settings_.leave_ratio_below);
  limit_ = limit;
  if (!GK_MACROS_MUTANT(window_keeps_breach)) active_ = false;
  run_ = 0;
}

bool HysteresisTrigger::is_past(double value) const {
  return direction_ == Direction::above ? value > limit_ : value < limit_;
}

Edge HysteresisTrigger::update(const monitor::Signal& signal, MonoTime now) {
  if (!signal.is_known(now)) {
    run_ = 0;
    return Edge::none;
  }
  if (signal.at() == last_sample_) {
    // The same sample again: only the hold time can have passed.
    if (active_ || run_ < settings_.min_samples || now - run_start_ < settings_.hold) {
      return Edge::none;
    }
  } else {
    last_sample_ = signal.at();
    last_known_ = signal.at();
    const double value = signal.value();
    if (active_) {
      const bool back = direction_ == Direction::above ? value < leave_ : value > leave_;
      if (!back) return Edge::none;
      active_ = false;
      run_ = 0;
      return Edge::left;
    }
    if (!is_past(value)) {
      run_ = 0;
      return Edge::none;
    }
    if (run_++ == 0) run_start_ = signal.at();
    if (run_ < settings_.min_samples || now - run_start_ < settings_.hold) return Edge::none;
  }
  active_ = true;
  breached_at_ = signal.at();
  return Edge::entered;
}

std::string threshold_reason(std::string_view signal, double value, Direction direction,
                             double limit) {
  double shown = value;
  for (double scale = 10; scale <= 1e6; scale *= 10) {
    shown = std::round(value * scale) / scale;
    if (direction == Direction::above ? shown > limit : shown < limit) break;
  }
  return "Performance threshold exceeded: " + std::string(signal) + " " + format_number(shown) +
         (direction == Direction::above ? " > " : " < ") + format_number(limit);
}

std::string forecast_reason(std::string_view signal, double value, double limit, Nanos in) {
  return "Forecast: " + std::string(signal) + " " + format_number(std::round(value * 10) / 10) +
         " reaches " + format_number(limit) + " in " +
         format_number(std::ceil(std::chrono::duration<double>(in).count())) + " s";
}

std::string duration_reason(Nanos elapsed, double limit_s) {
  const double elapsed_s = std::ceil(std::chrono::duration<double>(elapsed).count());
  return "Duration exceeded: " + format_number(elapsed_s) + " s > " + format_number(limit_s) + " s";
}

std::string processes_reason(std::uint32_t processes, std::uint32_t limit) {
  return "Process limit exceeded: " + std::to_string(processes) + " > " + std::to_string(limit);
}

}  // namespace gk::macros
