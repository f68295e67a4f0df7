#include "arbiter/rules/trace_check.h"

#include <algorithm>
#include <deque>
#include <map>

namespace gk::arbiter {
namespace {

/// GCRA by its definition: among any n + 1 actions at least n intervals less the tolerance pass.
class PaceModel {
 public:
  void set(std::int64_t interval, std::int64_t tolerance) {
    if (interval != interval_ || tolerance != tolerance_) times_.clear();
    interval_ = interval;
    tolerance_ = tolerance;
  }
  /// Whether one more action at `t` keeps every window within the bound.
  bool allows(std::int64_t t) const {
    if (interval_ == 0) return true;
    for (std::size_t i = 0; i < times_.size(); ++i) {
      const auto actions = static_cast<std::int64_t>(times_.size() - i);
      if (t - times_[i] < actions * interval_ - tolerance_) return false;
    }
    return true;
  }
  void take(std::int64_t t) {
    times_.push_back(t);
    if (times_.size() > kWindow) times_.pop_front();
  }

 private:
  static constexpr std::size_t kWindow = 128;  // chosen: windows up to this many actions
  std::int64_t interval_ = 0, tolerance_ = 0;
  std::deque<std::int64_t> times_;
};

struct ActorModel {
  std::uint32_t priority = 0;
  std::uint32_t group = 0;
  PaceModel pace;
  bool paced = false;
};

struct TicketModel {
  std::uint64_t id = 0;
  std::uint32_t actor = 0, priority = 0;
  std::int64_t enqueued = 0, deadline = 0;
  std::uint32_t lanes = 1, granted = 0;
  bool nested = false;

  bool simple() const { return lanes == 1 && !nested; }
};

struct LaneModel {
  std::int64_t gap = 0, max_hold = 0, interval = 0;
  PaceModel pace;
  bool known = false, held = false;
  std::uint64_t token = 0, ticket = 0, first = 0;
  std::uint32_t actor = 0, last_group = 0, burst = 0;
  std::int64_t aging = 1, max_waiting = 0;
  std::uint32_t max_burst = 0;
  bool alone = false;
  std::int64_t start = 0, expires = 0, last_end = 0;
  std::size_t shares = 0;
  std::vector<std::uint64_t> queue;
};

std::int64_t nanos(MonoTime time) { return time.time_since_epoch().count(); }

class Checker {
 public:
  explicit Checker(const TraceCheckOptions& options) : options_(options) {}

  void feed(const TraceRecord& r, std::size_t at) {
    record_ = &r;
    at_ = at;
    switch (r.event) {
      case TraceEvent::config:
        aging_ = r.value;
        burst_ = r.depth;
        alone_ = r.eff != 0;
        max_waiting_ = static_cast<std::int64_t>(r.token);
        break;
      case TraceEvent::config_lane: config_lane(r); break;
      case TraceEvent::pace_lane:
        lane(r).pace.set(r.value, r.until);
        lane(r).interval = r.value;
        break;
      case TraceEvent::order_lane: order_lane(r); break;
      case TraceEvent::config_actor: config_actor(r); break;
      case TraceEvent::pace_actor:
        actors_[r.actor].pace.set(r.value, r.until);
        actors_[r.actor].paced = r.value != 0;
        break;
      case TraceEvent::queued: queued(r); break;
      case TraceEvent::granted: granted(r); break;
      case TraceEvent::timed_out: ended(r, "6 timeout before the deadline", r.value); break;
      case TraceEvent::cancelled:
      case TraceEvent::rejected: ended(r, nullptr, 0); break;
      case TraceEvent::fast_hold: fast_hold(r); break;
      case TraceEvent::adopted: adopted(r); break;
      default: holder_event(r); break;
    }
  }

  TraceReport finish() {
    if (closed_ && !tickets_.empty()) {
      breach("6 a ticket outlived the arbiter");
    }
    return std::move(report_);
  }

 private:
  void breach(const std::string& what) {
    if (report_.breaches.size() >= options_.max_breaches) return;
    report_.breaches.push_back("rule " + what + ": record " + std::to_string(at_) + ": " +
                               to_text(*record_));
  }
  void expect(bool good, const char* what) {
    if (!good) breach(what);
  }
  LaneModel& lane(const TraceRecord& r) { return lanes_[r.lane]; }
  std::uint32_t group_on(const LaneModel& l, std::uint32_t actor) {
    return l.alone ? 0x10000U + actor : actors_[actor].group;
  }

