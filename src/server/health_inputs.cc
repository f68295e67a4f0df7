#include "server/health_inputs.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/try.h"

namespace gk::server {
namespace {

constexpr std::array<store::Migration, 1> kSteps = {{
    {.number = 1,
     .name = "row of the database check",
     .sqlite = "CREATE TABLE health_probe (id INTEGER PRIMARY KEY CHECK (id = 1), "
               "written INTEGER NOT NULL) STRICT;"
               "INSERT INTO health_probe (id, written) VALUES (1, 0);"},
}};

/// Counts the row up and reads it back, in a durable transaction of its own.
Result<void> write_and_read(store::Database& database) {
  GK_TRY(store::Statement * update,
         database.query("UPDATE health_probe SET written = written + 1 WHERE id = 1"));
  GK_CHECK_OK(update->run());
  GK_TRY(store::Statement * select,
         database.query("SELECT written FROM health_probe WHERE id = 1"));
  GK_TRY(const bool found, select->step());
  if (!found || select->integer(0) < 1) {
    return Error{Errc::data_loss, "the row that was just written is not there"};
  }
  return {};
}

}  // namespace

store::RoomMigrations health_migrations() { return {.room = "server", .steps = kSteps}; }

monitor::CheckOutcome worst_of(const std::vector<monitor::CheckOutcome>& outcomes) {
  monitor::CheckOutcome worst;
  std::string all;
  for (const auto& outcome : outcomes) {
    worst.status = std::max(worst.status, outcome.status);
    if (outcome.status != monitor::HealthStatus::ok) {
      worst.detail += (worst.detail.empty() ? "" : "; ") + outcome.detail;
    }
    all += (all.empty() ? "" : "; ") + outcome.detail;
  }
  if (worst.detail.empty()) worst.detail = std::move(all);
  return worst;
}

monitor::HealthCheck telemetry_check(const Stores& stores) {
  return {.name = "telemetry", .run = [&stores]() -> monitor::CheckOutcome {
            const auto stats = stores.telemetry->stats();
            if (stats.failing) {
              return {monitor::HealthStatus::degraded,
                      "samples cannot be saved and wait in memory; the log says why"};
            }
            return {monitor::HealthStatus::ok, std::to_string(stats.commits) + " batches saved"};
          }};
}

std::function<monitor::CheckOutcome()> cache_check(std::string what, CacheMeters meters) {
  struct Seen {
    double hits = 0, displaced = 0;
  };
  // Shared by the copies of the function; a check never runs twice at once.
  return [what = std::move(what), meters, before = std::make_shared<Seen>()] {
    const Seen now{meters.hits.value(), meters.displaced.value()};
    const double hits = now.hits - before->hits, displaced = now.displaced - before->displaced;
    *before = now;
    const auto whole = [](double count) { return std::to_string(static_cast<long long>(count)); };
    if (displaced > hits) {
      return monitor::CheckOutcome{monitor::HealthStatus::degraded,
                                   what + ": " + whole(displaced) + " made room and " +
                                       whole(hits) + " were found since the last check"};
    }
    const double asked = now.hits + meters.misses.value();
    return monitor::CheckOutcome{monitor::HealthStatus::ok,
                                 whole(meters.entries.value()) + " " + what + ", found " +
                                     whole(now.hits) + " of " + whole(asked) + " times"};
  };
}

monitor::HealthInputs health_inputs(const monitor::Monitor& monitor, Stores& stores,
                                    const FileLog& log) {
  return {.latest = [&monitor] { return monitor.latest(); },
          .database = [&stores] { return stores.state->run(write_and_read); },
          .cache = nullptr,
          .logging = [&log] { return log.stats(); },
          .dependencies = nullptr,
          .configuration = nullptr};
}

}  // namespace gk::server
