// arbiter_bench.cc: the figures of docs/performance-arbiter.md. Run by hand: prints one line each.

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <mutex>
#include <thread>
#include <tuple>
#include <vector>

#include "arbiter/gate.h"
#include "arbiter/rules/core.h"
#include "arbiter/rules/task_graph.h"
#include "testing/seeded_random.h"

namespace gk::arbiter {
namespace {

using namespace std::chrono_literals;
const SystemClock system_clock_now;

std::int64_t now_ns() { return system_clock_now.mono().time_since_epoch().count(); }

/// CPU time of this thread: for work in one thread, on a machine that others use too.
std::int64_t cpu_ns() {
  timespec ts{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
  return std::int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
}

double percentile(std::vector<std::int64_t>& values, double p) {
  std::sort(values.begin(), values.end());
  return static_cast<double>(
      values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))]);
}

void print(const char* what, double value, const char* unit, std::size_t n) {
  std::printf("%-58s %12.1f %-9s n=%zu\n", what, value, unit, n);
  std::fflush(stdout);
}

/// Median of many short rounds, so that rounds in which the machine did something else drop out.
template <typename Work>
void print_ns_per_call(const char* what, Work work) {
  constexpr std::size_t kCalls = 2000, kRounds = 5000;
  std::vector<std::int64_t> rounds;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const std::int64_t begin = now_ns();
    for (std::size_t i = 0; i < kCalls; ++i) work();
    rounds.push_back(now_ns() - begin);
  }
  const double median = percentile(rounds, 0.5) / kCalls, tenth = percentile(rounds, 0.1) / kCalls;
  std::printf("%-58s %12.1f %-9s n=%zu, p10 %.1f\n", what, median, "ns", kCalls * kRounds, tenth);
}

std::unique_ptr<Arbiter> arbiter_of() { return Arbiter::create({}).value(); }

void uncontended() {
  auto arbiter = arbiter_of();
  const LaneId lane = arbiter->add_lane("a", {}).value();
  const ActorId actor = arbiter->actor("fisher").value();
  print_ns_per_call("acquire + release, no rival, traced",
                    [&] { (void)arbiter->acquire(lane, actor); });
  print_ns_per_call("two clock reads", [] { (void)(now_ns() + now_ns()); });
  std::mutex mutex;
  print_ns_per_call("std::mutex lock + unlock", [&] { const std::lock_guard l(mutex); });
}

void hand_over() {
  constexpr std::size_t kRounds = 4000;
  auto arbiter = arbiter_of();
  const LaneId lane = arbiter->add_lane("a", {0ms, 30s, {}}).value();
  const ActorId actor = arbiter->actor("fisher").value();
  std::vector<std::int64_t> delays;
  for (std::size_t i = 0; i < kRounds; ++i) {
    auto held = arbiter->acquire(lane, actor).value();
    std::atomic<std::int64_t> got{0};
    std::thread parked([&] {
      auto grant = arbiter->acquire(lane, actor);
      got.store(now_ns());
    });
    while (arbiter->status(lane).depth == 0) std::this_thread::yield();
    std::this_thread::sleep_for(100us);  // it sleeps by now
    const std::int64_t begin = now_ns();
    held.release();
    parked.join();
    delays.push_back(got.load() - begin);
  }
  print("hand-over to a parked thread, p50", percentile(delays, 0.5) / 1000, "us", kRounds);
  print("hand-over to a parked thread, p99", percentile(delays, 0.99) / 1000, "us", kRounds);
}

/// How late a start is after the gap between two groups; the timer thread wakes the waiting one.
void spacing() {
  constexpr std::size_t kRounds = 500;
  auto arbiter = arbiter_of();
  const LaneId lane = arbiter->add_lane("a", {5ms, 30s, {}}).value();
  const ActorId actors[] = {arbiter->actor("fisher").value(), arbiter->actor("trainer").value()};
  arbiter->acquire(lane, actors[1]).value().release();
  std::vector<std::int64_t> late;
  for (std::size_t i = 0; i < kRounds; ++i) {
    auto grant = arbiter->acquire(lane, actors[i % 2]).value();
    const std::int64_t got = now_ns();
    const auto trace = arbiter->gate().trace();
    const TraceRecord& last = trace[trace.size() - 1];  // `granted`; before it the last end
    std::int64_t ended = 0;
    for (std::size_t r = trace.size(); r-- > 0 && ended == 0;) {
      const bool end =
          trace[r].event == TraceEvent::released || trace[r].event == TraceEvent::fast_hold;
      if (end) ended = trace[r].until;
    }
    if (last.event == TraceEvent::granted) late.push_back(got - ended - 5'000'000);
  }
  print("late after a gap, p50", percentile(late, 0.5) / 1000, "us", late.size());
  print("late after a gap, p99", percentile(late, 0.99) / 1000, "us", late.size());
  print("late after a gap, earliest", percentile(late, 0) / 1000, "us", late.size());
}

