#include "server/stores.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "accounts/migrations.h"
#include "arbiter/operations/operation_store.h"
#include "arbiter/service/lane_store.h"
#include "base/span.h"
#include "base/try.h"
#include "games/game_store.h"
#include "macros/macro_store.h"
#include "macros/scripts/console_store.h"
#include "macros/scripts/script_store.h"
#include "macros/tally_store.h"
#include "monitor/series_store.h"
#include "notices/notice_store.h"
#include "privacy/pseudonyms.h"
#include "referee/service/referee_store.h"
#include "server/health_inputs.h"
#include "sessions/session_store.h"
#include "settings/store.h"
#include "store/migrations.h"
#include "sys/file_system.h"
#include "sys/files.h"

namespace gk::server {
namespace {

using store::Durability;

/// Made by the accounts room after state.db, so a folder that has it had a state.db.
constexpr std::string_view kSignOfUse = "accounts.key";
constexpr std::size_t kMaxCorrupt = 2;  // Source: chosen; telemetry files that were set aside.
constexpr std::size_t kMaxEntries = 10'000;

struct FileToOpen {
  std::string path;
  Durability durability = Durability::full;
  std::span<const store::RoomMigrations> rooms;
  store::WriterOptions writer;
};

Result<std::unique_ptr<store::Writer>> open_writer(const FileToOpen& file, const Clock& clock,
                                                   Log& log, Metrics& metrics) {
  GK_TRY(auto database, store::Database::open({.path = file.path, .durability = file.durability}));
  if (database->ended_uncleanly()) {
    log.info("store.unclean_end", "the last end was not clean; the file was checked and is sound",
             {{"file", file.path}});
  }
  {
    Span span(log, clock, "store.migrate", {}, file.path);
    GK_CHECK_OK(span.note(store::migrate(*database, file.rooms, clock.wall())));
  }
  return std::make_unique<store::Writer>(std::move(database), file.writer, clock, log, metrics);
}

/// A start on a folder that lost its state.db would offer setup to whoever comes first.
Result<void> refuse_lost_state(const std::string& data_dir, const std::string& path) {
  if (::access(path.c_str(), F_OK) == 0) return {};
  const std::string sign = data_dir + "/" + std::string(kSignOfUse);
  if (::access(sign.c_str(), F_OK) != 0) return {};
  return Error{Errc::failed_precondition, path + " is missing, but " + sign +
                                              " shows that there was one. Put a backup back " +
                                              "(gamekeeper --data " + data_dir +
                                              " db restore FOLDER); to begin anew, without " +
                                              "users, move " + sign + " away"};
}

/// What to do about a state.db that cannot be used. Nothing is repaired or replaced unasked.
Error with_advice(Error error, const std::string& data_dir) {
  if (error.code == Errc::data_loss) {
    error.message += ". Nothing was changed. To see the damage: gamekeeper --data " + data_dir +
                     " db check --full. To put a backup in place (what is there is kept): " +
                     "gamekeeper --data " + data_dir + " db restore FOLDER";
  }
  return error;
}

/// Deletes the oldest files that were set aside; the times in their names sort.
void drop_old_corrupt(const std::string& data_dir, const std::string& prefix) {
  auto names = sys::list_dir(data_dir, kMaxEntries);
  if (!names) return;
  std::erase_if(*names, [&](const std::string& name) {
    return !name.starts_with(prefix) || name.ends_with("-wal") || name.ends_with("-shm");
  });
  for (std::size_t i = 0; i + kMaxCorrupt < names->size(); ++i) {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      ::unlink((data_dir + "/" + (*names)[i] + suffix).c_str());
    }
  }
}

/// Moves a damaged file with its companions out of the way. Returns its new name.
Result<std::string> set_aside(const std::string& data_dir, const std::string& path, WallTime now) {
  std::string stamp = rfc3339(now);
  std::replace(stamp.begin(), stamp.end(), ':', '-');
  const std::string aside = path + ".corrupt-" + stamp;
  for (const char* suffix : {"-wal", "-shm", ""}) {
    const int failed = ::rename((path + suffix).c_str(), (aside + suffix).c_str());
    if (failed != 0 && errno != ENOENT) return sys::file_error("set aside", path + suffix, errno);
  }
  GK_CHECK_OK(sys::sync_dir(data_dir));
  drop_old_corrupt(data_dir, path.substr(path.rfind('/') + 1) + ".corrupt-");
  return aside;
}

/// telemetry.db is history, not truth: a damaged one is kept for whoever wants to look, and a new
/// one is begun.
Result<std::unique_ptr<store::Writer>> open_telemetry(const std::string& data_dir,
                                                      const FileToOpen& file, const Clock& clock,
                                                      Log& log, Metrics& metrics) {
  auto opened = open_writer(file, clock, log, metrics);
  if (opened || opened.error().code != Errc::data_loss) return opened;
  GK_TRY(const std::string aside, set_aside(data_dir, file.path, clock.wall()));
  log.warn("store.set_aside", "telemetry.db is damaged; a new one is begun, without the history",
           {{"error", opened.error().message}, {"kept_as", aside}});
  metrics
      .counter("gamekeeper_store_set_aside_total", "Damaged files that were replaced by new ones.",
               {{"store", file.writer.name}})
      .inc();
  return open_writer(file, clock, log, metrics);
}

}  // namespace

Result<std::unique_ptr<Stores>> Stores::open(const std::string& data_dir, const Config& config,
                                             const Clock& clock, Log& log, Metrics& metrics) {
  GK_CHECK_OK(sys::require_local_file_system(data_dir));
  auto stores = std::make_unique<Stores>();
  stores->data_dir = data_dir;
  const Micros linger(static_cast<std::int64_t>(config.store_linger_us));
  const std::array state_rooms = {
      accounts::accounts_migrations(),  health_migrations(),
      macros::macros_migrations(),      arbiter::lanes_migrations(),
      arbiter::operations_migrations(), referee::referee_migrations(),
      sessions::sessions_migrations(),  notices::notices_migrations(),
      macros::scripts_migrations(),     privacy::privacy_migrations(),
      games::games_migrations(),        settings::settings_migrations()};
  const std::array telemetry_rooms = {monitor::monitor_migrations(), macros::tallies_migrations(),
                                      macros::console_migrations()};
  GK_CHECK_OK(refuse_lost_state(data_dir, stores->state_path()));
  auto state = [&] {
    Span span(log, clock, "store.open_state");
    return span.note(open_writer({.path = stores->state_path(),
                                  .durability = Durability::full,
                                  .rooms = state_rooms,
                                  .writer = {.name = "state", .linger = linger}},
                                 clock, log, metrics));
  }();
  if (!state) return with_advice(std::move(state).error(), data_dir);
  stores->state = std::move(*state);
  const Span telemetry_span(log, clock, "store.open_telemetry");
  GK_TRY(stores->telemetry, open_telemetry(data_dir,
                                           {.path = stores->telemetry_path(),
                                            // A batch every 10 s: one sync each is cheap, and
                                            // makes those 10 s all that a power loss can cost.
                                            .durability = Durability::full,
                                            .rooms = telemetry_rooms,
                                            .writer = {.name = "telemetry"}},
                                           clock, log, metrics));
  return stores;
}

}  // namespace gk::server
