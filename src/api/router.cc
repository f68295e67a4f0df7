#include "api/router.h"

#include <algorithm>

#include "api/cors.h"
#include "api/mount.h"
#include "api/router_impl.h"
#include "base/assert.h"

namespace gk::api {
namespace {

constexpr std::size_t kLongBody = 64 * 1024;  // Source: 16 MiB held the loop for 43 ms

bool is_json(const std::string* content_type) {
  return content_type != nullptr &&
         (*content_type == "application/json" || content_type->starts_with("application/json;"));
}

Problem credential_problem(const Error& error) {
  Problem problem = problem_from(error);
  if (error.code == Errc::deadline_exceeded) problem.type = "token-expired";
  return problem;
}

Problem forbidden(std::string detail) { return {.type = "forbidden", .detail = std::move(detail)}; }

}  // namespace

bool changes_state(net::Method method) {
  return method != net::Method::get && method != net::Method::head &&
         method != net::Method::options;
}

bool serves(std::string_view scope, const Principal& principal) {
  if (scope == kOpen || scope == kAnyone) return true;
  if (scope == kSession) return principal.kind != CredentialKind::api_token;
  return principal.has_scope(scope);
}

Histogram Router::Impl::duration_of(std::string_view route, std::string_view method) {
  return metrics.histogram("gamekeeper_http_request_duration_seconds",
                           "Time from the request's last byte to its answer", duration_buckets(),
                           {{"route", std::string(route)}, {"method", std::string(method)}});
}

void Router::Impl::mount(std::string full_path, std::size_t route) {
  const Route& r = routes[route];
  const bool added = table.add(r.method, full_path, entries.size());
  GK_ASSERT(added);  // two routes with one method and path are a bug of ours
  entries.push_back({std::move(full_path), route, std::nullopt});
}

void Router::Impl::count(int status) {
  auto it = by_status.find(status);
  if (it == by_status.end()) {
    it = by_status
             .emplace(status, metrics.counter("gamekeeper_http_requests_total",
                                              "Requests by status of the answer",
                                              {{"status", std::to_string(status)}}))
             .first;
  }
  it->second.inc();
}

net::Respond Router::Impl::observed(const net::Request& request, net::Respond respond, Entry* entry,
                                    const std::string& correlation) {
  const bool api = request.path.starts_with("/api");
  const bool cacheable = !api && request.path != "/metrics";
  const std::string* from = request.header("origin");
  std::string reader = api && from != nullptr && host_rules.origin_listed(*from) ? *from : "";
  const bool varies = api && host_rules.lists_origins();
  const std::string_view route = entry == nullptr ? "" : routes[entry->route].path;
  if (entry != nullptr && !entry->duration) {
    entry->duration = duration_of(route, method_name(request.method));
  }
  Histogram duration = entry == nullptr ? fallback_duration : *entry->duration;
  return [this, respond = std::move(respond), duration, route, correlation, cacheable, varies,
          reader = std::move(reader), method = request.method, path = request.path,
          received = request.received](net::Response response) mutable {
    const bool has_id = std::any_of(response.headers.begin(), response.headers.end(),
                                    [](const auto& h) { return h.first == "X-Correlation-Id"; });
    if (!has_id) response.headers.emplace_back("X-Correlation-Id", correlation);
    if (!cacheable) response.headers.emplace_back("Cache-Control", "no-store");
    if (varies) response.headers.emplace_back("Vary", "Origin");
    if (!reader.empty()) allow_origin(response, reader);
    const double seconds = std::chrono::duration<double>(clock.mono() - received).count();
    duration.observe(seconds);
    count(response.status);
    log.debug("http.request", "request answered",
              {{"correlation_id", correlation},
               {"method", net::method_name(method)},
               {"path", path},
               {"route", route},
               {"status", response.status},
               {"duration_ms", seconds * 1e3}});
    respond(std::move(response));
  };
}

std::optional<Problem> Router::Impl::refuse_source(const net::Request& request,
                                                   bool state_change) const {
  const std::string* host = request.header("host");
  if (host == nullptr ||
      (request.peer.transport == net::Transport::tcp && !host_rules.host_allowed(*host))) {
    return Problem{.type = "misdirected",
                   .detail = "this server does not answer for the host name \"" +
                             (host == nullptr ? std::string() : *host) +
                             "\"; allow it with --allow-host"};
  }
  const std::string* origin = request.header("origin");
  if (state_change && origin != nullptr && !host_rules.origin_allowed(*origin, *host)) {
    return forbidden("requests from the origin " + *origin + " are not allowed");
  }
  return std::nullopt;
}

std::optional<Problem> Router::Impl::refuse_caller(const net::Request& request, const Route& route,
                                                   std::shared_ptr<const Principal>& principal) {
  const bool open = route.scope == kOpen;
  if (!gate.is_set_up() && !route.no_setup_needed &&
      request.peer.transport == net::Transport::tcp) {
    return Problem{.type = "unavailable",
                   .detail =
                       "no administrator exists yet; create one at /setup with the code "
                       "that the daemon printed at its start"};
  }
  auto authenticated = gate.authenticate(request);
  if (!authenticated) {
    if (open) return std::nullopt;
    return credential_problem(authenticated.error());
  }
  principal = std::move(*authenticated);
  if (open) return std::nullopt;
  if (principal->kind == CredentialKind::session && changes_state(request.method)) {
    const std::string* csrf = request.header("x-gamekeeper-csrf");
    if (csrf == nullptr || *csrf != "1") {
      return forbidden(
          "a request by cookie that changes state needs the header "
          "X-Gamekeeper-Csrf: 1");
    }
  }
  if (serves(route.scope, *principal)) return std::nullopt;
  if (route.scope == kSession) {
    return forbidden("an API token may not look after its owner's account; log in");
  }
  return forbidden("this needs the scope " + std::string(route.scope) + ", which the role " +
                   principal->role + " does not have");
}

std::optional<Problem> Router::Impl::read_body(const net::Request& request, const Route& route,
                                               JsonValue& body) {
  if (route.request.empty()) return std::nullopt;
  if (request.body.empty()) {
    body = JsonValue(JsonValue::Object{});
    return std::nullopt;
  }
  if (!is_json(request.header("content-type"))) {
    return Problem{.type = "unsupported-media",
                   .detail = "expected Content-Type: application/json"};
  }
  JsonLimits limits;
  limits.max_bytes = std::max(limits.max_bytes, request.body.size());  // bounded where it was read
  auto parsed = parse_json(request.body, limits);
  if (!parsed) {
    return Problem{
        .type = parsed.error().code == Errc::resource_exhausted ? "too-large" : "validation",
        .detail = parsed.error().message};
  }
  body = std::move(*parsed);
  return std::nullopt;
}

void Router::Impl::handle(const Route& route, Call& call, const Reply& reply) {
  // Third-party code below a handler may throw (std::bad_alloc aside, we throw nothing).
  try {
    route.handler(call, reply);
  } catch (const std::exception& e) {
    log.error("http.handler_failed", e.what(),
              {{"correlation_id", call.correlation_id}, {"route", route.path}});
    reply.error({Errc::internal, "the handler failed; the log has the correlation id"});
  }
}

void Router::Impl::not_routed(const net::Request& request, const RouteTable::Match& match,
                              const net::Respond& answer, const std::string& correlation) {
  if (match.outcome == RouteTable::Outcome::no_such_method) {
    auto response =
        problem_response({.type = "method-not-allowed", .detail = "allowed here: " + match.allow},
                         request.path, correlation);
    response.headers.emplace_back("Allow", match.allow);
    return answer(std::move(response));
  }
  const bool page = request.method == net::Method::get || request.method == net::Method::head;
  if (fallback && page && !request.path.starts_with("/api/")) return answer(fallback(request));
  answer(problem_response({.type = "not-found", .detail = "there is nothing at " + request.path},
                          request.path, correlation));
}

void Router::Impl::dispatch(net::Request request, net::Respond respond) {
  const std::string correlation = correlations.of(request);
  PathParams params;
  const auto match = table.find(request.method, request.path, params);
  const bool found = match.outcome == RouteTable::Outcome::found;
  const auto answer =
      observed(request, std::move(respond), found ? &entries[match.route] : nullptr, correlation);
  const Reply reply(answer, request.path, correlation);
  if (auto problem = refuse_source(request, changes_state(request.method))) {
    return reply.problem(*problem);
  }
  if (auto permission = preflight(request)) return answer(std::move(*permission));
  if (!found) return not_routed(request, match, answer, correlation);
  const Route& route = routes[entries[match.route].route];
  std::shared_ptr<const Principal> principal;
  if (auto problem = refuse_caller(request, route, principal)) return reply.problem(*problem);
  if (auto problem = refuse_query(request, route)) return reply.problem(*problem);
  if (route.body == net::BodySize::import && aside && !route.request.empty() &&
      request.body.size() > kLongBody) {
    return run_aside(route, std::move(request), std::move(params), std::move(principal),
                     correlation, answer);
  }
  Call call{.request = request,
            .params = std::move(params),
            .principal = principal.get(),
            .holder = principal,
            .body = {},
            .correlation_id = correlation};
  if (auto problem = read_body(request, route, call.body)) return reply.problem(*problem);
  run_guarded(route, call, answer);
}

void Router::Impl::run_aside(const Route& route, net::Request request, PathParams params,
                             std::shared_ptr<const Principal> principal,
                             const std::string& correlation, const net::Respond& answer) {
  struct Job {
    net::Request request;
    PathParams params;
    std::shared_ptr<const Principal> principal;  // Shared with the session cache.
    JsonValue body;
    std::optional<Problem> problem;
  };
  // Shared: by the step on another thread and the one on the loop, one after the other.
  const auto job = std::make_shared<Job>(
      Job{std::move(request), std::move(params), std::move(principal), JsonValue(), std::nullopt});
  const Reply reply(answer, job->request.path, correlation);
  const auto posted =
      aside([job, &route] { job->problem = read_body(job->request, route, job->body); },
            [this, own = std::weak_ptr<int>(alive), job, &route, reply, correlation, answer] {
              if (own.expired()) return;
              if (job->problem) return reply.problem(*job->problem);
              Call call{.request = job->request,
                        .params = std::move(job->params),
                        .principal = job->principal.get(),
                        .holder = job->principal,
                        .body = std::move(job->body),
                        .correlation_id = correlation};
              run_guarded(route, call, answer);
            });
  if (!posted) reply.error(posted.error());
}

std::optional<net::Response> Router::Impl::preflight(const net::Request& request) const {
  if (!is_preflight(request) || !request.path.starts_with("/api")) return std::nullopt;
  if (!host_rules.origin_listed(*request.header("origin"))) return std::nullopt;
  PathParams ignored;
  const auto match = table.find(net::Method::options, request.path, ignored);
  if (match.outcome != RouteTable::Outcome::no_such_method) return std::nullopt;
  return preflight_answer(match.allow);
}

net::LargeBody Router::Impl::admit_large_body(const net::Request& head) {
  PathParams ignored;
  const auto match = table.find(head.method, head.path, ignored);
  if (match.outcome != RouteTable::Outcome::found) return {};
  const Route& route = routes[entries[match.route].route];
  if (route.body != net::BodySize::import) return {};
  auto problem = refuse_source(head, true);
  std::shared_ptr<const Principal> principal;
  if (!problem) problem = refuse_caller(head, route, principal);
  if (!problem) problem = refuse_query(head, route);
  if (!problem) return {.size = net::BodySize::import, .refusal = std::nullopt};
  net::LargeBody refused;
  const std::string correlation = correlations.of(head);
  observed(
      head, [&refused](net::Response response) { refused.refusal = std::move(response); },
      &entries[match.route], correlation)(problem_response(*problem, head.path, correlation));
  return refused;
}

void Router::Impl::dispatch_inner(Inner inner, std::shared_ptr<const Principal> holder,
                                  net::Respond respond) {
  net::Request request;
  request.method = inner.method;
  request.path = std::string(kMounts[0]) + inner.path;
  request.body = std::move(inner.body);
  request.peer = std::move(inner.peer);
  request.received = clock.mono();
  request.headers.emplace_back("content-type", "application/json");
  if (!inner.idempotency_key.empty()) {
    request.headers.emplace_back("idempotency-key", std::move(inner.idempotency_key));
  }
  const std::string correlation = correlations.next();
  Call call{.request = request,
            .params = {},
            .principal = holder.get(),
            .holder = holder,
            .body = {},
            .correlation_id = correlation};
  const auto match = table.find(request.method, request.path, call.params);
  const bool found = match.outcome == RouteTable::Outcome::found;
  const auto answer =
      observed(request, std::move(respond), found ? &entries[match.route] : nullptr, correlation);
  if (!found) return not_routed(request, match, answer, correlation);
  const Route& route = routes[entries[match.route].route];
  const Reply reply(answer, request.path, correlation);
  if (!serves(route.scope, *holder)) {
    return reply.problem(forbidden("this needs the scope " + std::string(route.scope)));
  }
  if (auto problem = read_body(request, route, call.body)) return reply.problem(*problem);
  run_guarded(route, call, answer);
}

void Router::Impl::ask(const Call& call, std::string_view path, std::string query,
                       std::function<void(std::optional<std::string>)> done) {
  net::Request part;
  part.path = std::string(kMounts[0]) + std::string(path);
  part.query = std::move(query);
  part.peer = call.request.peer;
  part.received = call.request.received;
  PathParams params;
  const auto match = table.find(part.method, part.path, params);
  if (match.outcome != RouteTable::Outcome::found) return done(std::nullopt);
  const Route& route = routes[entries[match.route].route];
  const bool allowed =
      route.scope == kOpen || (call.principal != nullptr && serves(route.scope, *call.principal));
  if (!allowed) return done(std::nullopt);
  Call inner{.request = part,
             .params = std::move(params),
             .principal = call.principal,
             .holder = call.holder,
             .body = {},
             .correlation_id = call.correlation_id};
  run_guarded(route, inner, [done = std::move(done)](net::Response response) {
    const bool has_body = response.status == 200 || response.status == 503;
    done(has_body ? std::optional(std::move(response.body)) : std::nullopt);
  });
}

Reply::Reply(net::Respond respond, std::string instance, std::string correlation_id)
    : respond_(std::move(respond)),
      instance_(std::move(instance)),
      correlation_id_(std::move(correlation_id)) {}

void Reply::json(std::string body, int status) const {
  net::Response response;
  response.status = status;
  response.body = std::move(body);
  respond_(std::move(response));
}
void Reply::error(const Error& error) const { problem(problem_from(error)); }
void Reply::problem(const Problem& problem) const {
  respond_(problem_response(problem, instance_, correlation_id_));
}
void Reply::response(net::Response response) const { respond_(std::move(response)); }

Router::Router(RouterOptions options, Gate& gate, Log& log, Metrics& metrics, const Clock& clock,
               Random& random)
    : impl_(std::make_unique<Impl>(options, gate, log, metrics, clock, random)) {
  add_schema({"WebSocketTicket",
              {{"ticket", "string", "For ?ticket= of one upgrade", true},
               {"expires_in_s", "integer", "", true}}});
  add({.method = net::Method::post,
       .path = "/ws-tickets",
       .scope = kAnyone,
       .summary = "A ticket that opens one WebSocket within 30 s, instead of a credential",
       .response = "WebSocketTicket",
       .handler =
           [this](Call& call, const Reply& reply) {
             std::string text;
             JsonWriter(text)
                 .begin_object()
                 .field("ticket", impl_->tickets.issue(call.holder))
                 .field("expires_in_s", impl_->tickets.lifetime().count())
                 .end_object();
             reply.json(std::move(text), 201);
           }})
      .answers({201});
}
Router::~Router() = default;

void Router::add_schema(Schema schema) {
  const auto& known = impl_->schemas;
  // Two rooms with one name: the document would describe one of them wrongly.
  GK_ASSERT(std::none_of(known.begin(), known.end(),
                         [&](const Schema& other) { return other.name == schema.name; }));
  impl_->schemas.push_back(std::move(schema));
}

RouteTraits Router::add(Route route) {
  GK_ASSERT(!route.scope.empty());  // deny by default: a route says whom it serves
  GK_ASSERT(route.handler != nullptr);
  impl_->routes.push_back(std::move(route));
  const std::size_t index = impl_->routes.size() - 1;
  const std::string path(impl_->routes[index].path);
  for (const auto mount : kMounts) {
    impl_->mount(std::string(mount) + path, index);
    if (of_users(path)) impl_->mount(std::string(mount) + std::string(kUsersToo) + path, index);
  }
  return RouteTraits(impl_->routes[index]);
}

RouteTraits Router::add_literal(Route route) {
  GK_ASSERT(!route.scope.empty());
  impl_->routes.push_back(std::move(route));
  impl_->routes.back().literal = true;
  const std::size_t index = impl_->routes.size() - 1;
  impl_->mount(std::string(impl_->routes[index].path), index);
  return RouteTraits(impl_->routes[index]);
}

void Router::page_list(std::string_view path, std::string_view key) {
  const auto it = std::find_if(impl_->routes.begin(), impl_->routes.end(), [&](const Route& r) {
    return r.method == net::Method::get && r.path == path && !r.literal;
  });
  GK_ASSERT(it != impl_->routes.end());  // the table of lists names routes that exist
  it->list_key = key;
  RouteTraits(*it).query({kLimit, kCursor});
}

void Router::set_aside(Aside aside) { impl_->aside = std::move(aside); }
void Router::set_fallback(std::function<net::Response(const net::Request&)> fallback) {
  impl_->fallback = std::move(fallback);
}

void Router::dispatch(net::Request request, net::Respond respond) {
  impl_->dispatch(std::move(request), std::move(respond));
}

net::LargeBody Router::admit_large_body(const net::Request& head) {
  return impl_->admit_large_body(head);
}

void Router::dispatch_inner(Inner inner, std::shared_ptr<const Principal> holder,
                            net::Respond respond) {
  impl_->dispatch_inner(std::move(inner), std::move(holder), std::move(respond));
}

void Router::set_sources(std::vector<std::string> hosts, std::vector<std::string> origins) {
  impl_->host_rules = HostRules(std::move(hosts), std::move(origins), impl_->origin_scheme);
}

std::optional<Problem> Router::refuse_upgrade_source(const net::Request& request) const {
  return impl_->refuse_source(request, true);
}

Result<std::shared_ptr<const Principal>> Router::admit_upgrade(const net::Request& request) {
  if (auto problem = impl_->refuse_source(request, true)) {
    return Error{Errc::permission_denied, problem->detail};
  }
  if (const auto ticket = request.query_param("ticket")) {
    auto holder = impl_->tickets.take(*ticket);
    if (holder != nullptr) return holder;
    return Error{Errc::unauthenticated, "the ticket is unknown, used or older than 30 s"};
  }
  // A browser always sends Origin on an upgrade; a cookie without one is not a browser's.
  auto principal = impl_->gate.authenticate(request);
  if (!principal) return Error{Errc::unauthenticated, principal.error().message};
  if ((*principal)->kind == CredentialKind::session && request.header("origin") == nullptr) {
    return Error{Errc::permission_denied, "an upgrade by cookie needs an Origin header"};
  }
  return principal;
}

std::string Router::correlation_of(const net::Request& request) {
  return impl_->correlations.of(request);
}

void Router::drop_session(std::string_view session_id) { impl_->tickets.drop_session(session_id); }

void Router::ask(const Call& call, std::string_view path, std::string query,
                 std::function<void(std::optional<std::string>)> done) const {
  impl_->ask(call, path, std::move(query), std::move(done));
}

const std::vector<Route>& Router::routes() const { return impl_->routes; }
const std::vector<Schema>& Router::schemas() const { return impl_->schemas; }

}  // namespace gk::api
