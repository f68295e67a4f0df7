#include "tls/service/front_process.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>

#include "base/try.h"
#include "tls/rules/expiry.h"
#include "tls/service/mutant.h"

namespace gk::tls {
namespace {

constexpr int kBatch = 64;  // Source: net/server.cc, its accept batch; then the loop serves others
constexpr Nanos kDropRecord = std::chrono::minutes(1);  // Source: chosen; between lines of the log
constexpr const char* kRetry = "retry";  // The cause when the last process gave no opinion.

std::vector<std::string> command_of(const FrontOptions& options) {
  std::vector<std::string> out{options.program,
                               "--certificate",
                               options.certificate,
                               "--key",
                               options.key,
                               "--max-connections",
                               std::to_string(options.max_connections),
                               "--max-per-address",
                               std::to_string(options.max_per_address)};
  for (const auto& address : options.unlimited) out.insert(out.end(), {"--unlimited", address});
  return out;
}

struct Started {
  sys::ProcessHandle process;
  sys::PacketSocket socket;
};

Result<Started> spawn_front(const FrontOptions& options) {
  auto child = sys::spawn_socket_child(command_of(options), {"PATH=/usr/bin:/bin", "LANG=C.UTF-8"},
                                       sys::ChildSocket::packets);
  if (!child) {
    return Error{Errc::unavailable, "gamekeeper-tls cannot be started: " + child.error().message};
  }
  return Started{std::move(child->process), sys::PacketSocket(std::move(child->socket))};
}

/// The first word of a process, waited for.
Result<FrontFrame> first_frame(sys::PacketSocket& socket, Millis patience) {
  pollfd wait{socket.fd(), POLLIN, 0};
  (void)::poll(&wait, 1, static_cast<int>(patience.count()));
  const auto packet = socket.receive();
  if (!packet) {
    return Error{Errc::unavailable, socket.closed() ? "gamekeeper-tls ended without a word"
                                                    : "gamekeeper-tls says nothing"};
  }
  GK_TRY(auto frame, read_front_frame(packet->text));
  if (frame.kind == FrontFrame::Kind::ready) return frame;
  return Error{Errc::invalid_argument, frame.text};
}

/// What the process may hand over: a socket of its own making, never one of a stranger.
bool is_local_stream(int fd) {
  const auto option = [fd](int name) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
  };
  return option(SO_DOMAIN) == AF_UNIX && option(SO_TYPE) == SOCK_STREAM &&
         option(SO_ACCEPTCONN) == 0;
}

}  // namespace

FrontMetrics::FrontMetrics(Metrics& m)
    : up(m.gauge("gamekeeper_tls_up", "1: gamekeeper-tls takes connections")),
      expiry(m.gauge("gamekeeper_tls_certificate_expiry_timestamp_seconds",
                     "When the certificate in use ends, Unix time")),
      connections(m.gauge("gamekeeper_tls_connections", "Clients of gamekeeper-tls")),
      done(m.counter("gamekeeper_tls_handshakes_total", "Handshakes by how they ended",
                     {{"outcome", "done"}})),
      failed(m.counter("gamekeeper_tls_handshakes_total", "Handshakes by how they ended",
                       {{"outcome", "failed"}})),
      late(m.counter("gamekeeper_tls_handshakes_total", "Handshakes by how they ended",
                     {{"outcome", "late"}})),
      refused(m.counter("gamekeeper_tls_refused_connections_total",
                        "Connections that were closed for a limit, or for want of descriptors")),
      dropped(m.counter("gamekeeper_tls_dropped_connections_total",
                        "Connections that the daemon had no descriptor left for")),
      losses(m.counter("gamekeeper_tls_losses_total",
                       "How often gamekeeper-tls ended by itself or was killed")) {}

Result<void> check_files(const FrontOptions& options) {
  GK_TRY(auto started, spawn_front(options));
  const auto frame = first_frame(started.socket, options.start);
  (void)started.process.try_signal(SIGKILL);
  pollfd gone{started.process.fd(), POLLIN, 0};
  (void)::poll(&gone, 1, static_cast<int>(options.start.count()));
  (void)started.process.try_reap();
  if (!frame) return frame.error();
  return {};
}

