#include "api/event_stream.h"

#include <algorithm>
#include <charconv>

#include "base/json_writer.h"

namespace gk::api {
namespace {

constexpr std::size_t kMaxId = 2'048;  // Source: chosen; 64 numbers of 20 digits fit.

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

/// Where a client is in its topics. As text, the id of an event: "<epoch>.<seq>.<seq>…", one number
/// a topic in the order of ?topics=. A client that comes back hands in its last id unseen.
struct Position {
  std::string epoch;
  std::vector<std::uint64_t> seen;

  std::string text() const {
    std::string out = epoch;
    for (const std::uint64_t seq : seen) out += "." + std::to_string(seq);
    return out;
  }
  static std::optional<Position> read(std::string_view text, std::size_t topics) {
    if (text.size() > kMaxId) return std::nullopt;
    const auto parts = split(text, '.');
    if (parts.size() != topics + 1) return std::nullopt;
    Position out{parts[0], {}};
    for (std::size_t i = 1; i < parts.size(); ++i) {
      std::uint64_t seq = 0;
      const auto end = parts[i].data() + parts[i].size();
      const auto parsed = std::from_chars(parts[i].data(), end, seq);
      if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
      out.seen.push_back(seq);
    }
    return out;
  }
};

void append_data(std::string& out, std::string_view text) {
  // A line break ends a data line; JSON of ours has none, that of others might.
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    out.append("data: ").append(text.substr(0, end)).append("\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
}

std::string encode(const Hub& hub, const std::vector<std::uint32_t>& topics, Position& at,
                   const net::OutFrame& frame) {
  std::string out;
  if (frame.topic == 0) {  // The hub tells a stream of gaps only.
    out = "event: gap\n";
  } else {
    const auto it = std::find(topics.begin(), topics.end(), frame.topic - 1);
    if (it != topics.end()) {
      auto& seen = at.seen[static_cast<std::size_t>(it - topics.begin())];
      seen = std::max(seen, frame.seq);
    }
    out = "id: " + at.text() + "\nevent: ";
    out.append(hub.topics()[frame.topic - 1].name).append("\n");
  }
  append_data(out, *frame.text);
  return out;
}

std::string goodbye(std::uint16_t code, std::string_view reason) {
  std::string json;
  JsonWriter(json).begin_object().field("code", code).field("reason", reason).end_object();
  std::string out = "event: close\n";
  append_data(out, json);
  return out;
}

void open(Hub& hub, Call& call, const Reply& reply) {
  const auto names = split(call.request.query_param("topics").value_or(""), ',');
  if (names.empty()) {
    return reply.problem({.type = "validation",
                          .detail = "topics: expected names of topics, with commas between them",
                          .errors = {{"topics", "expected names of topics"}}});
  }
  auto topics = hub.find_topics(names, *call.principal);
  if (!topics) return reply.error(topics.error());
  // The header wins: an EventSource that reconnects asks for the same URL.
  const std::string* last = call.request.header("last-event-id");
  const std::string since =
      last != nullptr ? *last : call.request.query_param("since").value_or("");
  const auto from = since.empty() ? std::nullopt : Position::read(since, topics->size());
  if (!since.empty() && !from) {
    return reply.problem(
        {.type = "validation", .detail = "since: expected the id of an event of the same topics"});
  }
  Hub::Since seen;
  if (from) seen = {.epoch = from->epoch, .seen = from->seen};
  auto at = std::make_shared<Position>();  // shared: with the encoder
  at->epoch = hub.epoch();
  for (const auto topic : *topics) at->seen.push_back(hub.last_seq(hub.topics()[topic].name));
  if (from && from->epoch == hub.epoch()) at->seen = from->seen;

  net::Response response;
  response.content_type = "text/event-stream";
  response.headers.emplace_back("X-Accel-Buffering", "no");  // For proxies that collect answers.
  response.stream = std::make_shared<net::StreamStart>();
  response.stream->encode = [&hub, topics = *topics, at](const net::OutFrame& frame) {
    return encode(hub, topics, *at, frame);
  };
  response.stream->goodbye = goodbye;
  response.stream->heartbeat = ": still here\n\n";
  response.stream->on_open = [&hub, topics = *topics, holder = call.holder,
                              seen = std::move(seen)](std::shared_ptr<net::WebSocket> socket) {
    hub.attach_listener(std::move(socket), holder, topics, seen);
  };
  reply.response(std::move(response));
}

}  // namespace

void add_event_stream_route(Router& router, Hub& hub) {
  router
      .add({.method = net::Method::get,
            .path = "/events",
            .scope = kAnyone,
            .summary = "Server-sent events of ?topics=a,b: an event a frame, named by its topic; "
                       "Last-Event-ID or ?since= goes on where one was",
            .handler = [&hub](Call& call, const Reply& reply) { open(hub, call, reply); }})
      .media("text/event-stream")
      .query({{"topics", "string", "Names with commas between them", true},
              {"since", "string", "Id of an event: goes on after it"}});
}

}  // namespace gk::api
