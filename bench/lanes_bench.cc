// lanes_bench.cc: what a lane of the daemon costs: bytes, and latency over both sockets. Run by
// hand: lanes_bench DATA_DIR of a running gamekeeperd of the same user, with the lane "bench".

#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "arbiter/gate.h"
#include "base/clock.h"
#include "base/json.h"
#include "net/client.h"
#include "net/packet_client.h"
#include "sys/paths.h"

namespace gk {
namespace {

const SystemClock system_clock_now;

double percentile(std::vector<double>& values, double p) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

template <typename Work>
void print_latency(const char* what, std::size_t n, Work work) {
  std::vector<double> micros;
  for (std::size_t i = 0; i < n; ++i) {
    const MonoTime begin = system_clock_now.mono();
    if (!work()) {
      std::printf("%-44s failed\n", what);
      return;
    }
    micros.push_back(
        std::chrono::duration<double, std::micro>(system_clock_now.mono() - begin).count());
  }
  const double p50 = percentile(micros, 0.5), p99 = percentile(micros, 0.99);
  std::printf("%-44s p50 %8.1f us  p99 %8.1f us  n=%zu\n", what, p50, p99, n);
}

/// The token in an answer; 0: it was a refusal.
std::int64_t token_of(const std::string& body) {
  const auto answer = parse_json(body);
  const JsonValue* token = answer ? answer->find("token") : nullptr;
  return token != nullptr && token->is_int() ? token->as_int() : 0;
}

void over_packets(const std::string& data) {
  auto client = net::PacketClient::connect(sys::lanes_socket_path(data));
  if (!client) return (void)std::printf("%s\n", client.error().message.c_str());
  const auto ask = [&](const std::string& message) {
    (void)client->send(message);
    return client->receive(Millis(10'000)).value_or("");
  };
  print_latency("packets: one round trip (status)", 20'000,
                [&] { return !ask(R"({"op":"status","id":1,"lane":"bench"})").empty(); });
  print_latency("packets: acquire + release", 20'000, [&] {
    const auto token = token_of(ask(R"({"op":"acquire","id":1,"lane":"bench","actor":"fisher"})"));
    return token != 0 &&
           ask(R"({"op":"release","id":2,"lane":"bench","token":)" + std::to_string(token) + "}")
                   .find("true") != std::string::npos;
  });
}

void over_http(const std::string& data) {
  net::Target target;
  target.unix_path = sys::socket_path(data);
  net::Client client(target);
  const auto post = [&](const char* path, const std::string& body) {
    auto answer = client.call({.method = net::Method::post,
                               .path_and_query = std::string("/api/v1/locks/bench/") + path,
                               .headers = {{"content-type", "application/json"}},
                               .body = body});
    return answer && answer->status == 200 ? answer->body : std::string();
  };
  print_latency("HTTP, Unix socket: one round trip (liveness)", 10'000, [&] {
    const auto answer =
        client.call({.path_and_query = "/api/v1/health/live", .headers = {}, .body = {}});
    return answer && answer->status == 200;
  });
  print_latency("HTTP, Unix socket: acquire + release", 10'000, [&] {
    const auto token = token_of(post("acquire", R"({"actor":"fisher"})"));
    return token != 0 && !post("release", "{\"token\":" + std::to_string(token) + "}").empty();
  });
}

void bytes_a_lane() {
  constexpr std::uint32_t kLanes = 4000;
  const auto used = [] {
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const auto gate_of = [](std::uint32_t lanes) {
    ArbiterOptions options;
    options.max_lanes = lanes;
    auto gate = arbiter::Gate::create(options, system_clock_now).value();
    for (std::uint32_t i = 0; i < lanes; ++i) {
      (void)gate->add_lane("lane" + std::to_string(i), {}, {});
    }
    return gate;
  };
  const std::size_t before = used();
  const auto one = gate_of(1);
  const std::size_t small = used() - before;
  const auto many = gate_of(kLanes + 1);
  const std::size_t big = used() - before - small;
  std::printf("%-44s %8.0f bytes  n=%u\n", "a lane of the gate",
              static_cast<double>(big - small) / kLanes, kLanes);
}

}  // namespace
}  // namespace gk

int main(int argc, char** argv) {
  gk::bytes_a_lane();
  if (argc < 2) return 0;
  gk::over_packets(argv[1]);
  gk::over_http(argv[1]);
}
