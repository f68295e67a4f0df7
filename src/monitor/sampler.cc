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

// Source: chosen; who has no place tries again each second.
constexpr Nanos kTellOfRefusedEvery = std::chrono::minutes(1);

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
  auto taken = external_.submit(signal, subject, value, source, now, wall, period);
  note_refused(taken, signal, subject);
  return taken;
}

void Sampler::note_refused(const Result<void>& taken, std::string_view signal,
                           std::string_view subject) {
  if (taken || taken.error().code != Errc::resource_exhausted) return;
  ++refused_.count;
  refused_.signal = signal;
  refused_.subject = subject;
  refused_.why = taken.error().message;
}

void Sampler::tell_of_refused(MonoTime now) {
  if (now < next_refused_) return;
  Refused told;
  {
    const MutexLock lock(mu_);
    told = std::exchange(refused_, {});
  }
  if (told.count == 0) return;
  next_refused_ = now + kTellOfRefusedEvery;
  log_.warn("monitor.no_place", "values were not taken: " + told.why,
            {{"count", told.count}, {"last_signal", told.signal}, {"last_subject", told.subject}});
}

Result<FrameReader::PageId> Sampler::read_frames(std::string_view subject, int memory) {
  return frames_.add(subject, memory);
}

void Sampler::end_frames(FrameReader::PageId page, std::string_view reason) {
  const MonoTime now = clock_.mono();
  const WallTime wall = clock_.wall();
  // One step: what was read of it before is not taken afterwards.
  const MutexLock lock(mu_);
  const auto subject = frames_.remove(page);
  if (!subject) return;
  external_.end("fps", *subject, SampleSource::claim, std::string(reason), now, wall);
}

bool Sampler::forget(std::string_view subject) {
  const MutexLock lock(mu_);
  return external_.forget(subject);
}

Sampler::Published Sampler::sample_once_for_test(const std::function<void()>& meanwhile) {
  GK_ASSERT(!thread_.joinable());
  return take(clock_.mono(), meanwhile);
}

void Sampler::take_rates(const std::vector<FrameReader::Rate>& rates, MonoTime now, Nanos period) {
  constexpr SampleSource kClaim = SampleSource::claim;
  for (const auto& [page, subject, fps, trouble] : rates) {
    if (!frames_.reads(page)) continue;  // It was ended since it was read.
    if (fps) {
      const auto taken = external_.submit("fps", subject, *fps, kClaim, now, work_.wall, period);
      note_refused(taken, "fps", subject);
    } else if (!trouble.empty()) {
      const auto taken = external_.submit_unknown("fps", subject, kClaim, trouble, now, work_.wall);
      note_refused(taken, "fps", subject);
    }
  }
}

Sampler::Published Sampler::take(MonoTime now, const std::function<void()>& meanwhile) {
  const Nanos period = interval();
  work_.at = now;
  work_.wall = clock_.wall();
  work_.interval = period;
  ++work_.number;
  const std::uint64_t forks = sensors_.read(work_, now, work_.wall, period);
  const auto rates = frames_.read(period);
  if (meanwhile) meanwhile();
  {
    const MutexLock lock(mu_);
    if (std::exchange(wanted_changed_, false)) processes_.set_watched(wanted_);
    take_rates(rates, now, period);
    external_.fill(work_, now);
  }
  tell_of_refused(now);
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
      on_snapshot_(take(clock_.mono(), {}));
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
    on_snapshot_(take(clock_.mono(), {}));
  }
}

}  // namespace gk::monitor
