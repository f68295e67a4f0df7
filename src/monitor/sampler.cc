#include "monitor/sampler.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.h"

namespace gk::monitor {
namespace {

SamplerOptions with_one_root(SamplerOptions options) {
  if (options.processes.root == "/") options.processes.root = options.sensors.root;
  return options;
}

timespec to_timespec(Nanos time) {
  const auto seconds = std::chrono::duration_cast<Seconds>(time);
  return {.tv_sec = seconds.count(), .tv_nsec = (time - seconds).count()};
}

bool in_range(Nanos interval) { return interval >= kMinInterval && interval <= kMaxInterval; }

const std::vector<double>& sampler_buckets() {
  // Seconds. Source: bench/monitor_sampler, a round takes 0.1 to 1 ms.
  static const std::vector<double> kBounds = {
      50e-6, 100e-6, 200e-6, 400e-6, 800e-6, 1.6e-3, 3.2e-3, 6.4e-3, 12.8e-3, 25e-3, 50e-3, 0.1, 1};
  return kBounds;
}

}  // namespace

Sampler::Sampler(SamplerOptions options, const Clock& clock, Log& log, Metrics& metrics)
    : clock_(clock),
      log_(log),
      max_watched_(options.max_watched),
      duration_(metrics.histogram("gamekeeper_sampler_duration_seconds",
                                  "Time to read all sensors once", sampler_buckets())),
      missed_total_(metrics.counter("gamekeeper_sampler_missed_ticks_total",
                                    "Ticks skipped because the sampler was late")),
      interval_ns_(options.interval.count()),
      external_(options.external),
      frames_(clock, metrics),
      sensors_(make_system_sensors(options.sensors), metrics),
      processes_(with_one_root(options).processes, clock),
      timer_fd_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  GK_ASSERT(in_range(options.interval));
}

Sampler::~Sampler() {
  stop();
  for (const int fd : {timer_fd_, wake_fd_}) {
    if (fd >= 0) ::close(fd);
  }
}

Nanos Sampler::interval() const {
  const Nanos set(interval_ns_.load(std::memory_order_relaxed));
  return fast_holds_.load(std::memory_order_relaxed) > 0 ? std::min(set, kFastInterval) : set;
}

Result<void> Sampler::set_interval(Nanos interval) {
  if (!in_range(interval)) {
    return Error{Errc::invalid_argument, "interval: expected 0.1 s to 60 s"};
  }
  interval_ns_.store(interval.count(), std::memory_order_relaxed);
  wake();
  return {};
}

Sampler::FastHold Sampler::hold_fast() {
  if (fast_holds_.fetch_add(1) == 0) wake();
  return FastHold(this);
}

void Sampler::release_fast() {
  if (fast_holds_.fetch_sub(1) == 1) wake();
}

Result<void> Sampler::watch(std::string_view subject, int pid) {
  if (pid < 1 || subject.empty()) {
    return Error{Errc::invalid_argument, "watch: expected a subject and a pid above 0"};
  }
  const MutexLock lock(mu_);
  const auto it = wanted_.find(subject);
  if (it == wanted_.end() && wanted_.size() >= max_watched_) {
    return Error{Errc::resource_exhausted,
                 "already watching " + std::to_string(wanted_.size()) + " processes"};
  }
  wanted_[std::string(subject)] = pid;
  wanted_changed_ = true;
  return {};
}

void Sampler::unwatch(std::string_view subject) {
  const MutexLock lock(mu_);
  const auto it = wanted_.find(subject);
  if (it == wanted_.end()) return;
  wanted_.erase(it);
  wanted_changed_ = true;
}

Result<void> Sampler::submit(std::string_view signal, double value, std::string_view subject,
                             SampleSource source, std::optional<Nanos> period) {
  const MonoTime now = clock_.mono();
  const WallTime wall = clock_.wall();
  const MutexLock lock(mu_);
  return external_.submit(signal, subject, value, source, now, wall, period);
}

Result<void> Sampler::read_frames(std::string_view subject, int memory) {
  return frames_.add(subject, memory);
}

