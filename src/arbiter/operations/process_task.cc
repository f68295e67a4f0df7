#include "arbiter/operations/process_task.h"

#include <signal.h>
#include <unistd.h>

#include <array>

#include "base/try.h"

namespace gk::arbiter {
namespace {

/// All that a descriptor has, at most `most` bytes.
std::string read_some(int fd, std::size_t most) {
  std::string out;
  std::array<char, 16 * 1024> buffer;
  while (out.size() < most) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n <= 0) break;
    out.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return out;
}

}  // namespace

Result<sys::Spawned> ProcessStarter::start(const std::vector<std::string>& command) {
  sys::SpawnSpec spec;
  spec.worker = options_.worker;
  spec.command = command;
  spec.environment = {"PATH=" + options_.path, "LANG=C.UTF-8"};
  spec.hidden = options_.hidden;
  for (;;) {
    auto spawned = sys::spawn_supervised(spec, mode_);
    if (spawned || spawned.error().code != Errc::unavailable) return spawned;
    if (!weaken(mode_, spawned.error().message)) return spawned;
  }
}

bool ProcessStarter::weaken(sys::Confinement failed, const std::string& why) {
  if (failed != mode_) return mode_ > failed;  // Another start has weakened it already.
  if (mode_ == sys::Confinement::session) return false;
  const bool root = ::geteuid() == 0;
  mode_ = mode_ == sys::Confinement::user_namespace && root ? sys::Confinement::root_namespace
                                                            : sys::Confinement::session;
  log_.warn("tasks.confinement_weakened",
            "The system refuses the stronger confinement; programs of tasks run with less",
            {{"confinement", sys::confinement_name(mode_)}, {"why", why}});
  return true;
}

Result<void> ProcessTask::start(std::vector<std::string> command, Nanos timeout, Done done) {
  command_ = std::move(command);
  done_ = std::move(done);
  GK_CHECK_OK(launch());
  timeout_ = starter_.loop().after(timeout, [this] { end_with(ProcessEnd::How::timed_out); });
  return {};
}

Result<void> ProcessTask::launch() {
  GK_TRY(spawned_, starter_.start(command_));
  net::Loop& loop = starter_.loop();
  exit_watch_ = loop.watch_readable(spawned_.process.fd(), [this] { on_exit(); });
  drain_timer_ = loop.every(starter_.options().drain_period, [this] { drain(); });
  return {};
}

void ProcessTask::drain() {
  constexpr std::size_t kShare = 64 * 1024;  // Source: chosen; one pipe full
  const std::size_t keep = starter_.options().output_bytes;
  end_.output += read_some(spawned_.output.get(), kShare);
  if (end_.output.size() <= keep) return;
  end_.dropped += end_.output.size() - keep;
  end_.output.erase(0, end_.output.size() - keep);
}

void ProcessTask::control(char byte) {
  if (!spawned_.control) return;
  const ssize_t written = ::write(spawned_.control.get(), &byte, 1);
  (void)written;  // The worker is gone: its end comes anyway.
}

void ProcessTask::end_with(ProcessEnd::How how) {
  if (ending_) return;
  ending_ = true;
  end_.how = how;
  timeout_.cancel();
  control(sys::control_byte::kTerminate);
  const ProcessOptions& options = starter_.options();
  escalation_ = starter_.loop().after(options.term_grace, [this, &options] {
    control(sys::control_byte::kKill);
    escalation_ =
        starter_.loop().after(options.kill_grace, [this] { (void)sys::kill_tree(spawned_); });
  });
}

/// The worker ends after every process of the tree.
void ProcessTask::on_exit() {
  const auto status = spawned_.process.try_reap();
  if (!status) return;  // Not yet.
  drain();
  const std::string report = read_some(spawned_.report.get(), 4096);
  const std::size_t failure = report.find("E ");
  exit_watch_ = {};
  drain_timer_ = {};
  if (failure != std::string::npos && !ending_) {
    const std::string why = report.substr(failure + 2, report.find('\n', failure) - failure - 2);
    const bool is_command = why.starts_with("exec: ") || why.starts_with("directory: ");
    if (!is_command && starter_.weaken(spawned_.mode, why)) {
      if (const auto again = launch(); again) return;
    }
    end_.how = ProcessEnd::How::not_started;
    end_.why = command_[0] + ": " + why;
  }
  timeout_ = {};
  escalation_ = {};
  end_.exit_code = status->signal > 0 ? 128 + status->signal : status->code;
  // Moved out: done may destroy this.
  const Done done = std::move(done_);
  const ProcessEnd end = std::move(end_);
  done(end);
}

}  // namespace gk::arbiter