Result<std::unique_ptr<FrontProcess>> FrontProcess::start(FrontOptions options, sys::Fd listener,
                                                          Adopt adopt, net::Loop& loop,
                                                          const Clock& clock, Log& log,
                                                          Metrics& metrics) {
  std::unique_ptr<FrontProcess> out(new FrontProcess(std::move(options), std::move(listener),
                                                     std::move(adopt), loop, clock, log, metrics));
  GK_TRY(Child* const child, out->spawn("start"));
  GK_TRY(const FrontFrame frame, first_frame(child->socket, out->options_.start));
  out->on_ready(*child, frame);
  out->ticker_ = loop.every(out->options_.look, [self = out.get()] { self->tick(); });
  return out;
}

FrontProcess::FrontProcess(FrontOptions options, sys::Fd listener, Adopt adopt, net::Loop& loop,
                           const Clock& clock, Log& log, Metrics& metrics)
    : options_(std::move(options)),
      listener_(std::move(listener)),
      adopt_(std::move(adopt)),
      loop_(loop),
      clock_(clock),
      log_(log),
      metrics_(metrics) {}

FrontProcess::~FrontProcess() {
  for (const Child& child : children_) (void)child.process.try_signal(SIGKILL);
}

FrontProcess::State FrontProcess::state() const {
  return {shown_serving_.load(), shown_refused_.load(), shown_confined_.load(),
          shown_not_after_s_.load()};
}

void FrontProcess::note() {
  shown_serving_ = serving_ != nullptr;
  shown_refused_ = refused_;
  shown_confined_ = confined_;
  shown_not_after_s_ = not_after_s_;
  metrics_.up.set(serving_ != nullptr ? 1 : 0);
  metrics_.expiry.set(static_cast<double>(not_after_s_));
}

FileStamps FrontProcess::stamps() const {
  FileStamps out;
  const auto changed = [](const struct stat& info) {
    return info.st_ctim.tv_sec * 1'000'000'000 + info.st_ctim.tv_nsec;
  };
  struct stat info{};
  if (::stat(options_.certificate.c_str(), &info) == 0) {
    out.certificate_inode = info.st_ino;
    out.certificate_size = static_cast<std::uint64_t>(info.st_size);
    out.certificate_changed_ns = changed(info);
  }
  if (::stat(options_.key.c_str(), &info) == 0) {
    out.key_inode = info.st_ino;
    out.key_size = static_cast<std::uint64_t>(info.st_size);
    out.key_changed_ns = changed(info);
  }
  return out;
}

Result<FrontProcess::Child*> FrontProcess::spawn(std::string cause) {
  tried_ = seen_ = stamps();  // Before it reads: what changes meanwhile is seen as a change.
  judged_ = false;
  GK_TRY(auto started, spawn_front(options_));
  Child& child = children_.emplace_back();
  child.process = std::move(started.process);
  child.socket = std::move(started.socket);
  child.since = clock_.mono();
  child.cause = std::move(cause);
  child.watch = loop_.watch_readable(child.socket.fd(), [this, &child] { on_readable(child); });
  return &child;
}

void FrontProcess::reload(std::string_view cause) {
  if (starting_ != nullptr || stopping_) return;
  if (serving_ == nullptr && GK_TLS_SERVICE_MUTANT(restart_waits)) return;
  restart_timer_.cancel();
  restart(std::string(cause));
}

void FrontProcess::restart(std::string cause) {
  if (starting_ != nullptr || stopping_) return;
  const bool again = refused_ && cause == kRetry;
  const auto child = spawn(std::move(cause));
  if (child) {
    starting_ = *child;
    return;
  }
  if (!again) log_.warn("tls.not_started", child.error().message);
  refused_ = true;
  if (serving_ == nullptr) schedule_restart();
  note();
}

void FrontProcess::schedule_restart() {
  ++failures_;
  Nanos wait = options_.first_wait;
  for (std::uint32_t i = 1; i < failures_ && wait < options_.longest_wait; ++i) wait *= 2;
  restart_timer_ =
      loop_.after(std::min<Nanos>(wait, options_.longest_wait), [this] { restart("restart"); });
}

