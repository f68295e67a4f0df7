// latency_room.h: measures the paths that the operator named (monitor.latency_targets): echoes
// where the system allows them, TCP connects where not or where no echo comes back.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "monitor/latency_prober.h"
#include "monitor/loop_driver.h"
#include "monitor/monitor.h"
#include "monitor/rules/latency_target.h"
#include "net/loop.h"
#include "net/tcp_stream.h"
#include "server/rooms.h"
#include "sys/echo_socket.h"

namespace gk::server {

/// Each target is a subject "path:NAME" with the signal `latency`, in ms.
/// Thread: loop.
class LatencyRoom {
 public:
  /// Begins to measure. Errors: invalid_argument (a target, or two of one name).
  static Result<std::unique_ptr<LatencyRoom>> create(const RoomsContext& context,
                                                     monitor::Monitor& monitor);
  ~LatencyRoom();

 private:
  using Answer = monitor::LatencyProber::Answer;
  /// One probe that has no answer yet.
  struct Pending {
    MonoTime sent;
    std::string target;
    Answer answer;
    net::Handle timeout;
    std::unique_ptr<net::TcpStream> stream;  // Of a TCP connect.
  };
  /// The echoes of one target.
  struct Echoes {
    sys::EchoSocket socket;
    net::Handle watch;
    std::map<std::uint16_t, std::uint64_t> asked;  // Sequence to key of pending_.
    std::uint16_t next = 1;
  };

  LatencyRoom(const RoomsContext& context, monitor::Monitor& monitor);
  Result<void> add(const monitor::LatencyTarget& target);
  void echo(const std::string& name, Answer answer);
  void connect(const monitor::LatencyTarget& target, Answer answer);
  std::uint64_t expect(const std::string& target, Answer answer);
  void settle(std::uint64_t key, bool answered);
  void read_echoes(Echoes& echoes);
  void measured(const std::string& name, const monitor::LatencyEstimator& estimator);

  const RoomsContext& context_;
  monitor::Monitor& monitor_;
  monitor::WakeTimer wake_;
  std::map<std::string, std::unique_ptr<Echoes>> echoes_;  // By name of the target.
  std::map<std::uint64_t, Pending> pending_;  // At most three a target: the prober's rounds.
  std::uint64_t last_ = 0;
  std::optional<monitor::LatencyProber> prober_;
};

}  // namespace gk::server
