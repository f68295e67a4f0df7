#include "macros/process_macro.h"

#include <signal.h>
#include <unistd.h>

#include <array>

#include "sys/hasten_end.h"
#include "sys/process_tree.h"

namespace gk::macros {

ProcessLauncher::ProcessLauncher(LauncherOptions options, Log& log, Metrics& metrics)
    : options_(std::move(options)),
      log_(log),
      namespace_gauge_(metrics.gauge("gamekeeper_macros_confinement",
                                     "1 for the confinement in which process macros run",
                                     {{"mode", "namespace"}})),
      session_gauge_(metrics.gauge("gamekeeper_macros_confinement",
                                   "1 for the confinement in which process macros run",
                                   {{"mode", "session"}})),
      mode_(options_.strongest),
      unmounting_(std::make_shared<WorkerPool>(
          WorkerPoolOptions{.max_queue = 4096, .name = "gk-unmount"})) {
  publish();
}

void ProcessLauncher::publish() {
  namespace_gauge_.set(mode_ != sys::Confinement::session ? 1 : 0);
  session_gauge_.set(mode_ == sys::Confinement::session ? 1 : 0);
}

bool ProcessLauncher::weaken(sys::Confinement failed, const std::string& why) {
  if (failed != mode_) return mode_ > failed;  // Another launch has weakened it already.
  if (mode_ == sys::Confinement::session) return false;
  const bool root = ::geteuid() == 0;
  sys::Confinement next = sys::Confinement::session;
  if (mode_ == sys::Confinement::user_namespace && root) next = sys::Confinement::root_namespace;
  if (next == sys::Confinement::session && !options_.allow_session) return false;
  mode_ = next;
  publish();
  log_.warn("macros.confinement_weakened",
            "The system refuses the stronger confinement; process macros run with less",
            {{"confinement", sys::confinement_name(mode_)}, {"why", why}});
  return true;
}

Result<sys::Spawned> ProcessLauncher::launch(const std::string& macro_id,
                                             const std::vector<std::string>& command,
                                             const std::string& args_json,
                                             const ProgramEnds* ends) {
  sys::SpawnSpec spec;
  spec.worker = options_.worker;
  spec.command = command;
  spec.environment = {"PATH=" + options_.path, "LANG=C.UTF-8", "GAMEKEEPER_MACRO_ID=" + macro_id};
  if (!args_json.empty()) spec.environment.push_back("GAMEKEEPER_MACRO_ARGS=" + args_json);
  if (options_.huge_pages) spec.environment.push_back("GLIBC_TUNABLES=glibc.malloc.hugetlb=1");
  spec.hidden = options_.hidden;
  spec.max_processes = options_.max_processes;
  spec.max_open_files = options_.max_open_files;
  spec.max_memory_bytes = options_.max_memory_bytes;
  spec.unmounting = unmounting_;
  if (ends != nullptr) {
    spec.environment.push_back("GAMEKEEPER_PROTOCOL=json-lines");
    spec.input_fd = ends->input.get();
    spec.output_fd = ends->output.get();
  }
  const sys::Fd lanes = options_.lanes ? options_.lanes(macro_id, command.front()) : sys::Fd();
  if (lanes) {
    spec.lanes = lanes.get();
    spec.environment.push_back("GAMEKEEPER_LANES_FD=" + std::to_string(sys::kLanesFd));
  }
  for (;;) {
    auto spawned = sys::spawn_supervised(spec, mode_);
    if (spawned || spawned.error().code != Errc::unavailable) return spawned;
    if (!weaken(mode_, spawned.error().message)) return spawned;
  }
}

bool kill_process_macro(const sys::Spawned& spawned) {
  const bool sent = sys::kill_tree(spawned);
  // Not in a session, where somebody who escaped the first walk would be raised too.
  if (sent && spawned.mode != sys::Confinement::session)
    (void)sys::hasten_end(spawned.process.pid());
  return sent;
}

bool proves_end(const sys::Spawned& spawned, const sys::ExitStatus& status) {
  return spawned.mode != sys::Confinement::session || status.signal == 0;
}

std::string name_survivors(const sys::Spawned& spawned) {
  constexpr std::size_t kMostNamed = 16;  // Source: chosen; enough to look with ps.
  if (spawned.mode != sys::Confinement::session) return {};
  const std::vector<int> living = sys::living_descendants(spawned.process.pid());
  if (living.empty()) return {};
  std::string out = std::to_string(living.size()) + " processes:";
  for (std::size_t i = 0; i < living.size() && i < kMostNamed; ++i) {
    out += " " + std::to_string(living[i]);
  }
  return out;
}

void OutputTail::drain(int fd) {
  std::array<char, 16 * 1024> buffer;
  for (int i = 0; i < 4; ++i) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n <= 0) return;
    add({buffer.data(), static_cast<std::size_t>(n)});
  }
}

void OutputTail::add(std::string_view text) {
  text_.append(text);
  if (text_.size() > limit_) {
    dropped_bytes_ += text_.size() - limit_;
    text_.erase(0, text_.size() - limit_);
  }
}

}  // namespace gk::macros
