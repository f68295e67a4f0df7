// lane_room.h: the service of lanes with its store, its socket and its routes.

#pragma once

#include <memory>
#include <string>

#include "api/hub.h"
#include "api/router.h"
#include "arbiter/service/lane_service.h"
#include "arbiter/service/lane_socket.h"
#include "arbiter/service/lane_store.h"
#include "arbiter/service/routes.h"
#include "macros/service.h"
#include "server/rooms.h"

namespace gk::server {

/// Thread: loop.
class LaneRoom {
 public:
  /// Reads what was stored and listens on lanes.sock. Blocks for it: called once, at the start.
  /// Errors: as LaneStore::load() and LaneSocket::create().
  static Result<std::unique_ptr<LaneRoom>> create(const RoomsContext& context,
                                                  store::Writer& state);
  ~LaneRoom();

  /// Topics and routes. Requires: hub and router outlive this.
  void connect(api::Hub& hub, api::Router& router);
  arbiter::LaneService& service() { return *service_; }
  /// A connection to the lanes for a process macro; closed when there is no room for it.
  sys::Fd connect_macro(const std::string& macro_id, const std::string& program);
  // What the macros say. A cancelled one gets no lane and keeps none.
  void on_entry(const macros::MacroEntry& entry);
  void on_fence(const macros::MacroFence& fence);
  /// Whether a macro without an administrator's right may take a name.
  /// Errors: already_exists (it is a module of others, or others use its lanes now).
  Result<void> may_take_name(const macros::StartRequest& request) const;
  /// Whoever waits is told so.
  void prepare_to_stop();

 private:
  LaneRoom(const RoomsContext& context, store::Writer& state);

  net::Loop& loop_;
  const Clock& clock_;
  Log& log_;
  arbiter::SqlLaneStore store_;
  std::unique_ptr<arbiter::LaneService> service_;
  std::unique_ptr<arbiter::LaneSocket> socket_;
  std::unique_ptr<arbiter::LaneTopics> topics_;
};

}  // namespace gk::server