void FrontProcess::on_readable(Child& child) {
  for (int i = 0; i < kBatch && child.role != Role::ending; ++i) {
    auto packet = child.socket.receive();
    if (!packet) break;
    if (!on_frame(child, std::move(*packet))) return lose(child, "gamekeeper-tls sent nonsense");
  }
  if (child.role != Role::ending && child.socket.closed()) lose(child, "gamekeeper-tls ended");
}

bool FrontProcess::on_frame(Child& child, sys::PacketSocket::Packet packet) {
  const auto frame = read_front_frame(packet.text);
  if (!frame) return false;
  switch (frame->kind) {
    case FrontFrame::Kind::ready:
      if (child.role != Role::starting) return false;
      on_ready(child, *frame);
      return true;
    case FrontFrame::Kind::failed:
      if (child.role != Role::starting) return false;
      judged_ = true;
      lose(child, frame->text);
      return true;
    case FrontFrame::Kind::connection: return on_connection(child, *frame, packet);
    case FrontFrame::Kind::tally:
      child.unanswered = 0;
      on_tally(child, frame->tally);
      return true;
  }
  return false;
}

void FrontProcess::on_ready(Child& child, const FrontFrame& frame) {
  starting_ = nullptr;
  child.role = Role::serving;
  child.since = clock_.mono();
  if (child.socket.send(kListenFrame, listener_.get()) != sys::PacketSocket::Sent::yes) {
    return lose(child, "gamekeeper-tls takes no socket");
  }
  if (serving_ != nullptr) drain(*serving_);
  serving_ = &child;
  not_after_s_ = frame.not_after_s;
  judged_ = true;
  refused_ = false;
  confined_ = frame.text == kConfined || GK_TLS_SERVICE_MUTANT(weak_is_fine);
  note();
  log_.info("tls.ready", "gamekeeper-tls takes connections",
            {{"pid", child.process.pid()},
             {"cause", child.cause},
             {"certificate", options_.certificate},
             {"certificate_until", expiry_date(frame.not_after_s)},
             {"connections", frame.places},
             {"confinement", frame.text}});
  if (!confined_) {
    log_.warn("tls.weakly_confined", "gamekeeper-tls runs without its list of system calls",
              {{"confinement", frame.text}});
  }
  if (frame.places < options_.max_connections) {
    log_.warn("tls.few_descriptors", "the limit of open files leaves room for fewer connections",
              {{"connections", frame.places}, {"max_connections", options_.max_connections}});
  }
}

bool FrontProcess::on_connection(const Child& child, const FrontFrame& frame,
                                 sys::PacketSocket::Packet& packet) {
  if (child.role != Role::serving && child.role != Role::draining) return false;
  if (packet.fd_lost && !GK_TLS_SERVICE_MUTANT(lost_is_nonsense)) {
    on_dropped();
    return true;
  }
  if (!packet.fd || !is_local_stream(packet.fd.get())) return false;
  adopt_(packet.fd.release(), frame.text, frame.port);
  return true;
}

/// The kernel has closed the daemon's end, so gamekeeper-tls ends this client.
void FrontProcess::on_dropped() {
  metrics_.dropped.inc();
  ++dropped_;
  const MonoTime now = clock_.mono();
  const bool said = dropped_said_ && now - *dropped_said_ < kDropRecord;
  if (said && !GK_TLS_SERVICE_MUTANT(each_drop_is_said)) return;
  dropped_said_ = now;
  log_.warn("tls.connection_dropped", "no descriptor is left for connections by TLS",
            {{"dropped", std::exchange(dropped_, 0)}});
}

void FrontProcess::on_tally(Child& child, const Tally& tally) {
  const Tally before = std::exchange(child.tally, tally);
  const auto add = [](Counter& counter, std::uint64_t was, std::uint64_t is) {
    if (is > was) counter.inc(static_cast<double>(is - was));
  };
  add(metrics_.done, before.handshakes, tally.handshakes);
  add(metrics_.failed, before.failed, tally.failed);
  add(metrics_.late, before.late, tally.late);
  add(metrics_.refused, before.refused, tally.refused);
  std::uint64_t open = 0;
  for (const Child& one : children_) open += one.tally.open;
  metrics_.connections.set(static_cast<double>(open));
}

