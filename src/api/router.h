// router.h: the one table of all HTTP routes. It decides before any handler runs: Host, Origin,
// credential, scope, body; then the handler sees a Call. OpenAPI is generated from the same table.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/audit_rule.h"
#include "api/conditional.h"
#include "api/host_rules.h"
#include "api/principal.h"
#include "api/problem.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "net/http.h"

namespace gk::api {

/// What a route needs from the caller.
/// `open`: no credential (setup, login, bare liveness). Otherwise `scope` is asked for.
inline constexpr std::string_view kOpen = "open";
/// Any verified credential.
inline constexpr std::string_view kAnyone = "anyone";
/// Any verified credential but an API token: what concerns the holder's own account, which a token
/// that was lent to a script must not touch.
inline constexpr std::string_view kSession = "session";

/// One request that passed all checks of its route.
struct Call {
  const net::Request& request;
  std::map<std::string, std::string, std::less<>> params;  ///< From "{name}" in the pattern.
  const Principal* principal;               ///< Null on an open route without a credential.
  std::shared_ptr<const Principal> holder;  ///< The same, to be kept beyond the call.
  JsonValue body;                           ///< Parsed, when the route reads JSON; null otherwise.
  std::string correlation_id;

  const std::string& param(std::string_view name) const { return params.find(name)->second; }
};

/// Answers a Call once, on the loop thread, now or later.
class Reply {
 public:
  Reply(net::Respond respond, std::string instance, std::string correlation_id);
  void json(std::string body, int status = 200) const;
  void error(const Error& error) const;  ///< By the table of problem_from().
  void problem(const Problem& problem) const;
  void response(net::Response response) const;

 private:
  net::Respond respond_;
  std::string instance_;
  std::string correlation_id_;
};

/// A field of a request or response body, for OpenAPI.
struct Field {
  std::string_view name;
  /// JSON Schema type, "T[]", "T?[]" (items may be null), "map:T" (object with values T), "a|b"
  /// (one of these words), "time" (RFC 3339), "point" ([number, number or null]), "any", or "#Name"
  /// for a named schema. Of a query: "a|b|" may also be empty, as if it were absent.
  std::string_view type;
  std::string_view description;  ///< With unit.
  bool required = false;
  bool nullable = false;
};

/// A named schema, registered once (router.add_schema).
struct Schema {
  std::string_view name;
  std::vector<Field> fields;
};

struct Route {
  net::Method method = net::Method::get;
  std::string_view path;  ///< Below the mount: "/health/{check}". Literal beats parameter.
  std::string_view
      scope;  ///< kOpen, kAnyone, kSession or "resource:verb". Empty fails start-up and tests.
  std::string_view summary;
  std::string_view request;   ///< Named schema of the JSON body; empty: no body is read.
  std::string_view response;  ///< Named schema of the body of a success; empty: not JSON.
  std::function<void(Call&, const Reply&)> handler;
  bool no_setup_needed = false;  ///< Served before the first admin exists (setup and health only).
  bool literal = false;          ///< Set by add_literal(): not below /api.
  /// Of a GET route: its answers have an ETag and obey If-None-Match, and PUT, PATCH and DELETE of
  /// the same path obey If-Match. Requires, but for Versions::own: the handler answers before it
  /// returns, and from what the handlers of those writes change.
  Versions versions = Versions::none;
  std::string_view list_key = {};  ///< Set by page_list().
  // The rest is set by RouteTraits, which add() gives.
  std::vector<int> answers = {200};     ///< Every status that says success.
  std::vector<Field> query = {};        ///< What may stand behind the "?"; more is refused.
  std::string_view media = {};          ///< Type of a body of a success besides `response`.
  std::string_view request_media = {};  ///< Type of a body that the handler reads by itself.
  net::BodySize body = net::BodySize::usual;
  std::optional<AuditRule> audit = {};  ///< Set by Router::audit().
};

/// `?limit=` and `?cursor=` of a list whose handler reads its page by itself.
inline constexpr Field kLimit{"limit", "integer", "Items a page, 1 to 1000"};
inline constexpr Field kCursor{"cursor", "string", "next_cursor of the page before"};

/// Says more about the route that add() has just taken:
///   router.add({…}).answers({201}).query({kLimit, kCursor});
/// Thread: loop. Valid until the next add().
class RouteTraits {
 public:
  explicit RouteTraits(Route& route) : route_(route) {}
  /// Statuses of success, when they are not 200 alone. 204 has no body.
  RouteTraits& answers(std::vector<int> statuses);
  /// Parameters of the query, in addition to those that were named before. The router refuses
  /// (validation) a name that is not here, one that comes twice, and a word outside "a|b" and
  /// "boolean"; ranges are the handler's.
  RouteTraits& query(std::vector<Field> parameters);
  /// Media type of the answer besides, or instead of, the JSON of `response`.
  RouteTraits& media(std::string_view type);
  /// Media type of the body when it is not JSON. The handler reads call.request.body.
  RouteTraits& request_media(std::string_view type);
  /// Takes bodies up to the limit of imports, of a caller who may use the route.
  RouteTraits& import_body();

