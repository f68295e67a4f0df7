#include "server/stores.h"

#include <array>

#include "accounts/migrations.h"
#include "arbiter/operations/operation_store.h"
#include "arbiter/service/lane_store.h"
#include "base/try.h"
#include "macros/macro_store.h"
#include "monitor/series_store.h"
#include "notices/notice_store.h"
#include "referee/service/referee_store.h"
#include "server/health_inputs.h"
#include "sessions/session_store.h"
#include "store/migrations.h"
#include "sys/file_system.h"

namespace gk::server {
namespace {

using store::Durability;

Result<std::unique_ptr<store::Writer>> open_writer(const std::string& path, Durability durability,
                                                   std::span<const store::RoomMigrations> rooms,
                                                   store::WriterOptions options, const Clock& clock,
                                                   Log& log, Metrics& metrics) {
  GK_TRY(auto database, store::Database::open({.path = path, .durability = durability}));
  GK_CHECK_OK(store::migrate(*database, rooms, clock.wall()));
  return std::make_unique<store::Writer>(std::move(database), std::move(options), clock, log,
                                         metrics);
}

}  // namespace

Result<std::unique_ptr<Stores>> Stores::open(const std::string& data_dir, const Config& config,
                                             const Clock& clock, Log& log, Metrics& metrics) {
  GK_CHECK_OK(sys::require_local_file_system(data_dir));
  auto stores = std::make_unique<Stores>();
  stores->data_dir = data_dir;
  const Micros linger(static_cast<std::int64_t>(config.store_linger_us));
  const std::array state_rooms = {accounts::accounts_migrations(),  health_migrations(),
                                  macros::macros_migrations(),      arbiter::lanes_migrations(),
                                  arbiter::operations_migrations(), referee::referee_migrations(),
                                  sessions::sessions_migrations(),  notices::notices_migrations()};
  const std::array telemetry_rooms = {monitor::monitor_migrations()};
  GK_TRY(stores->state, open_writer(stores->state_path(), Durability::full, state_rooms,
                                    {.name = "state", .linger = linger}, clock, log, metrics));
  GK_TRY(stores->telemetry,
         open_writer(stores->telemetry_path(), Durability::normal, telemetry_rooms,
                     {.name = "telemetry"}, clock, log, metrics));
  return stores;
}

}  // namespace gk::server
