// Movements a second through the daemon's binary ingest. Starts a real gamekeeperd, sends honest
// movement from this process as fast as it is taken, and asks the daemon what it judged.
//
// Usage: daemon_ingest_bench GAMEKEEPERD [--udp] [--seconds 5] [--players 1000] [--per-frame 40]
//        [--runs 5]
// The sender's clock is in the frames (50 ms a round), so that a thousand players at a million
// movements a second still play at 20 movements a second of their time. Exit code 1 when, over the
// Unix socket, anything was refused or lost.
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "net/client.h"
#include "referee/service/ingest_client.h"

namespace {

using namespace gk;
using namespace gk::referee;

struct Options {
  std::string daemon;
  bool udp = false;
  double seconds = 5;
  std::uint32_t players = 1000;
  std::size_t per_frame = 40;
  int runs = 5;
};

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "daemon_ingest_bench: %s\n", why.c_str());
  std::exit(1);
}

/// A running daemon in a folder of its own.
class Daemon {
 public:
  explicit Daemon(const Options& options) {
    std::string pattern = (std::filesystem::temp_directory_path() / "gk-bench-XXXXXX").string();
    dir = ::mkdtemp(pattern.data());
    port = 47'100 + ::getpid() % 900;
    std::ofstream(dir + "/bench.toml")
        << "[referee]\nmax_players = 65536\nudp_listen = \"127.0.0.1:" << port << "\"\n";
    pid = ::fork();
    if (pid == 0) {
      const int null = ::open("/dev/null", O_WRONLY);
      ::dup2(null, STDOUT_FILENO);
      ::dup2(null, STDERR_FILENO);
      ::execl(options.daemon.c_str(), "gamekeeperd", "--data", dir.c_str(), "--listen",
              "127.0.0.1:0", "--config", (dir + "/bench.toml").c_str(), nullptr);
      std::_Exit(127);
    }
    client = std::make_unique<net::Client>(net::Target{.unix_path = dir + "/gamekeeper.sock"});
    for (int i = 0; i < 500; ++i) {
      ::usleep(20'000);
      const auto ready = client->call(
          {.path_and_query = "/api/health/ready", .headers = {{"Host", "localhost"}}, .body = {}});
      if (ready && ready->status == 200) return;
    }
    fail("the daemon did not start");
  }
  ~Daemon() {
    ::kill(pid, SIGTERM);
    ::waitpid(pid, nullptr, 0);
    std::error_code ignored;
    std::filesystem::remove_all(dir, ignored);
  }
  JsonValue ask(net::Method method, const std::string& path, const std::string& body = "") {
    const auto answer =
        client->call({.method = method,
                      .path_and_query = path,
                      .headers = {{"Host", "localhost"}, {"Content-Type", "application/json"}},
                      .body = body});
    if (!answer) fail(path + ": " + answer.error().message);
    if (answer->status >= 300) fail(path + ": " + answer->body);
    return parse_json(answer->body).value();
  }
  std::int64_t events() {
    return ask(net::Method::get, "/api/movement/stats").find("events")->as_int();
  }
  std::string dir;
  int port = 0;
  pid_t pid = 0;
  std::unique_ptr<net::Client> client;
};

/// The sending socket, connected.
int connect_to(const Daemon& daemon, bool udp) {
  const int fd = ::socket(udp ? AF_INET : AF_UNIX, SOCK_DGRAM, 0);
  if (udp) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(daemon.port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) fail("connect");
    return fd;
  }
  sockaddr_un own{};
  own.sun_family = AF_UNIX;
  std::snprintf(own.sun_path, sizeof own.sun_path, "%s/sender", daemon.dir.c_str());
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::snprintf(to.sun_path, sizeof to.sun_path, "%s/movement.sock", daemon.dir.c_str());
  if (::bind(fd, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0 ||
      ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
    fail("connect");
  return fd;
}

void send(int fd, Bytes frame) {
  if (::send(fd, frame.data(), frame.size(), 0) < 0 && errno != ENOBUFS) fail("send");
}

/// Asks for a session and returns a builder that has it.
FrameBuilder greet(Daemon& daemon, int fd) {
  const JsonValue source = daemon.ask(net::Method::post, "/api/movement/sources",
                                      R"({"name":"bench","address":"127.0.0.1"})");
  SourceKey key{};
  const std::string& hex = source.find("key")->as_string();
  std::size_t size = 0;
  sodium_hex2bin(key.data(), key.size(), hex.data(), hex.size(), nullptr, &size, nullptr);
  FrameBuilder builder(static_cast<std::uint32_t>(source.find("number")->as_int()), key);
  builder.begin(FrameKind::hello);
  send(fd, builder.finish());
  std::vector<std::uint8_t> answer(2048);
  pollfd wait{fd, POLLIN, 0};
  if (::poll(&wait, 1, 5000) != 1) fail("no welcome");
  const ssize_t got = ::recv(fd, answer.data(), answer.size(), 0);
  FrameView frame;
  if (got <= 0 ||
      read_frame(Bytes(answer).first(static_cast<std::size_t>(got)), frame) != FrameFault::none)
    fail("no welcome");
  builder.set_session(frame.header.session);
  return builder;
}

void join_all(FrameBuilder& builder, int fd, std::uint32_t players) {
  for (std::uint32_t first = 0; first < players; first += 500) {
    builder.begin(FrameKind::events);
    for (std::uint32_t i = first; i < std::min(players, first + 500); ++i) {
      const std::string name = "p" + std::to_string(i);
      EventRecord join;
      join.kind = EventKind::join;
      join.handle = i;
      join.profile.max_speed = 5;
      join.name = name;
      builder.add(join);
    }
    send(fd, builder.finish());
    ::usleep(2'000);
  }
}

struct Figure {
  double events_per_s = 0, cpu_ns = 0, lost = 0;
};

double cpu_seconds(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  std::istringstream rest(text.substr(text.rfind(')') + 2));
  std::string skip;
  for (int i = 0; i < 11; ++i) rest >> skip;
  double user = 0, system = 0;
  rest >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

Figure run(const Options& options) {
  const SystemClock clock;
  Daemon daemon(options);
  const int fd = connect_to(daemon, options.udp);
  FrameBuilder builder = options.udp ? greet(daemon, fd) : FrameBuilder();
  builder.set_time(0);
  join_all(builder, fd, options.players);
  const auto seconds_since = [&](MonoTime from) {
    return std::chrono::duration<double>(clock.mono() - from).count();
  };
  const MonoTime begin = clock.mono();
  const double cpu = cpu_seconds(daemon.pid);
  std::int64_t sent = 0;
  std::uint32_t round = 0;
  for (; seconds_since(begin) < options.seconds; ++round) {
    const std::int64_t at_us = std::int64_t{50'000} * (round + 1);
    builder.set_time(at_us);
    for (std::uint32_t i = 0; i < options.players;) {
      builder.begin(FrameKind::moves);
      for (std::size_t n = 0; n < options.per_frame && i < options.players; ++n, ++i) {
        MoveRecord record;
        record.handle = i;
        record.move.sequence = round + 1;
        record.move.client_us = at_us;
        // Back and forth at 4.5 of 5 units/s.
        const std::uint32_t phase = round % 400;
        record.move.position.x = 0.225F * static_cast<float>(phase < 200 ? phase : 400 - phase);
        builder.add(record);
        ++sent;
      }
      send(fd, builder.finish());
    }
  }
  std::int64_t judged = daemon.events();
  for (std::int64_t before = -1; judged != before;) {  // Until nothing more arrives.
    before = judged;
    if (judged < sent) ::usleep(20'000);
    judged = daemon.events();
  }
  const double took = seconds_since(begin);
  Figure figure{static_cast<double>(judged) / took,
                (cpu_seconds(daemon.pid) - cpu) * 1e9 / static_cast<double>(judged),
                static_cast<double>(sent - judged) / static_cast<double>(sent)};
  const JsonValue stats = daemon.ask(net::Method::get, "/api/movement/stats");
  // Over UDP a burst of lost frames is a silence of seconds of play: some catch-up is refused.
  if (!options.udp && !stats.find("rejections_by_rule")->as_object().empty())
    fail("honest movement was refused");
  if (!options.udp && judged != sent) fail("Unix datagrams were lost");
  ::close(fd);
  return figure;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto number = [&] { return i + 1 < argc ? std::atof(argv[++i]) : 0.0; };
    if (name == "--udp")
      options.udp = true;
    else if (name == "--seconds")
      options.seconds = number();
    else if (name == "--players")
      options.players = static_cast<std::uint32_t>(number());
    else if (name == "--per-frame")
      options.per_frame = static_cast<std::size_t>(number());
    else if (name == "--runs")
      options.runs = static_cast<int>(number());
    else
      options.daemon = name;
  }
  if (options.daemon.empty() || options.runs < 1 || options.players < 1 ||
      options.players > 65'536 || options.per_frame < 1 || options.per_frame > kMaxMovesPerFrame) {
    std::fputs(
        "usage: daemon_ingest_bench GAMEKEEPERD [--udp] [--seconds S] [--players N] "
        "[--per-frame N] [--runs N]\n",
        stderr);
    return 2;
  }
  std::vector<double> rates, cpu, lost;
  for (int i = 0; i < options.runs; ++i) {
    const Figure f = run(options);
    rates.push_back(f.events_per_s / 1e6);
    cpu.push_back(f.cpu_ns);
    lost.push_back(f.lost * 100);
    std::printf("run %d: %.2f M/s, %.0f ns of daemon CPU an event, %.2f %% lost\n", i + 1,
                rates.back(), cpu.back(), lost.back());
  }
  for (auto* all : {&rates, &cpu, &lost}) std::sort(all->begin(), all->end());
  const std::size_t middle = rates.size() / 2;
  std::printf(
      "%s, %u players, %zu movements a frame, %d runs of %g s: median %.2f M/s "
      "(%.2f to %.2f), %.0f ns an event, %.2f %% lost\n",
      options.udp ? "UDP with tags" : "Unix datagram", options.players, options.per_frame,
      options.runs, options.seconds, rates[middle], rates.front(), rates.back(), cpu[middle],
      lost[middle]);
  return 0;
}
