#include "server/overview.h"

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "base/json_writer.h"

namespace gk::server {
namespace {

constexpr Seconds kDrawn{300};           // Source: platform specification, sparks of five minutes
constexpr std::string_view kStep = "5";  // Source: chosen, s; finer history is in `performance`
constexpr std::array<std::string_view, 4> kDrawnSignals = {"cpu_usage", "memory_usage", "fps",
                                                           "latency"};
/// A client compares their numbers with those of its subscription's ack.
constexpr std::array<std::string_view, 4> kEventTopics = {"macro:started", "macro:paused",
                                                          "macro:cancelled", "system:alert"};

struct Part {
  std::string_view name, path;
  std::string query;
  bool is_series = false;
  std::optional<std::string> body;
};

/// The parts of one answer while they come in.
struct Gathering {
  std::vector<Part> parts;
  std::size_t missing = 0;
  std::string seqs;
};

std::vector<Part> parts_of(WallTime now) {
  std::vector<Part> parts = {
      {"profile", "/auth/profile", {}, false, {}},
      {"health", "/health", {}, false, {}},
      {"performance", "/macro-safety/performance", {}, false, {}},
      {"active_macros", "/macro-safety/active-macros", {}, false, {}},
      {"cancellations", "/macro-safety/cancellations", "limit=50", false, {}},
  };
  const std::string window =
      "&from=" + rfc3339(now - kDrawn) + "&to=" + rfc3339(now) + "&step=" + std::string(kStep);
  for (const auto signal : kDrawnSignals) {
    parts.push_back({signal, "/metrics/series", "name=" + std::string(signal) + window, true, {}});
  }
  return parts;
}

std::string answer(const Gathering& gathering) {
  std::string text;
  JsonWriter w(text);
  const auto write = [&](const Part& part) {
    w.key(part.name);
    if (part.body) {
      w.raw(*part.body);
    } else {
      w.null();
    }
  };
  w.begin_object();
  for (const Part& part : gathering.parts) {
    if (!part.is_series) write(part);
  }
  w.key("series").begin_object();
  for (const Part& part : gathering.parts) {
    if (part.is_series) write(part);
  }
  w.end_object().key("seq").raw(gathering.seqs).end_object();
  return text;
}

std::string last_seqs(const api::Hub& hub) {
  std::string text;
  JsonWriter w(text);
  w.begin_object();
  for (const auto topic : kEventTopics) w.field(topic, hub.last_seq(topic));
  w.end_object();
  return text;
}

}  // namespace

void add_overview_route(api::Router& router, const api::Hub& hub, const Clock& clock) {
  router.add_schema(
      {"Overview",
       {{"profile", "#Profile", "As /auth/profile", true, true},
        {"health", "#Health", "As /health", true, true},
        {"performance", "#Performance", "As /macro-safety/performance", true, true},
        {"active_macros", "#MacroActiveList", "As /macro-safety/active-macros", true, true},
        {"cancellations", "#MacroEventPage", "The last 50", true, true},
        {"series", "map:#SeriesPoints",
         "Five minutes of the drawn signals in steps of 5 s; null "
         "when never known",
         true},
        {"seq", "map:integer", "Last frame of the topics of events, when this was read", true}}});
  router.add(
      {.method = net::Method::get,
       .path = "/overview",
       .scope = "dashboard:read",
       .summary = "What the first page shows, in one answer; a part is null without its scope",
       .response = "Overview",
       .handler = [&router, &hub, &clock](api::Call& call, const api::Reply& reply) {
         // Shared: each part's answer holds it, and the last one sends.
         auto gathering = std::make_shared<Gathering>();
         gathering->parts = parts_of(clock.wall());
         gathering->missing = gathering->parts.size();
         gathering->seqs = last_seqs(hub);
         for (std::size_t i = 0; i < gathering->parts.size(); ++i) {
           const Part& part = gathering->parts[i];
           router.ask(call, part.path, part.query,
                      [gathering, i, reply](std::optional<std::string> body) {
                        gathering->parts[i].body = std::move(body);
                        if (--gathering->missing == 0) reply.json(answer(*gathering));
                      });
         }
       }});
}

}  // namespace gk::server
