#include "worker/lua_channel.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace gk::worker {
namespace {

constexpr int kDaemonGone = 3;  // Source: chosen; nobody reads it but a log
constexpr std::size_t kHead = 4;

// What was read and not taken yet. One script, one connection, one thread.
struct Inbox {
  char* data = nullptr;
  std::size_t size = 0, room = 0, taken = 0;
};
Inbox inbox;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): see above

void* grown(void* old, std::size_t size) {
  void* data = std::realloc(old, size);
  if (data == nullptr) ::_exit(kDaemonGone);
  return data;
}

void append(OutFrame& frame, const void* bytes, std::size_t size) {
  if (frame.size + size > frame.room) {
    frame.room = (frame.size + size) * 2;
    frame.data = static_cast<char*>(grown(frame.data, frame.room));
  }
  std::memcpy(frame.data + frame.size, bytes, size);
  frame.size += size;
}

bool has_whole_frame(std::uint32_t& length) {
  if (inbox.size - inbox.taken < kHead) return false;
  std::memcpy(&length, inbox.data + inbox.taken, kHead);
  if (length == 0 || length > kMaxFrame) ::_exit(kDaemonGone);
  return inbox.size - inbox.taken >= kHead + length;
}

void make_room() {
  if (inbox.taken > 0) {
    std::memmove(inbox.data, inbox.data + inbox.taken, inbox.size - inbox.taken);
    inbox.size -= inbox.taken;
    inbox.taken = 0;
  }
  if (inbox.room - inbox.size < 4096) {
    inbox.room = inbox.room * 2 + 8192;
    inbox.data = static_cast<char*>(grown(inbox.data, inbox.room));
  }
}

bool take(InFrame& frame, void* to, std::size_t size) {
  if (frame.size < size) return false;
  std::memcpy(to, frame.data, size);
  frame.data += size;
  frame.size -= size;
  return true;
}

}  // namespace

double monotonic_s() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

OutFrame open_frame(ToDaemon kind) {
  OutFrame frame;
  const std::uint32_t length = 0;  // Known when it is sent.
  append(frame, &length, kHead);
  put_byte(frame, static_cast<std::uint8_t>(kind));
  return frame;
}

void put_byte(OutFrame& frame, std::uint8_t value) { append(frame, &value, sizeof value); }
void put_number(OutFrame& frame, std::uint32_t value) { append(frame, &value, sizeof value); }
void put_double(OutFrame& frame, double value) { append(frame, &value, sizeof value); }

void put_text(OutFrame& frame, const char* text, std::size_t size) {
  put_number(frame, static_cast<std::uint32_t>(size));
  append(frame, text, size);
}

void send_frame(OutFrame& frame) {
  const auto length = static_cast<std::uint32_t>(frame.size - kHead);
  std::memcpy(frame.data, &length, kHead);
  std::size_t sent = 0;
  while (sent < frame.size) {
    const ssize_t n = ::write(kChannelFd, frame.data + sent, frame.size - sent);
    if (n > 0) {
      sent += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      pollfd wait{kChannelFd, POLLOUT, 0};
      (void)::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      ::_exit(kDaemonGone);
    }
  }
  std::free(frame.data);
  frame = {};
}

Received receive_frame(InFrame& frame, double deadline_s) {
  std::uint32_t length = 0;
  while (!has_whole_frame(length)) {
    int wait_ms = -1;
    if (deadline_s >= 0) {
      const double left = (deadline_s - monotonic_s()) * 1000;
      if (left <= 0) return Received::timeout;
      wait_ms = left > 3.6e6 ? 3'600'000 : static_cast<int>(left) + 1;
    }
    pollfd wait{kChannelFd, POLLIN, 0};
    const int ready = ::poll(&wait, 1, wait_ms);
    if (ready < 0) return Received::interrupted;
    if (ready == 0) continue;
    make_room();
    const ssize_t n = ::read(kChannelFd, inbox.data + inbox.size, inbox.room - inbox.size);
    if (n == 0) ::_exit(kDaemonGone);
    if (n < 0 && errno != EINTR && errno != EAGAIN) ::_exit(kDaemonGone);
    if (n > 0) inbox.size += static_cast<std::size_t>(n);
  }
  frame.kind = static_cast<FromDaemon>(inbox.data[inbox.taken + kHead]);
  frame.data = inbox.data + inbox.taken + kHead + 1;
  frame.size = length - 1;
  inbox.taken += kHead + length;
  return Received::frame;
}

bool take_byte(InFrame& frame, std::uint8_t& value) { return take(frame, &value, sizeof value); }
bool take_number(InFrame& frame, std::uint32_t& value) { return take(frame, &value, sizeof value); }
bool take_double(InFrame& frame, double& value) { return take(frame, &value, sizeof value); }

bool take_text(InFrame& frame, const char*& text, std::size_t& size) {
  std::uint32_t length = 0;
  if (!take_number(frame, length) || frame.size < length) return false;
  text = frame.data;
  size = length;
  frame.data += length;
  frame.size -= length;
  return true;
}

}  // namespace gk::worker
