// rooms.h: the services of the daemon, connected. The only place that knows them all.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "gamekeeper/result.h"
#include "monitor/health.h"
#include "net/loop.h"
#include "net/server.h"
#include "server/config.h"
#include "server/stores.h"

namespace gk::server {

/// What the rooms are built from; all of it outlives them.
struct RoomsContext {
  std::string data_dir;
  std::string address;  ///< "127.0.0.1:5000", as bound.
  /// Where the configuration is read from, and the text that was; empty: nowhere (for documents).
  std::string config_file = {}, config_text = {};
  /// Checks a text of that file as the start does, with the command line over it.
  std::function<ConfigOutcome(std::string_view)> parse_config = [](std::string_view text) {
    return server::parse_config(text, "gamekeeper.toml");
  };
  std::function<monitor::CheckOutcome()> tls_check = nullptr;  ///< Safe; empty: no TLS.
  const Config& config;
  MonoTime started;
  const Clock& clock;
  Random& random;
  FileLog& log;
  Metrics& metrics;
  net::Loop& loop;
};

/// Thread: loop.
class Rooms {
 public:
  /// Errors: those of the rooms' own start (database, setup code).
  static Result<std::unique_ptr<Rooms>> create(const RoomsContext& context,
                                               std::unique_ptr<Stores> stores);
  ~Rooms();
  Rooms(const Rooms&) = delete;
  Rooms& operator=(const Rooms&) = delete;

  void dispatch(net::Request request, net::Respond respond);
  net::LargeBody admit_large_body(const net::Request& head);
  void upgrade(const net::Request& request,
               const std::function<void(net::UpgradeDecision)>& decide);

  /// Stops all macros without needing the database; `by` is for the record.
  void emergency_stop(std::string_view by);
  /// Macros end, sockets are told.
  void prepare_to_stop();
  /// Reads the configuration again; `by` is for the record.
  void reload_configuration(std::string_view by);
  /// The code for the first administrator; empty when one exists.
  std::string setup_code() const;
  /// The OpenAPI document of all routes.
  std::string openapi() const;
  /// The AsyncAPI document of all topics.
  std::string asyncapi() const;

 private:
  struct Impl;
  explicit Rooms(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gk::server
