// settings_room.h: the configuration of the running daemon: its keys, its file, and the rooms that
// follow a change at once.

#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/hub.h"
#include "api/router.h"
#include "macros/service.h"
#include "monitor/health.h"
#include "monitor/monitor.h"
#include "server/rooms.h"
#include "settings/routes.h"
#include "settings/service.h"

namespace gk::server {

/// Host names that are served under `config`.
std::vector<std::string> allowed_hosts(const Config& config);

/// Thread: loop.
class SettingsRoom {
 public:
  /// Reads what was stored. Blocks for it: called once, at the start.
  /// Errors: the store's.
  static Result<std::unique_ptr<SettingsRoom>> create(const RoomsContext& context,
                                                      store::Writer& state, WorkerPool& pool,
                                                      monitor::Monitor& monitor);
  ~SettingsRoom();

  /// Topic and routes. Requires: hub and router outlive this.
  void connect(api::Hub& hub, api::Router& router);
  /// Who follows the macros.culprit_ keys. Requires: it outlives this.
  void set_macros(macros::MacroService* macros);
  /// Reads the file again; `done` may be empty.
  void reload(std::string by, std::string cause, settings::SettingsService::Done done);
  /// As the command `config reload` of a session: `done` gets JSON, or what is wrong.
  void reload_for_command(std::function<void(Result<std::string>)> done);
  /// For the check "configuration": degraded while the file on disk is wrong. Thread: safe.
  std::function<monitor::CheckOutcome()> health() const;
  settings::SettingsService& service() { return *service_; }

 private:
  class Keys;
  /// What the health check reads on its thread.
  struct Status {
    std::atomic<std::int64_t> revision{0};
    std::atomic<std::size_t> complaints{0};
    std::atomic<std::size_t> waiting{0};
  };

  SettingsRoom(const RoomsContext& context, store::Writer& state, WorkerPool& pool,
               monitor::Monitor& monitor);
  void watch_file();
  void note_status();

  const RoomsContext context_;
  const std::shared_ptr<Status> status_;  // shared: with a check that still runs
  std::unique_ptr<Keys> keys_;
  settings::SqlRevisionStore store_;
  std::unique_ptr<settings::SettingsService> service_;
  std::unique_ptr<settings::SettingsTopics> topics_;
  Topic<settings::ConfigChanged>::Subscription changed_;
  std::optional<sys::DirWatch> folder_;
  net::Handle folder_watch_, settle_;
};

}  // namespace gk::server
