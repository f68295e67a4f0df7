// ws_readers.h: many WebSocket clients on one epoll thread, raw sockets, so that on two cores the
// server is measured and not its clients.

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "net/client_frames.h"

namespace gk::bench {

inline std::int64_t now_ns() { return SystemClock().mono().time_since_epoch().count(); }

/// A connected socket that has sent `hello`, the upgrade request.
inline int connect_client(std::uint16_t port, std::string_view hello) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
  if (::send(fd, hello.data(), hello.size(), 0) != ssize_t(hello.size())) std::abort();
  return fd;
}

/// Notes how late each text frame is.
/// Thread: compatible; reads on a thread of its own.
class Readers {
 public:
  /// When a frame was sent, by the clock of `now`; nothing: the frame does not count.
  using SentAt = std::function<std::optional<std::int64_t>(std::string_view frame)>;

  /// `first`: sent as soon as the upgrade is accepted; may be empty.
  Readers(std::uint16_t port, std::size_t count, const std::string& hello, std::string first,
          SentAt sent_at, std::function<std::int64_t()> now)
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        first_(std::move(first)),
        sent_at_(std::move(sent_at)),
        now_(std::move(now)),
        buffers_(count) {
    for (std::size_t i = 0; i < count; ++i) {
      fds_.push_back(connect_client(port, hello));
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fds_[i], &event);
    }
    thread_ = std::thread([this] { run(); });
  }
  ~Readers() {
    stop_ = true;
    thread_.join();
    for (const int fd : fds_) ::close(fd);
    ::close(epoll_);
  }
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  /// Latencies in nanoseconds since the last call. Called while nothing is sent.
  std::vector<std::int64_t> take() {
    take_ = true;
    while (take_) std::this_thread::yield();
    return std::move(taken_);
  }
  /// Clients that have received a frame that counts.
  std::size_t served() const { return served_; }

 private:
  void run() {
    std::array<epoll_event, 256> events{};
    while (!stop_) {
      if (take_) {
        taken_ = std::move(latencies_);
        latencies_.clear();
        take_ = false;
      }
      const int n = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 10);
      for (int i = 0; i < n; ++i) read(events[static_cast<std::size_t>(i)].data.u64);
    }
  }
  void read(std::size_t client) {
    std::array<char, 16384> chunk;
    const ssize_t n = ::recv(fds_[client], chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (n <= 0) return;
    const std::int64_t at = now_();
    std::string& buffer = buffers_[client].bytes;
    buffer.append(chunk.data(), static_cast<std::size_t>(n));
    if (buffer.starts_with("HTTP")) {
      const std::size_t end = buffer.find("\r\n\r\n");
      if (end == std::string::npos) return;
      buffer.erase(0, end + 4);
      (void)!::send(fds_[client], first_.data(), first_.size(), 0);
    }
    net::ServerFrame frame;
    while (net::take_server_frame(buffer, 1 << 20, frame) == net::FrameState::complete) {
      if (frame.opcode != net::Opcode::text) continue;
      const auto sent = sent_at_(frame.payload);
      if (!sent) continue;
      latencies_.push_back(at - *sent);
      if (!std::exchange(buffers_[client].served, true)) ++served_;
    }
  }

  struct Buffer {
    std::string bytes;
    bool served = false;
  };
  const int epoll_;
  const std::string first_;
  const SentAt sent_at_;
  const std::function<std::int64_t()> now_;
  std::vector<int> fds_;
  std::vector<Buffer> buffers_;
  std::vector<std::int64_t> latencies_;
  std::vector<std::int64_t> taken_;
  std::atomic<std::size_t> served_{0};
  std::atomic<bool> stop_{false}, take_{false};
  std::thread thread_;
};

}  // namespace gk::bench
