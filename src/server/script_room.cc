#include "server/script_room.h"

#include "base/try.h"
#include "macros/time_zone.h"
#include "server/macro_room.h"

namespace gk::server {
namespace {

macros::ScriptRunner::Machine machine_of(monitor::Monitor& monitor, const Clock& clock) {
  return [&monitor, &clock](std::string_view name) -> std::optional<double> {
    const auto snapshot = monitor.latest();
    if (snapshot == nullptr) return std::nullopt;
    const monitor::Signal& signal = name == "cpu_usage"      ? snapshot->cpu_usage
                                    : name == "memory_usage" ? snapshot->memory_usage
                                                             : snapshot->fps;
    return signal.is_known(clock.mono()) ? std::optional(signal.value()) : std::nullopt;
  };
}

}  // namespace

ScriptRoom::ScriptRoom(const RoomsContext& context, const Stores& stores)
    : store_(*stores.state, context.loop),
      console_store_(*stores.telemetry, context.loop, context.clock),
      memory_(store_, context.loop, context.log),
      loop_(context.loop) {}

Result<std::unique_ptr<ScriptRoom>> ScriptRoom::create(const RoomsContext& context,
                                                       const Stores& stores, WorkerPool& pool,
                                                       monitor::Monitor& monitor,
                                                       games::Port& port) {
  std::unique_ptr<ScriptRoom> room(new ScriptRoom(context, stores));
  GK_TRY(auto stored, room->store_.load());
  room->lua_ =
      std::make_unique<macros::LuaWorkers>(macros::LuaOptions{.launcher = macro_launcher(context)},
                                           context.loop, context.log, context.metrics);
  room->library_ = std::make_unique<macros::ScriptLibrary>(
      room->store_, context.clock, context.log, pool, context.loop,
      [lua = room->lua_.get()](const std::string& name, const std::string& source,
                               std::function<void(Result<void>)> done) {
        lua->check(name, source, std::move(done));
      });
  room->library_->restore(std::move(stored.scripts));
  room->memory_.restore(std::move(stored.states));
  room->served_ = std::move(stored.served);
  room->resumable_ = std::move(stored.runs);
  room->runner_ = std::make_unique<macros::ScriptRunner>(
      macros::RunnerOptions{}, *room->library_, room->memory_, room->store_, port, context.loop,
      context.clock, context.log, context.metrics, machine_of(monitor, context.clock),
      room->lua_.get());
  room->keep_logs(context);
  room->scheduler_ = std::make_unique<macros::Scheduler>(
      macros::SchedulerOptions{}, *room->library_, room->store_, *room, context.loop, context.clock,
      context.log, context.metrics,
      [runner = room->runner_.get()](const std::string& macro_id, std::string_view text) {
        runner->note(macro_id, text);
      },
      [&port](std::string_view game) {
        const auto health = port.health(game);
        return game.empty() || (health && health->state == "ready");
      },
      macros::load_zone);
  return room;
}

// Logs are history: that they cannot be read is no reason not to start.
void ScriptRoom::keep_logs(const RoomsContext& context) {
  keeper_ = std::make_unique<macros::ConsoleKeeper>(runner_->console(), console_store_,
                                                    context.loop, context.log);
  auto logs = console_store_.load();
  if (!logs) context.log.warn("script.logs_not_read", logs.error().message);
  if (logs) keeper_->restore(std::move(*logs));
  logged_ =
      runner_->logged().subscribe([keeper = keeper_.get()](const macros::ScriptLogLine& line) {
        keeper->changed(line.macro_id);
      });
  // The log of one that was removed goes from the disk, too.
  removed_ =
      library_->changed().subscribe([keeper = keeper_.get()](const macros::ScriptChanged& change) {
        if (change.kind == macros::ScriptChanged::Kind::removed) keeper->changed(change.name);
      });
}

void ScriptRoom::connect(api::Hub& hub, api::Router& router, macros::MacroService& service) {
  service_ = &service;
  service.set_script_host(runner_.get());
  const macros::ScriptServices services{*library_, *runner_, *scheduler_, *this, loop_};
  topics_ = std::make_unique<macros::ScriptTopics>(hub, services);
  macros::add_script_routes(router, services);
  scheduler_->restore(std::move(served_), std::move(resumable_));
}

void ScriptRoom::prepare_to_stop() {
  runner_->prepare_to_stop();
  memory_.flush();
}

void ScriptRoom::start(macros::ScriptStart start, Started done) {
  macros::StartRequest request;
  request.macro_id = std::move(start.macro_id);
  request.profile = std::move(start.profile);
  request.script = std::move(start.script);
  request.game = std::move(start.game);
  request.args_json = std::move(start.args_json);
  request.safety_level = start.safety_level;
  request.by = std::move(start.by);
  request.correlation_id = std::move(start.correlation_id);
  request.is_admin = start.is_admin;
  request.role = std::move(start.role);
  request.any_game = start.any_game;
  service_->start(std::move(request), std::move(done));
}

Result<void> ScriptRoom::stop(std::string_view macro_id) {
  const auto nobody_waits = [](bool) {};
  return service_->stop(macro_id, nobody_waits, "its schedule");
}

}  // namespace gk::server
