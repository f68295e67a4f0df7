// lock_command.cc: runs a command while it holds a lane. Over lanes.sock: whatever ends this
// program closes the connection, and so frees the lane.

#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ostream>

#include "base/clock.h"
#include "base/error_codes.h"
#include "base/json_writer.h"
#include "base/try.h"
#include "cli/commands.h"
#include "net/packet_client.h"
#include "sys/files.h"
#include "sys/paths.h"
#include "sys/signals.h"

namespace gk::cli {
namespace {

constexpr Seconds kAnswer{10};  // Source: chosen; the daemon's loop never takes that long
constexpr int kNotRun = 126;    // Source: POSIX shell, command found but not executable
constexpr int kNotFound = 127;  // Source: POSIX shell
constexpr int kBySignal = 128;  // Source: POSIX shell

struct LockOptions {
  std::string lane, actor;
  double timeout_s = 30;
  std::vector<std::string> command;
};

struct Lease {
  std::int64_t token = 0;
  Nanos left{0};
};

Error error_of(const JsonValue& answer) {
  const std::string type = text_of(answer, "error"), detail = text_of(answer, "detail");
  if (type == "lock-timeout") return {Errc::deadline_exceeded, detail};
  for (const ErrorCode& row : kErrorCodes) {
    if (row.problem_type == type) return {row.code, detail};
  }
  return {Errc::internal, detail};
}

/// The connection, and what the daemon says over it.
class LaneLink {
 public:
  LaneLink(net::PacketClient client, std::string lane)
      : client_(std::move(client)), lane_(std::move(lane)) {}

  Result<Lease> acquire(const LockOptions& options) {
    std::string out;
    JsonWriter w(out);
    w.begin_object().field("op", "acquire").field("id", 1).field("lane", lane_);
    if (!options.actor.empty()) w.field("actor", options.actor);
    w.field("timeout_s", options.timeout_s).end_object();
    const auto patience =
        std::chrono::duration_cast<Millis>(std::chrono::duration<double>(options.timeout_s));
    return lease_of(call(out, 1, patience + kAnswer));
  }
  Result<Lease> renew(std::int64_t token) {
    return lease_of(call(about("renew", token), 2, kAnswer));
  }
  void release(std::int64_t token) { (void)call(about("release", token), 3, kAnswer); }

  /// Reads what came unasked. False: the lane is lost.
  bool listen() {
    const auto packet = client_.receive(Millis(0));
    if (!packet) return packet.error().code == Errc::deadline_exceeded;
    const auto message = parse_json(*packet);
    if (message && text_of(*message, "event") == "lost") lost_ = text_of(*message, "reason");
    return lost_.empty();
  }
  const std::string& lost() const { return lost_; }
  int fd() const { return client_.fd(); }

 private:
  std::string about(const char* op, std::int64_t token) const {
    std::string out;
    JsonWriter w(out);
    w.begin_object().field("op", op).field("id", op == std::string_view("renew") ? 2 : 3);
    w.field("lane", lane_).field("token", token).end_object();
    return out;
  }
  Result<JsonValue> call(const std::string& message, std::int64_t id, Millis patience) {
    GK_CHECK_OK(client_.send(message));
    for (;;) {
      GK_TRY(const std::string packet, client_.receive(patience));
      GK_TRY(JsonValue answer, parse_json(packet));
      if (text_of(answer, "event") == "lost") {
        lost_ = text_of(answer, "reason");
        continue;
      }
      if (const auto number = number_of(answer, "id"); number != static_cast<double>(id)) continue;
      const JsonValue* ok = answer.find("ok");
      if (ok != nullptr && ok->is_bool() && ok->as_bool()) return answer;
      return error_of(answer);
    }
  }
  static Result<Lease> lease_of(const Result<JsonValue>& answer) {
    if (!answer) return answer.error();
    const double left = number_of(*answer, "expires_in_s").value_or(0);
    return Lease{static_cast<std::int64_t>(number_of(*answer, "token").value_or(0)),
                 std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(left))};
  }

