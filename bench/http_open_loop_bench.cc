// http_open_loop_bench: how late answers come when requests arrive on a schedule of their own.
//
// Open loop: request k is due at k / rate, whether or not earlier ones are answered, and its
// latency counts from that moment. So a server that stalls is charged for all that came meanwhile,
// which a generator that waits for answers (wrk) leaves out.
//
//   http_open_loop_bench PORT PATH [rate=20000] [seconds=10] [connections=64] [cookie]
//
// Prints one JSON object. Loopback only. It spins on one core, so that its own waking up is not
// part of what it measures.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace {

using namespace gk;

const SystemClock system_clock;
std::int64_t now_ns() { return system_clock.mono().time_since_epoch().count(); }

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kDrain = 2 * kSecond;  // Source: chosen; later answers count as lost

struct Connection {
  int fd = -1;
  std::int64_t due = 0;  ///< Of the request that it waits for; 0: idle.
  std::string in;
};

struct Counts {
  std::vector<std::int64_t> latencies;
  std::size_t refused = 0;   ///< Another status than 200.
  std::size_t no_place = 0;  ///< Due while every connection waited for an answer.
};

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  const int one = 1;
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

/// Takes one whole answer out of `in`. Returns its status; 0: not whole yet.
int take_answer(std::string& in) {
  const std::size_t end = in.find("\r\n\r\n");
  if (end == std::string::npos) return 0;
  constexpr std::string_view kLength = "ontent-Length: ";
  std::size_t length = 0;
  if (const std::size_t at = in.find(kLength); at < end) {
    (void)std::from_chars(in.data() + at + kLength.size(), in.data() + end, length);
  }
  if (in.size() < end + 4 + length) return 0;
  int status = 0;
  (void)std::from_chars(in.data() + 9, in.data() + 12, status);
  in.erase(0, end + 4 + length);
  return status;
}

class Generator {
 public:
  Generator(std::uint16_t port, std::string request, std::size_t connections)
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)), request_(std::move(request)) {
    connections_.resize(connections);
    for (Connection& connection : connections_) {
      connection.fd = connect_to(port);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = &connection;
      (void)::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
      idle_.push_back(&connection);
    }
  }

  Counts run(std::int64_t rate, std::int64_t seconds) {
    const std::int64_t total = rate * seconds, begin = now_ns();
    std::int64_t sent = 0;
    while (true) {
      const std::int64_t now = now_ns();
      // Everything that is due by now; what finds no connection waits, and its time runs.
      while (sent < total && begin + sent * kSecond / rate <= now) {
        waiting_.push_back(begin + sent * kSecond / rate);
        ++sent;
        if (idle_.empty()) ++counts_.no_place;
      }
      while (!waiting_.empty() && !idle_.empty()) send_next();
      receive();
      const bool all = sent == total && counts_.latencies.size() + counts_.refused ==
                                            static_cast<std::size_t>(total);
      if (all || now > begin + seconds * kSecond + kDrain) break;
    }
    return std::move(counts_);
  }

 private:
  void send_next() {
    Connection& connection = *idle_.back();
    idle_.pop_back();
    connection.due = waiting_.front();
    waiting_.pop_front();
    if (::send(connection.fd, request_.data(), request_.size(), MSG_NOSIGNAL) < 0) {
      std::perror("send");
      std::exit(1);
    }
  }

  void receive() {
    std::array<epoll_event, 64> events{};
    const int n = ::epoll_wait(epoll_, events.data(), int(events.size()), 0);
    for (int i = 0; i < n; ++i) {
      auto& connection = *static_cast<Connection*>(events[std::size_t(i)].data.ptr);
      std::array<char, 65'536> buffer{};
      const ssize_t got = ::recv(connection.fd, buffer.data(), buffer.size(), 0);
      if (got <= 0) {
        std::fprintf(stderr, "the server closed a connection\n");
        std::exit(1);
      }
      connection.in.append(buffer.data(), std::size_t(got));
      const int status = take_answer(connection.in);
      if (status == 0) continue;
      if (status == 200) counts_.latencies.push_back(now_ns() - connection.due);
      if (status != 200) ++counts_.refused;
      idle_.push_back(&connection);
    }
  }

  int epoll_;
  std::string request_;
  std::vector<Connection> connections_;
  std::vector<Connection*> idle_;
  std::deque<std::int64_t> waiting_;  // Due times, oldest first.
  Counts counts_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s PORT PATH [rate] [seconds] [connections] [cookie]\n", argv[0]);
    return 2;
  }
  const auto number = [&](int at, long fallback) {
    return argc > at ? std::atol(argv[at]) : fallback;
  };
  const auto port = static_cast<std::uint16_t>(number(1, 0));
  const long rate = number(3, 20'000), seconds = number(4, 10), connections = number(5, 64);
  std::string request = "GET " + std::string(argv[2]) + " HTTP/1.1\r\nHost: localhost\r\n";
  if (argc > 6) request += "Cookie: " + std::string(argv[6]) + "\r\n";
  request += "\r\n";
  Generator generator(port, request, static_cast<std::size_t>(connections));
  Counts counts = generator.run(rate, seconds);
  auto& late = counts.latencies;
  std::sort(late.begin(), late.end());
  const auto ms = [&](double q) {
    return late.empty() ? -1.0 : double(late[std::size_t(q * double(late.size() - 1))]) / 1e6;
  };
  const std::size_t lost = std::size_t(rate * seconds) - late.size() - counts.refused;
  std::printf(
      "{\"rate\":%ld,\"n\":%zu,\"not_200\":%zu,\"lost\":%zu,\"no_place\":%zu,\"p50_ms\":%.3f,"
      "\"p90_ms\":%.3f,\"p99_ms\":%.3f,\"p999_ms\":%.3f,\"max_ms\":%.3f}\n",
      rate, late.size(), counts.refused, lost, counts.no_place, ms(0.5), ms(0.9), ms(0.99),
      ms(0.999), ms(1));
  return lost == 0 ? 0 : 1;
}
