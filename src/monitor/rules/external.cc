#include "monitor/rules/external.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/try.h"

namespace gk::monitor {
namespace {

// Source of the names: monitor specification, Sensors; of the ranges: chosen, beyond any real
// value.
constexpr std::array<ExternalSignal, 4> kExternal = {{
    {"fps", 0, 10'000, true, &Snapshot::fps},
    {"tick_ratio", 0, 100, true, &Snapshot::tick_ratio},
    {"latency", 0, 600'000, false, &Snapshot::latency},
    {"response_time", 0, 600'000, false, &Snapshot::response_time},
}};

// Arrivals closer than this are one batch and say nothing about the period. Source: chosen, half
// of the shortest period.
constexpr Nanos kSameBatch = Millis(50);
// Weight of the newest gap in the learned period. Source: as the latency estimator's.
constexpr double kGapWeight = 0.3;

bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
  });
}

/// Known before stale before unknown.
int rank(const Signal& signal, MonoTime now) {
  switch (signal.state(now)) {
    case SignalState::known: return 0;
    case SignalState::stale: return 1;
    case SignalState::unknown: break;
  }
  return 2;
}

/// True when `a` should stand for its signal rather than `b`.
bool stands_before(const ExternalSample& a, const ExternalSample& b, const ExternalSignal& kind,
                   MonoTime now) {
  const int a_rank = rank(a.value, now), b_rank = rank(b.value, now);
  if (a_rank != b_rank) return a_rank < b_rank;
  if (a.source != b.source) return a.source == SampleSource::server;
  if (!a.value.measured()) return a.value.at() > b.value.at();  // The newest reason.
  return kind.higher_is_better ? a.value.value() < b.value.value()
                               : a.value.value() > b.value.value();
}

}  // namespace

const ExternalSignal* find_external(std::string_view name) {
  const auto it = std::find_if(kExternal.begin(), kExternal.end(),
                               [&](const ExternalSignal& e) { return e.name == name; });
  return it == kExternal.end() ? nullptr : &*it;
}

Result<void> check_subject(std::string_view subject, std::size_t max_bytes) {
  if (subject.size() <= max_bytes && is_plain(subject)) return {};
  return Error{Errc::invalid_argument, "subject: expected at most " + std::to_string(max_bytes) +
                                           " bytes without control characters"};
}

Signal ExternalSignals::signal_of(const Entry& entry) {
  return entry.trouble.empty() ? Signal::known(entry.value, entry.at, entry.wall, entry.period)
                               : Signal::unknown(entry.trouble, entry.at, entry.wall);
}

Result<void> ExternalSignals::make_room(SampleSource source, MonoTime now) {
  const bool claimed = source == SampleSource::claim;
  const std::size_t limit = claimed ? limits_.max_claims : limits_.max_measured;
  std::size_t count = 0;
  auto silent = entries_.end();
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (it->first.first.second != source) continue;
    ++count;
    const Entry& one = it->second;
    if (one.trouble.empty() && !Signal::is_stale(one.at, one.period, now)) continue;
    if (silent == entries_.end() || one.at < silent->second.at) silent = it;
  }
  if (count < limit) return {};
  if (claimed && silent != entries_.end()) {
    entries_.erase(silent);
    return {};
  }
  return Error{Errc::resource_exhausted, "already " + std::to_string(count) + " signals that are " +
                                             (claimed ? "claimed" : "measured")};
}

/// That of a pair, made when new, then with the period of before the first arrival.
Result<ExternalSignals::Entry*> ExternalSignals::place(std::string_view signal,
                                                       std::string_view subject,
                                                       SampleSource source, MonoTime now) {
  const ExternalSignal* kind = find_external(signal);
  if (kind == nullptr) {
    return Error{Errc::invalid_argument,
                 "signal: expected fps, frame_ms, tick_ratio, latency or response_time, got \"" +
                     std::string(signal.substr(0, 40)) + "\""};
  }
  GK_CHECK_OK(check_subject(subject, limits_.max_subject_bytes));
  const Key key{{std::string(signal), source}, std::string(subject)};
  auto it = entries_.find(key);
  if (it == entries_.end()) {
    GK_CHECK_OK(make_room(source, now));
    it =
        entries_.emplace(key, Entry{.kind = kind, .at = now, .period = limits_.first_period}).first;
  }
  return &it->second;
}

Result<void> ExternalSignals::submit(std::string_view signal, std::string_view subject,
                                     double value, SampleSource source, MonoTime now, WallTime wall,
                                     std::optional<Nanos> period) {
  const ExternalSignal* kind = find_external(signal);
  if (kind != nullptr && !(std::isfinite(value) && value >= kind->min && value <= kind->max)) {
    return Error{Errc::invalid_argument, "value: expected 0 to " +
                                             std::to_string(static_cast<int>(kind->max)) + " for " +
                                             std::string(kind->name)};
  }
  GK_TRY(Entry* const entry, place(signal, subject, source, now));
  if (const Nanos gap = now - entry->at; gap >= kSameBatch) {
    const double learned = kGapWeight * static_cast<double>(gap.count()) +
                           (1 - kGapWeight) * static_cast<double>(entry->period.count());
    entry->period = Nanos(static_cast<Nanos::rep>(learned));
  }
  entry->period =
      std::clamp(period.value_or(entry->period), limits_.min_period, limits_.max_period);
  entry->trouble.clear();
  entry->had_value = true;
  entry->value = value;
  entry->at = now;
  entry->wall = wall;
  return {};
}

Result<void> ExternalSignals::submit_unknown(std::string_view signal, std::string_view subject,
                                             SampleSource source, std::string reason, MonoTime now,
                                             WallTime wall) {
  GK_TRY(Entry* const entry, place(signal, subject, source, now));
  entry->trouble = std::move(reason);
  entry->at = now;
  entry->wall = wall;
  return {};
}

void ExternalSignals::end(std::string_view signal, std::string_view subject, SampleSource source,
                          std::string reason, MonoTime now, WallTime wall) {
  const auto it = entries_.find(Key{{std::string(signal), source}, std::string(subject)});
  if (it == entries_.end()) return;
  if (!it->second.had_value) {
    entries_.erase(it);
    return;
  }
  it->second.trouble = std::move(reason);
  it->second.at = now;
  it->second.wall = wall;
}

void ExternalSignals::fill(Snapshot& out, MonoTime now) {
  std::erase_if(entries_,
                [&](const auto& item) { return now - item.second.at > limits_.forget_after; });
  out.external.clear();
  out.external.reserve(entries_.size());
  for (const auto& kind : kExternal) {
    std::optional<std::size_t> chosen;
    for (const auto& [key, entry] : entries_) {
      if (entry.kind != &kind) continue;
      out.external.push_back({.signal = key.first.first,
                              .subject = key.second,
                              .source = key.first.second,
                              .value = signal_of(entry)});
      if (!chosen || stands_before(out.external.back(), out.external[*chosen], kind, now)) {
        chosen = out.external.size() - 1;
      }
    }
    out.*kind.member =
        chosen ? out.external[*chosen].value : Signal::unknown("nobody sent it", now, out.wall);
  }
}

bool ExternalSignals::forget(std::string_view subject) {
  return std::erase_if(entries_, [&](const auto& item) { return item.first.second == subject; }) >
         0;
}

std::vector<std::string> external_names() {
  std::vector<std::string> out;
  for (const auto& signal : kExternal) out.emplace_back(signal.name);
  return out;
}

}  // namespace gk::monitor
