#include "logs/routes.h"

#include <algorithm>
#include <charconv>

#include "base/json_writer.h"

namespace gk::logs {
namespace {

constexpr std::size_t kMaxLimit = 1'000;    // Source: platform specification, HTTP rules
constexpr std::size_t kDefaultLimit = 100;  // Source: chosen
constexpr std::size_t kMaxText = 200;       // Source: chosen
constexpr std::size_t kMaxStory = 1'000;    // Source: chosen; one request writes a few lines

/// {"items": […], "next_cursor": …}: the lines are JSON objects already.
std::string page_json(const Page& page) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("items").begin_array();
  for (const std::string& line : page.lines) w.raw(line);
  w.end_array().key("next_cursor");
  if (page.next) {
    w.value(page.next->text());
  } else {
    w.null();
  }
  w.end_object();
  return out;
}

using Wrong = std::vector<std::pair<std::string, std::string>>;

std::optional<WallTime> time_of(const net::Request& request, const char* name, Wrong& wrong) {
  const auto text = request.query_param(name);
  if (!text || text->empty()) return std::nullopt;
  const auto time = parse_rfc3339(*text);
  if (!time) wrong.emplace_back(name, "expected a time such as 2026-11-28T07:00:00Z");
  return time ? std::optional(*time) : std::nullopt;
}

LogQuery query_of(const net::Request& request, Wrong& wrong) {
  LogQuery query;
  if (const auto level = request.query_param("level"); level && !level->empty()) {
    const auto known = level_of(*level);
    if (!known) wrong.emplace_back("level", "expected debug, info, warn or error");
    query.level = known.value_or(LogLevel::debug);
  }
  query.event = request.query_param("event").value_or("");
  query.correlation_id = request.query_param("correlation_id").value_or("");
  query.text = request.query_param("q").value_or("");
  for (const auto& [name, text] :
       {std::pair{"event", &query.event}, std::pair{"correlation_id", &query.correlation_id},
        std::pair{"q", &query.text}}) {
    if (text->size() > kMaxText) wrong.emplace_back(name, "expected at most 200 bytes");
  }
  query.since = time_of(request, "since", wrong);
  query.until = time_of(request, "until", wrong);
  return query;
}

std::size_t limit_of(const net::Request& request, Wrong& wrong) {
  const auto text = request.query_param("limit");
  if (!text) return kDefaultLimit;
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  const bool good = error == std::errc() && end == text->data() + text->size() && limit >= 1 &&
                    limit <= kMaxLimit;
  if (!good) wrong.emplace_back("limit", "expected a number from 1 to 1000");
  return good ? limit : kDefaultLimit;
}

std::optional<Place> place_of(const net::Request& request, const char* name, Wrong& wrong) {
  const auto text = request.query_param(name);
  if (!text || text->empty()) return std::nullopt;
  const auto place = Place::read(*text);
  if (!place) wrong.emplace_back(name, "expected next_cursor of a page");
  return place;
}

api::Problem invalid(Wrong wrong) { return api::invalid_request(std::move(wrong)); }

void add_schemas(api::Router& router) {
  router.add_schema({"LogLine",
                     {{"ts", "time", "", true},
                      {"level", "debug|info|warn|error", "", true},
                      {"event", "string", "Stable name", true},
                      {"message", "string", "For people", true},
                      {"correlation_id", "string", "Of the request, when there was one"}}});
  router.add_schema(
      {"LogPage",
       {{"items", "#LogLine[]", "With further fields by event", true},
        {"next_cursor", "string", "A page may be short or empty and have one", true, true}}});
}

}  // namespace

LogRoutes::LogRoutes(LogRouteOptions options, api::Hub& hub, api::Router& router, WorkerPool& pool,
                     Post post, net::Loop& loop)
    : options_(std::move(options)), hub_(hub), pool_(pool), post_(std::move(post)) {
  add_schemas(router);
  router
      .add({net::Method::get, "/logs", "logs:read",
            "The daemon's log, newest first; with after what came since, oldest first", "",
            "LogPage", [this](api::Call& call, const api::Reply& reply) { list(call, reply); }})
      .query({api::kLimit,
              api::kCursor,
              {"after", "string",
               "next_cursor of a page: what came since, oldest first; empty: from now on"},
              {"level", "debug|info|warn|error|", "At least"},
              {"event", "string", "Name, or its start"},
              {"correlation_id", "string", ""},
              {"q", "string", "Text in the line"},
              {"since", "string", "RFC 3339"},
              {"until", "string", "RFC 3339"}});
  router.add({net::Method::get, "/logs/story/{correlation_id}", "logs:read",
              "All that one request wrote, oldest first", "", "LogPage",
              [this](api::Call& call, const api::Reply& reply) { story(call, reply); }});
  hub.add_topic({"log:line",
                 "logs:read",
                 "A line of the log, within a second or two",
                 "LogLine",
                 api::Delivery::every,
                 {}});
  timer_ = loop.every(options_.tail_every, [this] { tail(); });
}

void LogRoutes::answer(Read read, const api::Reply& reply) {
  const auto posted = pool_.post([post = post_, read = std::move(read), reply] {
    post([reply, page = read()] {
      if (!page) return reply.error(page.error());
      reply.json(page_json(*page));
    });
  });
  if (!posted) reply.error(posted.error());
}

void LogRoutes::list(api::Call& call, const api::Reply& reply) {
  Wrong wrong;
  LogQuery query = query_of(call.request, wrong);
  const std::size_t limit = limit_of(call.request, wrong);
  const auto before = place_of(call.request, "cursor", wrong);
  const bool goes_on = call.request.query_param("after").has_value();
  const auto after = place_of(call.request, "after", wrong);
  if (before && goes_on) wrong.emplace_back("after", "cursor and after exclude each other");
  if (!wrong.empty()) return reply.problem(invalid(std::move(wrong)));
  answer(
      [file = options_.file, query = std::move(query), limit, before, after, goes_on] {
        return goes_on ? read_on(file, query, limit, after) : read_back(file, query, limit, before);
      },
      reply);
}

void LogRoutes::story(api::Call& call, const api::Reply& reply) {
  LogQuery query;
  query.correlation_id = call.param("correlation_id");
  if (query.correlation_id.empty() || query.correlation_id.size() > kMaxText) {
    return reply.problem(invalid({{"correlation_id", "expected 1 to 200 bytes"}}));
  }
  answer(
      [file = options_.file, query = std::move(query)]() -> Result<Page> {
        auto page = read_back(file, query, kMaxStory, {});
        if (page) std::reverse(page->lines.begin(), page->lines.end());
        return page;
      },
      reply);
}

void LogRoutes::tail() {
  if (!hub_.has_subscribers("log:line")) {
    tail_at_.reset();
    return;
  }
  if (tailing_) return;
  const auto posted = pool_.post(
      [this, post = post_, options = options_, at = tail_at_, alive = std::weak_ptr<int>(alive_)] {
        post([this, alive, page = read_on(options.file, {}, options.tail_lines, at)] {
          if (alive.expired()) return;
          tailing_ = false;
          if (page) publish(*page);
        });
      });
  tailing_ = bool(posted);
}

void LogRoutes::publish(Page page) {
  for (const std::string& line : page.lines) hub_.publish("log:line", line);
  tail_at_ = page.next;
}

}  // namespace gk::logs
