// lane_socket.h: lanes for other processes, over the packet socket lanes.sock.
//
// One JSON object a packet, at most 4 KiB; the messages are in docs/arbiter.md. Who asks is what
// the kernel says (SO_PEERCRED at connect, SCM_CREDENTIALS with each packet, a pidfd), mapped to
// modules by configuration. A closed connection and a dead process end all they held, at once.

#pragma once

#include <map>
#include <memory>
#include <string>

#include "arbiter/service/lane_service.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "net/packet_server.h"
#include "sys/process.h"

namespace gk::arbiter {

/// Source: chosen.
struct LaneSocketOptions {
  net::PacketLimits limits;
  std::size_t max_waits = 32;  ///< Requests that wait, of one connection; newest is refused.
  unsigned mode = 0660;        ///< Of the socket file. Source: platform specification.
  unsigned own_uid = 0;        ///< Trusted, as uid 0 is: see may_act_as().
};

/// Thread: loop.
class LaneSocket {
 public:
  /// Requires: loop, log, metrics and service outlive it.
  /// Errors: as PacketServer::create().
  static Result<std::unique_ptr<LaneSocket>> create(const LaneSocketOptions& options,
                                                    const std::string& path, net::Loop& loop,
                                                    Log& log, Metrics& metrics,
                                                    LaneService& service);
  ~LaneSocket();  ///< Ends all that its clients held and waited for.
  /// A connection for a child of the daemon, which is `name` whatever it says; `program` is what
  /// it was started with. A module that names users or programs must name the daemon's and this.
  /// Returns the child's end. Errors: invalid_argument (no name), resource_exhausted.
  Result<sys::Fd> connect_child(const std::string& name, const std::string& program);
  /// From now on every request of these connections is refused, and what they held is free.
  void fence_child(std::string_view name);
  LaneSocket(const LaneSocket&) = delete;
  LaneSocket& operator=(const LaneSocket&) = delete;

 private:
  /// What the daemon knows of its own child, which never tells who it is.
  struct Child {
    std::string name;
    std::string program;
    bool fenced = false;
  };
  struct Client {
    net::Peer peer;
    std::optional<Child> child;
    OwnerId owner;
    std::string identity;  // Of its process, lane_identity.h; empty for a child.
    sys::ProcessHandle process;
    net::Handle death;
    std::map<std::int64_t, WaitId> waits;  // By the number of the request.
  };
  /// One message and whom to answer.
  struct Message {
    net::PacketClientId client = 0;
    std::int64_t id = 0;
    const JsonValue& body;
  };

  LaneSocket(const LaneSocketOptions& options, net::Loop& loop, Log& log, Metrics& metrics,
             LaneService& service);
  void on_open(net::PacketClientId id, const net::Peer& peer);
  void on_packet(net::PacketClientId id, const net::Packet& packet);
  void on_close(net::PacketClientId id);
  void on_notice(const LaneNotice& notice);

  void obey(const Message& message);
  void acquire(const Message& message);
  void give_up(const Message& message);
  void renew(const Message& message);
  void release(const Message& message);
  void check(const Message& message);
  void status(const Message& message);
  /// Errors: permission_denied. Why this packet may not be obeyed, if so.
  Result<void> check_sender(const Client& client, int sender) const;
  Result<std::string> actor_for(const Client& client, const std::string& wanted) const;
  Result<std::string> actor_of_child(const Child& child, const std::string& wanted) const;
  Party party_of(const Client& client) const;
  void refuse(const Message& message, const Error& error);
  void answer_lease(net::PacketClientId client, std::int64_t id, const Lease& lease);

  const LaneSocketOptions options_;
  net::Loop& loop_;
  Log& log_;
  LaneService& service_;
  std::map<net::PacketClientId, Client> clients_;
  std::map<OwnerId, net::PacketClientId> owners_;
  std::unique_ptr<net::PacketServer> server_;
  Topic<LaneNotice>::Subscription notices_;
  Gauge connected_;
  Counter refused_;
};

}  // namespace gk::arbiter
