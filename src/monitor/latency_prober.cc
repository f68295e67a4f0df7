#include "monitor/latency_prober.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace gk::monitor {

struct LatencyProber::Target {
  Probe probe, fallback;
  LatencyEstimator estimator;
  ProbeRound round{};
  std::uint64_t number = 0;  // Of the round that runs; 0: none does.
  std::size_t awaited = 0;   // The probe that is under way, and by which way.
  bool by_fallback = false;
  MonoTime next{};
};

struct LatencyProber::Link {
  LatencyProber* owner;  // Null after its end.
};

LatencyProber::LatencyProber(const Clock& clock, WakeAfter wake_after, Measured measured)
    : clock_(clock),
      wake_after_(std::move(wake_after)),
      measured_(std::move(measured)),
      link_(std::make_shared<Link>(Link{this})) {}

LatencyProber::~LatencyProber() { link_->owner = nullptr; }

Result<void> LatencyProber::add(const std::string& target, Probe probe, Probe fallback) {
  if (targets_.contains(target)) return Error{Errc::already_exists, target + " is probed already"};
  if (targets_.size() >= kMaxTargets) {
    return Error{Errc::resource_exhausted, "256 targets are probed already"};
  }
  auto made = std::make_unique<Target>();
  made->probe = std::move(probe);
  made->fallback = std::move(fallback);
  made->next = clock_.mono();
  targets_.emplace(target, std::move(made));
  tick();
  return {};
}

void LatencyProber::remove(std::string_view target) {
  if (const auto found = targets_.find(target); found != targets_.end()) targets_.erase(found);
}

const LatencyEstimator* LatencyProber::find(std::string_view target) const {
  const auto found = targets_.find(target);
  return found == targets_.end() ? nullptr : &found->second->estimator;
}

void LatencyProber::tick() {
  const MonoTime now = clock_.mono();
  std::vector<std::string> due;  // A probe that answers at once may change the map.
  for (const auto& [name, target] : targets_) {
    if (target->number == 0 && target->next <= now) due.push_back(name);
  }
  for (const auto& name : due) {
    if (const auto found = targets_.find(name); found != targets_.end()) {
      start_round(name, *found->second);
    }
  }
  plan();
}

void LatencyProber::start_round(const std::string& name, Target& target) {
  target.round = {};
  target.number = ++rounds_;
  send(name, target, 0, false);
}

void LatencyProber::send(const std::string& name, Target& target, std::size_t index,
                         bool by_fallback) {
  target.awaited = index;
  target.by_fallback = by_fallback;
  const Probe& probe = by_fallback ? target.fallback : target.probe;
  probe(
      [link = link_, name, round = target.number, index, by_fallback](std::optional<Nanos> answer) {
        if (link->owner != nullptr) link->owner->take(name, round, index, by_fallback, answer);
      });
}

/// One probe after the other, so that they do not queue behind each other on a slow line.
void LatencyProber::take(const std::string& name, std::uint64_t round, std::size_t index,
                         bool by_fallback, std::optional<Nanos> answer) {
  const auto found = targets_.find(name);
  if (found == targets_.end() || found->second->number != round) return;
  Target& target = *found->second;
  if (target.awaited != index || target.by_fallback != by_fallback) return;  // A second answer.
  if (answer && *answer > kProbeTimeout) answer.reset();
  if (!answer && index == 0 && !by_fallback && target.fallback) {
    return send(name, target, 0, true);
  }
  target.round[index] = answer;
  if (index + 1 < target.round.size()) return send(name, target, index + 1, by_fallback);
  const MonoTime now = clock_.mono();
  target.number = 0;
  target.estimator.add(target.round, now);
  target.next = now + target.estimator.next_probe_after();
  if (measured_) measured_(name, target.estimator);  // May remove the target.
  plan();
}

void LatencyProber::plan() {
  MonoTime next = MonoTime::max();
  for (const auto& [name, target] : targets_) {
    if (target->number == 0) next = std::min(next, target->next);
  }
  if (next != MonoTime::max()) wake_after_(std::max(Nanos(0), next - clock_.mono()));
}

}  // namespace gk::monitor
