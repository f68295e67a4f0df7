// net_ws_fanout_bench: how late a frame reaches 1,000 WebSocket clients at 10 Hz, without and with
// one more client that never reads; and what that client costs.
//
// The clients are raw sockets on one epoll thread, so that on two cores the server is measured and
// not its clients. Latency is from just before the first send of a tick to the client's recv().
//
//   net_ws_fanout_bench [clients=1000] [seconds a phase=12] [payload bytes=1000]

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "net/server.h"
#include "ws_readers.h"

namespace {

using namespace gk;
using namespace gk::net;
using bench::now_ns;
using bench::Readers;

constexpr Millis kPeriod{100};
constexpr std::size_t kStuckFrame = 16 * 1024;  // Fills the stuck client's queue in a second.

class NoLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::string_view,
             std::initializer_list<LogField>) override {}
  bool enabled(LogLevel) const override { return false; }
};

std::size_t rss_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::strtoull(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

double thread_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

constexpr std::string_view kUpgrade =
    "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A frame starts with its tick's time in nanoseconds.
std::optional<std::int64_t> sent_at(std::string_view frame) {
  std::int64_t sent = 0;
  std::from_chars(frame.data(), frame.data() + frame.size(), sent);
  return sent;
}

/// The server's side: publishes at 10 Hz.
struct Publisher {
  std::vector<std::shared_ptr<WebSocket>> readers;  // shared: with the server
  std::shared_ptr<WebSocket> stuck;                 // shared: with the server
  std::size_t payload = 1000;
  std::uint64_t seq = 0;
  std::size_t stuck_max_queued = 0;
  int stuck_code = 0;
  bool expect_stuck = false;

  void tick() {
    ++seq;
    std::string text = std::to_string(now_ns()) + " ";
    text.resize(payload, 'x');
    const auto shared = std::make_shared<const std::string>(std::move(text));
    if (stuck) {
      const auto large = std::make_shared<const std::string>(kStuckFrame, 'x');
      for (std::uint64_t i = 0; i < 4; ++i) stuck->send({large, 2, seq * 4 + i, false});
      stuck_max_queued = std::max(stuck_max_queued, stuck->queued_bytes());
    }
    for (const auto& reader : readers) reader->send({shared, 1, seq, true});
  }
};

void report(const char* phase, std::vector<std::int64_t> ns, double cpu, const Publisher& publisher,
            std::size_t rss_before) {
  std::sort(ns.begin(), ns.end());
  const auto at = [&](double q) {
    return ns.empty() ? 0.0 : double(ns[std::size_t(q * double(ns.size() - 1))]) / 1e6;
  };
  std::printf(
      "{\"phase\":\"%s\",\"clients\":%zu,\"n\":%zu,\"p50_ms\":%.2f,\"p99_ms\":%.2f,"
      "\"max_ms\":%.2f,\"server_cpu_us_per_frame\":%.2f,\"rss_kib_before\":%zu,\"rss_kib\":%zu,"
      "\"stuck_max_queued_bytes\":%zu,\"stuck_close_code\":%d}\n",
      phase, publisher.readers.size(), ns.size(), at(0.5), at(0.99), at(1),
      ns.empty() ? 0.0 : cpu * 1e6 / double(ns.size()), rss_before, rss_kib(),
      publisher.stuck_max_queued, publisher.stuck_code);
}

void run_phase(const char* name, Loop& loop, Publisher& publisher, Readers& readers,
               Seconds length) {
  const std::size_t rss_before = rss_kib();
  const double cpu_before = thread_cpu_seconds();
  {
    const Handle ticker = loop.every(kPeriod, [&publisher] { publisher.tick(); });
    loop.run_for(length);
  }
  const double cpu = thread_cpu_seconds() - cpu_before;
  loop.run_for(Millis(200));  // What is under way arrives.
  report(name, readers.take(), cpu, publisher, rss_before);
}

ServerHandlers handlers_of(Publisher& publisher) {
  ServerHandlers out;
  out.on_request = [](Request, const Respond& respond) { respond(Response{}); };
  out.on_upgrade = [&publisher](Request, const std::function<void(UpgradeDecision)>& decide) {
    UpgradeDecision decision;
    decision.accept = true;
    decision.on_open = [&publisher](std::shared_ptr<WebSocket> socket) {
      if (!publisher.expect_stuck) return publisher.readers.push_back(std::move(socket));
      socket->on_close = [&publisher](std::uint16_t code) {
        publisher.stuck_code = code;
        publisher.stuck.reset();
      };
      publisher.stuck = std::move(socket);
    };
    decide(std::move(decision));
  };
  return out;
}

std::size_t argument(int argc, char** argv, int index, std::size_t fallback) {
  return argc > index ? std::strtoull(argv[index], nullptr, 10) : fallback;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t clients = argument(argc, argv, 1, 1000);
  const Seconds length(argument(argc, argv, 2, 12));
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;  // Both ends of every connection are here.
  ::setrlimit(RLIMIT_NOFILE, &files);
  NoLog log;
  Metrics metrics;
  Loop loop;
  Publisher publisher;
  publisher.payload = argument(argc, argv, 3, 1000);
  ServerOptions options;
  options.limits.max_per_address = options.limits.max_connections = clients + 10;
  Server server(loop, options, handlers_of(publisher), log, metrics);
  const std::string address = server.listen_tcp("127.0.0.1:0").value();
  const auto port = static_cast<std::uint16_t>(std::atoi(address.c_str() + address.rfind(':') + 1));

  std::fprintf(stderr, "listening on %s\n", address.c_str());  // To measure REST meanwhile.
  // The listen backlog is shorter than the crowd, so the loop accepts while it connects.
  std::unique_ptr<Readers> readers;
  std::thread connecting([&] {
    readers = std::make_unique<Readers>(port, clients, std::string(kUpgrade), "", sent_at, now_ns);
  });
  if (!loop.run_until([&] { return publisher.readers.size() == clients; }, Seconds(30))) return 1;
  connecting.join();
  loop.run_for(Millis(200));
  (void)readers->take();

  run_phase("readers", loop, publisher, *readers, length);
  publisher.expect_stuck = true;
  const int stuck = bench::connect_client(port, kUpgrade);
  loop.run_until([&] { return publisher.stuck != nullptr; }, Seconds(5));
  run_phase("readers and one that never reads", loop, publisher, *readers, length);
  ::close(stuck);
  readers.reset();
  publisher.readers.clear();
  publisher.stuck.reset();
  return 0;
}
