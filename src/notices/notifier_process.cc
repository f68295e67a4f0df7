#include "notices/notifier_process.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace gk::notices {
namespace {

constexpr Seconds kTick{1};            // Source: chosen; the deadlines are tens of seconds
constexpr std::size_t kMaxEnding = 8;  // Source: chosen; a killed child is reaped in milliseconds

}  // namespace

NotifierProcess::NotifierProcess(NotifierOptions options, net::Loop& loop, const Clock& clock,
                                 Log& log, Metrics& metrics)
    : options_(std::move(options)),
      loop_(loop),
      clock_(clock),
      log_(log),
      up_gauge_(metrics.gauge("gamekeeper_notifier_up",
                              "1: gamekeeper-notify runs or can be started when it is needed")),
      restarts_total_(metrics.counter("gamekeeper_notifier_failures_total",
                                      "How often gamekeeper-notify ended or was killed")) {
  set_health(::access(options_.program.c_str(), X_OK) == 0 ? Health::ok : Health::absent);
}

NotifierProcess::~NotifierProcess() {
  if (child_.process) (void)child_.process.try_signal(SIGKILL);
}

void NotifierProcess::set_health(Health health) {
  if (health != health_.exchange(health) && health != Health::ok) {
    log_.warn("notices.notifier_degraded",
              health == Health::absent ? "gamekeeper-notify is not installed: nobody is told"
                                       : "gamekeeper-notify does not stay up",
              {{"program", options_.program}});
  }
  up_gauge_.set(health == Health::ok ? 1 : 0);
}

bool NotifierProcess::start() {
  if (running()) return true;
  if (clock_.mono() < may_start_at_) return false;
  std::vector<std::string> command{options_.program};
  for (const auto& network : options_.allow_private) {
    command.insert(command.end(), {"--allow", network});
  }
  if (!options_.ca_file.empty()) command.insert(command.end(), {"--ca-file", options_.ca_file});
  auto child = sys::spawn_socket_child(command, {"PATH=/usr/bin:/bin", "LANG=C.UTF-8"});
  if (!child) {
    set_health(child.error().code == Errc::not_found ? Health::absent : Health::failing);
    may_start_at_ = clock_.mono() + options_.first_wait;
    log_.warn("notices.notifier_not_started", child.error().message);
    return false;
  }
  child_ = std::move(*child);
  lines_ = {};
  socket_watch_ = loop_.watch_readable(child_.socket.get(), [this] { on_readable(); });
  ticker_ = loop_.every(kTick, [this] { tick(); });
  return true;
}

void NotifierProcess::fail(std::function<void(const Attempt&)> done, const std::string& why) {
  Attempt attempt;
  attempt.error_kind = "notifier";
  attempt.error = why;
  loop_.post([done = std::move(done), attempt] { done(attempt); });
}

void NotifierProcess::post(PostRequest request, std::function<void(const Attempt&)> done) {
  if (!start()) return fail(std::move(done), "gamekeeper-notify cannot be started");
  request.number = ++last_number_;
  const std::string frame = post_frame(request);
  if (frame.size() > kMaxFrame) return fail(std::move(done), "the message is over 128 KiB");
  last_used_ = clock_.mono();
  waiting_[request.number] = {std::move(done), last_used_ + options_.deadline};
  const ssize_t sent = ::send(child_.socket.get(), frame.data(), frame.size(), MSG_NOSIGNAL);
  // The socket's buffer holds all that may be in flight: less means that the child does not read.
  if (sent != static_cast<ssize_t>(frame.size())) lose("gamekeeper-notify takes nothing more");
}

void NotifierProcess::on_readable() {
  std::array<char, 16 * 1024> bytes{};
  const ssize_t n = ::recv(child_.socket.get(), bytes.data(), bytes.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return lose("gamekeeper-notify ended");
  lines_.append({bytes.data(), static_cast<std::size_t>(n)});
  std::string line;
  for (;;) {
    const auto whole = lines_.next(line);
    if (!whole) return lose("gamekeeper-notify sent a line without end");
    if (!*whole) return;
    const auto frame = read_notifier_frame(line);
    if (!frame) return lose("gamekeeper-notify sent no frame");
    on_frame(*frame);
    if (!running()) return;
  }
}

void NotifierProcess::on_frame(const NotifierFrame& frame) {
  if (frame.ready) {
    log_.info("notices.notifier_ready", "gamekeeper-notify runs",
              {{"pid", child_.process.pid()}, {"confinement", frame.confinement}});
    return;
  }
  failures_ = 0;  // It works: an answer came through.
  set_health(Health::ok);
  const auto it = waiting_.find(frame.number);
  if (it == waiting_.end()) return;
  const auto done = std::move(it->second.done);
  waiting_.erase(it);
  done(frame.attempt);
}

void NotifierProcess::lose(const std::string& why) {
  ++failures_;
  restarts_total_.inc();
  Nanos wait = options_.first_wait;
  for (std::uint32_t i = 1; i < failures_ && wait < options_.longest_wait; ++i) wait *= 2;
  may_start_at_ = clock_.mono() + std::min<Nanos>(wait, options_.longest_wait);
  constexpr std::uint32_t kPatience = 2;  // Source: chosen; once is an accident
  if (failures_ >= kPatience) set_health(Health::failing);
  log_.warn("notices.notifier_lost", why, {{"pid", child_.process.pid()}});
  end_child();
  for (auto& [number, waiting] : std::exchange(waiting_, {})) fail(std::move(waiting.done), why);
}

void NotifierProcess::end_child() {
  socket_watch_.cancel();
  ticker_.cancel();
  (void)child_.process.try_signal(SIGKILL);
  // Reaped when it is gone: its pidfd becomes readable then.
  const int fd = child_.process.fd();
  if (ending_.size() >= kMaxEnding) ending_.pop_front();
  ending_.emplace_back(std::move(child_.process), net::Handle());
  child_ = {};
  ending_.back().second = loop_.watch_readable(fd, [this, fd] {
    loop_.post([this, fd, alive = std::weak_ptr<int>(alive_)] {
      if (alive.expired()) return;
      std::erase_if(ending_, [&](const auto& entry) {
        return entry.first.fd() == fd && entry.first.try_reap().has_value();
      });
    });
  });
}

void NotifierProcess::tick() {
  const MonoTime now = clock_.mono();
  const bool hangs = std::any_of(waiting_.begin(), waiting_.end(),
                                 [&](const auto& w) { return w.second.deadline < now; });
  if (hangs) return lose("gamekeeper-notify hangs");
  if (!waiting_.empty() || now - last_used_ < options_.idle) return;
  log_.debug("notices.notifier_idle", "gamekeeper-notify had nothing to do");
  end_child();
}

}  // namespace gk::notices
