// net_http_bench: serves a trivial handler until SIGINT, so that a load generator can measure the
// HTTP server alone. It prints the CPU time a request costs, which does not depend on the load
// generator as much as requests per second do.
//
//   net_http_bench [ADDRESS:PORT]      then: wrk -t1 -c64 -d10s http://ADDRESS:PORT/

#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "base/clock.h"
#include "net/server.h"

namespace {

class NoLog final : public gk::Log {
 public:
  void write(gk::LogLevel, std::string_view, std::string_view,
             std::initializer_list<gk::LogField>) override {}
  bool enabled(gk::LogLevel) const override { return false; }
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int interrupt_fd() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  return ::signalfd(-1, &set, SFD_CLOEXEC);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace gk::net;
  NoLog log;
  gk::Metrics metrics;
  Loop loop;
  std::size_t served = 0;
  ServerOptions options;
  options.limits.max_per_address = 1024;
  ServerHandlers handlers;
  handlers.on_request = [&served](Request, const Respond& respond) {
    ++served;
    Response response;
    response.body = R"({"status":"ok"})";
    respond(std::move(response));
  };
  Server server(loop, options, handlers, log, metrics);
  const auto address = server.listen_tcp(argc > 1 ? argv[1] : "127.0.0.1:5999");
  if (!address) {
    std::fprintf(stderr, "%s\n", address.error().message.c_str());
    return 1;
  }
  std::fprintf(stderr, "listening on %s\n", address->c_str());
  const int signals = interrupt_fd();
  const Handle watch = loop.watch_readable(signals, [&loop] { loop.stop(); });
  const double before = cpu_seconds();
  loop.run();
  const double used = cpu_seconds() - before;
  std::printf("{\"n\":%zu,\"cpu_s\":%.3f,\"cpu_us_per_request\":%.2f}\n", served, used,
              served == 0 ? 0.0 : used * 1e6 / double(served));
  ::close(signals);
  return 0;
}