void Sampler::end_frames(std::string_view subject, std::string_view reason) {
  if (!frames_.remove(subject)) return;
  const MonoTime now = clock_.mono();
  const WallTime wall = clock_.wall();
  const MutexLock lock(mu_);
  external_.fail("fps", subject, SampleSource::claim, std::string(reason), now, wall);
}

bool Sampler::forget(std::string_view subject) {
  const MutexLock lock(mu_);
  return external_.forget(subject);
}

Sampler::Published Sampler::sample_once() {
  GK_ASSERT(!thread_.joinable());
  return take(clock_.mono());
}

Sampler::Published Sampler::take(MonoTime now) {
  const Nanos period = interval();
  work_.at = now;
  work_.wall = clock_.wall();
  work_.interval = period;
  ++work_.number;
  const std::uint64_t forks = sensors_.read(work_, now, work_.wall, period);
  const auto rates = frames_.read(period);
  {
    const MutexLock lock(mu_);
    if (std::exchange(wanted_changed_, false)) processes_.set_watched(wanted_);
    for (const auto& [subject, fps, trouble] : rates) {
      if (fps) {
        (void)external_.submit("fps", subject, *fps, SampleSource::claim, now, work_.wall, period);
      } else if (!trouble.empty()) {
        external_.fail("fps", subject, SampleSource::claim, trouble, now, work_.wall);
      }
    }
    external_.fill(work_, now);
  }
  processes_.read(work_, forks, period);
  auto published = std::make_shared<const Snapshot>(work_);
  latest_.store(published, std::memory_order_release);
  duration_.observe(std::chrono::duration<double>(clock_.mono() - now).count());
  return published;
}

Result<void> Sampler::start(OnSnapshot on_snapshot) {
  if (thread_.joinable()) return Error{Errc::failed_precondition, "the sampler runs already"};
  if (timer_fd_ < 0 || wake_fd_ < 0) {
    return Error{Errc::resource_exhausted, "no file descriptor for the sampler's timer"};
  }
  on_snapshot_ = std::move(on_snapshot);
  stopping_.store(false);
  thread_ = std::thread([this] { run(); });
  ::pthread_setname_np(thread_.native_handle(), "gk-sampler");
  return {};
}

void Sampler::stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true);
  wake();
  thread_.join();
}

void Sampler::wake() {
  const std::uint64_t one = 1;
  if (wake_fd_ >= 0) (void)!::write(wake_fd_, &one, sizeof one);
}

void Sampler::arm(Nanos interval) {
  const itimerspec spec{.it_interval = to_timespec(interval),
                        .it_value = to_timespec((clock_.mono() + interval).time_since_epoch())};
  if (::timerfd_settime(timer_fd_, TFD_TIMER_ABSTIME, &spec, nullptr) != 0) {
    log_.error("sampler.timer", "the sampler's timer could not be set");
  }
}

void Sampler::run() {
  Nanos armed{};
  std::array<pollfd, 2> fds = {{{.fd = timer_fd_, .events = POLLIN, .revents = 0},
                                {.fd = wake_fd_, .events = POLLIN, .revents = 0}}};
  while (!stopping_.load()) {
    if (const Nanos wanted = interval(); wanted != armed) {
      armed = wanted;
      arm(armed);
      on_snapshot_(take(clock_.mono()));
      continue;  // It may have changed again meanwhile.
    }
    if (::poll(fds.data(), fds.size(), -1) < 0) continue;  // A signal.
    std::uint64_t count = 0;
    if (fds[1].revents != 0) (void)!::read(wake_fd_, &count, sizeof count);
    if (fds[0].revents == 0 || ::read(timer_fd_, &count, sizeof count) != sizeof count) continue;
    if (count > 1) {
      missed_.fetch_add(count - 1, std::memory_order_relaxed);
      missed_total_.inc(static_cast<double>(count - 1));
    }
    on_snapshot_(take(clock_.mono()));
  }
}

}  // namespace gk::monitor
