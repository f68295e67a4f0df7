#include "server/game_room.h"

#include <unistd.h>

#include "accounts/key_file.h"
#include "base/try.h"
#include "server/hidden_paths.h"
#include "sys/paths.h"

namespace gk::server {
namespace {

games::LinkEnvironment environment_of(const RoomsContext& context) {
  return {
      .loop = context.loop,
      .clock = context.clock,
      .random = context.random,
      .worker = sys::helper_path("gamekeeper-worker"),
      // As for macros: the user's session bus could start programs outside the namespaces.
      .hidden = hidden_paths(context.data_dir, context.config),
      .allow_session = context.config.macros_confinement != Config::MacroConfinement::namespaces};
}

// Passwords of games are sealed with a subkey of the installation's one secret.
Result<games::Sealer> make_sealer(const RoomsContext& context) {
  GK_TRY(
      const accounts::SecretKey master,
      accounts::load_or_make_key(context.data_dir + "/accounts.key", context.random, context.log));
  const accounts::SecretKey key = accounts::subkey(master, "game-password");
  return games::Sealer{
      .seal = [key, &random = context.random](
                  std::string_view plain) { return accounts::seal(key, plain, random); },
      .unseal =
          [key](const std::vector<std::uint8_t>& sealed) { return accounts::unseal(key, sealed); }};
}

}  // namespace

GameRoom::GameRoom(const RoomsContext& context, store::Writer& state)
    : loop_(context.loop), environment_(environment_of(context)), store_(state, context.loop) {}

Result<std::unique_ptr<GameRoom>> GameRoom::create(const RoomsContext& context,
                                                   store::Writer& state, monitor::Monitor& monitor,
                                                   arbiter::LaneService& lanes) {
  std::unique_ptr<GameRoom> room(new GameRoom(context, state));
  GK_TRY(auto sealer, make_sealer(context));
  room->service_ = std::make_unique<games::GameService>(
      games::GameServiceOptions{},
      games::GameServiceParts{
          .environment = room->environment_,
          .log = context.log,
          .metrics = context.metrics,
          .lanes = lanes,
          .store = room->store_,
          .sealer = std::move(sealer),
          .submit_signal = [&monitor](std::string_view signal, double value,
                                      std::string_view subject, std::optional<Nanos> period) {
            // Refused past the monitor's limit of subjects: the game's own figures still show it.
            (void)monitor.submit_sample(signal, value, subject, monitor::SampleSource::server,
                                        period);
          }});
  GK_TRY(const auto stored, room->store_.load());
  room->service_->restore(stored);
  return room;
}

void GameRoom::connect(api::Hub& hub, api::Router& router, WorkerPool& pool,
                       games::MacroRuns macro_runs) {
  topics_ = std::make_unique<games::GameTopics>(hub, *service_, loop_);
  games::add_games_routes(router, *service_, std::move(macro_runs));
  detector_ = std::make_unique<games::Detector>(environment_, pool);
  games::add_detect_route(router, *service_, *detector_);
}

monitor::HealthCheck GameRoom::health_check() const {
  return {.name = "game_links", .run = [service = service_.get()]() -> monitor::CheckOutcome {
            const auto now = service->summary();
            if (now.troubled_count == 0) {
              return {monitor::HealthStatus::ok, std::to_string(now.games) + " games"};
            }
            std::string detail = "not connected:";
            for (const std::string& name : now.troubled) detail += " " + name;
            if (now.troubled_count > now.troubled.size()) {
              detail +=
                  " and " + std::to_string(now.troubled_count - now.troubled.size()) + " more";
            }
            return {monitor::HealthStatus::degraded, std::move(detail)};
          }};
}

}  // namespace gk::server
