// gamekeeper-tls: speaks TLS for the daemon, which it talks to over descriptor 3. Not for people.
// Packets are tls/rules/frames.h.
#include <fcntl.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "base/try.h"
#include "tls/confine.h"
#include "tls/front.h"
#include "tls/options.h"
#include "tls/server_context.h"

namespace gk::tls {
namespace {

constexpr int kDaemon = 3;  // Source: sys/socket_child.h

Result<void> run(const std::vector<std::string>& words, sys::PacketSocket& control) {
  const SystemClock clock;
  GK_TRY(Options options, parse_options(words));
  GK_TRY(const ServerContext server,
         open_server_context(options.certificate, options.key, clock.wall()));
  std::array<unsigned char, 1>
      seeded{};  // OpenSSL opens what it needs for chance at the first use.
  if (RAND_bytes(seeded.data(), static_cast<int>(seeded.size())) != 1) {
    return Error{Errc::unavailable, "OpenSSL has no randomness"};
  }
  const std::size_t places = limit_descriptors(options.limits.max_connections);
  options.limits.max_connections = std::min(options.limits.max_connections, places);
  GK_TRY(const auto front,
         Front::create(std::move(control), server.context.get(), options.limits, clock));
  const std::string_view confinement = confine(options.limits.max_connections);
  (void)front->control().send(
      ready_frame(server.not_after_s, options.limits.max_connections, confinement));
  front->run();
  return {};
}

}  // namespace
}  // namespace gk::tls

int main(int argc, char** argv) {
  (void)std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to clients that have left.
  (void)::fcntl(gk::tls::kDaemon, F_SETFL, O_NONBLOCK);
  gk::sys::PacketSocket control{gk::sys::Fd(gk::tls::kDaemon)};
  const auto ran = gk::tls::run(std::vector<std::string>(argv + 1, argv + argc), control);
  if (ran) return 0;
  (void)control.send(gk::tls::failed_frame(ran.error().message));
  std::fprintf(stderr, "gamekeeper-tls: %s\n", ran.error().message.c_str());
  return 2;
}
