#include "server/rooms.h"

#include <unistd.h>

#include "accounts/routes.h"
#include "accounts/service.h"
#include "api/hub.h"
#include "api/openapi.h"
#include "api/router.h"
#include "base/try.h"
#include "server/dashboard.h"
#include "server/version.h"
#include "sys/host_names.h"

namespace gk::server {
namespace {

constexpr std::string_view kSubprotocol = "gamekeeper.v1.json";
constexpr std::uint16_t kGoingAway = 1001;  // Source: RFC 6455 s7.4.1
constexpr Seconds kHeartbeat{15};           // Source: chosen; below the 20 s of a proxy's idle limit

std::vector<std::string> allowed_hosts(const Config& config) {
  auto hosts = sys::own_host_names();
  hosts.insert(hosts.end(), config.allow_hosts.begin(), config.allow_hosts.end());
  return hosts;
}

}  // namespace

struct Rooms::Impl {
  Impl(const RoomsContext& c, std::unique_ptr<Stores> s) : context(c), stores(std::move(s)) {}

  Result<void> start();
  void add_topics();
  void add_api_routes();

  RoomsContext context;
  std::unique_ptr<Stores> stores;
  std::unique_ptr<accounts::AccountsService> accounts;
  std::unique_ptr<api::Hub> hub;
  std::unique_ptr<api::Router> router;
  Topic<accounts::SessionEnded>::Subscription on_session_ended;
  net::Handle accounts_tick, heartbeat;
  std::string first_code;
  std::string openapi_text;
};

Result<void> Rooms::Impl::start() {
  RoomsContext& c = context;
  GK_TRY(auto reader, store::Database::open({.path = stores->state_path(), .read_only = true}));
  GK_TRY(accounts, accounts::AccountsService::create(
                       {.data_dir = c.data_dir, .own_uid = ::geteuid()},
                       {.writer = *stores->state,
                        .post = [&loop = c.loop](std::function<void()> task) {
                          loop.post(std::move(task));
                        },
                        .clock = c.clock, .random = c.random, .log = c.log, .metrics = c.metrics},
                       *reader));
  first_code = accounts->take_setup_code();
  hub = std::make_unique<api::Hub>(c.loop, c.clock, c.metrics);
  router = std::make_unique<api::Router>(
      api::RouterOptions{.allowed_hosts = allowed_hosts(c.config),
                         .allowed_origins = c.config.allow_origins},
      *accounts, c.log, c.metrics, c.clock, c.random);
  on_session_ended = accounts->session_ended().subscribe(
      [this](const accounts::SessionEnded& e) { hub->close_session(e.session_id); });
  add_topics();
  accounts::add_accounts_routes(*router, *accounts);
  add_api_routes();
  router->set_fallback(serve_dashboard);
  accounts_tick = c.loop.every(Seconds(5), [this] { accounts->tick(); });
  heartbeat = c.loop.every(kHeartbeat, [this] { hub->publish("heartbeat", "{}"); });
  return {};
}

void Rooms::Impl::add_topics() {
  hub->add_topic({.name = "heartbeat", .scope = "dashboard:read",
                  .summary = "The connection is alive", .schema = "",
                  .delivery = api::Delivery::latest_wins});
}

void Rooms::Impl::add_api_routes() {
  router->add({.method = net::Method::get, .path = "/openapi.json", .scope = api::kOpen,
               .summary = "This document",
               .handler = [this](api::Call&, const api::Reply& reply) { reply.json(openapi_text); }});
  openapi_text = api::openapi_document(router->routes(), router->schemas(), kVersion);
}

Rooms::Rooms(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Rooms::~Rooms() {
  // The writers first: their last jobs post to services that still live.
  impl_->stores.reset();
}

Result<std::unique_ptr<Rooms>> Rooms::create(const RoomsContext& context,
                                             std::unique_ptr<Stores> stores) {
  auto impl = std::make_unique<Impl>(context, std::move(stores));
  GK_CHECK_OK(impl->start());
  return std::unique_ptr<Rooms>(new Rooms(std::move(impl)));
}

void Rooms::dispatch(net::Request request, net::Respond respond) {
  impl_->router->dispatch(std::move(request), std::move(respond));
}

void Rooms::upgrade(const net::Request& request,
                    const std::function<void(net::UpgradeDecision)>& decide) {
  const bool known = request.path == "/api/v1/ws" || request.path == "/api/ws";
  const auto refuse = [&](const api::Problem& problem) {
    decide({.accept = false, .refusal = api::problem_response(problem, request.path, "")});
  };
  if (!known) return refuse({.type = "not-found", .detail = "WebSockets are served at /api/v1/ws"});
  auto principal = impl_->router->admit_upgrade(request);
  if (!principal) return refuse(api::problem_from(principal.error()));
  decide({.accept = true, .refusal = {}, .subprotocol = std::string(kSubprotocol),
          .on_open = [impl = impl_.get(), principal = *principal](
                         std::shared_ptr<net::WebSocket> socket) {
            impl->hub->attach(std::move(socket), principal);
          }});
}

void Rooms::emergency_stop(std::string_view by) {
  impl_->context.log.warn("macros.emergency_stop", "emergency stop", {{"by", by}});
}

void Rooms::prepare_to_stop() { impl_->hub->close_all(kGoingAway, "the daemon stops"); }

std::string Rooms::setup_code() const { return impl_->first_code; }
std::string Rooms::openapi() const { return impl_->openapi_text; }

}  // namespace gk::server
