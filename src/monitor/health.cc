#include "monitor/health.h"

#include <algorithm>
#include <utility>

#include "base/json_writer.h"
#include "base/span.h"

namespace gk::monitor {
namespace {

double status_number(HealthStatus status) {
  return status == HealthStatus::ok ? 1.0 : status == HealthStatus::degraded ? 0.5 : 0.0;
}

double to_ms(Nanos time) { return std::chrono::duration<double, std::milli>(time).count(); }

void write_check(JsonWriter& w, const CheckResult& result) {
  w.begin_object()
      .field("name", result.name)
      .field("status", health_status_name(result.status))
      .field("latency_ms", to_ms(result.latency))
      .field("detail", result.detail)
      .field("since", result.since)
      .end_object();
}

}  // namespace

std::string_view health_status_name(HealthStatus status) {
  switch (status) {
    case HealthStatus::ok: return "ok";
    case HealthStatus::degraded: return "degraded";
    case HealthStatus::failed: break;
  }
  return "failed";
}

struct Health::Entry {
  HealthCheck check;
  CheckResult result;
  Gauge gauge;
  bool settled = true;  // Has its result of this refresh.
  bool has_result = false;
  std::uint64_t in_flight = 0;  // Round of the task on the pool that has not answered; 0: none.
  MonoTime started{};
};

/// Lets a late answer find out that there is nobody to tell. Loop thread only.
struct Health::Link {
  Health* health = nullptr;
};

Health::Health(HealthOptions options, WorkerPool& pool, Post post, WakeAfter wake_after,
               const Clock& clock, Log& log, Metrics& metrics)
    : options_(std::move(options)),
      pool_(pool),
      post_(std::move(post)),
      wake_after_(std::move(wake_after)),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      started_(clock.mono()),
      overall_gauge_(metrics.gauge("gamekeeper_health_status",
                                   "Health: 1 ok, 0.5 degraded, 0 failed", {{"check", "overall"}})),
      link_(std::make_shared<Link>()) {
  link_->health = this;
  render();
}

Health::~Health() { link_->health = nullptr; }

Result<void> Health::add(HealthCheck check) {
  if (check.name.empty() || !check.run || check.deadline <= Nanos(0)) {
    return Error{Errc::invalid_argument, "health check: expected a name, a function, a deadline"};
  }
  if (find(check.name) != nullptr) {
    return Error{Errc::already_exists, "health check \"" + check.name + "\" exists"};
  }
  if (entries_.size() >= options_.max_checks) {
    return Error{Errc::resource_exhausted, "too many health checks"};
  }
  const Gauge gauge = metrics_.gauge("gamekeeper_health_status", "", {{"check", check.name}});
  CheckResult result{.name = check.name, .detail = {}, .since = clock_.wall()};
  entries_.push_back(std::make_unique<Entry>(
      Entry{.check = std::move(check), .result = std::move(result), .gauge = gauge}));
  return {};
}

const CheckResult* Health::find(std::string_view name) const {
  for (const auto& entry : entries_) {
    if (entry->check.name == name) return &entry->result;
  }
  return nullptr;
}

std::vector<CheckResult> Health::results() const {
  std::vector<CheckResult> out;
  for (const auto& entry : entries_) out.push_back(entry->result);
  return out;
}

Result<void> Health::when_fresh(std::function<void()> done) {
  const Nanos age = clock_.mono() - refreshed_;
  // Renewed at half its life, so that under constant load nobody ever waits.
  if (!refreshing_ && (!have_results_ || age * 2 >= options_.max_age)) refresh();
  if (have_results_ && age < options_.max_age) {
    done();
    return {};
  }
  if (!refreshing_) {  // There was nothing to wait for: no checks.
    done();
    return {};
  }
  if (waiting_.size() >= options_.max_waiting) {
    return Error{Errc::resource_exhausted, "too many requests wait for the health checks"};
  }
  waiting_.push_back(std::move(done));
  return {};
}

void Health::refresh() {
  refreshing_ = true;
  ++round_;
  for (const auto& entry : entries_) entry->settled = false;
  for (const auto& entry : entries_) start_check(*entry);
  finish_refresh();
  if (refreshing_) plan_wake();
}

void Health::start_check(Entry& entry) {
  const MonoTime now = clock_.mono();
  if (entry.in_flight != 0) {
    if (now - entry.started >= entry.check.deadline) {
      settle(entry, {HealthStatus::failed, "has not returned since it was started"},
             entry.check.deadline);
    }
    return;  // Still within its deadline: its answer counts for this refresh.
  }
  entry.in_flight = round_;
  entry.started = now;
  const auto index =
      static_cast<std::size_t>(std::find_if(entries_.begin(), entries_.end(),
                                            [&](const auto& e) { return e.get() == &entry; }) -
                               entries_.begin());
  auto task = [run = entry.check.run, name = entry.result.name, post = post_, link = link_, index,
               round = round_, &clock = clock_, &log = log_] {
    const Span span(log, clock, "health.check", {}, name);
    const MonoTime begin = clock.mono();
    CheckOutcome outcome = run();
    const Nanos latency = clock.mono() - begin;
    post([link, index, round, outcome = std::move(outcome), latency] {
      if (link->health != nullptr) link->health->finish_check(index, round, outcome, latency);
    });
  };
  if (auto posted = pool_.post(std::move(task)); !posted) {
    entry.in_flight = 0;
    settle(entry, {HealthStatus::failed, "could not be started: " + posted.error().message}, {});
  }
}

void Health::finish_check(std::size_t index, std::uint64_t round, CheckOutcome outcome,
                          Nanos latency) {
  Entry& entry = *entries_[index];
  if (entry.in_flight != round) return;
  entry.in_flight = 0;
  if (entry.settled) return;  // Too late for this refresh; the next one starts it again.
  settle(entry, std::move(outcome), latency);
  finish_refresh();
}

void Health::settle(Entry& entry, CheckOutcome outcome, Nanos latency) {
  entry.settled = true;
  CheckResult& result = entry.result;
  const bool changed = entry.has_result && result.status != outcome.status;
  if (changed || !entry.has_result) result.since = clock_.wall();
  result.status = outcome.status;
  result.detail = std::move(outcome.detail);
  result.latency = latency;
  // The first result is news only when it is bad.
  if (changed || (!entry.has_result && result.status != HealthStatus::ok)) {
    changed_.push_back(result);
    const bool good = result.status == HealthStatus::ok;
    log_.write(good ? LogLevel::info : LogLevel::warn, "health.changed",
               result.name + ": " + result.detail,
               {{"check", result.name}, {"status", health_status_name(result.status)}});
  }
  entry.has_result = true;
  entry.gauge.set(status_number(result.status));
}

void Health::finish_refresh() {
  if (!refreshing_) return;
  const auto settled = [](const auto& entry) { return entry->settled; };
  if (!std::all_of(entries_.begin(), entries_.end(), settled)) return;
  refreshing_ = false;
  have_results_ = true;
  refreshed_ = clock_.mono();
  overall_ = HealthStatus::ok;
  for (const auto& entry : entries_) overall_ = std::max(overall_, entry->result.status);
  overall_gauge_.set(status_number(overall_));
  render();
  plan_wake();
  if (!changed_.empty()) {
    changes_.publish({.overall = overall_, .changed = std::exchange(changed_, {})});
  }
  for (const auto& done : std::exchange(waiting_, {})) done();
}

void Health::tick() {
  const MonoTime now = clock_.mono();
  if (!refreshing_ && now - refreshed_ >= options_.refresh_every) {
    refresh();
    return;
  }
  for (const auto& entry : entries_) {
    if (entry->settled || now - entry->started < entry->check.deadline) continue;
    const auto ms = std::chrono::duration_cast<Millis>(entry->check.deadline).count();
    settle(*entry, {HealthStatus::failed, "no answer within " + std::to_string(ms) + " ms"},
           entry->check.deadline);
  }
  finish_refresh();
  plan_wake();
}

void Health::plan_wake() {
  const MonoTime now = clock_.mono();
  MonoTime next = refreshing_ ? MonoTime::max() : refreshed_ + options_.refresh_every;
  for (const auto& entry : entries_) {
    if (!entry->settled) next = std::min(next, entry->started + entry->check.deadline);
  }
  if (next != MonoTime::max()) wake_after_(std::max(next - now, Nanos(Millis(1))));
}

void Health::render() {
  brief_json_.clear();
  JsonWriter brief(brief_json_);
  brief.begin_object()
      .field("status", health_status_name(overall_))
      .field("version", options_.version)
      .end_object();
  full_json_.clear();
  JsonWriter w(full_json_);
  w.begin_object()
      .field("status", health_status_name(overall_))
      .field("version", options_.version)
      .field("uptime_s", std::chrono::duration_cast<Seconds>(clock_.mono() - started_).count())
      .key("checks")
      .begin_array();
  for (const auto& entry : entries_) write_check(w, entry->result);
  w.end_array().end_object();
}

std::string Health::check_json(const CheckResult& result) {
  std::string out;
  JsonWriter w(out);
  write_check(w, result);
  return out;
}

}  // namespace gk::monitor
