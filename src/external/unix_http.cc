#include "external/unix_http.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <system_error>

#include "base/try.h"

namespace gk::external {
namespace {

constexpr std::size_t kMaxBytes = 1U << 20;  // Source: chosen; an answer to us is below 4 KiB.

Error system_error(Errc code, const std::string& what, int number) {
  return {code, what + ": " + std::generic_category().message(number)};
}

Error malformed(std::string_view what) {
  return {Errc::data_loss, "the daemon's answer was not understood: " + std::string(what)};
}

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

/// Value of the header `name` (lower case) in `head`, without spaces around it.
std::string_view header(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at < head.size();) {
    std::string_view line = head.substr(at + 2);
    line = line.substr(0, line.find("\r\n"));
    at += 2 + line.size();
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !same_name(line.substr(0, colon), name)) continue;
    line.remove_prefix(colon + 1);
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
    return line;
  }
  return {};
}

/// The number at the front of `text`: three digits, 100 to 599, and a space or the line's end.
std::optional<int> status_of(std::string_view text) {
  int status = 0;
  const std::string_view line = text.substr(0, text.find("\r\n"));
  const std::string_view word = line.substr(0, line.find(' '));
  const auto [last, bad] = std::from_chars(word.data(), word.data() + word.size(), status);
  const bool whole = bad == std::errc() && last == word.data() + word.size() && word.size() == 3;
  return whole && status >= 100 && status <= 599 ? std::optional(status) : std::nullopt;
}

class Closing {
 public:
  explicit Closing(int fd) : fd_(fd) {}
  ~Closing() { ::close(fd_); }
  Closing(const Closing&) = delete;
  Closing& operator=(const Closing&) = delete;

 private:
  int fd_;
};

}  // namespace

Result<Parsed> parse_answer(std::string_view bytes) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  const std::size_t compared = std::min(bytes.size(), kVersion.size());
  if (bytes.substr(0, compared) != kVersion.substr(0, compared)) return malformed("no HTTP/1.1");
  Parsed out;
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return out;
  const std::string_view head = bytes.substr(0, end);
  const auto status = status_of(head.substr(std::min(head.size(), kVersion.size())));
  if (!status) return malformed("no status");
  out.answer.status = *status;
  std::size_t length = 0;
  if (out.answer.status != 204) {
    const std::string_view text = header(head, "content-length");
    const auto [last, bad] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (text.empty() || bad != std::errc() || last != text.data() + text.size()) {
      return malformed("no Content-Length");
    }
    if (length > kMaxBytes) return malformed("longer than 1 MiB");
  }
  const std::string_view body = bytes.substr(end + 4);
  if (body.size() < length) return out;
  out.answer.body = body.substr(0, length);
  out.complete = true;
  return out;
}

UnixHttp::UnixHttp(std::string socket, std::string token)
    : socket_(std::move(socket)),
      token_(std::move(token)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

UnixHttp::~UnixHttp() {
  if (wake_ >= 0) ::close(wake_);
}

void UnixHttp::interrupt() {
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);  // Nobody reads it: it stays.
}

Result<void> UnixHttp::wait(int fd, short events, MonoTime until) {
  for (;;) {
    const auto left = std::chrono::ceil<Millis>(until - clock_.mono()).count();
    pollfd waiting[2] = {{fd, events, 0}, {wake_, POLLIN, 0}};
    const int n = ::poll(waiting, 2, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(Errc::resource_exhausted, "poll", errno);
    if (waiting[1].revents != 0) return Error{Errc::cancelled, "interrupted"};
    if (n == 0) return Error{Errc::deadline_exceeded, "the daemon did not answer in time"};
    return {};
  }
}

Result<Answer> UnixHttp::exchange(std::string_view method, std::string_view target,
                                  std::string_view body, Millis timeout) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) {
    return Error{Errc::invalid_argument, "socket: expected a path of 1 to 107 bytes"};
  }
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || wake_ < 0) {
    if (fd >= 0) ::close(fd);
    return system_error(Errc::resource_exhausted, "socket", errno);
  }
  const Closing closing(fd);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const Errc code = errno == EACCES ? Errc::permission_denied : Errc::unavailable;
    return system_error(code, "no daemon answers at " + socket_, errno);
  }
  std::string request(method);
  request.append(" ").append(target).append(
      " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
  if (!token_.empty()) request.append("Authorization: Bearer ").append(token_).append("\r\n");
  if (!body.empty()) {
    request.append("Content-Type: application/json\r\nContent-Length: ");
    request.append(std::to_string(body.size())).append("\r\n");
  } else if (method != "GET") {
    request.append("Content-Length: 0\r\n");
  }
  request.append("\r\n").append(body);
  return talk(fd, request, clock_.mono() + timeout);
}

Result<Answer> UnixHttp::talk(int fd, const std::string& request, MonoTime until) {
  for (std::size_t sent = 0; sent < request.size();) {
    GK_CHECK_OK(wait(fd, POLLOUT, until));
    const ssize_t n = ::send(fd, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
      return system_error(Errc::unavailable, "the connection to the daemon broke", errno);
    }
    if (n > 0) sent += static_cast<std::size_t>(n);
  }
  std::string bytes;
  for (;;) {
    GK_CHECK_OK(wait(fd, POLLIN, until));
    std::array<char, 4096> buffer;
    const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n <= 0) return Error{Errc::unavailable, "the daemon closed the connection"};
    bytes.append(buffer.data(), static_cast<std::size_t>(n));
    if (bytes.size() > kMaxBytes + 64 * 1024) return malformed("longer than 1 MiB");
    GK_TRY(Parsed parsed, parse_answer(bytes));
    if (parsed.complete) return std::move(parsed.answer);
  }
}

}  // namespace gk::external
