#include "server/daemon.h"

#include <unistd.h>

#include <csignal>
#include <iostream>

#include "api/problem.h"
#include "base/error_codes.h"
#include "base/try.h"
#include "net/listen.h"
#include "server/dashboard.h"
#include "server/rooms.h"
#include "server/stores.h"
#include "server/version.h"
#include "sys/code_pages.h"
#include "sys/files.h"
#include "sys/limits.h"
#include "sys/paths.h"
#include "tls/rules/expiry.h"

namespace gk::server {
namespace {

constexpr Millis kShutdownGrace{2'000};  // Source: chosen; SIGTERM ends the daemon within 5 s
constexpr Millis kForcedEnd{4'000};      // Source: as above
constexpr Millis kStartIsOver{2'000};    // chosen: rooms have read what they keep by then
constexpr Millis kLogFlush{1'000};       // Source: base/log.h promises a second
constexpr unsigned kSocketMode = 0660;   // Source: platform specification, HTTP rules
constexpr Millis kLastBytes{500};        // Source: chosen; what clients have not got yet
// Source: chosen; certificates of 90 days are renewed 30 before, of 45 days 15 before
constexpr auto kExpiryWarning = Seconds(7 * 86'400);
constexpr std::size_t kMegabyte = 1U << 20;

Result<std::unique_ptr<FileLog>> open_log(const Options& options, const Config& config,
                                          const Clock& clock) {
  return FileLog::create(
      {.file = options.data_dir + "/logs/gamekeeper.log",
       .max_file_bytes = static_cast<std::size_t>(config.log_max_file_mb) * kMegabyte,
       .max_files = static_cast<std::size_t>(config.log_max_files),
       .file_level = config.log_requests ? LogLevel::debug : LogLevel::info,
       .to_stderr = true,
       .stderr_format = config.log_format,
       .stderr_level = config.log_level},
      clock);
}

tls::FrontOptions front_options(const Config& config) {
  return {.program = sys::helper_path("gamekeeper-tls"),
          .certificate = config.tls_certificate,
          .key = config.tls_key,
          .max_connections = static_cast<std::size_t>(config.http_max_connections),
          .max_per_address = static_cast<std::size_t>(config.http_max_per_address),
          .unlimited = config.behind_proxy ? config.proxy_addresses : std::vector<std::string>{}};
}

monitor::CheckOutcome judge_tls(const tls::FrontProcess::State& state, WallTime now) {
  using monitor::HealthStatus;
  const WallTime until{Seconds(state.not_after_s)};
  const std::string day = tls::expiry_date(state.not_after_s);
  if (!state.serving)
    return {HealthStatus::degraded, "gamekeeper-tls does not run: no new connections"};
  if (state.refused) {
    return {HealthStatus::degraded,
            "the certificate's files are refused or not tried yet (log, tls.files_refused, "
            "tls.not_started); the ones before are in use, until " +
                day};
  }
  if (!state.confined) {
    return {HealthStatus::degraded,
            "gamekeeper-tls runs without its list of system calls (log, tls.weakly_confined)"};
  }
  if (until <= now) return {HealthStatus::degraded, "the certificate expired on " + day};
  if (until - now < kExpiryWarning)
    return {HealthStatus::degraded, "the certificate ends on " + day};
  return {HealthStatus::ok, "the certificate is valid until " + day};
}

}  // namespace

Result<void> Daemon::check_tls(const Config& config) {
  if (!config.speaks_tls()) return {};
  return tls::check_files(front_options(config));
}

Result<std::unique_ptr<Daemon>> Daemon::create(const Options& options, const Config& config,
                                               std::string config_text) {
  static const SystemClock kClock;
  (void)sys::raise_file_limit();
  auto notify = sys::ServiceNotify::from_environment();
  GK_TRY(auto signals, sys::SignalSet::create({SIGTERM, SIGINT, SIGHUP, SIGUSR2}));
  GK_CHECK_OK(sys::make_private_dir(options.data_dir));
  GK_TRY(auto lock, sys::DirLock::acquire(options.data_dir));
  GK_CHECK_OK(sys::make_private_dir(options.data_dir + "/logs"));
  GK_CHECK_OK(sys::make_private_dir(options.data_dir + "/config/macro_safety"));
  GK_TRY(auto log, open_log(options, config, kClock));
  std::unique_ptr<Daemon> daemon(new Daemon(options, config, std::move(signals), std::move(lock),
                                            std::move(log), std::move(notify)));
  daemon->config_text_ = std::move(config_text);
  GK_CHECK_OK(daemon->listen());
  return daemon;
}

Daemon::Daemon(Options options, Config config, sys::SignalSet signals, sys::DirLock lock,
               std::unique_ptr<FileLog> log, sys::ServiceNotify notify)
    : options_(std::move(options)),
      config_(std::move(config)),
      started_(clock_.mono()),
      signals_(std::move(signals)),
      lock_(std::move(lock)),
      log_(std::move(log)),
      notify_(std::move(notify)) {}

Daemon::~Daemon() {
  if (opener_.joinable()) opener_.join();
}

Result<void> Daemon::listen() {
  net::ServerOptions options;
  options.limits.max_connections = static_cast<std::size_t>(config_.http_max_connections);
  options.limits.max_per_address = static_cast<std::size_t>(config_.http_max_per_address);
  options.common_headers = security_headers(config_.under_tls());
  if (config_.behind_proxy) options.proxies = config_.proxy_addresses;
  net::ServerHandlers handlers;
  handlers.on_request = [this](net::Request request, net::Respond respond) {
    if (rooms_) return rooms_->dispatch(std::move(request), std::move(respond));
    respond(starting_answer(request));
  };
  handlers.on_large_body = [this](const net::Request& head) {
    return rooms_ ? rooms_->admit_large_body(head) : net::LargeBody{};
  };
  handlers.on_upgrade = [this](net::Request request,
                               std::function<void(net::UpgradeDecision)> decide) {
    if (rooms_) return rooms_->upgrade(request, decide);
    decide({.accept = false, .refusal = starting_answer(request)});
  };
  handlers.on_protocol_error = [this](const net::ProtocolFault& fault) {
    const std::string id = correlations_.next();
    log_->debug("http.refused", fault.detail, {{"correlation_id", id}, {"status", fault.status}});
    return api::problem_response(api::problem_from(fault), "", id);
  };
  server_ = std::make_unique<net::Server>(loop_, std::move(options), std::move(handlers), *log_,
                                          metrics_);
  if (config_.speaks_tls()) {
    GK_CHECK_OK(listen_tls());
  } else {
    GK_TRY(address_, server_->listen_tcp(config_.listen));
  }
  url_ = (config_.speaks_tls() ? "https://" : "http://") + address_;
  return server_->listen_unix(sys::socket_path(options_.data_dir), kSocketMode);
}

/// The socket is ours, so that it stays when the process ends; who accepts from it is not.
Result<void> Daemon::listen_tls() {
  GK_TRY(const net::Listening listening, net::open_tcp_listener(config_.listen));
  address_ = listening.address;
  const auto adopt = [this](int fd, std::string address, std::uint16_t port) {
    server_->adopt(fd, {.address = std::move(address), .port = port});
  };
  GK_TRY(tls_, tls::FrontProcess::start(front_options(config_), sys::Fd(listening.fd), adopt, loop_,
                                        clock_, *log_, metrics_));
  return {};
}

net::Response Daemon::starting_answer(const net::Request& request) {
  if (request.path == "/api/health/live" || request.path == "/api/v1/health/live") {
    net::Response live;
    live.body = R"({"status":"ok"})";
    return live;
  }
  return api::problem_response(
      {.type = "unavailable", .detail = "the daemon is starting", .retry_after_s = 1}, request.path,
      correlations_.of(request));
}

int Daemon::run() {
  signal_watch_ = loop_.watch_readable(signals_.fd(), [this] { on_signal(); });
  if (notify_.alive_period() > Nanos(0)) {
    alive_tick_ = loop_.every(notify_.alive_period(), [this] { notify_.alive(); });
  }
  opener_ = std::thread([this] { open_stores(); });
  loop_.run();
  // In this order: no more requests, then the rooms and their last writes.
  server_.reset();
  rooms_.reset();
  tls_.reset();
  log_->info("daemon.ended", "gamekeeperd has ended", {{"exit_code", exit_code_}});
  return exit_code_;
}

void Daemon::open_stores() {
  auto stores = Stores::open(options_.data_dir, config_, clock_, *log_, metrics_);
  // shared: std::function needs a copyable closure; only one copy is ever run
  auto result = std::make_shared<Result<std::unique_ptr<Stores>>>(std::move(stores));
  loop_.post([this, result] { on_stores(std::move(*result)); });
}

void Daemon::on_stores(Result<std::unique_ptr<Stores>> stores) {
  if (!stores) {
    log_->error("daemon.start_failed", stores.error().message);
    exit_code_ = error_code(stores.error().code).exit_code;
    return loop_.stop();
  }
  RoomsContext context{
      .data_dir = options_.data_dir,
      .address = address_,
      .config_file = config_file_of(options_),
      .config_text = config_text_,
      .parse_config =
          [options = options_](std::string_view text) { return effective_config(options, text); },
      .tls_check = nullptr,
      .config = config_,
      .started = started_,
      .clock = clock_,
      .random = random_,
      .log = *log_,
      .metrics = metrics_,
      .loop = loop_};
  if (tls_) {
    context.tls_check = [front = tls_.get(), &clock = clock_] {
      return judge_tls(front->state(), clock.wall());
    };
  }
  auto rooms = Rooms::create(context, std::move(*stores));
  if (!rooms) {
    log_->error("daemon.start_failed", rooms.error().message);
    exit_code_ = error_code(rooms.error().code).exit_code;
    return loop_.stop();
  }
  rooms_ = std::move(*rooms);
  start_is_over_ = loop_.after(kStartIsOver, [] { sys::drop_code_pages(); });
  log_flush_ = loop_.every(kLogFlush, [this] { log_->flush(); });
  print_ready();
  log_->info("daemon.ready", "gamekeeperd is ready",
             {{"version", kVersion},
              {"address", address_},
              {"tls", config_.speaks_tls()},
              {"data", options_.data_dir},
              {"duration_ms",
               std::chrono::duration<double, std::milli>(clock_.mono() - started_).count()}});
  if (const auto told = notify_.ready("serves " + url_); !told) {
    log_->warn("daemon.notify_failed", told.error().message);
  }
}

void Daemon::print_ready() const {
  std::cout << "Gamekeeper " << kVersion << " serves " << url_ << "\n";
  if (!is_loopback(config_)) std::cout << exposure_text(config_, address_) << "\n";
  if (const std::string code = rooms_->setup_code(); !code.empty()) {
    std::cout << "Create the first administrator at " << url_ << "/setup";
    if (::isatty(STDOUT_FILENO) == 1) {
      std::cout << "\n\n    setup code: " << code << "    (valid for 15 minutes)\n\n";
    } else {
      std::cout << " with the code in " << options_.data_dir << "/setup-code\n";
    }
  }
  std::cout << std::flush;
}

void Daemon::on_signal() {
  while (const auto number = signals_.next()) {
    if (*number == SIGHUP) {
      if (tls_) tls_->reload("SIGHUP");
      if (rooms_) rooms_->reload_configuration("SIGHUP");
    } else if (*number == SIGUSR2) {
      if (rooms_) rooms_->emergency_stop("SIGUSR2");
    } else {
      log_->info("daemon.stopping", "stopping", {{"signal", *number}});
      shut_down();
    }
  }
}

void Daemon::shut_down() {
  if (stopping_) return loop_.stop();  // A second signal does not wait for the grace.
  stopping_ = true;
  notify_.stopping();
  if (rooms_) rooms_->prepare_to_stop();
  if (tls_) tls_->stop_listening();
  server_->shutdown(kShutdownGrace, [this] {
    if (!tls_) return loop_.stop();
    tls_->when_ended(kLastBytes, [this] { loop_.stop(); });
  });
  forced_end_ = loop_.after(kForcedEnd, [this] { loop_.stop(); });
}

}  // namespace gk::server
