#include "referee/offline/link.h"

#include <algorithm>
#include <array>

namespace gk::referee {

const char* link_name(LinkClass link) {
  constexpr std::array<const char*, kLinkClasses> kNames = {"lan", "cable", "wifi", "mobile",
                                                            "awful"};
  return kNames[static_cast<std::size_t>(link)];
}

LinkTraits traits_of(LinkClass link) {
  switch (link) {
    case LinkClass::lan: return {0.0005, 0.0003, 0, 0, 0, 0, 0, 1};
    case LinkClass::cable: return {0.012, 0.002, 0.01, 0.15, 0, 0, 0.001, 1.5};
    case LinkClass::wifi: return {0.015, 0.012, 0.07, 0.9, 0, 0, 0.005, 2};
    case LinkClass::mobile: return {0.040, 0.020, 0.07, 1.5, 0.02, 0.2, 0.01, 3};
    case LinkClass::awful: return {0.060, 0.030, 0.08, 3.0, 0.04, 0.5, 0.02, 4};
  }
  return {};
}

Link::Link(LinkClass link, Delivery delivery, double seconds, Dice& dice)
    : traits_(traits_of(link)), delivery_(delivery) {
  if (link <= LinkClass::wifi && link != LinkClass::lan)  // "0 to 12 ms": a scale of its own.
    traits_.jitter *= dice.between(0.1, 1);
  if (traits_.stalls_per_s > 0)
    for (double t = dice.exponential(1 / traits_.stalls_per_s); t < seconds;
         t += dice.exponential(1 / traits_.stalls_per_s)) {
      double length = 0;
      do length = 0.05 + dice.exponential(traits_.longest_stall / 2.5);
      while (length > traits_.longest_stall);
      stalls_.push_back({t, t + length, 0, 0});
      t += length;
    }
  if (traits_.queues_per_s > 0)
    for (double t = dice.exponential(1 / traits_.queues_per_s); t < seconds;
         t += dice.exponential(1 / traits_.queues_per_s)) {
      const double ramp = dice.between(0.3, 2);
      const double length = 2 * ramp + dice.between(0.5, 6);
      queues_.push_back({t, t + length, dice.between(0.3, 1) * traits_.deepest_queue, ramp});
      t += length;
    }
}

double Link::queue_at(double t) const {
  for (const Window& queue : queues_) {
    if (t < queue.begin || t > queue.end) continue;
    const double edge = std::min(t - queue.begin, queue.end - t);
    return queue.depth * std::min(1.0, edge / queue.ramp);
  }
  return 0;
}

double Link::stalled_until(double t) const {
  for (const Window& stall : stalls_)
    if (t >= stall.begin && t < stall.end) return stall.end;
  return t;
}

std::optional<double> Link::travel(double t, Direction& direction, Dice& dice) {
  const double turn =
      direction.losing ? 1 / traits_.burst : traits_.loss / std::max(1e-9, traits_.burst);
  if (dice.chance(turn)) direction.losing = !direction.losing;
  const double delay = traits_.delay + dice.exponential(traits_.jitter) + queue_at(t);
  const double until = stalled_until(t);
  if (delivery_ == Delivery::datagrams) {
    if (direction.losing && traits_.loss > 0) return std::nullopt;
    if (until > t && dice.chance(0.9)) return std::nullopt;
    return until + delay;
  }
  double arrival = until + delay;
  if (direction.losing && traits_.loss > 0) arrival += 0.2 + 2 * traits_.delay;  // Resent.
  arrival = std::max(arrival, direction.last + 1e-5);
  direction.last = arrival;
  return arrival;
}

double Link::reliable(double t, Direction& direction, Dice& dice) {
  double sent = t;
  for (int tries = 0; tries < 30; ++tries) {
    if (const auto arrival = travel(sent, direction, dice)) return *arrival;
    sent += 0.2;
  }
  return stalled_until(sent) + traits_.delay;
}

}  // namespace gk::referee