/// `threads` threads that ask again as soon as they have released; a reader of the status.
void strict_order(std::size_t count) {
  auto arbiter = arbiter_of();
  const LaneId lane = arbiter->add_lane("a", {0ms, 30s, {}}).value();
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> grants{0};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      const ActorId actor = arbiter->actor(kKnownActors[i % kKnownActors.size()].name).value();
      while (!stop.load(std::memory_order_relaxed)) {
        if (auto grant = arbiter->acquire(lane, actor)) {
          grants.fetch_add(1, std::memory_order_relaxed);
        }
      }
    });
  }
  const std::int64_t begin = now_ns();
  std::vector<std::int64_t> reads;
  while (now_ns() - begin < 3'000'000'000) {
    const std::int64_t t = now_ns();
    (void)arbiter->status(lane);
    reads.push_back(now_ns() - t);
    std::this_thread::sleep_for(50us);
  }
  const double seconds = static_cast<double>(now_ns() - begin) * 1e-9;
  const auto total = grants.load();
  stop = true;
  for (auto& thread : threads) thread.join();
  char what[80];
  std::snprintf(what, sizeof what, "grants in strict order, %zu threads", count);
  print(what, static_cast<double>(total) / seconds / 1000, "k/s", total);
  std::snprintf(what, sizeof what, "status read beside %zu threads, p50", count);
  print(what, percentile(reads, 0.5), "ns", reads.size());
  std::snprintf(what, sizeof what, "status read beside %zu threads, p99", count);
  print(what, percentile(reads, 0.99), "ns", reads.size());
}

/// Random requests of random priorities in virtual time; each winner against all that waited.
void inversions() {
  constexpr std::size_t kGrants = 10'000'000;
  TraceRing ring(16);
  MonoTime now(1h);
  ArbiterOptions options;
  options.trace_records = 16;
  Core core = Core::create(options, ring, now).value();
  const LaneId lane = core.add_lane({0ms, 600s, {}}, {}, now).value();
  for (int i = 0; i < 64; ++i) {
    (void)core.add_actor({0, static_cast<std::uint8_t>(i * 4), {}}, now).value();
  }
  SeededRandom random(1);
  std::size_t inverted = 0;
  std::vector<std::tuple<std::uint32_t, bool, std::uint64_t>> waiting;
  const std::int64_t begin = cpu_ns();
  for (std::size_t grants = 0; grants < kGrants;) {
    now += Micros(random.below(50'000));
    if (core.lanes()[0].queue.size() < 2 + random.below(10)) {
      const Request request{
          .actor = ActorId(1 + random.below(64)), .lanes = {&lane, 1}, .deadline = now + 600s};
      (void)core.request(request, now);
      continue;
    }
    waiting.clear();
    const Lane& before = core.lanes()[0];
    for (const Slot slot : before.queue) {
      const Ticket& t = core.ticket_at(slot);
      const bool favour =
          before.burst < options.same_group_burst && t.actor + 1 == before.last_actor;
      const auto aged = static_cast<std::uint32_t>((now - t.enqueued) / Nanos(1s));
      waiting.push_back({t.priority + aged, favour, ~t.id.value});
    }
    const TicketId best(~std::get<2>(*std::max_element(waiting.begin(), waiting.end())));
    const Token held = core.lanes()[0].hold->token;
    (void)core.release({lane, held}, ShareId(1), now);
    const auto& hold = core.lanes()[0].hold;
    if (!hold || hold->ticket != best) ++inverted;
    core.decisions().clear();
    core.ended().clear();
    core.clear_changed();
    ++grants;
  }
  print("inversions in random grants", static_cast<double>(inverted), "", kGrants);
  print("rules alone: request + grant + release + check, CPU",
        static_cast<double>(cpu_ns() - begin) / kGrants, "ns", kGrants);
}

void tasks() {
  constexpr std::uint32_t kTasks = 1'000'000;
  SeededRandom random(3);
  std::vector<TaskSpec> specs(kTasks);
  for (std::uint32_t i = 0; i < kTasks; ++i) {
    specs[i].priority = static_cast<TaskPriority>(random.below(5));
    if (i > 0 && random.below(2) == 0) specs[i].depends_on = {std::uint32_t(random.below(i))};
  }
  const MonoTime now(1h);
  std::vector<std::int64_t> whole, run;
  for (int round = 0; round < 5; ++round) {
    TaskScheduler scheduler;
    const std::int64_t begin = cpu_ns();
    (void)scheduler.submit(specs, now).value();
    const std::int64_t submitted = cpu_ns();
    while (const auto ref = scheduler.next(now, MachineLoad::idle)) {
      (void)scheduler.finish(*ref, TaskResult::success, now, random);
    }
    run.push_back(cpu_ns() - submitted);
    whole.push_back(cpu_ns() - begin);
  }
  print("task graph: next + finish, CPU", 1e3 * kTasks / percentile(run, 0.5), "M/s", kTasks * 5);
  print("task graph: submit + next + finish, CPU", 1e3 * kTasks / percentile(whole, 0.5), "M/s",
        kTasks * 5);
}

}  // namespace
}  // namespace gk::arbiter

int main(int argc, char** argv) {
  using namespace gk::arbiter;
  const auto wants = [&](const char* name) { return argc < 2 || !std::strcmp(argv[1], name); };
  if (wants("fast")) uncontended();
  if (wants("handover")) hand_over();
  if (wants("spacing")) spacing();
  if (wants("order")) strict_order(8);
  if (wants("inversions")) inversions();
  if (wants("tasks")) tasks();
  return 0;
}
