// How a route runs: once for its Idempotency-Key, as a page of its list, with its ETag, or guarded
// by If-Match. Host, Origin, credential, scope and body were checked before (router.cc).

#include <algorithm>

#include "api/conditional.h"
#include "api/list_page.h"
#include "api/mount.h"
#include "api/router_impl.h"
#include "base/assert.h"

namespace gk::api {
namespace {

/// Whose Idempotency-Keys these are. An API token may do less than its owner: it has its own.
std::string holder_name(const Principal& principal) {
  if (principal.kind == CredentialKind::local_admin) return "local";
  if (principal.kind == CredentialKind::api_token) return "token:" + principal.session_id;
  return "user:" + principal.user_id;
}

net::Response busy_key(const Call& call) {
  return problem_response(
      {.type = "conflict",
       .detail = "the first request with this Idempotency-Key has no answer yet",
       .retry_after_s = 1},
      call.request.path, call.correlation_id);
}

}  // namespace

void Router::Impl::run_guarded(const Route& route, Call& call, const net::Respond& answer) {
  const Reply reply(answer, call.request.path, call.correlation_id);
  const std::string* key = call.request.header("idempotency-key");
  if (key != nullptr && route.method == net::Method::post && call.principal != nullptr) {
    return run_once(route, call, *key, answer);
  }
  if (route.versions != Versions::none) return run_read(route, call, answer);
  if (!route.list_key.empty()) return run_list(route, call, answer);
  if (changes_state(route.method) && route.method != net::Method::post) {
    const Route* read = reader_of(call);
    if (read != nullptr && read->versions != Versions::none && read->versions != Versions::own) {
      return run_write(route, *read, call, answer);
    }
  }
  run(route, call, reply);
}

void Router::Impl::run_once(const Route& route, Call& call, std::string_view key,
                            const net::Respond& answer) {
  using Verdict = IdempotencyTable::Verdict;
  const Reply reply(answer, call.request.path, call.correlation_id);
  if (!IdempotencyTable::is_key(key)) {
    return reply.problem({.type = "validation",
                          .detail = "Idempotency-Key: expected 1 to 255 visible ASCII characters"});
  }
  auto outcome = idempotency.begin(holder_name(*call.principal), key, call.request);
  switch (outcome.verdict) {
    case Verdict::fresh: break;
    case Verdict::running: return answer(busy_key(call));
    case Verdict::mismatch:
      return reply.problem(
          {.type = "idempotency-mismatch",
           .detail = "this key was used for another method, path or body within 24 h"});
    case Verdict::done:
      return reply.problem({.type = "conflict",
                            .detail = "this request was carried out; its answer was too large to "
                                      "keep"});
    case Verdict::replay: {
      net::Response again = *outcome.answer;
      again.headers.emplace_back("Idempotency-Replayed", "true");
      replays.inc();
      return answer(std::move(again));
    }
  }
  run(route, call,
      Reply(
          [this, claim = std::move(outcome.claim), answer](net::Response response) {
            idempotency.finish(*claim, response);
            answer(std::move(response));
          },
          call.request.path, call.correlation_id));
}

/// Gives the page of the list that the caller wants.
void Router::Impl::run_list(const Route& route, Call& call, const net::Respond& answer) {
  auto wish = read_page_wish(call.request);
  const Reply reply(answer, call.request.path, call.correlation_id);
  if (!wish) return reply.error(wish.error());
  run(route, call,
      Reply(
          [reply, answer, key = route.list_key, wish = std::move(*wish)](net::Response response) {
            if (response.status != 200) return answer(std::move(response));
            auto page = page_of(response.body, key, wish);
            if (!page) return reply.error(page.error());
            response.body = std::move(*page);
            answer(std::move(response));
          },
          call.request.path, call.correlation_id));
}

/// Adds the ETag to what a handler answers, or says that nothing has changed.
void Router::Impl::run_read(const Route& route, Call& call, const net::Respond& answer) {
  const std::string* known = call.request.header("if-none-match");
  run(route, call,
      Reply(
          [answer, known = known == nullptr ? std::string() : *known](net::Response response) {
            if (response.status != 200) return answer(std::move(response));
            const std::string etag = etag_of(response);
            const bool has = std::any_of(response.headers.begin(), response.headers.end(),
                                         [](const auto& h) { return h.first == "ETag"; });
            if (!has) response.headers.emplace_back("ETag", etag);
            if (names_etag(known, etag)) {
              response.status = 304;
              response.body.clear();
            }
            answer(std::move(response));
          },
          call.request.path, call.correlation_id));
}

/// The GET route of the path that `call` writes to.
const Route* Router::Impl::reader_of(const Call& call) const {
  PathParams ignored;
  const auto match = table.find(net::Method::get, call.request.path, ignored);
  return match.outcome == RouteTable::Outcome::found ? &routes[entries[match.route].route]
                                                     : nullptr;
}

std::optional<net::Response> Router::Impl::present_answer(const Route& read, const Call& call) {
  std::optional<net::Response> present;
  const auto waits = std::make_shared<bool>(true);  // shared: with a late answer
  Call inner{.request = call.request,
             .params = call.params,
             .principal = call.principal,
             .holder = call.holder,
             .body = {},
             .correlation_id = call.correlation_id};
  bool answered = false;
  run(read, inner,
      Reply(
          [&present, &answered, late = std::weak_ptr<bool>(waits)](net::Response response) {
            if (late.expired()) return;
            answered = true;
            if (response.status == 200) present = std::move(response);
          },
          call.request.path, call.correlation_id));
  // Route::versions: the handler answers before it returns.
  GK_ASSERT(answered || read.versions == Versions::none);
  return present;
}

void Router::Impl::run_write(const Route& route, const Route& read, Call& call,
                             const net::Respond& answer) {
  const Reply reply(answer, call.request.path, call.correlation_id);
  const std::string* match = call.request.header("if-match");
  const std::string* none_match = call.request.header("if-none-match");
  const auto refuse = [&](std::string detail) {
    reply.problem({.type = "precondition-failed", .detail = std::move(detail)});
  };
  if (match == nullptr && read.versions == Versions::required) {
    return reply.problem({.type = "precondition-required",
                          .detail = "send If-Match with the ETag of GET " + call.request.path});
  }
  const std::string resource(below_mount(call.request.path));
  if (match != nullptr || none_match != nullptr) {
    if (writes.busy(resource)) return refuse("it is being changed now; read it again");
    const auto answer_now = present_answer(read, call);
    const auto present = answer_now ? std::optional(etag_of(*answer_now)) : std::nullopt;
    if (match != nullptr && (!present || !names_etag(*match, *present))) {
      return refuse(present ? "it has changed since it was read; read it again"
                            : "there is nothing at " + call.request.path + " any more");
    }
    if (none_match != nullptr && present && names_etag(*none_match, *present)) {
      return refuse("there is something at " + call.request.path + " already");
    }
  }
  // Ends with the answer: a thread that committed the write may hold its copy for longer.
  const auto token = std::make_shared<WritesInFlight::Token>(writes.begin(resource));
  run(route, call,
      Reply(
          [token, answer](net::Response response) {
            token->reset();
            answer(std::move(response));
          },
          call.request.path, call.correlation_id));
}

}  // namespace gk::api
