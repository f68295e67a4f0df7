// notice_room.h: notices with their store, their notifier process and the macros' cancellations.

#pragma once

#include <memory>
#include <string>

#include "api/hub.h"
#include "api/router.h"
#include "games/port.h"
#include "macros/service.h"
#include "monitor/health_checks.h"
#include "notices/notice_service.h"
#include "notices/notifier_process.h"
#include "notices/routes.h"
#include "server/rooms.h"
#include "server/script_room.h"

namespace gk::server {

/// Thread: loop, except health().
class NoticeRoom {
 public:
  /// Reads what was stored. Blocks for it: called once, at the start.
  /// Errors: those of the store and of the installation's key file.
  static Result<std::unique_ptr<NoticeRoom>> create(const RoomsContext& context,
                                                    store::Writer& state,
                                                    macros::MacroService& macros);

  /// Topics and routes; lines for players go through `games`, what scripts tell comes from
  /// `scripts`. Requires: all outlive this.
  void connect(api::Hub& hub, api::Router& router, games::Port& games, ScriptRoom& scripts);
  notices::NoticeService& service() { return *service_; }
  /// Whether anybody can be told. Safe.
  monitor::CheckOutcome health() const;

 private:
  NoticeRoom(const RoomsContext& context, store::Writer& state);
  void watch(macros::MacroService& macros);
  void tell_from_macro(const std::string& macro_id, const std::string& text);

  net::Loop& loop_;
  notices::NoticeStore store_;
  notices::NotifierProcess notifier_;
  std::unique_ptr<notices::NoticeService> service_;
  std::unique_ptr<notices::NoticeTopics> topics_;
  Topic<macros::CancellationEvent>::Subscription cancelled_;
  Topic<macros::ScriptNotice>::Subscription told_;
};

}  // namespace gk::server
