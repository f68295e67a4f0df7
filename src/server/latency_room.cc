#include "server/latency_room.h"

#include "base/span.h"
#include "base/try.h"

namespace gk::server {

LatencyRoom::LatencyRoom(const RoomsContext& context, monitor::Monitor& monitor)
    : context_(context), monitor_(monitor), wake_(context.loop) {
  prober_.emplace(context.clock, wake_.wake_after(),
                  [this](const std::string& name, const monitor::LatencyEstimator& estimator) {
                    measured(name, estimator);
                  });
  wake_.set_target([this] { prober_->tick(); });
}

LatencyRoom::~LatencyRoom() { prober_.reset(); }  // Before what its probes would answer to.

Result<std::unique_ptr<LatencyRoom>> LatencyRoom::create(const RoomsContext& context,
                                                         monitor::Monitor& monitor) {
  std::unique_ptr<LatencyRoom> room(new LatencyRoom(context, monitor));
  for (const std::string& text : context.config.monitor_latency_targets) {
    GK_TRY(const auto target, monitor::read_latency_target(text));
    GK_CHECK_OK(room->add(target));
  }
  return room;
}

Result<void> LatencyRoom::add(const monitor::LatencyTarget& target) {
  monitor::LatencyProber::Probe by_echo = nullptr, by_connect = nullptr;
  if (target.port != 0) {
    by_connect = [this, target](Answer answer) { connect(target, std::move(answer)); };
  }
  auto socket = sys::EchoSocket::open(target.address);
  if (socket) {
    auto echoes = std::make_unique<Echoes>(Echoes{.socket = std::move(*socket)});
    echoes->watch = context_.loop.watch_readable(echoes->socket.fd(),
                                                 [this, e = echoes.get()] { read_echoes(*e); });
    echoes_[target.name] = std::move(echoes);
    by_echo = [this, name = target.name](Answer answer) { echo(name, std::move(answer)); };
  } else if (target.port == 0) {
    context_.log.warn("latency.no_way",
                      socket.error().message +
                          "; name a port in monitor.latency_targets: a TCP "
                          "connect to it is measured then",
                      {{"target", target.name}});
    by_echo = [](const Answer& answer) { answer(std::nullopt); };
  }
  if (by_echo == nullptr) return prober_->add(target.name, std::move(by_connect));
  return prober_->add(target.name, std::move(by_echo), std::move(by_connect));
}

std::uint64_t LatencyRoom::expect(const std::string& target, Answer answer) {
  const std::uint64_t key = ++last_;
  pending_.emplace(key, Pending{.sent = context_.clock.mono(),
                                .target = target,
                                .answer = std::move(answer),
                                .timeout = context_.loop.after(monitor::kProbeTimeout,
                                                               [this, key] { settle(key, false); }),
                                .stream = nullptr});
  return key;
}

void LatencyRoom::settle(std::uint64_t key, bool answered) {
  auto node = pending_.extract(key);
  if (node.empty()) return;  // An answer after its time: counted as lost already.
  const Nanos took = context_.clock.mono() - node.mapped().sent;
  write_span(context_.log, "latency.probe", took, answered ? "done" : "lost", {},
             node.mapped().target);
  node.mapped().answer(answered ? std::optional(took) : std::nullopt);
}

void LatencyRoom::echo(const std::string& name, Answer answer) {
  Echoes& echoes = *echoes_.at(name);
  // What was never answered is forgotten with the round after it.
  std::erase_if(echoes.asked, [this](const auto& item) { return !pending_.contains(item.second); });
  const std::uint16_t sequence = echoes.next++;
  const std::uint64_t key = expect(name, std::move(answer));
  echoes.asked[sequence] = key;
  if (!echoes.socket.ask(sequence)) settle(key, false);
}

void LatencyRoom::read_echoes(Echoes& echoes) {
  while (const auto sequence = echoes.socket.answer()) {
    const auto asked = echoes.asked.find(*sequence);
    if (asked == echoes.asked.end()) continue;
    const std::uint64_t key = asked->second;
    echoes.asked.erase(asked);
    settle(key, true);
  }
}

void LatencyRoom::connect(const monitor::LatencyTarget& target, Answer answer) {
  const std::uint64_t key = expect(target.name, std::move(answer));
  // A refusal is an answer of the host, but not of what was named: a loss.
  pending_.at(key).stream = std::make_unique<net::TcpStream>(
      context_.loop, target.address, target.port,
      net::TcpStreamHandlers{.on_open = [this, key] { settle(key, true); },
                             .on_bytes = [](std::string_view) {},
                             .on_closed = [this, key](const Error&) { settle(key, false); }});
}

void LatencyRoom::measured(const std::string& name, const monitor::LatencyEstimator& estimator) {
  if (const auto lost = estimator.loss()) {
    context_.metrics
        .gauge("gamekeeper_path_loss_ratio", "Lost probes of the last 10 rounds, 0 to 1",
               {{"target", name}})
        .set(*lost);
  }
  const monitor::Signal signal = estimator.signal(context_.clock.mono(), context_.clock.wall());
  if (!signal.measured()) return;  // It grows stale, and then unknown, by itself.
  const auto taken =
      monitor_.submit_sample("latency", signal.value(), "path:" + name,
                             monitor::SampleSource::server, estimator.next_probe_after());
  if (!taken) context_.log.warn("latency.not_taken", taken.error().message, {{"target", name}});
}

}  // namespace gk::server
