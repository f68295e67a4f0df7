// ingest_thread.h: the thread that owns the judge and reads the sockets of the game servers.
//
// A million movements a second would starve the loop, so they never touch it: this thread reads
// datagrams in batches, judges, answers, and tells the loop a digest a few times a second. The loop
// hands it tasks (Desk). docs/decisions/0014-referee-ingest-thread.md.

#pragma once

#include <atomic>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "referee/service/desk.h"
#include "sys/datagram.h"

namespace gk::referee {

struct IngestThreadOptions {
  std::size_t max_tasks = 1024;  ///< Waiting tasks; the newest is refused.
  Millis digest_interval{100};   ///< Between two digests. Source: chosen.
};

/// Thread: loop for all calls; its own for what it owns.
class IngestThread final : public Desk {
 public:
  /// Called on this thread; must post to the loop. The next digest waits until digest_done().
  using OnDigest = std::function<void(Digest)>;

  /// Requires: clock, judge and ingest outlive this, and are touched through run() only from
  /// start() on.
  IngestThread(IngestThreadOptions options, const Clock& clock, Judge& judge, Ingest& ingest,
               OnDigest on_digest);
  ~IngestThread() override;  ///< Runs what waits, then joins.

  /// Sockets are added before start().
  void add_udp(sys::DatagramSocket socket);
  void add_unix(sys::DatagramSocket socket);
  /// Errors: unavailable (the kernel gives no descriptor).
  Result<void> start();
  void stop();

  Result<void> run(Task task) override;
  /// The loop has taken the last digest. Thread: safe.
  void digest_done() { digest_taken_ = true; }

 private:
  struct Port {
    sys::DatagramSocket socket;
    bool is_unix = false;
  };
  void work();
  void wait();
  void run_tasks();
  bool read(Port& port);
  void tell();
  Now now() const;

  const IngestThreadOptions options_;
  const Clock& clock_;
  Bench bench_;
  const OnDigest on_digest_;
  std::vector<Port> ports_;
  sys::Fd poll_, wake_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> digest_taken_{true};
  MonoTime told_{}, swept_{};  // Confined to the thread.
  bool busy_ = false;          // Confined: a socket had more than one slice.
  Mutex mu_{MutexRank::queue};
  std::vector<Task> tasks_ GK_GUARDED_BY(mu_);
  bool closed_ GK_GUARDED_BY(mu_) = true;
};

}  // namespace gk::referee
