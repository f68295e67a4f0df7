// front_process.h: gamekeeper-tls as the daemon sees it: started with the listening socket, started
// anew when it ends or the files change, and the source of connections.
//
// Certificate and key are read by the process alone. New files are tried by a second process, which
// gets the listening socket when they are good; the first one then serves its clients to their end.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "gamekeeper/result.h"
#include "net/loop.h"
#include "sys/packet_socket.h"
#include "sys/socket_child.h"
#include "tls/rules/frames.h"

namespace gk::tls {

struct FrontOptions {
  std::string program;  ///< Path of gamekeeper-tls.
  std::string certificate, key;
  std::size_t max_connections = 1024;
  std::size_t max_per_address = 64;
  std::vector<std::string> unlimited{};  ///< Addresses of proxies.
  // Source of what follows: chosen.
  Millis start{5'000};     ///< Until it says whether the files are good.
  Millis first_wait{200};  ///< After it ended by itself; doubles.
  Millis longest_wait{30'000};
  Millis look{2'000};  ///< Between two looks at the files; they must rest for one.
  /// Looks that it may leave unanswered, not time: a daemon that stood still is not its fault.
  std::uint32_t max_unanswered = 5;
  std::size_t max_draining = 3;  ///< Processes with old certificates; the oldest is ended.
};

/// Starts gamekeeper-tls for its opinion about the files. Errors: invalid_argument (says which file
/// and why), unavailable (it is not there, or says nothing). Cost: blocks for about 10 ms.
Result<void> check_files(const FrontOptions& options);

/// The series that a daemon with TLS has.
struct FrontMetrics {
  explicit FrontMetrics(Metrics& metrics);
  Gauge up, expiry, connections;
  Counter done, failed, late, refused, dropped, losses;
};

/// Of both files, to see that they changed; links followed. 0: not there.
struct FileStamps {
  std::uint64_t certificate_inode = 0, certificate_size = 0, key_inode = 0, key_size = 0;
  std::int64_t certificate_changed_ns = 0, key_changed_ns = 0;
  bool operator==(const FileStamps&) const = default;
};

/// Thread: loop, except state().
class FrontProcess {
 public:
  struct State {
    bool serving = false;
    bool refused = false;  ///< The files on disk are not in use, but older ones.
    bool confined = true;  ///< It has all of its confinement.
    std::int64_t not_after_s = 0;
  };
  /// Takes `fd`, the daemon's end, over.
  using Adopt = std::function<void(int fd, std::string address, std::uint16_t port)>;

  /// Blocks until the process has read the files. Requires: the references outlive it.
  /// Errors: as check_files().
  static Result<std::unique_ptr<FrontProcess>> start(FrontOptions options, sys::Fd listener,
                                                     Adopt adopt, net::Loop& loop,
                                                     const Clock& clock, Log& log,
                                                     Metrics& metrics);
  ~FrontProcess();
  FrontProcess(const FrontProcess&) = delete;
  FrontProcess& operator=(const FrontProcess&) = delete;

  /// Reads the files again, at once also while a restart waits; `cause` is for the record.
  void reload(std::string_view cause);
  /// No new clients, and nothing is started any more.
  void stop_listening();
  /// Calls `done` when every process has sent what it had and ended, or after `grace`.
  void when_ended(Nanos grace, std::function<void()> done);

  /// Safe.
  State state() const;
  int pid() const { return serving_ == nullptr ? 0 : serving_->process.pid(); }

 private:
  enum class Role : std::uint8_t { starting, serving, draining, ending };
  struct Child {
    Role role = Role::starting;
    sys::ProcessHandle process;
    sys::PacketSocket socket;
    net::Handle watch;
    MonoTime since{};
    std::uint32_t unanswered = 0;
    std::string cause;
    Tally tally;
  };
  FrontProcess(FrontOptions options, sys::Fd listener, Adopt adopt, net::Loop& loop,
               const Clock& clock, Log& log, Metrics& metrics);
  Result<Child*> spawn(std::string cause);
  void restart(std::string cause);
  void on_readable(Child& child);
  bool on_frame(Child& child, sys::PacketSocket::Packet packet);
  void on_ready(Child& child, const FrontFrame& frame);
  bool on_connection(const Child& child, const FrontFrame& frame,
                     sys::PacketSocket::Packet& packet);
  void on_dropped();
  void on_tally(Child& child, const Tally& tally);
  /// It is gone or must go.
  void lose(Child& child, const std::string& why);
  void end(Child& child);
  void remove_ended();
  void schedule_restart();
  void drain(Child& child);
  void tick();
  FileStamps stamps() const;
  void note();

  const FrontOptions options_;
  sys::Fd listener_;
  const Adopt adopt_;
  net::Loop& loop_;
  const Clock& clock_;
  Log& log_;
  FrontMetrics metrics_;
  std::list<Child> children_;
  Child* serving_ = nullptr;
  Child* starting_ = nullptr;
  net::Handle ticker_, restart_timer_, grace_timer_;
  FileStamps tried_, seen_;
  std::int64_t not_after_s_ = 0;
  std::uint32_t failures_ = 0;  // In a row.
  bool judged_ = false;         // Whoever has tried_ said whether the files are good.
  bool refused_ = false;
  bool confined_ = true;
  std::uint64_t dropped_ = 0;  // Since the last line of the log.
  std::optional<MonoTime> dropped_said_;
  bool stopping_ = false;
  std::function<void()> on_ended_;
  std::atomic<bool> shown_serving_{false}, shown_refused_{false}, shown_confined_{true};
  std::atomic<std::int64_t> shown_not_after_s_{0};
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late callbacks.
};

}  // namespace gk::tls