 private:
  Route& route_;
};

/// What the router asks of accounts.
class Gate {
 public:
  virtual ~Gate() = default;
  /// The verified holder of the request's credential; unauthenticated, deadline_exceeded (a token
  /// that has expired) or permission_denied otherwise. A shared pointer because sessions are cached
  /// and may end during a long poll.
  virtual Result<std::shared_ptr<const Principal>> authenticate(const net::Request& request) = 0;
  /// False until the first admin exists.
  virtual bool is_set_up() const = 0;
};

struct RouterOptions {
  std::vector<std::string> allowed_hosts;    ///< Without port; "*" is never allowed.
  std::vector<std::string> allowed_origins;  ///< Besides the same origin as the Host.
  OriginScheme origin_scheme = OriginScheme::any;
};

/// Thread: loop. Routes are added before serving starts.
class Router {
 public:
  Router(RouterOptions options, Gate& gate, Log& log, Metrics& metrics, const Clock& clock,
         Random& random);
  ~Router();

  void add_schema(Schema schema);
  /// Mounted at /api/v1<path> and /api<path>. Asserts on a duplicate or a missing scope: our bug.
  RouteTraits add(Route route);
  /// The GET route `path` gives its whole list; ?limit= and ?cursor= choose a page of it. `key` is
  /// the member that tells its items apart (list_page.h). Requires: the route exists (assert).
  void page_list(std::string_view path, std::string_view key);
  /// Says what the audit gets of a route. Requires: the route exists and has no rule yet (assert).
  void audit(const AuditRule& rule);
  /// Where the rows go; without one, none is written.
  void set_audit_sink(AuditSink sink);
  /// "POST /games" for each route that may change something and has no rule.
  std::vector<std::string> without_audit_rule() const;
  /// Mounted at the literal path, outside /api ("/metrics", pages).
  RouteTraits add_literal(Route route);
  /// Where bodies of imports beyond 64 KiB are parsed: `work` runs on another thread, then `then`
  /// on the loop. Errors: resource_exhausted; neither runs. Without one they are parsed on the
  /// loop, which 16 MiB hold for 40 ms.
  using Aside = std::function<Result<void>(std::function<void()> work, std::function<void()> then)>;
  void set_aside(Aside aside);
  /// What answers GET and HEAD of every other path: the embedded dashboard.
  void set_fallback(std::function<net::Response(const net::Request&)> fallback);

  void dispatch(net::Request request, net::Respond respond);
  /// Whether a body beyond the usual limit may follow this head: only on a route for imports, and
  /// only when its caller would be served. A caller who would not is refused before the body.
  net::LargeBody admit_large_body(const net::Request& head);
  /// Serves other host names and origins from now on.
  void set_sources(std::vector<std::string> hosts, std::vector<std::string> origins);
  /// What is wrong with the Host or the Origin of an upgrade (misdirected, forbidden).
  std::optional<Problem> refuse_upgrade_source(const net::Request& request) const;
  /// Host, Origin, and credential or ticket (?ticket=) for a WebSocket upgrade.
  /// Errors: as an HTTP request would get them.
  Result<std::shared_ptr<const Principal>> admit_upgrade(const net::Request& request);

  /// The correlation id of a request that does not go through dispatch() (an upgrade).
  std::string correlation_of(const net::Request& request);

  /// A session has ended: its tickets open nothing more.
  void drop_session(std::string_view session_id);
  /// Asks a GET route of our own (`path` below the mount) for the caller of `call`: its scope is
  /// checked. `done` gets the body of a 200 or 503, or nothing; once, perhaps before this returns.
  void ask(const Call& call, std::string_view path, std::string query,
           std::function<void(std::optional<std::string>)> done) const;

  /// Carries out a request of a holder that came another way than HTTP (the op "command" of a
  /// socket): all checks of the route, the log and the metrics are those of an HTTP request.
  struct Inner {
    net::Method method = net::Method::post;
    std::string path;  ///< Below the mount.
    std::string body;  ///< JSON.
    std::string idempotency_key;
    net::Peer peer;
  };
  void dispatch_inner(Inner inner, std::shared_ptr<const Principal> holder, net::Respond respond);

  const std::vector<Route>& routes() const;
  const std::vector<Schema>& schemas() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gk::api
