// notifier_process.h: the child gamekeeper-notify: started when there is something to send, ended
// when there was nothing for a while, restarted with back-off, killed when it hangs.

#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "net/loop.h"
#include "notices/transport.h"
#include "sys/socket_child.h"

namespace gk::notices {

/// Source: chosen.
struct NotifierOptions {
  std::string program;                     ///< Path of gamekeeper-notify.
  std::vector<std::string> allow_private;  ///< Networks, as text.
  std::string ca_file;                     ///< Empty: the system's certificates.
  Millis idle{60'000};                     ///< Then it ends, and its memory is free.
  Millis deadline{20'000};   ///< For one POST, twice the child's own; then it is killed.
  Millis first_wait{1'000};  ///< After it ended by itself; doubles.
  Millis longest_wait{60'000};
};

/// Thread: loop, except health().
class NotifierProcess final : public Transport {
 public:
  enum class Health : std::uint8_t { ok, absent, failing };

  /// Requires: all references outlive it.
  NotifierProcess(NotifierOptions options, net::Loop& loop, const Clock& clock, Log& log,
                  Metrics& metrics);
  ~NotifierProcess() override;

  void post(PostRequest request, std::function<void(const Attempt&)> done) override;

  /// Safe.
  Health health() const { return health_.load(); }
  int pid() const { return child_.process.pid(); }
  bool running() const { return static_cast<bool>(child_.socket); }

 private:
  struct Waiting {
    std::function<void(const Attempt&)> done;
    MonoTime deadline{};
  };

  bool start();
  void on_readable();
  void on_frame(const NotifierFrame& frame);
  /// It is gone or must go: what it had answers with `why`.
  void lose(const std::string& why);
  void end_child();
  void fail(std::function<void(const Attempt&)> done, const std::string& why);
  void tick();
  void set_health(Health health);

  const NotifierOptions options_;
  net::Loop& loop_;
  const Clock& clock_;
  Log& log_;
  sys::SocketChild child_;
  net::Handle socket_watch_, ticker_;
  std::list<std::pair<sys::ProcessHandle, net::Handle>> ending_;  // Until they are reaped.
  LineBuffer lines_;
  std::map<std::uint64_t, Waiting> waiting_;
  std::uint64_t last_number_ = 0;
  MonoTime last_used_{}, may_start_at_{};
  std::uint32_t failures_ = 0;  // In a row.
  std::atomic<Health> health_{Health::ok};
  Gauge up_gauge_;
  Counter restarts_total_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late callbacks.
};

}  // namespace gk::notices