void FrontProcess::lose(Child& child, const std::string& why) {
  const Role was = child.role;
  end(child);
  if (was == Role::draining || stopping_) return;
  if (was == Role::starting) {
    starting_ = nullptr;
    // One that is tried again and has nothing new to say is on record already.
    if (!std::exchange(refused_, true) || child.cause != kRetry || judged_) {
      log_.warn("tls.files_refused", why,
                {{"cause", child.cause},
                 {"serving", serving_ != nullptr ? "the files before" : "nothing"}});
    }
    if (serving_ == nullptr) schedule_restart();
    return note();
  }
  if (serving_ == &child) serving_ = nullptr;
  metrics_.losses.inc();
  if (clock_.mono() - child.since > options_.longest_wait) failures_ = 0;  // It did stay up.
  log_.warn("tls.lost", why, {{"pid", child.process.pid()}});
  if (serving_ == nullptr) schedule_restart();
  note();
}

/// Kills it and keeps it until it is reaped: its pidfd becomes readable then.
void FrontProcess::end(Child& child) {
  child.role = Role::ending;
  on_tally(child, {.open = 0,
                   .handshakes = child.tally.handshakes,
                   .failed = child.tally.failed,
                   .late = child.tally.late,
                   .refused = child.tally.refused});
  (void)child.process.try_signal(SIGKILL);
  child.watch = loop_.watch_readable(child.process.fd(), [this] {
    loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired()) remove_ended();
    });
  });
}

void FrontProcess::remove_ended() {
  children_.remove_if([](const Child& child) {
    return child.role == Role::ending && child.process.try_reap().has_value();
  });
  if (!children_.empty() || !on_ended_) return;
  grace_timer_.cancel();
  loop_.post(std::exchange(on_ended_, nullptr));
}

void FrontProcess::drain(Child& child) {
  child.role = Role::draining;
  (void)child.socket.send(kDrainFrame);
  const auto draining = [](const Child& one) { return one.role == Role::draining; };
  if (static_cast<std::size_t>(std::count_if(children_.begin(), children_.end(), draining)) <=
      options_.max_draining) {
    return;
  }
  Child& oldest = *std::find_if(children_.begin(), children_.end(), draining);
  log_.warn("tls.old_connections_ended", "too many certificates were changed while clients stayed",
            {{"pid", oldest.process.pid()}, {"connections", oldest.tally.open}});
  end(oldest);
}

void FrontProcess::tick() {
  const MonoTime now = clock_.mono();
  if (starting_ != nullptr && now - starting_->since > options_.start) {
    return lose(*starting_, "gamekeeper-tls says nothing");
  }
  for (Child& child : children_) {
    if (child.role != Role::serving && child.role != Role::draining) continue;
    if (++child.unanswered > options_.max_unanswered) return lose(child, "gamekeeper-tls hangs");
    (void)child.socket.send(kCountFrame);
  }
  const FileStamps found = stamps();
  if (found != std::exchange(seen_, found)) return;
  if (found != tried_) {
    reload("files");
  } else if (!judged_ && serving_ != nullptr && !GK_TLS_SERVICE_MUTANT(untried_is_forgotten)) {
    restart(kRetry);  // Without a process that serves, a timer does.
  }
}

void FrontProcess::stop_listening() {
  stopping_ = true;
  ticker_.cancel();
  restart_timer_.cancel();
  if (starting_ != nullptr) end(*std::exchange(starting_, nullptr));
  if (serving_ != nullptr) drain(*std::exchange(serving_, nullptr));
  listener_.reset();
}

void FrontProcess::when_ended(Nanos grace, std::function<void()> done) {
  on_ended_ = std::move(done);
  grace_timer_ = loop_.after(grace, [this] {
    if (on_ended_) loop_.post(std::exchange(on_ended_, nullptr));
  });
  remove_ended();
}

}  // namespace gk::tls
