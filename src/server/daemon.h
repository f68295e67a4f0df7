// daemon.h: puts the rooms together and runs them.
//
// Start: listen first, then open the databases off the loop, then connect the rooms on it; until
// then only liveness is answered. So a start on a new data folder, where creating the files costs
// tens of milliseconds of disk syncs, is ready as soon as any other.

#pragma once

#include <memory>
#include <string>
#include <thread>

#include "api/correlation.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "gamekeeper/result.h"
#include "net/loop.h"
#include "net/server.h"
#include "server/config.h"
#include "server/options.h"
#include "sys/file_lock.h"
#include "sys/service_notify.h"
#include "sys/signals.h"
#include "tls/service/front_process.h"

namespace gk::server {

class Rooms;
struct Stores;

/// The daemon.
/// Thread: loop; create() and run() on the main thread, which becomes the loop thread.
class Daemon {
 public:
  /// Takes the data folder, opens the log and listens.
  /// Errors: failed_precondition (another daemon has the folder), already_exists (port in use),
  ///         permission_denied, invalid_argument, unavailable.
  static Result<std::unique_ptr<Daemon>> create(const Options& options, const Config& config,
                                                std::string config_text);
  /// Errors: invalid_argument (certificate or key is not good; says which file and why),
  ///         unavailable. Nothing without TLS.
  static Result<void> check_tls(const Config& config);
  ~Daemon();

  /// Serves until SIGTERM or SIGINT. Returns the exit code: 0, or that of the error which ended it.
  int run();

 private:
  Daemon(Options options, Config config, sys::SignalSet signals, sys::DirLock lock,
         std::unique_ptr<FileLog> log, sys::ServiceNotify notify);

  Result<void> listen();
  Result<void> listen_tls();
  void open_stores();  // On a thread of its own.
  void on_stores(Result<std::unique_ptr<Stores>> stores);
  void on_signal();
  void shut_down();
  void print_ready() const;
  net::Response starting_answer(const net::Request& request);

  const Options options_;
  const Config config_;
  std::string config_text_;  // Of the file, as it was read.
  SystemClock clock_;
  const MonoTime started_;
  SystemRandom random_;
  api::CorrelationIds correlations_{random_};  // Of what is answered before the rooms see it.
  sys::SignalSet signals_;
  sys::DirLock lock_;
  std::unique_ptr<FileLog> log_;
  const sys::ServiceNotify notify_;
  Metrics metrics_;
  net::Loop loop_;
  std::unique_ptr<net::Server> server_;
  std::unique_ptr<tls::FrontProcess> tls_;  // Null without TLS.
  std::unique_ptr<Rooms> rooms_;            // Null until the stores are open.
  std::thread opener_;
  net::Handle signal_watch_;
  net::Handle alive_tick_;  // On the loop: a loop that hangs is restarted by the manager.
  net::Handle log_flush_, start_is_over_;
  net::Handle forced_end_;
  std::string address_;  // "127.0.0.1:5000", as bound.
  std::string url_;      // "http://127.0.0.1:5000"
  bool stopping_ = false;
  int exit_code_ = 0;
};

}  // namespace gk::server
