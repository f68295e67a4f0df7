#include "referee/service/ingest_thread.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/assert.h"

namespace gk::referee {
namespace {

/// Batches of one socket before the others, and the loop's tasks, have their turn.
constexpr int kBatchesPerTurn = 16;  // Source: chosen; at most 512 datagrams, some 5 ms.
constexpr int kIdleWaitMs = 1'000;   // Source: chosen.
constexpr Seconds kSweep{30};        // Source: chosen.

}  // namespace

IngestThread::IngestThread(IngestThreadOptions options, const Clock& clock, Judge& judge,
                           Ingest& ingest, OnDigest on_digest)
    : options_(options), clock_(clock), bench_{judge, ingest}, on_digest_(std::move(on_digest)) {}

IngestThread::~IngestThread() { stop(); }

void IngestThread::add_udp(sys::DatagramSocket socket) {
  GK_ASSERT(!thread_.joinable());  // Documented.
  ports_.push_back({std::move(socket), false});
}
void IngestThread::add_unix(sys::DatagramSocket socket) {
  GK_ASSERT(!thread_.joinable());  // Documented.
  ports_.push_back({std::move(socket), true});
}

Result<void> IngestThread::start() {
  poll_ = sys::Fd(::epoll_create1(EPOLL_CLOEXEC));
  wake_ = sys::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!poll_ || !wake_) return sys::file_error("wait for", "movement sockets", errno);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = ports_.size();
  if (::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0)
    return sys::file_error("watch", "eventfd", errno);
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    event.data.u64 = i;
    if (::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, ports_[i].socket.fd(), &event) != 0)
      return sys::file_error("watch", ports_[i].socket.address(), errno);
  }
  {
    MutexLock lock(mu_);
    closed_ = false;
  }
  thread_ = std::thread([this] { work(); });
  ::pthread_setname_np(thread_.native_handle(), "gk-referee");
  return {};
}

void IngestThread::stop() {
  if (!thread_.joinable()) return;
  {
    MutexLock lock(mu_);
    closed_ = true;
  }
  stopping_ = true;
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
  thread_.join();
}

Result<void> IngestThread::run(Task task) {
  bool first = false;
  {
    MutexLock lock(mu_);
    if (closed_) return Error{Errc::cancelled, "the referee is stopping"};
    if (tasks_.size() >= options_.max_tasks)
      return Error{Errc::resource_exhausted, "the referee is busy; try again"};
    first = tasks_.empty();
    tasks_.push_back(std::move(task));
  }
  const std::uint64_t one = 1;
  if (first) (void)!::write(wake_.get(), &one, sizeof one);
  return {};
}

Now IngestThread::now() const {
  const auto us = std::chrono::duration_cast<Micros>(clock_.mono().time_since_epoch());
  return {us.count(), clock_.wall()};
}

void IngestThread::work() {
  told_ = swept_ = clock_.mono();
  while (!stopping_) {
    wait();
    run_tasks();
    busy_ = false;
    for (Port& port : ports_) busy_ = read(port) || busy_;
    tell();
  }
  run_tasks();
  bench_.judge.recorder().stop("the daemon stopped");
}

void IngestThread::wait() {
  int wait_ms = kIdleWaitMs;
  if (busy_) wait_ms = 0;
  // News waits for its turn, or for the loop.
  else if (bench_.judge.has_news())
    wait_ms = static_cast<int>(options_.digest_interval.count());
  std::array<epoll_event, 8> events{};
  const int got =
      ::epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), wait_ms);
  for (int i = 0; i < got; ++i) {
    if (events[static_cast<std::size_t>(i)].data.u64 != ports_.size()) continue;
    std::uint64_t count = 0;
    (void)!::read(wake_.get(), &count, sizeof count);
  }
}

void IngestThread::run_tasks() {
  std::vector<Task> tasks;
  {
    MutexLock lock(mu_);
    tasks.swap(tasks_);
  }
  for (Task& task : tasks) task(bench_);
}

bool IngestThread::read(Port& port) {
  for (int batch = 0; batch < kBatchesPerTurn; ++batch) {
    const auto datagrams = port.socket.receive();
    if (datagrams.empty()) return false;
    const Now at = now();
    for (const sys::Datagram& d : datagrams) {
      if (d.truncated) {
        bench_.ingest.refuse(FrameFault::length);
        continue;
      }
      const Bytes answer = port.is_unix
                               ? bench_.ingest.take_unix(d.bytes, d.peer.uid, d.peer.text(), at)
                               : bench_.ingest.take_udp(d.bytes, d.peer.text(), at);
      if (!answer.empty()) (void)port.socket.send(d.peer, answer);
    }
    if (datagrams.size() < sys::DatagramSocket::kBatch) return false;
  }
  return true;
}

void IngestThread::tell() {
  const MonoTime at = clock_.mono();
  if (at - swept_ >= kSweep) {
    swept_ = at;
    bench_.judge.sweep(now());
  }
  if (!bench_.judge.has_news() || at - told_ < options_.digest_interval || !digest_taken_) return;
  told_ = at;
  digest_taken_ = false;
  on_digest_(bench_.judge.take_digest());
}

}  // namespace gk::referee
