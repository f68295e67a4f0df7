// session_room.h: sessions, modes and commands, connected with the macros and the health checks.

#pragma once

#include <functional>
#include <memory>

#include "api/hub.h"
#include "api/router.h"
#include "macros/service.h"
#include "monitor/health.h"
#include "server/rooms.h"
#include "sessions/command_service.h"
#include "sessions/routes.h"
#include "sessions/session_service.h"

namespace gk::server {

/// Thread: loop.
class SessionRoom {
 public:
  using InLibrary = std::function<bool(std::string_view)>;

  /// Reads what was stored. Blocks for it: called once, at the start.
  /// A macro that names no script is that of its id in the library, when `in_library` knows one.
  /// Errors: as SessionStore::load().
  static Result<std::unique_ptr<SessionRoom>> create(const RoomsContext& context,
                                                     store::Writer& state,
                                                     macros::MacroService& macros,
                                                     monitor::Health& health, InLibrary in_library);
  ~SessionRoom();

  /// Topics and routes. Requires: hub and router outlive this.
  void connect(api::Hub& hub, api::Router& router);
  /// What the command `config reload` does; until then it answers `unavailable`.
  void set_reload(std::function<void(sessions::CommandActions::Done)> reload) {
    reload_ = std::move(reload);
  }
  sessions::SessionService& sessions() { return *sessions_; }

 private:
  class Macros;
  SessionRoom(const RoomsContext& context, store::Writer& state, macros::MacroService& macros,
              monitor::Health& health, InLibrary in_library);

  std::function<void(sessions::CommandActions::Done)> reload_;
  sessions::SqlSessionStore store_;
  std::unique_ptr<Macros> macros_;
  std::unique_ptr<sessions::SessionService> sessions_;
  std::unique_ptr<sessions::CommandService> commands_;
  std::unique_ptr<sessions::SessionTopics> topics_;
  net::Handle books_;
};

}  // namespace gk::server
