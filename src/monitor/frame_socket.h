// frame_socket.h: where games hand over the memory in which they count their frames: frames.sock.
//
// One packet, "frames NAME" with a memfd; the answer is "ok" or "error CODE TEXT". The connection
// is the game: when it closes or its process ends, its frames are unknown. File rights say who may
// connect; what comes is a claim whoever sends it. Design: docs/frames.md.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "monitor/monitor.h"
#include "net/packet_server.h"
#include "sys/process.h"

namespace gk::monitor {

/// Thread: loop.
class FrameSocket {
 public:
  /// Requires: loop, log and monitor outlive it. Errors: as PacketServer::create().
  static Result<std::unique_ptr<FrameSocket>> create(const std::string& path, net::Loop& loop,
                                                     Log& log, Monitor& monitor);
  FrameSocket(const FrameSocket&) = delete;
  FrameSocket& operator=(const FrameSocket&) = delete;

  /// The subject of a game that calls itself `name`.
  static std::string subject_of(std::string_view name) { return "frames:" + std::string(name); }

 private:
  struct Client {
    int pid = 0;
    std::string subject;                      // Empty until it has handed over.
    std::optional<FrameReader::PageId> page;  // From then on.
    sys::ProcessHandle process;
    net::Handle death;
  };
  FrameSocket(net::Loop& loop, Log& log, Monitor& monitor);
  void on_open(net::PacketClientId id, const net::Peer& peer);
  void on_packet(net::PacketClientId id, const net::Packet& packet);
  void on_close(net::PacketClientId id);
  Result<void> take(Client& client, const net::Packet& packet);
  void end(Client& client, std::string_view reason);

  net::Loop& loop_;
  Log& log_;
  Monitor& monitor_;
  std::map<net::PacketClientId, Client> clients_;
  std::unique_ptr<net::PacketServer> server_;
};

}  // namespace gk::monitor
