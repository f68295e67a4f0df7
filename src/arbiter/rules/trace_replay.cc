#include "arbiter/rules/trace_replay.h"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "arbiter/rules/core.h"

namespace gk::arbiter {
namespace {

/// Feeds one record at a time; results that an earlier input produced are not fed.
class Replayer {
 public:
  Replayer(Core& core, TraceRing& ring, std::span<const TraceRecord> trace)
      : core_(core), ring_(ring), trace_(trace), last_(trace[0].time) {}

  Result<void> run() {
    while (ring_.written() < trace_.size()) {
      const std::size_t at = static_cast<std::size_t>(ring_.written());
      if (auto fed = feed(at); !fed) return fed;
      if (ring_.written() == at) break;  // the record does not follow: the comparison says so
    }
    return {};
  }

 private:
  static Error bad(std::size_t at, const char* what) {
    return {Errc::invalid_argument, "trace record " + std::to_string(at) + ": " + what};
  }

  /// Outside data never reaches an assertion of Core.
  Result<void> check(const TraceRecord& r, std::size_t at) {
    const bool fast = r.event == TraceEvent::fast_hold;
    if (!fast && r.time < last_) return bad(at, "its time is before the last one's");
    if (!fast) last_ = r.time;
    const bool new_lane = r.event == TraceEvent::config_lane && r.lane == core_.lanes().size() + 1;
    if (r.lane > core_.lanes().size() && !new_lane) return bad(at, "its lane does not exist");
    const bool new_actor =
        r.event == TraceEvent::config_actor && r.actor == core_.actors().size() + 1;
    if (r.actor > core_.actors().size() && !new_actor) return bad(at, "its actor does not exist");
    if (!plausible(r)) return bad(at, "a number is outside its range");
    const bool needs_free = fast || r.event == TraceEvent::adopted;
    if (needs_free && (r.lane == 0 || r.actor == 0 || core_.lanes()[r.lane - 1].hold)) {
      return bad(at, "an uncontended grant of a lane that is held");
    }
    return {};
  }

  Result<void> feed(std::size_t at) {
    const TraceRecord& r = trace_[at];
    if (auto checked = check(r, at); !checked) return checked;
    const GrantRef grant{LaneId(r.lane), Token(r.token)};
    const MonoTime until{Nanos(r.until)};
    switch (r.event) {
      case TraceEvent::config_lane:
      case TraceEvent::config_actor: return feed_config(at);
      case TraceEvent::queued: return feed_request(at);
      case TraceEvent::released: return feed_release(r, grant);
      case TraceEvent::share_ended:
        (void)core_.release(grant, ShareId(static_cast<std::uint64_t>(r.value)), r.time);
        return {};
      case TraceEvent::shared: (void)core_.share(grant, r.time); return {};
      case TraceEvent::renewed: (void)core_.renew(grant, r.time); return {};
      case TraceEvent::stale_send: (void)core_.may_send(grant, r.time); return {};
      case TraceEvent::owner_gone:
        core_.drop_owner(OwnerId(static_cast<std::uint64_t>(r.value)), r.time);
        return {};
      case TraceEvent::closed: core_.close(r.time); return {};
      case TraceEvent::fast_hold:
        core_.replay_fast_hold(grant.lane, ActorId(r.actor), until - Nanos(r.value), until);
        return {};
      case TraceEvent::adopted: core_.adopt(grant.lane, ActorId(r.actor), until, r.time); return {};
      default: return feed_rest(r, grant);
    }
  }

  /// Results of passing time, and the inputs that share an event with a result.
  Result<void> feed_rest(const TraceRecord& r, GrantRef grant) {
    const auto lock = static_cast<std::uint64_t>(r.value);
    if (r.event == TraceEvent::cancelled && r.reason == Reason::by_caller) {
      (void)core_.cancel(TicketId(r.ticket), r.time);
    } else if (r.event == TraceEvent::revoked && r.reason == Reason::revoked) {
      (void)core_.revoke(grant.lane, r.time);
    } else if (r.event == TraceEvent::rejected && r.ticket == 0) {
      ring_.push(r);  // a request that was refused at the door changed nothing
    } else if (r.event == TraceEvent::external_hold) {
      (void)core_.foreign_hold(grant, lock, r.time);
    } else if (r.event == TraceEvent::external_wait) {
      (void)core_.foreign_wait(grant, lock, r.time);
    } else if (r.event == TraceEvent::external_end) {
      (void)core_.foreign_end(grant, lock, r.time);
    } else {
      core_.poll(r.time);
    }
    return {};
  }