  void config_lane(const TraceRecord& r) {
    LaneModel& l = lane(r);
    if (!l.known) {
      l.aging = aging_;
      l.max_burst = burst_;
      l.max_waiting = max_waiting_;
      l.alone = alone_;
    }
    if (!l.known || r.token > l.first) {
      expect(r.token >= l.token, "7 a lane began anew below its last token");
      expect(!l.held && l.queue.empty(), "1 a lane in use began anew");
      l.token = l.first = r.token;
      l.last_group = l.burst = 0;
    }
    l.known = true;
    l.gap = r.value;
    l.max_hold = r.until;
  }

  void order_lane(const TraceRecord& r) {
    LaneModel& l = lane(r);
    l.aging = r.value;
    l.max_burst = r.depth;
    l.alone = r.eff != 0;
    if (l.last_group != 0) l.last_group = group_on(l, l.actor);
    l.max_waiting = static_cast<std::int64_t>(r.token);
  }

  void config_actor(const TraceRecord& r) {
    ActorModel& actor = actors_[r.actor];
    actor.priority = r.eff;
    actor.group = r.depth == 0 || alone_ ? 0x10000U + r.actor : r.depth;
    top_ = std::max(top_, r.eff);
  }

  void queued(const TraceRecord& r) {
    TicketModel& t = tickets_[r.ticket];
    expect(t.id == 0 || t.lanes > 1, "6 a ticket number was used again");
    t.id = r.ticket;
    t.actor = r.actor;
    t.priority = r.eff;
    t.enqueued = nanos(r.time);
    t.deadline = r.until;
    t.lanes = (r.flags >> kLanesShift) & 15U;
    t.nested = (r.flags & kNested) != 0;
    if (t.nested || t.lanes > 1) complex_ = true;
    lane(r).queue.push_back(r.ticket);
    expect(r.ticket > last_ticket_ || (t.lanes > 1 && r.ticket == last_ticket_),
           "2 ticket numbers do not increase");
    last_ticket_ = r.ticket;
  }

  /// Of a ticket of one lane.
  static std::uint32_t eff(const LaneModel& l, const TicketModel& t, std::int64_t now) {
    return t.priority + static_cast<std::uint32_t>((now - t.enqueued) / l.aging);
  }

  void start_hold(LaneModel& l, const TraceRecord& r, std::int64_t start) {
    const std::uint32_t group = group_on(l, r.actor);
    expect(!l.held, "1 granted while held");
    expect(r.token > l.token, "7 tokens do not increase");
    if (l.last_group != 0 && l.last_group != group) {
      expect(start - l.last_end >= l.gap, "4 started before the gap was over");
    }
    expect(l.last_group == 0 || start >= l.last_end, "1 started before the last one ended");
    expect(l.pace.allows(start), "5 the lane's pacing was exceeded");
    l.pace.take(start);
    l.burst = l.last_group == group ? std::min(l.burst + 1, 15U) : 1;
    l.last_group = group;
    l.held = true;
    l.token = r.token;
    l.ticket = r.ticket;
    l.actor = r.actor;
    l.start = start;
    l.expires = start + l.max_hold;
    l.shares = 1;
    ++report_.grants;
  }

  void check_order(const LaneModel& l, const TicketModel& winner, std::int64_t now) {
    ++report_.order_checked;
    const auto key = [&](const TicketModel& t) {
      const bool favour = l.burst < l.max_burst && group_on(l, t.actor) == l.last_group;
      return std::make_tuple(eff(l, t, now), favour, ~t.id);
    };
    for (const std::uint64_t id : l.queue) {
      const TicketModel& other = tickets_[id];
      if (id == winner.id || !other.simple() || !actors_[other.actor].pace.allows(now)) continue;
      expect(key(other) < key(winner), "2 another ticket was first");
    }
  }

  void granted(const TraceRecord& r) {
    LaneModel& l = lane(r);
    const auto found = tickets_.find(r.ticket);
    if (found == tickets_.end()) return breach("6 granted without a waiting ticket");
    TicketModel& t = found->second;
    const std::int64_t now = nanos(r.time);
    expect(now < t.deadline, "6 granted after its deadline");
    expect(std::erase(l.queue, r.ticket) == 1, "6 granted twice");
    ActorModel& actor = actors_[t.actor];
    if (t.granted == 0) {
      expect(actor.pace.allows(now), "5 the actor's pacing was exceeded");
    }
    if (t.simple()) {
      l.queue.push_back(r.ticket);
      check_order(l, t, now);
      std::erase(l.queue, r.ticket);
      expect(r.eff == eff(l, t, now), "3 the recorded priority is not p + waited / A");
      if (!complex_ && !actor.paced) check_bound(l, t, now);
    }
    if (t.granted == 0) actor.pace.take(now);
    report_.longest_wait = std::max(report_.longest_wait, Nanos(now - t.enqueued));
    start_hold(l, r, now);
    expect(l.expires == r.until, "7 the lease is not max_hold");
    if (++t.granted == t.lanes) tickets_.erase(found);
  }

