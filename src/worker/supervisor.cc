#include "worker/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sys/process_tree.h"
#include "sys/spawn.h"
#include "worker/confine.h"

namespace gk::worker {
namespace {

void report_failure(const char* stage, int number) {
  char line[160];
  const int n = std::snprintf(line, sizeof line, "E %s: %s\n", stage, std::strerror(number));
  if (n > 0) (void)!::write(kReportFd, line, static_cast<std::size_t>(n));
}

bool is_init() { return ::getpid() == 1; }

// Every process but ourselves; in a session those that have stayed in the program's group.
void signal_all(int pid, int number) { ::kill(is_init() ? -1 : -pid, number); }

// Returns when nobody is left. In a PID namespace one atomic sweep of the kernel kills all.
void end_all() {
  if (!is_init()) return gk::sys::end_own_descendants();
  ::kill(-1, SIGKILL);
  while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }
}

[[noreturn]] void run_program(const Options& options) {
  ::close(kControlFd);
  ::fcntl(kReportFd, F_SETFD, FD_CLOEXEC);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (const char* stage = confine_program(options)) {
    report_failure(stage, errno);
    ::_exit(126);
  }
  ::execv(options.command[0], options.command.data());
  report_failure("exec", errno);
  ::_exit(127);
}

// Reaps whatever has ended; true with the exit code when the program itself is among it.
bool reap(int program, int& code) {
  bool ended = false;
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid != program) continue;
    code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    ended = true;
  }
  return ended;
}

// Obeys one byte; false: end everything.
bool obey(char byte, int program) {
  namespace bytes = gk::sys::control_byte;
  switch (byte) {
    case bytes::kTerminate: ::kill(program, SIGTERM); return true;
    case bytes::kPause: signal_all(program, SIGSTOP); return true;
    case bytes::kResume: signal_all(program, SIGCONT); return true;
    case bytes::kKill: return false;
    default: return true;
  }
}

int serve(int program, int signals) {
  int code = 0;
  for (;;) {
    pollfd waiting[2] = {{kControlFd, POLLIN, 0}, {signals, POLLIN, 0}};
    if (::poll(waiting, 2, -1) < 0) continue;
    if (waiting[1].revents != 0) {
      signalfd_siginfo info{};
      if (::read(signals, &info, sizeof info) == sizeof info && info.ssi_signo == SIGTERM) {
        ::kill(program, SIGTERM);
      }
      if (reap(program, code)) break;
    }
    if (waiting[0].revents != 0) {
      char byte = 0;
      // End of file: the daemon is gone, and nothing may run unwatched.
      if (::read(kControlFd, &byte, 1) != 1 || !obey(byte, program)) {
        code = 137;
        break;
      }
    }
  }
  end_all();
  return code;
}

}  // namespace

int supervise(const Options& options) {
  // The keys of the daemon's terminal are not for us, and the scheduler counts us by ourselves.
  (void)::setsid();
  // In a namespace our end is the end of all. Elsewhere we must outlive the daemon to walk the
  // tree: the end of the control pipe tells us.
  if (options.mode != Mode::session) ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  sigset_t handled;
  ::sigemptyset(&handled);
  ::sigaddset(&handled, SIGCHLD);
  ::sigaddset(&handled, SIGTERM);
  ::sigprocmask(SIG_SETMASK, &handled, nullptr);
  const int signals = ::signalfd(-1, &handled, SFD_CLOEXEC);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  if (options.mode != Mode::session) {
    ProcView proc_view = ProcView::fresh;
    if (const char* stage = confine_mounts(options, proc_view)) {
      report_failure(stage, errno);
      return 126;
    }
    if (proc_view == ProcView::inherited) (void)!::write(kReportFd, "P inherited\n", 12);
  }
  // The program, which has our user, may not trace us. In user mode the inner namespace sees to
  // that, and a process that is not dumpable could not write its own uid_map.
  if (options.mode != Mode::user) ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const pid_t program = ::fork();
  if (program == 0) run_program(options);
  if (program < 0) {
    report_failure("fork", errno);
    return 126;
  }
  ::close(kReportFd);
  if (options.lanes >= 0) ::close(options.lanes);
  if (const char* stage = drop_capabilities()) {
    std::fprintf(stderr, "gamekeeper-worker: %s: %s\n", stage, std::strerror(errno));
    return 126;
  }
  return serve(program, signals);
}

}  // namespace gk::worker
