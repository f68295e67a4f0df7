// packet_server.h: a Unix socket of packets (SOCK_SEQPACKET) for processes on this machine.
//
// Who sent a packet is what the kernel says (SCM_CREDENTIALS), never what the packet says: a child
// that inherited a connection is another sender. Not here: what packets mean, and who may what.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "gamekeeper/result.h"
#include "net/http.h"
#include "net/loop.h"

namespace gk::net {

/// Source: chosen.
struct PacketLimits {
  std::size_t max_packet = 4096;          ///< Bytes; a longer one is handed over cut, and marked.
  std::size_t max_clients = 256;          ///< Newest is closed at once.
  std::size_t max_clients_per_uid = 128;  ///< Newest is closed at once.
  std::size_t max_adopted = 256;          ///< Besides those that connected; newest is refused.
  std::size_t max_per_turn = 16;          ///< Packets of one client before others have their turn.
  bool descriptors =
      false;  ///< Hand over one a packet; all others, and without this all, are closed.
};

/// One packet as it came. Valid during the call.
struct Packet {
  std::string_view bytes;
  bool cut = false;  ///< It was longer than max_packet.
  int pid = 0;       ///< Of the process that sent it.
  /// A descriptor that came along, -1: none. Only with PacketLimits::descriptors; closed after the
  /// call: who wants it duplicates it.
  int fd = -1;
};

using PacketClientId = std::uint64_t;  ///< Never reused.

/// What the server calls, on the loop thread.
struct PacketHandlers {
  std::function<void(PacketClientId, const Peer&)> on_open;
  std::function<void(PacketClientId, const Packet&)> on_packet;
  /// The client left or was closed; called once for each on_open.
  std::function<void(PacketClientId)> on_close;
};

/// Thread: loop.
class PacketServer {
 public:
  /// Listens on `path`. Requires: `loop` outlives it.
  /// Errors: as open_packet_listener().
  static Result<std::unique_ptr<PacketServer>> create(Loop& loop, const std::string& path,
                                                      unsigned mode, const PacketLimits& limits,
                                                      PacketHandlers handlers);
  ~PacketServer();  ///< Closes all, without on_close, and removes the socket file.
  PacketServer(const PacketServer&) = delete;
  PacketServer& operator=(const PacketServer&) = delete;

  /// Serves one end of a pair that this process has made; the other end is returned, for a child.
  /// `on_open` is not called for it, and its Peer is empty: who has the other end is the caller's
  /// knowledge. Errors: resource_exhausted.
  struct Adopted {
    PacketClientId client = 0;
    int other_end = -1;  ///< Close-on-exec; the caller closes it.
  };
  Result<Adopted> adopt();

  /// Sends one packet. A client that does not read is closed, soon and not from this call.
  void send(PacketClientId client, std::string_view bytes);
  /// Closes soon, not from this call; nothing more is read of this client.
  void close(PacketClientId client);
  std::size_t clients() const { return clients_.size(); }

 private:
  struct Client {
    int fd = -1;
    Peer peer;
    Handle watch;
    bool doomed = false, adopted = false;
  };
  PacketServer(Loop& loop, std::string path, int fd, const PacketLimits& limits,
               PacketHandlers handlers);
  void accept_all();
  bool has_room(const Peer& peer) const;
  std::size_t adopted() const;
  void read(PacketClientId id);
  void remove(PacketClientId id);

  Loop& loop_;
  const std::string path_;
  const PacketLimits limits_;
  const PacketHandlers handlers_;
  int fd_;
  Handle watch_;
  std::map<PacketClientId, Client> clients_;
  PacketClientId last_id_ = 0;
  std::string buffer_;
  const std::shared_ptr<bool> alive_;  // shared: with posted closes, which check it.
};

}  // namespace gk::net