  void check_bound(const LaneModel& l, const TicketModel& t, std::int64_t now) {
    const std::int64_t slot = l.max_hold + std::max(l.gap, l.interval);
    const std::int64_t above = top_ > t.priority ? top_ - t.priority : 0;
    const std::int64_t bound = above * l.aging + (l.max_waiting + 1) * slot +
                               std::max<std::int64_t>(l.max_burst * l.max_hold, l.aging);
    expect(now - t.enqueued <= bound + options_.lateness.count(), "3 waited longer than the bound");
  }

  void ended(const TraceRecord& r, const char* early, std::int64_t) {
    if (r.ticket == 0) return;  // refused at the door
    const auto found = tickets_.find(r.ticket);
    if (found == tickets_.end()) return breach("6 a second outcome");
    if (early != nullptr) expect(nanos(r.time) >= found->second.deadline, early);
    if (r.reason == Reason::wounded) {
      expect(found->second.nested, "9 a ticket was wounded that holds nothing");
    }
    for (auto& [number, l] : lanes_) std::erase(l.queue, r.ticket);
    tickets_.erase(found);
  }

  void fast_hold(const TraceRecord& r) {
    LaneModel& l = lane(r);
    expect(l.queue.empty(), "2 an uncontended grant passed a queue");
    start_hold(l, r, r.until - r.value);
    l.held = false;
    l.last_end = r.until;
  }

  void adopted(const TraceRecord& r) {
    LaneModel& l = lane(r);
    expect(l.queue.empty(), "2 an uncontended grant passed a queue");
    start_hold(l, r, r.until);
    actors_[r.actor].pace.take(r.until);
  }

  void holder_event(const TraceRecord& r) {
    if (r.event == TraceEvent::closed) closed_ = true;
    if (r.lane == 0) return;
    LaneModel& l = lane(r);
    const bool live = l.held && l.token == r.token;
    if (r.event == TraceEvent::stale_send) return expect(!live, "7 a live token was refused");
    if (r.event == TraceEvent::external_hold || r.event == TraceEvent::external_wait ||
        r.event == TraceEvent::external_end) {
      return;
    }
    expect(live, "7 an ended grant was used");
    if (r.event == TraceEvent::shared) ++l.shares;
    if (r.event == TraceEvent::share_ended) --l.shares;
    if (r.event == TraceEvent::renewed) {
      const bool contended = !l.queue.empty();
      const std::int64_t limit = std::max(l.expires, l.start + l.max_hold);
      expect(!contended || r.until <= limit, "7 renewed past the full hold while others wait");
      l.expires = r.until;
    }
    if (r.event != TraceEvent::released && r.event != TraceEvent::expired &&
        r.event != TraceEvent::revoked) {
      return;
    }
    expect(r.until <= l.expires, "7 held after its lease");
    expect(r.event != TraceEvent::released || l.shares == 1, "1 ended while shared");
    if (r.event == TraceEvent::expired) {
      expect(nanos(r.time) >= l.expires && r.until == l.expires, "7 expired before its end");
    }
    l.held = false;
    l.last_end = r.until;
  }

  const TraceCheckOptions options_;
  const TraceRecord* record_ = nullptr;
  std::size_t at_ = 0;
  TraceReport report_;
  std::map<std::uint32_t, LaneModel> lanes_;
  std::map<std::uint32_t, ActorModel> actors_;
  std::map<std::uint64_t, TicketModel> tickets_;
  std::int64_t aging_ = 1, max_waiting_ = 0;
  std::uint32_t burst_ = 0, top_ = 0;
  std::uint64_t last_ticket_ = 0;
  bool alone_ = false, closed_ = false;
  bool complex_ = false;  // Nested or multi-lane tickets were seen: the bound is another one.
};

}  // namespace

Result<TraceReport> check_trace(std::span<const TraceRecord> trace,
                                const TraceCheckOptions& options) {
  if (trace.empty() || trace[0].event != TraceEvent::config) {
    return Error{Errc::invalid_argument, "the trace does not start with its configuration"};
  }
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (plausible(trace[i])) continue;
    return Error{Errc::invalid_argument,
                 "trace record " + std::to_string(i) + ": a number is outside its range"};
  }
  Checker checker(options);
  for (std::size_t i = 0; i < trace.size(); ++i) checker.feed(trace[i], i);
  return checker.finish();
}

}  // namespace gk::arbiter
