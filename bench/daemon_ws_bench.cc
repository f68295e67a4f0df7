// daemon_ws_bench: how late metric:sample reaches many WebSocket clients of a running daemon, by
// the time in each frame (whole milliseconds, the same clock). daemon_bench.py sockets starts the
// daemon.
//
//   daemon_ws_bench PORT COOKIE [clients=1000] [seconds=12] [stuck clients=0]

#include <algorithm>
#include <cstdio>
#include <memory>

#include "ws_readers.h"

namespace {

using namespace gk;

std::int64_t wall_ns() {
  return std::chrono::duration_cast<Nanos>(SystemClock().wall().time_since_epoch()).count();
}

std::optional<std::int64_t> sent_at(std::string_view frame) {
  constexpr std::string_view kKey = "\"ts\":\"";
  if (frame.find("\"topic\":\"metric:sample\"") == frame.npos) return std::nullopt;
  const std::size_t at = frame.find(kKey);
  if (at == frame.npos) return std::nullopt;
  const std::size_t begin = at + kKey.size();
  const auto time = parse_rfc3339(frame.substr(begin, frame.find('"', begin) - begin));
  if (!time) return std::nullopt;
  return std::chrono::duration_cast<Nanos>(time->time_since_epoch()).count();
}

/// A text frame of a client, masked with zeros.
std::string text_frame(std::string_view text) {
  std::string frame{static_cast<char>(0x81), static_cast<char>(0x80 | text.size()), 0, 0, 0, 0};
  return frame.append(text);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const std::size_t clients = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1000;
  const auto seconds = static_cast<unsigned>(argc > 4 ? std::atoi(argv[4]) : 12);
  const int stuck = argc > 5 ? std::atoi(argv[5]) : 0;
  const std::string hello =
      "GET /api/v1/ws HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nCookie: " +
      std::string(argv[2]) +
      "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Protocol: gamekeeper.v1.json\r\n\r\n";
  const std::string subscribe = text_frame(R"({"op":"subscribe","topics":["metric:sample"]})");
  for (int i = 0; i < stuck; ++i) {
    const int fd = bench::connect_client(port, hello);
    std::array<char, 1024> head{};
    (void)!::recv(fd, head.data(), head.size(), 0);
    (void)!::send(fd, subscribe.data(), subscribe.size(), 0);
  }
  bench::Readers readers(port, clients, hello, subscribe, sent_at, wall_ns);
  for (int i = 0; i < 200 && readers.served() < clients; ++i) ::usleep(50'000);
  ::sleep(2);
  (void)readers.take();
  ::sleep(seconds);
  auto late = readers.take();
  std::sort(late.begin(), late.end());
  const auto at = [&](double q) {
    return late.empty() ? -1.0 : double(late[std::size_t(q * double(late.size() - 1))]) / 1e6;
  };
  std::printf(
      "{\"clients\":%zu,\"served\":%zu,\"n\":%zu,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f}"
      "\n",
      clients, readers.served(), late.size(), at(0.5), at(0.99), at(1));
  return readers.served() == clients ? 0 : 1;
}
