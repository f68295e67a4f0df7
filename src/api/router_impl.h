// router_impl.h: the state behind Router, for the files of this folder that implement it.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/correlation.h"
#include "api/idempotency.h"
#include "api/route_table.h"
#include "api/router.h"
#include "api/ticket_table.h"

namespace gk::api {

/// True for a method that may change something.
bool changes_state(net::Method method);
/// True when a route with this scope serves `principal`.
bool serves(std::string_view scope, const Principal& principal);

struct Router::Impl {
  struct Entry {
    std::string full_path;
    std::size_t route;
    /// Begins with the first request: a scrape would carry fifteen buckets of each route else.
    std::optional<Histogram> duration;
  };

  const OriginScheme origin_scheme;
  HostRules host_rules;
  Gate& gate;
  Log& log;
  Metrics& metrics;
  const Clock& clock;
  CorrelationIds correlations;
  std::vector<Route> routes;
  std::vector<Schema> schemas;
  std::vector<Entry> entries;
  RouteTable table;
  TicketTable tickets;
  IdempotencyTable idempotency;
  WritesInFlight writes;
  AuditSink audit_sink;
  Aside aside;
  std::shared_ptr<int> alive = std::make_shared<int>();  // Shared: weak copies in late callbacks.
  Counter replays;
  std::function<net::Response(const net::Request&)> fallback;
  Histogram fallback_duration;
  std::unordered_map<int, Counter> by_status;

  Impl(const RouterOptions& options, Gate& g, Log& l, Metrics& m, const Clock& c, Random& random)
      : origin_scheme(options.origin_scheme),
        host_rules(options.allowed_hosts, options.allowed_origins, options.origin_scheme),
        gate(g),
        log(l),
        metrics(m),
        clock(c),
        correlations(random),
        tickets(random, c),
        idempotency(c),
        replays(m.counter("gamekeeper_http_replayed_answers_total",
                          "Answers that were given again for an Idempotency-Key")),
        fallback_duration(duration_of("dashboard", "GET")) {}

  Histogram duration_of(std::string_view route, std::string_view method);

  void mount(std::string full_path, std::size_t route);

  void count(int status);

  /// Wraps `respond`: correlation header, no-store, metrics and one log line.
  /// `entry`: of the route; null when there is none.
  net::Respond observed(const net::Request& request, net::Respond respond, Entry* entry,
                        const std::string& correlation);

  /// Host and Origin, before anything else is looked at.
  std::optional<Problem> refuse_source(const net::Request& request, bool state_change) const;

  /// Credential, CSRF and scope of a route. The principal may be null on an open route.
  std::optional<Problem> refuse_caller(const net::Request& request, const Route& route,
                                       std::shared_ptr<const Principal>& principal);

  /// Names and words of the query that the route does not know (route_traits.cc).
  static std::optional<Problem> refuse_query(const net::Request& request, const Route& route);
  static constexpr std::size_t kMaxQueryErrors = 10;  // Source: chosen; a query has 8 KiB

  static std::optional<Problem> read_body(const net::Request& request, const Route& route,
                                          JsonValue& body);

  /// Calls the handler, and writes what it did into the audit (router_audit.cc).
  void run(const Route& route, Call& call, const Reply& reply);
  void handle(const Route& route, Call& call, const Reply& reply);
  void record(const AuditRule& rule, AuditAct act, const PathParams& params, const JsonValue& body,
              net::Response response, const Reply& reply);

  void dispatch(net::Request request, net::Respond respond);
  /// Parses the body beside the loop and then runs the route.
  void run_aside(const Route& route, net::Request request, PathParams params,
                 std::shared_ptr<const Principal> principal, const std::string& correlation,
                 const net::Respond& answer);
  net::LargeBody admit_large_body(const net::Request& head);
  /// The answer to a preflight of a listed origin; nothing when `request` is none.
  std::optional<net::Response> preflight(const net::Request& request) const;
  void dispatch_inner(Inner inner, std::shared_ptr<const Principal> holder, net::Respond respond);
  /// Runs the route as its Idempotency-Key, ETag and If-Match say.
  void run_guarded(const Route& route, Call& call, const net::Respond& answer);
  void run_once(const Route& route, Call& call, std::string_view key, const net::Respond& answer);
  void run_list(const Route& route, Call& call, const net::Respond& answer);
  void run_read(const Route& route, Call& call, const net::Respond& answer);
  void run_write(const Route& route, const Route& read, Call& call, const net::Respond& answer);
  /// What a GET of the same path answers now; nothing when it is no 200, or comes later.
  std::optional<net::Response> present_answer(const Route& read, const Call& call);
  const Route* reader_of(const Call& call) const;
  void ask(const Call& call, std::string_view path, std::string query,
           std::function<void(std::optional<std::string>)> done);
  void not_routed(const net::Request& request, const RouteTable::Match& match,
                  const net::Respond& answer, const std::string& correlation);
};

}  // namespace gk::api
