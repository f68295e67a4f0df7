#include "server/macro_room.h"

#include <unistd.h>

#include <algorithm>

#include "base/try.h"
#include "macros/time_zone.h"
#include "server/hidden_paths.h"
#include "sys/paths.h"

namespace gk::server {
namespace {

macros::MacroServiceOptions service_options(const RoomsContext& context, LaneRoom& lanes) {
  macros::MacroServiceOptions options;
  options.launcher = macro_launcher(context);
  options.launcher.lanes = [&lanes](const std::string& macro_id, const std::string& program) {
    return lanes.connect_macro(macro_id, program);
  };
  options.logs_dir = context.data_dir + "/logs";
  options.watch.cores = static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN));
  options.watch.memory_total_bytes =
      static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  const Config& config = context.config;
  options.watch.culprit = culprit_settings(config);
  options.watch.dry_run = config.macros_dry_run;
  options.watch.max_processes = static_cast<std::uint32_t>(config.macros_max_processes);
  options.quarantine.first =
      std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(config.macros_quarantine_s));
  return options;
}

}  // namespace

macros::CulpritSettings culprit_settings(const Config& config) {
  return {.demand_weight = config.macros_culprit_demand_weight,
          .command_weight = config.macros_culprit_command_weight,
          .threshold = config.macros_culprit_threshold,
          .margin = config.macros_culprit_margin};
}

macros::LauncherOptions macro_launcher(const RoomsContext& context) {
  macros::LauncherOptions launcher;
  launcher.worker = sys::helper_path("gamekeeper-worker");
  // Besides our own files: the user's session bus could start programs outside the namespaces.
  launcher.hidden = hidden_paths(context.data_dir, context.config);
  // The rule decides first; the kernel bounds what a bomb becomes until then. It counts threads
  // too, of which an honest program may have many.
  launcher.max_processes = std::max(
      launcher.max_processes, 4 * static_cast<std::uint32_t>(context.config.macros_max_processes));
  using Wanted = Config::MacroConfinement;
  launcher.allow_session = context.config.macros_confinement != Wanted::namespaces;
  if (context.config.macros_confinement == Wanted::session) {
    launcher.strongest = sys::Confinement::session;
  }
  return launcher;
}

MacroRoom::MacroRoom(const RoomsContext& context, const Stores& stores, WorkerPool& pool,
                     monitor::Monitor& monitor, LaneRoom& lanes)
    : store_(*stores.state, context.loop, context.clock),
      profiles_(context.data_dir + "/config/macro_safety", store_, context.log),
      observer_(monitor),
      service_(std::make_unique<macros::MacroService>(
          service_options(context, lanes), context.loop, context.clock, context.random, context.log,
          context.metrics, pool, observer_, store_, profiles_)),
      simulations_(
          context.loop, pool, observer_, store_, profiles_,
          [this]() -> const Ring<macros::CancellationEvent>& { return service_->events(); },
          [this] { return service_->watch_settings(); }, context.log, context.clock),
      tally_store_(*stores.telemetry, stores.telemetry_path(), pool, context.loop, context.clock),
      tallies_({.memory_total_bytes = service_->watch_settings().memory_total_bytes}, context.loop,
               context.clock, context.log, context.metrics, *service_, observer_, tally_store_),
      trends_(context.loop, pool, context.clock,
              {observer_, tallies_, tally_store_,
               [this] { return games_ == nullptr ? std::vector<std::string>() : games_->names(); },
               macros::load_zone, macros::local_zone_name}),
      clock_(context.clock) {
  degraded_ = service_->degraded();
  service_->set_name_rights(
      [&lanes](const macros::StartRequest& request) { return lanes.may_take_name(request); });
  notices_ = service_->notices().subscribe([this, &lanes](const macros::MacroNotice& notice) {
    degraded_ = service_->degraded();
    using Kind = macros::MacroNotice::Kind;
    if (notice.kind == Kind::ended) lanes.service().leave_macro(notice.macro_id);
  });
  fenced_ = service_->fenced().subscribe(
      [&lanes](const macros::MacroFence& fence) { lanes.on_fence(fence); });
  entries_ = service_->entries().subscribe(
      [&lanes](const macros::MacroEntry& entry) { lanes.on_entry(entry); });
}

Result<std::unique_ptr<MacroRoom>> MacroRoom::create(const RoomsContext& context,
                                                     const Stores& stores, WorkerPool& pool,
                                                     monitor::Monitor& monitor, LaneRoom& lanes) {
  std::unique_ptr<MacroRoom> room(new MacroRoom(context, stores, pool, monitor, lanes));
  room->watch_overrides(context);  // Before they are read: no change falls in between.
  GK_TRY(auto stored, room->store_.load());
  if (const auto looked = room->tally_store_.start();
      !looked) {  // History: no reason not to start.
    context.log.warn("macro_tallies_not_read", looked.error().message);
  }
  room->profiles_.restore(stored);
  room->service_->restore(std::move(stored));
  // What was cancelled before a restart must be started again, too, before it gets a lane.
  for (const auto& [id, entry] : room->service_->quarantine().entries()) {
    lanes.service().fence_macro(id, arbiter::FenceReach::name);
  }
  return room;
}

// Without the watch override files are read at the start and by POST: no reason not to start.
void MacroRoom::watch_overrides(const RoomsContext& context) {
  auto watch = sys::DirWatch::open(context.data_dir + "/config/macro_safety");
  if (!watch) {
    context.log.warn("macros.override_watch_failed", watch.error().message);
    return;
  }
  override_files_.emplace(std::move(*watch));
  override_watch_ = context.loop.watch_readable(override_files_->fd(), [this] {
    for (const auto& change : override_files_->changed()) {
      profiles_.file_changed(change.name, change.gone);
    }
  });
}

void MacroRoom::connect(api::Hub& hub, api::Router& router) {
  topics_ = std::make_unique<macros::MacroTopics>(hub, *service_);
  macros::add_macros_routes(router, *service_, profiles_, clock_);
  macros::add_simulate_route(router, simulations_, profiles_, clock_,
                             [this](std::string_view id) { return service_->last_level(id); });
  macros::add_trends_route(router, trends_);
}

void MacroRoom::set_games(games::Port* games) {
  games_ = games;
  service_->set_games(games);
  tallies_.set_games(games);
}

monitor::CheckOutcome MacroRoom::health() const {
  if (!degraded_) return {monitor::HealthStatus::ok, "macros run in namespaces of their own"};
  return {monitor::HealthStatus::degraded,
          "namespaces are refused or switched off: macros run in a session only, and can reach the "
          "daemon's files; see docs/security.md"};
}

}  // namespace gk::server
