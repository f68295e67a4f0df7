#include "server/macro_room.h"

#include <unistd.h>

#include "base/try.h"
#include "sys/paths.h"

namespace gk::server {
namespace {

macros::MacroServiceOptions service_options(const RoomsContext& context) {
  macros::MacroServiceOptions options;
  options.launcher.worker = sys::program_dir() + "/gamekeeper-worker";
  // Besides our own files: the user's session bus could start programs outside the namespaces.
  options.launcher.hidden = {context.data_dir, "/run/user/" + std::to_string(::getuid())};
  options.logs_dir = context.data_dir + "/logs";
  options.watch.cores = static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN));
  options.watch.memory_total_bytes =
      static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  const Config& config = context.config;
  if (config.macros_culprit_threshold > 0) {
    options.watch.culprit.threshold = config.macros_culprit_threshold;
  }
  if (config.macros_culprit_margin > 0) {
    options.watch.culprit.margin = config.macros_culprit_margin;
  }
  return options;
}

}  // namespace

MacroRoom::MacroRoom(const RoomsContext& context, store::Writer& state, WorkerPool& pool,
                     monitor::Monitor& monitor)
    : store_(state, context.loop, context.clock),
      profiles_(context.data_dir + "/config/macro_safety", store_, context.log),
      observer_(monitor),
      service_(std::make_unique<macros::MacroService>(
          service_options(context), context.loop, context.clock, context.random, context.log,
          context.metrics, pool, observer_, store_, profiles_)) {
  notices_ = service_->notices().subscribe(
      [this](const macros::MacroNotice&) { degraded_ = service_->degraded(); });
}

Result<std::unique_ptr<MacroRoom>> MacroRoom::create(const RoomsContext& context,
                                                     store::Writer& state, WorkerPool& pool,
                                                     monitor::Monitor& monitor) {
  std::unique_ptr<MacroRoom> room(new MacroRoom(context, state, pool, monitor));
  GK_TRY(auto stored, room->store_.load());
  room->profiles_.restore(stored);
  room->service_->restore(std::move(stored));
  return room;
}

void MacroRoom::connect(api::Hub& hub, api::Router& router) {
  topics_ = std::make_unique<macros::MacroTopics>(hub, *service_);
  macros::add_macros_routes(router, *service_, profiles_);
}

monitor::CheckOutcome MacroRoom::health() const {
  if (!degraded_) return {monitor::HealthStatus::ok, "macros run in namespaces of their own"};
  return {monitor::HealthStatus::degraded,
          "namespaces are refused on this machine: macros run in a session only, and can reach the "
          "daemon's files; see docs/security.md"};
}

}  // namespace gk::server
