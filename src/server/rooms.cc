#include "server/rooms.h"

#include <unistd.h>

#include "accounts/routes.h"
#include "accounts/service.h"
#include "api/asyncapi.h"
#include "api/event_stream.h"
#include "api/hub.h"
#include "api/openapi.h"
#include "api/router.h"
#include "base/span.h"
#include "base/try.h"
#include "base/worker_pool.h"
#include "logs/routes.h"
#include "monitor/frame_socket.h"
#include "monitor/health.h"
#include "monitor/loop_driver.h"
#include "monitor/monitor.h"
#include "monitor/routes.h"
#include "monitor/series_store.h"
#include "server/audited_routes.h"
#include "server/backup_room.h"
#include "server/dashboard.h"
#include "server/game_room.h"
#include "server/health_inputs.h"
#include "server/lane_room.h"
#include "server/latency_room.h"
#include "server/list_keys.h"
#include "server/macro_room.h"
#include "server/notice_room.h"
#include "server/operation_room.h"
#include "server/overview.h"
#include "server/privacy_room.h"
#include "server/referee_room.h"
#include "server/script_room.h"
#include "server/session_room.h"
#include "server/settings_room.h"
#include "server/version.h"
#include "sys/paths.h"

namespace gk::server {
namespace {

constexpr std::string_view kSubprotocol = "gamekeeper.v1.json";
constexpr std::uint16_t kGoingAway = 1001;  // Source: RFC 6455 s7.4.1
constexpr Seconds kAccountsTick{5};         // Source: AccountsService::tick(), every 1 to 15 s
constexpr Seconds kHeartbeat{15};  // Source: chosen; below the 20 s of a proxy's idle limit

/// For bodies of imports: parses them on `pool`, then goes on with them on `loop`.
api::Router::Aside beside(WorkerPool& pool, net::Loop& loop) {
  return [&pool, &loop](std::function<void()> work, std::function<void()> then) {
    return pool.post([work = std::move(work), then = std::move(then), &loop] {
      work();
      loop.post(then);
    });
  };
}

monitor::MonitorOptions monitor_options(const RoomsContext& context) {
  monitor::MonitorOptions options;
  options.sampler.interval = std::chrono::duration_cast<Nanos>(
      std::chrono::duration<double>(context.config.monitor_interval_s));
  options.sampler.sensors.data_dir = context.data_dir;
  // A tree is counted beyond the limit on its processes: the worker, those allowed, and one more.
  options.sampler.processes.max_processes =
      std::max(options.sampler.processes.max_processes,
               static_cast<std::size_t>(context.config.macros_max_processes) + 2);
  options.history_size = static_cast<std::size_t>(context.config.monitor_history_size);
  return options;
}

api::OriginScheme origin_scheme(const Config& config) {
  if (config.speaks_tls() && !config.behind_proxy) return api::OriginScheme::https_only;
  return config.under_tls() ? api::OriginScheme::https : api::OriginScheme::any;
}

monitor::SeriesRetention series_retention(const Config& config) {
  monitor::SeriesRetention out;
  out.aggregates = std::chrono::duration_cast<Nanos>(
      std::chrono::duration<double, std::ratio<86'400>>(config.retention_history_days));
  out.raw_of_subjects = std::chrono::duration_cast<Nanos>(
      std::chrono::duration<double, std::ratio<3'600>>(config.retention_client_hours));
  return out;
}

}  // namespace

struct Rooms::Impl {
  Impl(const RoomsContext& c, std::unique_ptr<Stores> s) : context(c), stores(std::move(s)) {}

  Result<void> start();
  Result<void> start_accounts();
  Result<void> start_monitor();
  Result<void> start_games();
  Result<void> start_macros();
  net::UpgradeDecision movement_upgrade(const std::shared_ptr<const api::Principal>& principal);
  void start_api();
  void add_api_routes();

  RoomsContext context;
  std::unique_ptr<Stores> stores;
  std::unique_ptr<accounts::AccountsService> accounts;
  std::unique_ptr<monitor::SeriesStore> series;
  std::unique_ptr<monitor::Monitor> monitor;
  std::unique_ptr<LatencyRoom> latency;
  std::unique_ptr<monitor::FrameSocket> frames;
  std::unique_ptr<monitor::WakeTimer> health_timer;
  std::unique_ptr<WorkerPool> pool;  // Health checks and reads of telemetry.db.
  std::unique_ptr<monitor::Health> health;
  std::unique_ptr<monitor::MonitorTopics> monitor_topics;
  std::unique_ptr<SettingsRoom> settings;
  std::unique_ptr<LaneRoom> lanes;
  std::unique_ptr<GameRoom> games;      // After the lanes and before whoever sends.
  std::unique_ptr<ScriptRoom> scripts;  // Before the macros, which it hosts.
  std::unique_ptr<MacroRoom> macros;
  std::unique_ptr<OperationRoom> operations;
  std::unique_ptr<RefereeRoom> referee;
  std::unique_ptr<NoticeRoom> notices;
  std::unique_ptr<SessionRoom> sessions;
  std::unique_ptr<PrivacyRoom> privacy;
  std::unique_ptr<BackupRoom> backups;
  std::unique_ptr<api::Hub> hub;
  std::unique_ptr<api::Router> router;
  std::unique_ptr<logs::LogRoutes> log_routes;
  Topic<accounts::SessionEnded>::Subscription on_session_ended;
  Topic<accounts::HolderChanged>::Subscription on_holder_changed;
  net::Handle accounts_tick, heartbeat;
  std::string first_code;
  /// Made when somebody asks: together 0.4 MB that most daemons never need.
  std::string openapi_text, asyncapi_text;
  const std::string& openapi();
  const std::string& asyncapi();
};

Result<void> Rooms::Impl::start() {
  hub = std::make_unique<api::Hub>(context.loop, context.clock, context.metrics);
  pool = std::make_unique<WorkerPool>(WorkerPoolOptions{.threads = 2, .name = "gk-pool"});
  const auto timed = [this](std::string_view event, const auto& step) {
    Span span(context.log, context.clock, event);
    return span.note(step());
  };
  store::Writer& state = *stores->state;
  GK_CHECK_OK(timed("start.accounts", [&] { return start_accounts(); }));
  GK_CHECK_OK(timed("start.monitor", [&] { return start_monitor(); }));
  GK_TRY(settings, timed("start.settings",
                         [&] { return SettingsRoom::create(context, state, *pool, *monitor); }));
  GK_TRY(lanes, timed("start.lanes", [&] { return LaneRoom::create(context, state); }));
  GK_CHECK_OK(timed("start.games", [&] { return start_games(); }));
  GK_TRY(scripts, timed("start.scripts", [&] {
           return ScriptRoom::create(context, *stores, *pool, *monitor, games->service());
         }));
  GK_CHECK_OK(timed("start.macros", [&] { return start_macros(); }));
  GK_TRY(operations, timed("start.operations",
                           [&] { return OperationRoom::create(context, state, *monitor); }));
  GK_TRY(referee, timed("start.referee", [&] { return RefereeRoom::create(context, state); }));
  referee->service().watch(monitor->issues());
  GK_TRY(sessions, timed("start.sessions", [&] {
           return SessionRoom::create(context, state, macros->service(), *health,
                                      [library = scripts.get()](std::string_view name) {
                                        return library->has_script(name);
                                      });
         }));
  GK_TRY(privacy, timed("start.privacy", [&] {
           return PrivacyRoom::create(context, state, *pool, *monitor, referee->service());
         }));
  GK_TRY(backups, BackupRoom::create(context, state));
  if (auto check = backups->health_check()) GK_CHECK_OK(health->add(std::move(*check)));
  if (context.tls_check) {
    GK_CHECK_OK(health->add({.name = "tls", .run = context.tls_check}));
  }
  start_api();
  health->set_ready(true);
  return {};
}

Result<void> Rooms::Impl::start_accounts() {
  RoomsContext& c = context;
  GK_TRY(auto reader, store::Database::open({.path = stores->state_path(), .read_only = true}));
  const auto transport =
      c.config.under_tls() ? accounts::TransportSecurity::tls : accounts::TransportSecurity::plain;
  GK_TRY(accounts, accounts::AccountsService::create(
                       {.data_dir = c.data_dir, .transport = transport, .own_uid = ::geteuid()},
                       {.writer = *stores->state,
                        .post = monitor::post_to(c.loop),
                        .clock = c.clock,
                        .random = c.random,
                        .log = c.log,
                        .metrics = c.metrics},
                       *reader));
  first_code = accounts->take_setup_code();
  on_session_ended = accounts->session_ended().subscribe([this](const accounts::SessionEnded& e) {
    hub->close_session(e.session_id);
    router->drop_session(e.session_id);
    if (referee) referee->service().close_session(e.session_id);
  });
  on_holder_changed =
      accounts->holder_changed().subscribe([this](const accounts::HolderChanged& e) {
        hub->change_holder(e.session_id, e.principal);
        router->drop_session(e.session_id);
        const bool may_report = e.principal->has_scope("anticheat:write");
        if (referee && !may_report) referee->service().close_session(e.session_id);
      });
  accounts_tick = c.loop.every(kAccountsTick, [this] { accounts->tick(); });
  return {};
}

Result<void> Rooms::Impl::start_monitor() {
  RoomsContext& c = context;
  const auto post = monitor::post_to(c.loop);
  series = std::make_unique<monitor::SeriesStore>(*stores->telemetry, stores->telemetry_path(),
                                                  *pool, post, series_retention(c.config));
  monitor = std::make_unique<monitor::Monitor>(monitor_options(c), post, c.clock, c.log, c.metrics,
                                               series.get());
  health_timer = std::make_unique<monitor::WakeTimer>(c.loop);
  health =
      std::make_unique<monitor::Health>(monitor::HealthOptions{.version = kVersion}, *pool, post,
                                        health_timer->wake_after(), c.clock, c.log, c.metrics);
  health_timer->set_target([this] { health->tick(); });
  GK_TRY(latency, LatencyRoom::create(c, *monitor));
  GK_TRY(frames, monitor::FrameSocket::create(sys::frames_socket_path(c.data_dir), c.loop, c.log,
                                              *monitor));
  return monitor->start();
}

Result<void> Rooms::Impl::start_games() {
  GK_TRY(games, GameRoom::create(context, *stores->state, *monitor, lanes->service()));
  return health->add(games->health_check());
}

Result<void> Rooms::Impl::start_macros() {
  GK_TRY(macros, MacroRoom::create(context, *stores, *pool, *monitor, *lanes));
  GK_TRY(notices, NoticeRoom::create(context, *stores->state, macros->service()));
  auto inputs = health_inputs(*monitor, *stores, context.log);
  inputs.cache = cache_check("verified access tokens",
                             CacheMeters(context.metrics, accounts::AccountsService::kTokenCache));
  inputs.configuration = settings->health();
  inputs.dependencies = [room = macros.get(), told = notices.get()] {
    return worst_of({room->health(), told->health()});
  };
  for (auto& check : monitor::builtin_checks(std::move(inputs), context.clock)) {
    GK_CHECK_OK(health->add(std::move(check)));
  }
  GK_CHECK_OK(health->add(telemetry_check(*stores)));
  return {};
}

void Rooms::Impl::start_api() {
  RoomsContext& c = context;
  router =
      std::make_unique<api::Router>(api::RouterOptions{.allowed_hosts = allowed_hosts(c.config),
                                                       .allowed_origins = c.config.allow_origins,
                                                       .origin_scheme = origin_scheme(c.config)},
                                    *accounts, c.log, c.metrics, c.clock, c.random);
  hub->add_topic({.name = "heartbeat",
                  .scope = "dashboard:read",
                  .summary = "The connection is alive",
                  .schema = "",
                  .delivery = api::Delivery::latest_wins});
  monitor::add_monitor_topics(*hub, *monitor, *health, c.clock);
  monitor_topics = std::make_unique<monitor::MonitorTopics>(*hub, *monitor, *health, c.clock);
  router->set_aside(beside(*pool, c.loop));
  accounts::add_accounts_routes(*router, *accounts);
  const bool metrics_public = c.config.metrics_public && !c.config.behind_proxy;
  monitor::add_monitor_routes(*router, *monitor, *health, c.metrics, c.clock,
                              {.metrics_public = metrics_public});
  lanes->connect(*hub, *router);
  games->connect(*hub, *router, *pool,
                 [this](std::string_view id) { return macros->service().is_running(id); });
  macros->connect(*hub, *router);
  macros->set_games(&games->service());
  macros->service().set_game_rights(
      [this](std::string_view game, std::string_view user, std::string_view role) {
        return games->service().may_send(game, user, role, false);
      });
  scripts->connect(*hub, *router, macros->service());
  referee->connect(*hub, *router, *pool);
  privacy->connect(*router);
  backups->connect(*router);
  operations->connect(*hub, *router);
  sessions->connect(*hub, *router);
  settings->connect(*hub, *router);
  settings->set_macros(&macros->service());
  sessions->set_reload([this](auto done) { settings->reload_for_command(std::move(done)); });
  notices->connect(*hub, *router, games->service(), *scripts);
  log_routes = std::make_unique<logs::LogRoutes>(
      logs::LogRouteOptions{.file = c.data_dir + "/logs/gamekeeper.log"}, *hub, *router, *pool,
      monitor::post_to(c.loop), c.loop);
  api::add_event_stream_route(*router, *hub);
  hub->set_command([this](const std::shared_ptr<const api::Principal>& holder,
                          const net::Peer& peer, const JsonValue& message, auto done) {
    const JsonValue* command = message.find("command");
    const JsonValue* key = message.find("idempotency_key");
    router->dispatch_inner(
        {.path = "/commands",
         .body = command == nullptr ? "{}" : to_json(*command),
         .idempotency_key = key != nullptr && key->is_string() ? key->as_string() : "",
         .peer = peer},
        holder,
        [done](net::Response response) { done(response.status, std::move(response.body)); });
  });
  add_overview_route(*router, *hub, c.clock);
  add_api_routes();
  router->set_fallback(serve_dashboard);
  heartbeat = c.loop.every(kHeartbeat, [this] { hub->publish("heartbeat", "{}"); });
}

/// Binary movement frames instead of JSON: another subprotocol of the same path.
net::UpgradeDecision Rooms::Impl::movement_upgrade(
    const std::shared_ptr<const api::Principal>& principal) {
  return {.accept = true,
          .refusal = {},
          .subprotocol = std::string(RefereeRoom::kSubprotocol),
          .on_open = [this, principal](std::shared_ptr<net::WebSocket> socket) {
            referee->service().attach(std::move(socket), principal->name, principal->session_id);
          }};
}

void Rooms::Impl::add_api_routes() {
  router->add({.method = net::Method::get,
               .path = "/openapi.json",
               .scope = api::kOpen,
               .summary = "This document",
               .handler = [this](api::Call&, const api::Reply& reply) { reply.json(openapi()); }});
  router->add({.method = net::Method::get,
               .path = "/asyncapi.json",
               .scope = api::kOpen,
               .summary = "The topics of the WebSocket",
               .handler = [this](api::Call&, const api::Reply& reply) { reply.json(asyncapi()); }});
  page_lists(*router);
  audit_routes(*router, context, *stores->state);
}

const std::string& Rooms::Impl::openapi() {
  if (openapi_text.empty()) {
    openapi_text = api::openapi_document(router->routes(), router->schemas(), kVersion);
    openapi_text.shrink_to_fit();
  }
  return openapi_text;
}

const std::string& Rooms::Impl::asyncapi() {
  if (asyncapi_text.empty()) {
    asyncapi_text = api::asyncapi_document(hub->topics(), router->schemas(), kVersion);
    asyncapi_text.shrink_to_fit();
  }
  return asyncapi_text;
}

Rooms::Rooms(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Rooms::~Rooms() {
  // Nothing new is measured or checked; then members go in reverse order, the stores last: they
  // commit what the services handed in. What they post back is never run: the loop has ended.
  impl_->monitor->stop();
  impl_->pool.reset();
  impl_->referee.reset();  // Its thread ends; what it learnt is handed to the writer.
}

Result<std::unique_ptr<Rooms>> Rooms::create(const RoomsContext& context,
                                             std::unique_ptr<Stores> stores) {
  auto impl = std::make_unique<Impl>(context, std::move(stores));
  GK_CHECK_OK(impl->start());
  return std::unique_ptr<Rooms>(new Rooms(std::move(impl)));
}

net::LargeBody Rooms::admit_large_body(const net::Request& head) {
  return impl_->router->admit_large_body(head);
}

void Rooms::dispatch(net::Request request, net::Respond respond) {
  impl_->router->dispatch(std::move(request), std::move(respond));
}

void Rooms::upgrade(const net::Request& request,
                    const std::function<void(net::UpgradeDecision)>& decide) {
  const bool known = request.path == "/api/v1/ws" || request.path == "/api/ws";
  const auto refuse = [&](const api::Problem& problem) {
    const std::string id = impl_->router->correlation_of(request);
    impl_->context.log.debug(
        "http.upgrade_refused", problem.detail,
        {{"correlation_id", id}, {"path", request.path}, {"problem", problem.type}});
    decide({.accept = false, .refusal = api::problem_response(problem, request.path, id)});
  };
  if (const auto problem = impl_->router->refuse_upgrade_source(request)) return refuse(*problem);
  if (!known) return refuse({.type = "not-found", .detail = "WebSockets are served at /api/v1/ws"});
  auto principal = impl_->router->admit_upgrade(request);
  if (!principal) return refuse(api::problem_from(principal.error()));
  const std::string* wanted = request.header("sec-websocket-protocol");
  if (wanted != nullptr && *wanted == RefereeRoom::kSubprotocol) {
    if (!(*principal)->has_scope("anticheat:write"))
      return refuse({.type = "forbidden", .detail = "movement frames need anticheat:write"});
    return decide(impl_->movement_upgrade(*principal));
  }
  decide({.accept = true,
          .refusal = {},
          .subprotocol = std::string(kSubprotocol),
          .on_open = [impl = impl_.get(),
                      principal = *principal](std::shared_ptr<net::WebSocket> socket) {
            impl->hub->attach(std::move(socket), principal);
          }});
}

void Rooms::emergency_stop(std::string_view by) {
  macros::MacroService& service = impl_->macros->service();
  service.emergency_stop_signal();  // The kill first: it needs no memory and no database.
  const std::size_t stopped = service.stop_all("Emergency stop by " + std::string(by));
  impl_->context.log.warn("macros.emergency_stop", "emergency stop",
                          {{"by", by}, {"stopped", stopped}});
  audit_signal(impl_->context, *impl_->stores->state, by, "macro.emergency_stop",
               "{\"stopped\":" + std::to_string(stopped) + "}");
}

void Rooms::reload_configuration(std::string_view by) {
  impl_->settings->reload(std::string(by), "signal", nullptr);
}

void Rooms::prepare_to_stop() {
  impl_->scripts->prepare_to_stop();  // Before its macros end.
  macros::MacroService& service = impl_->macros->service();
  if (service.active() > 0) service.stop_all("The daemon stops");
  impl_->sessions->sessions().interrupt_all();
  impl_->games->prepare_to_stop();
  impl_->lanes->prepare_to_stop();
  impl_->operations->stop();
  impl_->hub->close_all(kGoingAway, "the daemon stops");
  impl_->referee->service().close_all(kGoingAway, "the daemon stops");
}

std::string Rooms::setup_code() const { return impl_->first_code; }
std::string Rooms::openapi() const { return impl_->openapi(); }
std::string Rooms::asyncapi() const { return impl_->asyncapi(); }

}  // namespace gk::server