  Result<void> feed_config(std::size_t at) {
    const TraceRecord& r = trace_[at];
    if (at + 1 >= trace_.size()) return bad(at, "its pacing is missing");
    const Pacing pacing{Nanos(trace_[at + 1].value), Nanos(trace_[at + 1].until)};
    if (r.event == TraceEvent::config_lane) {
      LaneOptions options{Nanos(r.value), Nanos(r.until), pacing};
      if (at + 2 < trace_.size() && trace_[at + 2].event == TraceEvent::order_lane &&
          trace_[at + 2].flags == 0) {
        const TraceRecord& order = trace_[at + 2];
        options.order =
            LaneOrder{Nanos(order.value), order.depth, static_cast<std::uint32_t>(order.token),
                      order.eff == 0 ? Grouping::by_actor : Grouping::off};
      }
      if (r.lane > core_.lanes().size()) {
        auto added = core_.add_lane(options, Token(r.token), r.time);
        return added ? Result<void>() : Result<void>(added.error());
      }
      if (r.token != core_.lanes()[r.lane - 1].first.value) {
        return core_.renew_lane(LaneId(r.lane), options, Token(r.token), r.time);
      }
      return core_.set_lane(LaneId(r.lane), options, r.time);
    }
    const ActorConfig config{static_cast<Group>(r.depth), static_cast<std::uint8_t>(r.eff), pacing};
    if (r.actor > core_.actors().size()) {
      auto added = core_.add_actor(config, r.time);
      return added ? Result<void>() : Result<void>(added.error());
    }
    return core_.set_actor(ActorId(r.actor), config, r.time);
  }

  Result<void> feed_request(std::size_t at) {
    const TraceRecord& r = trace_[at];
    const std::size_t count = (r.flags >> kLanesShift) & 15U;
    if (count == 0 || count > kMaxLanesPerTicket || at + count > trace_.size()) {
      return bad(at, "its lanes are missing");
    }
    std::array<LaneId, kMaxLanesPerTicket> lanes{};
    for (std::size_t i = 0; i < count; ++i) lanes[i] = LaneId(trace_[at + i].lane);
    Request request;
    request.actor = ActorId(r.actor);
    request.lanes = {lanes.data(), count};
    request.deadline = MonoTime(Nanos(r.until));
    request.owner = OwnerId(static_cast<std::uint64_t>(r.value));
    request.parent = {LaneId(r.parent_lane), Token(r.token)};
    request.wait = (r.flags & kTryOnly) != 0 ? Wait::no : Wait::allowed;
    auto id = core_.request(request, r.time);
    return id ? Result<void>() : Result<void>(id.error());
  }

  Result<void> feed_release(const TraceRecord& r, GrantRef grant) {
    const auto& shares = core_.lanes()[r.lane - 1].shares;  // the last handle ended
    if (shares.size() == 1) (void)core_.release(grant, ShareId(shares[0]), r.time);
    return {};
  }

  Core& core_;
  TraceRing& ring_;
  std::span<const TraceRecord> trace_;
  MonoTime last_;
};

/// The fast path takes a place in the ring while Core is between two records of one command, which
/// all carry one time. Such a record is of another lane, so it may as well come before the command.
std::vector<TraceRecord> without_interleaving(std::span<const TraceRecord> trace) {
  std::vector<TraceRecord> out;
  out.reserve(trace.size());
  std::size_t command = 0;  // Where the records of the last command begin in `out`.
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (trace[i].event != TraceEvent::fast_hold) {
      if (out.size() <= command || out[command].time != trace[i].time) command = out.size();
      out.push_back(trace[i]);
      continue;
    }
    std::size_t next = i + 1;
    while (next < trace.size() && trace[next].event == TraceEvent::fast_hold) ++next;
    const bool inside = next < trace.size() && command < out.size() &&
                        out[command].event != TraceEvent::fast_hold &&
                        out[command].time == trace[next].time;
    if (inside) {
      out.insert(out.begin() + static_cast<std::ptrdiff_t>(command), trace[i]);
      ++command;
    } else {
      out.push_back(trace[i]);
      command = out.size();
    }
  }
  return out;
}

}  // namespace

Result<ReplayReport> replay(std::span<const TraceRecord> recorded, const ArbiterOptions& options) {
  if (recorded.empty() || recorded[0].event != TraceEvent::config || !plausible(recorded[0])) {
    return Error{Errc::invalid_argument, "the trace does not start with its configuration"};
  }
  if (recorded.size() > (1U << 24)) {
    return Error{Errc::invalid_argument, "the trace has more than 2^24 records"};
  }
  const std::vector<TraceRecord> trace = without_interleaving(recorded);
  TraceRing ring(std::bit_ceil(static_cast<std::uint32_t>(trace.size() + 64) * 2));
  auto core = Core::create(options, ring, trace[0].time);
  if (!core) return std::move(core).error();
  if (auto run = Replayer(*core, ring, trace).run(); !run) return std::move(run).error();
  const auto again = ring.snapshot();
  ReplayReport report;
  report.records = trace.size();
  report.digest = core->digest();
  const auto [expected, got] =
      std::mismatch(trace.begin(), trace.end(), again.begin(), again.end());
  report.same = expected == trace.end() && got == again.end();
  if (!report.same) {
    report.difference = static_cast<std::size_t>(expected - trace.begin());
    report.explanation = "expected " + (expected == trace.end() ? "the end" : to_text(*expected)) +
                         ", got " + (got == again.end() ? "the end" : to_text(*got));
  }
  return report;
}

}  // namespace gk::arbiter
