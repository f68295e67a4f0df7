// referee_room.h: the referee's service with its store, its thread and its sockets.

#pragma once

#include <memory>
#include <string>

#include "api/hub.h"
#include "api/router.h"
#include "base/worker_pool.h"
#include "referee/service/ingest_thread.h"
#include "referee/service/routes.h"
#include "referee/service/service.h"
#include "server/rooms.h"

namespace gk::server {

/// Thread: loop.
class RefereeRoom {
 public:
  /// The WebSocket subprotocol of binary movement frames; needs the scope anticheat:write.
  static constexpr std::string_view kSubprotocol = "gamekeeper.movement.v1";

  /// Reads what was stored, opens the sockets, starts the thread. Blocks for it: called once, at
  /// the start.
  /// Errors: as RefereeStore::load(), DatagramSocket::open_udp() and open_unix().
  static Result<std::unique_ptr<RefereeRoom>> create(const RoomsContext& context,
                                                     store::Writer& state);
  ~RefereeRoom();

  /// Topics and routes. Requires: hub, router and pool outlive this.
  void connect(api::Hub& hub, api::Router& router, WorkerPool& pool);
  referee::RefereeService& service() { return *service_; }

 private:
  RefereeRoom(const RoomsContext& context, store::Writer& state);
  Result<void> open_sockets();

  const RoomsContext& context_;
  referee::RefereeStore store_;
  referee::Judge judge_;
  referee::Ingest ingest_;
  std::unique_ptr<referee::IngestThread> thread_;
  std::unique_ptr<referee::RefereeService> service_;
  std::unique_ptr<referee::MovementTopics> topics_;
  net::Handle retention_tick_;
  std::string unix_path_;  ///< Removed at the end; empty: no such socket.
};

}  // namespace gk::server
