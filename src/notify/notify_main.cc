// gamekeeper-notify: sends what the daemon hands it over descriptor 3, and says how that ended. Not
// for people. Lines are notices/rules/frames.h.
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "base/try.h"
#include "notices/rules/frames.h"
#include "notify/confine.h"
#include "notify/poster.h"

namespace gk::notify {
namespace {

constexpr int kDaemon = 3;  // Source: sys/socket_child.h
constexpr Millis kLongestWait{1'000};

bool send_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::send(kDaemon, text.data(), text.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// Reads what is there. False: the daemon has closed the socket.
bool receive(notices::LineBuffer& lines) {
  std::array<char, 16 * 1024> bytes{};
  const ssize_t n = ::recv(kDaemon, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (n > 0) lines.append({bytes.data(), static_cast<std::size_t>(n)});
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

Result<void> serve(Poster& poster) {
  notices::LineBuffer lines;
  std::string line;
  while (receive(lines)) {
    for (;;) {
      GK_TRY(const bool whole, lines.next(line));
      if (!whole) break;
      GK_TRY(const auto request, notices::read_post_frame(line));
      poster.begin(request);
    }
    for (const auto& [number, attempt] : poster.step(kDaemon, kLongestWait)) {
      if (!send_all(notices::result_frame(number, attempt))) return {};
    }
  }
  return {};
}

// The name service loads its libraries at the first use, which confinement would make harder.
void warm_name_service() {
  addrinfo* found = nullptr;
  if (::getaddrinfo("localhost", "443", nullptr, &found) == 0) ::freeaddrinfo(found);
}

Result<void> run(const std::vector<std::string>& words) {
  GK_TRY(const Options options, parse_options(words));
  GK_TRY(const auto poster, Poster::create(options));
  warm_name_service();
  const std::string confinement = confine(options.ca_file);
  if (!send_all(notices::ready_frame(confinement))) return {};
  return serve(*poster);
}

}  // namespace
}  // namespace gk::notify

int main(int argc, char** argv) {
  const auto ran = gk::notify::run(std::vector<std::string>(argv + 1, argv + argc));
  if (ran) return 0;
  std::fprintf(stderr, "gamekeeper-notify: %s\n", ran.error().message.c_str());
  return 2;
}
