// The log of a macro, with a long poll for those who follow it.
#include <charconv>
#include <list>

#include "macros/routes_detail.h"
#include "macros/rules/safety_profile.h"
#include "macros/scripts/routes_detail.h"

namespace gk::macros {
namespace {

constexpr std::size_t kMaxFollowers = 64;  // Source: chosen; the newest is answered at once

std::optional<std::uint64_t> number_of(const api::Call& call, const char* key, std::uint64_t most) {
  const std::string text = call.request.query_param(key).value_or("0");
  std::uint64_t out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size() || out > most) return std::nullopt;
  return out;
}

/// Lines with a greater number than `after`.
std::string log_json(const ConsoleLog& console, const std::string& macro_id, std::uint64_t after) {
  std::string out;
  JsonWriter w(out);
  std::uint64_t last = after;
  w.begin_object().field("macro_id", macro_id).key("lines").begin_array();
  if (const auto* lines = console.lines(macro_id)) {
    for (const ConsoleLine& line : *lines) {
      if (line.number <= after) continue;
      last = line.number;
      w.begin_object().field("number", line.number).field("at", line.at);
      w.field("text", line.text).end_object();
    }
  }
  w.end_array().field("last", last).end_object();
  return out;
}

/// Those who wait for the next line. Shared by the route, the subscription and the timers.
class Followers : public std::enable_shared_from_this<Followers> {
 public:
  explicit Followers(const ScriptServices& services) : services_(services) {}

  void listen() {
    // The subscription dies with this, and holds it weakly.
    logged_ =
        services_.runner.logged().subscribe([weak = weak_from_this()](const ScriptLogLine& line) {
          if (const auto self = weak.lock()) self->answer(line.macro_id);
        });
  }
  void follow(const std::string& macro_id, std::uint64_t after, Seconds wait,
              const api::Reply& reply) {
    if (waiting_.size() >= kMaxFollowers) {
      return reply.json(log_json(services_.runner.console(), macro_id, after));
    }
    waiting_.push_back({macro_id, after, reply, {}});
    const auto place = std::prev(waiting_.end());
    place->timer = services_.loop.after(wait, [this, place] { end(place); });
  }

 private:
  struct Follower {
    std::string macro_id;
    std::uint64_t after;
    api::Reply reply;
    net::Handle timer;
  };
  void end(std::list<Follower>::iterator place) {
    std::list<Follower> one;  // Its timer is running: it is destroyed last.
    one.splice(one.begin(), waiting_, place);
    one.front().reply.json(
        log_json(services_.runner.console(), one.front().macro_id, one.front().after));
  }
  void answer(const std::string& macro_id) {
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      const auto place = at++;
      if (place->macro_id == macro_id) end(place);
    }
  }
  const ScriptServices services_;
  std::list<Follower> waiting_;
  Topic<ScriptLogLine>::Subscription logged_;
};

}  // namespace

void add_script_log_route(api::Router& router, const ScriptServices& services) {
  auto followers = std::make_shared<Followers>(services);  // shared: see Followers
  followers->listen();
  router
      .add({net::Method::get, "/macro-scripts/{name}/log", "macros:read",
            "What the macro of that id did: lines after ?after=, waiting up to ?wait_s= for one",
            "", "MacroScriptLog",
            [services, followers](api::Call& call, const api::Reply& reply) {
              const std::string id = call.param("name");
              const auto after = number_of(call, "after", UINT64_MAX);
              const auto wait = number_of(call, "wait_s", 30);
              if (!after || !wait) {
                return reply.problem(invalid({{after ? "wait_s" : "after",
                                               "expected a whole number, wait_s from 0 to 30"}}));
              }
              const ConsoleLog& console = services.runner.console();
              const auto* lines = console.lines(id);
              if (lines == nullptr && services.library.find(id) == nullptr) {
                return reply.error(Error{Errc::not_found, "no macro " + id});
              }
              const bool news = lines != nullptr && lines->back().number > *after;
              if (news || *wait == 0) return reply.json(log_json(console, id, *after));
              followers->follow(id, *after, Seconds(*wait), reply);
            }})
      .query({{"after", "integer", "Number of the last line known"},
              {"wait_s", "integer", "0 to 30, default 0"}});
}

}  // namespace gk::macros
