// privacy_room.h: the rooms that keep something about players, the audit, and the routes.

#pragma once

#include <memory>

#include "api/router.h"
#include "base/worker_pool.h"
#include "monitor/monitor.h"
#include "privacy/player_data.h"
#include "privacy/pseudonyms.h"
#include "privacy/routes.h"
#include "referee/service/service.h"
#include "server/rooms.h"

namespace gk::server {

/// Thread: loop.
class PrivacyRoom {
 public:
  /// Blocks for the key of the pseudonyms: called once, at the start.
  /// Errors: as privacy::Pseudonyms::load().
  static Result<std::unique_ptr<PrivacyRoom>> create(const RoomsContext& context,
                                                     store::Writer& state, WorkerPool& pool,
                                                     monitor::Monitor& monitor,
                                                     referee::RefereeService& referee);

  /// Further rooms hand in their hook before connect().
  privacy::PlayerData& players() { return players_; }
  /// Requires: the router outlives this.
  void connect(api::Router& router);

 private:
  PrivacyRoom(const RoomsContext& context, store::Writer& state,
              const privacy::Pseudonyms& pseudonyms);

  const RoomsContext& context_;
  store::Writer& state_;
  const privacy::Pseudonyms pseudonyms_;
  privacy::PlayerData players_;
};

}  // namespace gk::server
