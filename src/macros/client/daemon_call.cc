#include "macros/client/daemon_call.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "base/clock.h"

namespace gk::macro_client {
namespace {

class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  ~Connection() {
    if (fd_ >= 0) ::close(fd_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

Error gone(const std::string& socket, const char* what) {
  return {Errc::unavailable, std::string(what) + " " + socket + ": " + std::strerror(errno)};
}

/// Waits for `events`. Errors: deadline_exceeded, cancelled.
Result<void> wait_for(int fd, short events, int wake, MonoTime until) {
  const SystemClock clock;
  for (;;) {
    const auto left = std::chrono::ceil<Millis>(until - clock.mono()).count();
    if (left <= 0) return Error{Errc::deadline_exceeded, "the daemon does not answer"};
    std::array<pollfd, 2> fds{{{fd, events, 0}, {wake, POLLIN, 0}}};
    const int ready = ::poll(fds.data(), wake < 0 ? 1 : 2, static_cast<int>(left));
    if (ready > 0 && wake >= 0 && fds[1].revents != 0) return Error{Errc::cancelled, "ended"};
    if (ready > 0 && fds[0].revents != 0) return {};
  }
}

Result<void> send_all(int fd, std::string_view bytes, int wake, MonoTime until,
                      const std::string& socket) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      if (auto waited = wait_for(fd, POLLOUT, wake, until); !waited) return waited;
    } else if (errno != EINTR) {
      return gone(socket, "cannot write to");
    }
  }
  return {};
}

Result<Answer> read_answer(const std::string& text) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  const std::size_t head = text.find("\r\n\r\n");
  Answer out;
  if (text.starts_with(kVersion) && head != std::string::npos) {
    const char* begin = text.data() + kVersion.size();
    const auto [end, error] = std::from_chars(begin, text.data() + head, out.status);
    out.body = text.substr(head + 4);
    if (error == std::errc() && out.status >= 100 && out.status <= 599) return out;
  }
  return Error{Errc::data_loss, "expected an HTTP answer, got " + std::to_string(text.size()) +
                                    " bytes of something else"};
}

}  // namespace

Result<Answer> call_daemon(const std::string& socket, std::string_view method,
                           std::string_view target, std::string_view body, Millis deadline,
                           int wake) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.empty() || socket.size() >= sizeof address.sun_path) {
    return Error{Errc::invalid_argument, "socket: expected a path of 1 to " +
                                             std::to_string(sizeof address.sun_path - 1) +
                                             " bytes"};
  }
  socket.copy(address.sun_path, socket.size());
  const MonoTime until = SystemClock().mono() + deadline;
  const Connection connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (connection.fd() < 0) return gone(socket, "cannot make a socket for");
  if (::connect(connection.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return gone(socket, "cannot reach the daemon at");
  }
  std::string request(method);
  request.append(" ").append(target).append(
      " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n");
  request += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  request.append(body);
  if (auto sent = send_all(connection.fd(), request, wake, until, socket); !sent) {
    return sent.error();
  }
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t n = ::recv(connection.fd(), buffer.data(), buffer.size(), 0);
    if (n == 0)
      return text.empty() ? Result<Answer>(Errc::unavailable, "the daemon went away")
                          : read_answer(text);
    if (n > 0) text.append(buffer.data(), static_cast<std::size_t>(n));
    if (text.size() > kMaxAnswer) {
      return Error{Errc::data_loss, "expected an answer of at most 64 KiB"};
    }
    if (n < 0 && errno == EAGAIN) {
      if (auto waited = wait_for(connection.fd(), POLLIN, wake, until); !waited) {
        return waited.error();
      }
    } else if (n < 0 && errno != EINTR) {
      return gone(socket, "cannot read from");
    }
  }
}

namespace {

void append_utf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {  // A half of a surrogate pair, which the daemon does not write, becomes a question mark.
    if (code >= 0xD800 && code < 0xE000) return out += '?', void();
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

/// Reads the string that begins at `at` with its quote; `at` is behind it then. False: no end.
bool read_string(std::string_view json, std::size_t& at, std::string& out) {
  constexpr std::string_view kEscapes = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] != '\\') {
      out += json[at];
      continue;
    }
    if (++at >= json.size()) return false;
    if (json[at] == 'u') {
      unsigned code = 0;
      if (at + 4 >= json.size()) return false;
      const char* first = json.data() + at + 1;
      if (std::from_chars(first, first + 4, code, 16).ptr != first + 4) return false;
      append_utf8(out, code);
      at += 4;
    } else {
      const std::size_t which = kEscapes.find(json[at]);
      if (which == std::string_view::npos) return false;
      out += kMeant[which];
    }
  }
  return at++ < json.size();
}

}  // namespace

std::optional<std::string> member_text(std::string_view json, std::string_view key) {
  int depth = 0;
  bool is_key = false, wanted = false;
  for (std::size_t at = 0; at < json.size();) {
    const char c = json[at];
    if (c == '"') {
      std::string text;
      if (!read_string(json, at, text)) return std::nullopt;
      if (depth == 1 && !is_key && wanted) return text;
      if (depth == 1 && is_key) wanted = text == key;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth == 1 && (c == '{' || c == ',')) is_key = true;
    if (depth == 1 && c == ':') is_key = false;
    ++at;
  }
  return std::nullopt;
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> code;
      std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(c));
      out += code.data();
    } else {
      out += c;
    }
  }
  return out += '"';
}

}  // namespace gk::macro_client
