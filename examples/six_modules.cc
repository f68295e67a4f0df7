// Six modules drive one character of a text game through one connection, with the arbiter.
//
// A small game server listens on the loopback and judges: the lines of one routine may not be
// mixed with another's, and a quiet gap must lie between groups. Each module takes the lane with
// the blocking call, plays its routine, and thinks before it asks again (--greedy: it does not
// think). Run it with --without-arbiter to see what the server then finds.
//
//   six_modules [--seconds N] [--gap-ms N] [--greedy] [--without-arbiter]
//   exit code 1: rules were broken
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gamekeeper/arbiter.h"

namespace {

using gk::Nanos;
using std::chrono::duration_cast;
using SteadyTime = std::chrono::steady_clock::time_point;

struct Module {
  const char* name;
  int think;  // Between two routines, in gaps.
  std::vector<const char*> routine;
};

const std::vector<Module> kModules = {
    {"fisher", 6, {"use_with rod water"}},
    {"trainer", 8, {"attack dummy", "say exana"}},
    {"auto_loot", 10, {"open corpse", "move_item gold", "move_item arrow"}},
    {"runemaker", 30, {"move_item blank hand", "cast adori", "move_item rune bag"}},
    {"stacker", 20, {"move_item gold gold"}},
    {"eater", 40, {"use fish"}},
};
const std::map<std::string, int> kGroups = {{"fisher", 1}, {"stacker", 1},   {"auto_loot", 2},
                                            {"eater", 2},  {"runemaker", 3}, {"trainer", 4}};

/// The game: one connection, one line at a time, an answer to each. It keeps its own account.
class Game {
 public:
  explicit Game(Nanos gap) : gap_(gap) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address_), size) != 0 ||
        ::listen(listener_, 1) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &size) != 0) {
      std::perror("listen");
      std::exit(2);
    }
    thread_ = std::thread([this] { serve(); });
  }
  /// A client's socket. The game ends when it is closed.
  int connect() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address_), sizeof address_) != 0) {
      std::perror("connect");
      std::exit(2);
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
  }
  void join() {
    thread_.join();
    ::close(listener_);
  }
  int lines = 0, mixed = 0, early = 0;

 private:
  void serve() {
    const int fd = ::accept(listener_, nullptr, nullptr);
    std::string buffer;
    char part[4096];
    for (ssize_t n = 0; (n = ::read(fd, part, sizeof part)) > 0;) {
      buffer.append(part, static_cast<std::size_t>(n));
      for (std::size_t end = 0; (end = buffer.find('\n')) != std::string::npos;) {
        judge(buffer.substr(0, end));
        buffer.erase(0, end + 1);
        (void)::poll(nullptr, 0, 2);  // an action takes the game its time
        if (::send(fd, "ok\n", 3, MSG_NOSIGNAL) != 3) break;
      }
    }
    ::close(fd);
  }
  /// "MODULE begin", "MODULE do …", "MODULE end".
  void judge(const std::string& line) {
    ++lines;
    const SteadyTime now = std::chrono::steady_clock::now();
    const std::string who = line.substr(0, line.find(' '));
    const std::string what = line.substr(line.find(' ') + 1);
    if (what == "begin") {
      mixed += !acting_.empty();
      const bool changes = !last_.empty() && kGroups.at(last_) != kGroups.at(who);
      // The last line was judged before its answer went out, so the true gap is no longer.
      if (changes && now - last_end_ < gap_) ++early;
      acting_ = who;
    } else {
      mixed += acting_ != who;
    }
    if (what != "end") return;
    acting_.clear();
    last_ = who;
    last_end_ = now;
  }

  const Nanos gap_;
  int listener_ = -1;
  sockaddr_in address_{};
  std::thread thread_;
  std::string acting_, last_;
  SteadyTime last_end_{};
};

/// What a module got.
struct Account {
  int routines = 0;
  Nanos longest_wait{0}, whole_wait{0};
};

struct Options {
  double seconds = 10;
  Nanos gap = gk::Millis(1000);
  bool with_arbiter = true, greedy = false;
};

