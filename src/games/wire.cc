#include "games/wire.h"

#include "net/tcp_stream.h"
#include "net/udp_client.h"

namespace gk::games {
namespace {

class TcpWire final : public Wire {
 public:
  TcpWire(const LinkEnvironment& e, const GameSettings& game, WireHandlers h)
      : stream_(e.loop, game.host, static_cast<std::uint16_t>(game.port),
                {std::move(h.on_open), std::move(h.on_bytes), std::move(h.on_closed)}) {}
  Result<void> write(std::string_view bytes) override { return stream_.write(bytes); }

 private:
  net::TcpStream stream_;
};

class UdpWire final : public Wire {
 public:
  UdpWire(const LinkEnvironment& e, const GameSettings& game, WireHandlers h)
      : client_(e.loop, game.host, static_cast<std::uint16_t>(game.port),
                {std::move(h.on_open), std::move(h.on_bytes), std::move(h.on_closed)}) {}
  Result<void> write(std::string_view bytes) override { return client_.send(bytes); }

 private:
  net::UdpClient client_;
};

}  // namespace

std::unique_ptr<Wire> open_wire(const LinkEnvironment& environment, const GameSettings& game,
                                WireHandlers handlers) {
  switch (game.kind_of().transport) {
    case Transport::tcp: return std::make_unique<TcpWire>(environment, game, std::move(handlers));
    case Transport::udp: return std::make_unique<UdpWire>(environment, game, std::move(handlers));
    case Transport::process: return open_process_wire(environment, game, std::move(handlers));
    case Transport::world: return open_world_wire(environment, game, std::move(handlers));
  }
  return nullptr;
}

}  // namespace gk::games
