#include "net/loop.h"

#include <sys/stat.h>

#include <boost/asio/error.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/assert.h"
#include "net/loop_impl.h"

namespace gk::net {

namespace asio = boost::asio;
using boost::system::error_code;

/// State of one handle, shared by the Handle and the pending Asio operation.
struct Handle::Impl : std::enable_shared_from_this<Handle::Impl> {
  explicit Impl(std::function<void()> fn) : task(std::move(fn)) {}
  virtual ~Impl() = default;
  virtual void stop_waiting() = 0;

  void cancel() {
    if (cancelled) return;
    cancelled = true;
    stop_waiting();
    if (!running) task = nullptr;
  }
  void run_task() {
    running = true;
    task();
    running = false;
    if (cancelled) task = nullptr;
  }

  std::function<void()> task;
  bool cancelled = false;
  bool running = false;
};

namespace {

using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

// libstdc++'s steady_clock is CLOCK_MONOTONIC, as MonoTime.
std::chrono::steady_clock::time_point to_steady(MonoTime time) {
  return std::chrono::steady_clock::time_point(time.time_since_epoch());
}

struct TimerImpl final : Handle::Impl {
  TimerImpl(Loop::Impl& l, MonoTime at, Nanos p, std::function<void()> fn)
      : Impl(std::move(fn)), loop(l), timer(l.context), due(at), period(p) {}

  void stop_waiting() override { timer.cancel(); }

  void wait() {
    timer.expires_at(to_steady(due));
    timer.async_wait([self = std::static_pointer_cast<TimerImpl>(shared_from_this())](
                         const error_code&) { self->on_due(); });
  }

  void on_due() {
    if (cancelled) return;
    if (period == Nanos::zero()) {
      cancelled = true;  // run_task() frees the task.
      run_task();
      return;
    }
    run_task();
    if (cancelled) return;
    const Nanos behind = loop.now() - due;
    due += behind < Nanos::zero() ? period : period * (behind / period + 1);
    wait();
  }

  Loop::Impl& loop;
  Timer timer;
  MonoTime due;
  const Nanos period;  // Zero: once.
};

struct WatchImpl final : Handle::Impl {
  WatchImpl(Loop::Impl& l, std::function<void()> fn) : Impl(std::move(fn)), descriptor(l.context) {}
  ~WatchImpl() override { stop_waiting(); }

  void stop_waiting() override {
    if (descriptor.is_open()) descriptor.release();  // Never closes the borrowed descriptor.
  }

  void wait() {
    descriptor.async_wait(asio::posix::descriptor_base::wait_read,
                          [self = std::static_pointer_cast<WatchImpl>(shared_from_this())](
                              const error_code& ec) { self->on_ready(ec); });
  }

  void on_ready(const error_code& ec) {
    if (ec) cancel();
    if (cancelled) return;
    run_task();
    if (!cancelled) wait();
  }

  asio::posix::basic_stream_descriptor<Executor> descriptor;
};

}  // namespace

Handle::Handle() = default;
Handle::Handle(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Handle::Handle(Handle&& other) noexcept : impl_(std::move(other.impl_)) {}
Handle& Handle::operator=(Handle&& other) noexcept {
  if (this != &other) {
    cancel();
    impl_ = std::move(other.impl_);
  }
  return *this;
}
Handle::~Handle() { cancel(); }

void Handle::cancel() {
  // Out of impl_ first: freeing the task may destroy whoever holds this handle.
  if (const std::shared_ptr<Impl> impl = std::move(impl_)) impl->cancel();
}

bool Handle::active() const { return impl_ && !impl_->cancelled; }

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() {
  // What waits is freed while everything it may touch still exists.
  std::vector<std::function<void()>> batch;
  {
    const MutexLock lock(impl_->mu);
    impl_->ending = true;
    batch.swap(impl_->posted);
  }
}

void Loop::run() {
  impl_->as_owner([this] { impl_->context.run(); });
}

void Loop::run_for(Nanos budget) {
  impl_->as_owner([&] { impl_->context.run_for(budget); });
}

bool Loop::run_until(const std::function<bool()>& done, Nanos budget) {
  bool finished = done();
  impl_->as_owner([&] {
    const MonoTime end = impl_->now() + budget;
    while (!finished && !impl_->context.stopped() && impl_->now() < end) {
      impl_->context.run_one_for(Millis(1));
      finished = done();
    }
  });
  return finished;
}

void Loop::stop() { impl_->context.stop(); }

void Loop::post(std::function<void()> task) {
  bool first = false;
  {
    const MutexLock lock(impl_->mu);
    if (impl_->ending) return;
    first = impl_->posted.empty();
    impl_->posted.push_back(std::move(task));
  }
  if (first) asio::post(impl_->context, [impl = impl_.get()] { impl->run_posted(); });
}

void Loop::Impl::run_posted() {
  std::vector<std::function<void()>> batch;
  {
    const MutexLock lock(mu);
    batch.swap(posted);
  }
  for (auto& task : batch) {
    task();
    task = nullptr;  // Free what it captured before the next one runs.
  }
}

bool Loop::in_loop_thread() const {
  return impl_->owner.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

Handle Loop::after(Nanos delay, std::function<void()> task) {
  auto timer =
      std::make_shared<TimerImpl>(*impl_, impl_->now() + delay, Nanos::zero(), std::move(task));
  timer->wait();
  return Handle(std::move(timer));
}

Handle Loop::every(Nanos period, std::function<void()> task) {
  GK_ASSERT(period > Nanos::zero());  // A zero period would never let the loop rest.
  auto timer = std::make_shared<TimerImpl>(*impl_, impl_->now() + period, period, std::move(task));
  timer->wait();
  return Handle(std::move(timer));
}

Handle Loop::watch_readable(int fd, std::function<void()> task) {
  struct stat info{};
  if (::fstat(fd, &info) != 0 || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode)) return Handle();
  auto watch = std::make_shared<WatchImpl>(*impl_, std::move(task));
  error_code ec;
  watch->descriptor.assign(fd, ec);
  if (ec) return Handle();
  watch->wait();
  return Handle(std::move(watch));
}

}  // namespace gk::net