class Play {
 public:
  Play(const Options& options, int fd) : options_(options), fd_(fd) {
    gk::ArbiterOptions arbiter;
    arbiter.max_waiting = 6;
    arbiter.aging_step = options.gap;  // A second of waiting counts as much as a turn.
    arbiter_ = gk::Arbiter::create(arbiter).value();
    lane_ = arbiter_->add_lane("character", {options.gap, kMaxHold, {}}).value();
    arbiter_
        ->set_sink(lane_, [fd](gk::Token,
                               std::span<const std::byte> bytes) { return write_all(fd, bytes); })
        .value();
  }
  /// Rule 3 of the arbiter: nobody waits longer.
  Nanos bound_of(const char* name) const {
    int priority = 50;
    for (const auto& known : gk::kKnownActors) {
      if (known.name == name) priority = known.priority;
    }
    return (100 - priority) * options_.gap + 7 * (kMaxHold + options_.gap) + 4 * kMaxHold;
  }
  void run(const Module& module, Account& account) {
    const gk::ActorId actor = arbiter_->actor(module.name).value();
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::duration<double>(options_.seconds);
    while (std::chrono::steady_clock::now() < end) {
      const SteadyTime asked = std::chrono::steady_clock::now();
      gk::Grant grant;
      if (options_.with_arbiter) {
        auto granted =
            arbiter_->acquire(lane_, actor, arbiter_->mono_now() + bound_of(module.name));
        if (!granted) {
          std::printf("%s: %s\n", module.name, granted.error().message.c_str());
          ++refused;
          return;
        }
        grant = std::move(*granted);
      }
      const Nanos waited = std::chrono::steady_clock::now() - asked;
      account.longest_wait = std::max(account.longest_wait, waited);
      account.whole_wait += waited;
      ++account.routines;
      say(grant, module, "begin");
      for (const char* action : module.routine) say(grant, module, std::string("do ") + action);
      say(grant, module, "end");
      grant.release();
      const auto left = duration_cast<Nanos>(end - std::chrono::steady_clock::now());
      const auto think =
          duration_cast<gk::Millis>(std::clamp(left, Nanos(0), module.think * options_.gap));
      if (!options_.greedy) (void)::poll(nullptr, 0, static_cast<int>(think.count()));
    }
  }
  std::atomic<int> refused{0};

 private:
  static constexpr Nanos kMaxHold = gk::Millis(5000);

  static gk::Result<void> write_all(int fd, std::span<const std::byte> bytes) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n == static_cast<ssize_t>(bytes.size())) return {};
    return gk::Error{gk::Errc::unavailable, "the game is gone"};
  }
  /// Sends a line, fenced by the grant, and waits for the game's answer.
  void say(gk::Grant& grant, const Module& module, const std::string& what) {
    const std::string line = std::string(module.name) + " " + what + "\n";
    const auto bytes = std::as_bytes(std::span(line));
    const auto sent = grant ? grant.send(bytes) : write_all(fd_, bytes);
    if (!sent) ++refused;
    char answer[3];
    if (sent) (void)!::recv(fd_, answer, sizeof answer, MSG_WAITALL);
  }

  const Options options_;
  const int fd_;
  std::unique_ptr<gk::Arbiter> arbiter_;
  gk::LaneId lane_;
};

Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const bool more = i + 1 < argc;
    if (std::strcmp(argv[i], "--without-arbiter") == 0) {
      options.with_arbiter = false;
    } else if (std::strcmp(argv[i], "--greedy") == 0) {
      options.greedy = true;
    } else if (more && std::strcmp(argv[i], "--seconds") == 0) {
      options.seconds = std::atof(argv[++i]);
    } else if (more && std::strcmp(argv[i], "--gap-ms") == 0) {
      options.gap = gk::Millis(std::atoi(argv[++i]));
    } else {
      std::fprintf(stderr,
                   "usage: six_modules [--seconds N] [--gap-ms N] [--greedy] "
                   "[--without-arbiter]\n");
      std::exit(2);
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = read_options(argc, argv);
  Game game(options.gap);
  const int fd = game.connect();
  Play play(options, fd);
  std::vector<Account> accounts(kModules.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kModules.size(); ++i) {
    threads.emplace_back([&, i] { play.run(kModules[i], accounts[i]); });
  }
  for (auto& thread : threads) thread.join();
  ::close(fd);
  game.join();

  int starved = 0, routines = 0;
  for (const Account& account : accounts) routines += account.routines;
  std::printf("%-10s %9s %6s %12s %12s %9s\n", "module", "routines", "share", "mean wait",
              "longest", "bound");
  for (std::size_t i = 0; i < kModules.size(); ++i) {
    const Account& account = accounts[i];
    const auto ms = [](Nanos time) { return static_cast<double>(time.count()) / 1e6; };
    const Nanos bound = play.bound_of(kModules[i].name);
    starved += account.routines == 0 || account.longest_wait > bound;
    std::printf("%-10s %9d %5.1f%% %9.1f ms %9.1f ms %6.1f s\n", kModules[i].name, account.routines,
                100.0 * account.routines / std::max(routines, 1),
                ms(account.whole_wait) / std::max(account.routines, 1), ms(account.longest_wait),
                ms(bound) / 1e3);
  }
  std::printf("%d lines, %d mixed into another's routine, %d too early, %d refused, %d starved\n",
              game.lines, game.mixed, game.early, play.refused.load(), starved);
  return game.mixed + game.early + play.refused + starved > 0 ? 1 : 0;
}