  net::PacketClient client_;
  std::string lane_;
  std::string lost_;
};

/// Starts the command in a process group of its own; it dies with this program.
Result<int> start(const LockOptions& options, std::int64_t token) {
  std::vector<char*> words;
  for (const std::string& word : options.command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::setenv("GAMEKEEPER_TOKEN", std::to_string(token).c_str(), 1);
  ::setenv("GAMEKEEPER_LANE", options.lane.c_str(), 1);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return sys::file_error("start", options.command[0], errno);
  if (child > 0) {
    (void)::setpgid(child, child);
    return child;
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  (void)::setpgid(0, 0);
  if (::isatty(STDIN_FILENO) == 1) {
    std::signal(SIGTTOU, SIG_IGN);
    (void)::tcsetpgrp(STDIN_FILENO, ::getpid());
    std::signal(SIGTTOU, SIG_DFL);
  }
  std::signal(SIGPIPE, SIG_DFL);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kNotRun);  // It died before the line above.
  ::execvp(words[0], words.data());
  ::_exit(errno == ENOENT ? kNotFound : kNotRun);
}

/// Waits for the command; renews the lease, passes signals on, and kills when the lane is lost.
/// Returns its exit code, or nothing when the lane was lost.
std::optional<int> attend(LaneLink& link, const Lease& lease, int child, sys::SignalSet& signals) {
  const SystemClock clock;
  const sys::Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  // A third of the lease leaves two more tries.
  const Nanos period = std::max(Nanos(Millis(10)), lease.left / 3);
  MonoTime renew_at = clock.mono() + period;
  bool lost = false;
  for (;;) {
    pollfd waits[] = {
        {pidfd.get(), POLLIN, 0}, {lost ? -1 : link.fd(), POLLIN, 0}, {signals.fd(), POLLIN, 0}};
    const auto left = std::chrono::ceil<Millis>(renew_at - clock.mono()).count();
    (void)::poll(waits, 3, lost ? -1 : static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000)));
    while (const auto number = signals.next()) ::kill(-child, *number);
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) == child) {
      if (lost) return std::nullopt;
      return WIFEXITED(status) ? WEXITSTATUS(status) : kBySignal + WTERMSIG(status);
    }
    if (lost) continue;
    if ((waits[1].revents & (POLLIN | POLLHUP)) != 0) lost = !link.listen();
    if (!lost && clock.mono() >= renew_at) {
      const auto renewed = link.renew(lease.token);
      // Others wait and the longest hold is used: the daemon says when it ends.
      lost = !link.lost().empty() || (!renewed && renewed.error().code == Errc::unavailable);
      renew_at = clock.mono() + period;
    }
    if (lost) ::kill(-child, SIGKILL);
  }
}

int lock(Context& context, const LockOptions& options) {
  auto signals = sys::SignalSet::create({SIGINT, SIGTERM, SIGHUP});
  if (!signals) return context.fail(signals.error());
  auto client = net::PacketClient::connect(sys::lanes_socket_path(context.options().data_dir));
  if (!client) return context.fail(client.error());
  LaneLink link(std::move(*client), options.lane);
  const auto lease = link.acquire(options);
  if (!lease) return context.fail(lease.error());
  const auto child = start(options, lease->token);
  if (!child) return context.fail(child.error());
  const auto code = attend(link, *lease, *child, *signals);
  if (::isatty(STDIN_FILENO) == 1) {
    std::signal(SIGTTOU, SIG_IGN);
    (void)::tcsetpgrp(STDIN_FILENO, ::getpgrp());
  }
  if (!code) {
    return context.fail({Errc::unavailable, "the lane " + options.lane + " was lost (" +
                                                (link.lost().empty() ? "connection" : link.lost()) +
                                                "); the command was killed"});
  }
  link.release(lease->token);
  return *code;
}

}  // namespace

void add_lock_command(CommandLine app, Action& action) {
  auto options = std::make_shared<LockOptions>();  // shared: the parser and the action use it
  auto command = app.add_subcommand("lock", "Run a command while it holds a lane");
  command.add_option("lane", options->lane, "Name of the lane, e.g. character").required();
  command.add_option("--actor", options->actor, "Module to act as, e.g. fisher");
  command.add_option("--timeout", options->timeout_s, "Longest wait for the lane, seconds")
      .range(0.001, 3600.0)
      .show_default();
  command.add_option("command", options->command, "Program and arguments, after --").required();
  command.callback([&action, options] {
    action = [options](Context& context) { return lock(context, *options); };
  });
}

}  // namespace gk::cli
