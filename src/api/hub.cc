#include "api/hub.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>

#include "api/asyncapi.h"
#include "api/replay.h"
#include "base/assert.h"
#include "base/json.h"
#include "base/json_writer.h"

namespace gk::api {
namespace {

constexpr std::size_t kMaxTopicsPerMessage = 64;  // Source: chosen; more than there are topics
constexpr Seconds kWarm{60};  // Source: chosen; a client that reconnects is back by then
constexpr std::uint16_t kRevoked = 4401;    // Source: platform specification, WebSocket
constexpr std::uint16_t kScopeLost = 4403;  // Source: as above

}  // namespace

struct Hub::Impl {
  struct Client {
    std::shared_ptr<net::WebSocket> socket;      // shared with the connection
    std::shared_ptr<const Principal> principal;  // shared with the session cache
    std::vector<bool> subscribed;                // By topic index.
  };
  struct TopicState {
    TopicInfo info;
    std::uint64_t seq = 0;
    std::size_t subscribers = 0;
    MonoTime warm_until{};  // Frames are made until then, for clients that come back.
    Replay replay;          // Not of latest_wins: its snapshot is enough.
  };

  net::Loop& loop;
  const Clock& clock;
  Counter published;
  std::vector<TopicInfo> infos;
  std::vector<TopicState> topics;
  std::unordered_map<std::string_view, std::uint32_t> by_name;
  std::unordered_map<std::uint64_t, Client> clients;
  std::uint64_t last_client = 0;
  const std::string epoch;
  Command command;

  Impl(net::Loop& l, const Clock& c, Metrics& metrics)
      : loop(l),
        clock(c),
        published(metrics.counter("gamekeeper_websocket_frames_published_total",
                                  "Frames given to subscribers")),
        epoch(epoch_of(c.wall())) {}

  static std::string epoch_of(WallTime start) {
    std::array<char, 24> text{};
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), start.time_since_epoch().count(), 36)
            .ptr;
    return {text.data(), end};
  }

  bool is_wanted(const TopicState& topic) const {
    return topic.subscribers > 0 || clock.mono() < topic.warm_until;
  }

  std::optional<std::uint32_t> index_of(std::string_view name) const {
    const auto it = by_name.find(name);
    if (it == by_name.end()) return std::nullopt;
    return it->second;
  }

  std::string frame(const TopicState& topic, std::string_view data) const {
    std::string text;
    JsonWriter w(text);
    w.begin_object().field("type", topic.info.name).field("topic", topic.info.name);
    w.field("seq", topic.seq).field("ts", clock.wall()).key("data").raw(data).end_object();
    return text;
  }

  net::OutFrame out(std::uint32_t topic, std::string text) const {
    return {.text = std::make_shared<const std::string>(std::move(text)),
            .topic = topic + 1,  // 0 is "no topic" for the socket
            .seq = topics[topic].seq,
            .latest_wins = topics[topic].info.delivery == Delivery::latest_wins};
  }

  static void tell(Client& client, std::string text) {
    client.socket->send({.text = std::make_shared<const std::string>(std::move(text))});
  }

  void answer(Client& client, std::string_view type, const JsonValue* id,
              std::string_view detail = {}) {
    std::string text;
    JsonWriter w(text);
    w.begin_object().field("type", type);
    if (id != nullptr) w.key("id").value(*id);
    if (!detail.empty()) w.field("detail", detail);
    w.end_object();
    tell(client, std::move(text));
  }

  /// The ack of a subscription: {"type":"ack","id":…,"seq":{topic: number of its last frame}}.
  void acknowledge(Client& client, const JsonValue* id,
                   const std::vector<std::uint32_t>& indexes) const {
    std::string text;
    JsonWriter w(text);
    w.begin_object().field("type", "ack");
    if (id != nullptr) w.key("id").value(*id);
    w.key("seq").begin_object();
    for (const auto index : indexes) w.field(topics[index].info.name, topics[index].seq);
    w.end_object().field("epoch", epoch).end_object();
    tell(client, std::move(text));
  }

  Result<std::vector<std::uint32_t>> find(const std::vector<std::string>& names,
                                          const Principal& principal) const {
    if (names.size() > kMaxTopicsPerMessage) {
      return Error{Errc::invalid_argument, "topics: expected at most 64 topic names"};
    }
    std::vector<std::uint32_t> indexes;
    for (const std::string& name : names) {
      const auto index = index_of(name);
      if (!index) return Error{Errc::not_found, "there is no topic \"" + name + "\""};
      const auto& info = topics[*index].info;
      if (!principal.has_scope(info.scope)) {
        return Error{Errc::permission_denied,
                     "the topic " + name + " needs the scope " + std::string(info.scope)};
      }
      indexes.push_back(*index);
    }
    return indexes;
  }

  Result<std::vector<std::uint32_t>> topics_of(const JsonValue& message,
                                               const Client& client) const {
    const JsonValue* list = message.find("topics");
    if (list == nullptr || !list->is_array()) {
      return Error{Errc::invalid_argument, "topics: expected an array of at most 64 topic names"};
    }
    std::vector<std::string> names;
    for (const JsonValue& item : list->as_array()) {
      if (!item.is_string()) return Error{Errc::invalid_argument, "topics: expected strings"};
      names.push_back(item.as_string());
    }
    return find(names, *client.principal);
  }

  /// "since": {topic: number of the last frame seen}, and "epoch" of the ack that began it.
  /// A topic that is not named begins now.
  Result<Since> since_of(const JsonValue& message,
                         const std::vector<std::uint32_t>& indexes) const {
    Since out;
    const JsonValue* since = message.find("since");
    if (since == nullptr || since->is_null()) return out;
    if (!since->is_object()) {
      return Error{Errc::invalid_argument, "since: expected an object of topics and numbers"};
    }
    for (const auto index : indexes) out.seen.push_back(topics[index].seq);
    for (const auto& [name, seen] : since->as_object()) {
      const auto topic = index_of(name);
      const auto at = topic ? std::find(indexes.begin(), indexes.end(), *topic) : indexes.end();
      if (at == indexes.end() || !seen.is_int() || seen.as_int() < 0) {
        return Error{Errc::invalid_argument,
                     "since." + name + ": expected the number of a frame of a topic of the list"};
      }
      out.seen[static_cast<std::size_t>(at - indexes.begin())] =
          static_cast<std::uint64_t>(seen.as_int());
    }
    const JsonValue* life = message.find("epoch");
    if (life != nullptr && life->is_string()) out.epoch = life->as_string();
    return out;
  }

  void subscribe(Client& client, const std::vector<std::uint32_t>& indexes, const Since& since) {
    for (std::size_t i = 0; i < indexes.size(); ++i) {
      TopicState& topic = topics[indexes[i]];
      if (!client.subscribed[indexes[i]]) ++topic.subscribers;
      client.subscribed[indexes[i]] = true;
      const std::string state = topic.info.snapshot ? topic.info.snapshot() : "";
      if (!state.empty()) {
        client.socket->send(out(indexes[i], frame(topic, state)));
      } else if (!since.seen.empty() && topic.info.delivery == Delivery::every) {
        const bool this_life = since.epoch.empty() || since.epoch == epoch;
        replay(client, indexes[i], this_life ? since.seen[i] : topic.seq + 1);
      }
    }
  }

  /// Sends what `client` missed since it saw the frame `seen`, or says that it is gone.
  void replay(Client& client, std::uint32_t index, std::uint64_t seen) {
    const auto missed = topics[index].replay.since(seen, topics[index].seq);
    if (missed.gap) tell_gap(client, index, missed.gap->first, missed.gap->second);
    for (const auto& [seq, text] : missed.frames) {
      client.socket->send({.text = text, .topic = index + 1, .seq = seq});
    }
  }

  void tell_gap(Client& client, std::uint32_t index, std::uint64_t from, std::uint64_t to) const {
    std::string text;
    JsonWriter w(text);
    w.begin_object().field("type", "gap").field("topic", topics[index].info.name);
    w.field("from", from).field("to", to).end_object();
    tell(client, std::move(text));
  }

  void unsubscribe(Client& client, const std::vector<std::uint32_t>& indexes) {
    for (const std::uint32_t index : indexes) {
      if (client.subscribed[index]) leave(topics[index]);
      client.subscribed[index] = false;
    }
  }

  void leave(TopicState& topic) const {
    --topic.subscribers;
    if (topic.info.delivery == Delivery::every) topic.warm_until = clock.mono() + kWarm;
  }

  /// {"op":"command","id":…,"command":{type, action, …},"idempotency_key":…}
  void run_command(std::uint64_t client_id, const Client& client, const JsonValue& message) {
    const JsonValue* id = message.find("id");
    command(client.principal, client.socket->peer(), message,
            [this, client_id, id = id == nullptr ? JsonValue() : *id](int status,
                                                                      const std::string& body) {
              const auto it = clients.find(client_id);
              if (it == clients.end()) return;
              std::string text;
              JsonWriter w(text);
              w.begin_object().field("type", status < 400 ? "ack" : "error").field("id", id);
              w.field("status", status);
              if (!body.empty()) w.key(status < 400 ? "data" : "problem").raw(body);
              w.end_object();
              tell(it->second, std::move(text));
            });
  }

  /// A misspelt member would otherwise be taken for one that is not there.
  static Result<void> refuse_unknown(std::string_view op, const JsonValue& message) {
    const auto allowed = op_members(op);
    for (const auto& [name, value] : message.as_object()) {
      if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) continue;
      std::string detail = name + ": no member of \"" + std::string(op) + "\"; allowed:";
      for (const auto member : allowed) detail += " " + std::string(member);
      return Error{Errc::invalid_argument, detail};
    }
    for (const std::string_view text : {"epoch", "idempotency_key"}) {
      const JsonValue* value = message.find(text);
      if (value == nullptr || value->is_string()) continue;
      return Error{Errc::invalid_argument, std::string(text) + ": expected a string"};
    }
    return {};
  }

  void on_message(std::uint64_t id, std::string_view text) {
    const auto it = clients.find(id);
    if (it == clients.end()) return;
    Client& client = it->second;
    const auto message = parse_json(text, {.max_depth = 8, .max_bytes = 64 * 1024});
    if (!message) return answer(client, "error", nullptr, message.error().message);
    const JsonValue* request_id = message->find("id");
    const JsonValue* op = message->find("op");
    const std::string name = op != nullptr && op->is_string() ? op->as_string() : "";
    if (op_members(name).empty() || (name == "command" && !command)) {
      return answer(client, "error", request_id,
                    "op: expected \"subscribe\", \"unsubscribe\", \"command\" or \"ping\"");
    }
    if (const auto known = refuse_unknown(name, *message); !known) {
      return answer(client, "error", request_id, known.error().message);
    }
    if (name == "ping") return answer(client, "pong", request_id);
    if (name == "command") return run_command(id, client, *message);
    const auto indexes = topics_of(*message, client);
    if (!indexes) return answer(client, "error", request_id, indexes.error().message);
    if (name == "unsubscribe") {
      answer(client, "ack", request_id);
      return unsubscribe(client, *indexes);
    }
    const auto since = since_of(*message, *indexes);
    if (!since) return answer(client, "error", request_id, since.error().message);
    acknowledge(client, request_id, *indexes);
    subscribe(client, *indexes, *since);
  }

  void on_dropped(std::uint64_t id, std::uint32_t topic, std::uint64_t from, std::uint64_t to) {
    const auto it = clients.find(id);
    if (it == clients.end() || topic == 0) return;
    tell_gap(it->second, topic - 1, from, to);
  }

  void remove(std::uint64_t id) {
    const auto it = clients.find(id);
    if (it == clients.end()) return;
    for (std::size_t i = 0; i < topics.size(); ++i) {
      if (it->second.subscribed[i]) leave(topics[i]);
    }
    clients.erase(it);
  }

  bool may_see_all(const Client& client) const {
    for (std::size_t i = 0; i < topics.size(); ++i) {
      if (client.subscribed[i] && !client.principal->has_scope(topics[i].info.scope)) return false;
    }
    return true;
  }

  /// Closes outside the walk: a socket may call back at once.
  void close_where(const std::function<bool(const Client&)>& chosen, std::uint16_t code,
                   std::string_view reason) {
    std::vector<std::shared_ptr<net::WebSocket>> sockets;
    for (const auto& [id, client] : clients) {
      if (chosen(client)) sockets.push_back(client.socket);
    }
    for (const auto& socket : sockets) socket->close(code, reason);
  }
};

Hub::Hub(net::Loop& loop, const Clock& clock, Metrics& metrics)
    : impl_(std::make_unique<Impl>(loop, clock, metrics)) {}
Hub::~Hub() = default;

void Hub::add_topic(TopicInfo info) {
  GK_ASSERT(!info.scope.empty());
  GK_ASSERT(impl_->clients.empty());  // topics are registered before serving starts
  const auto index = static_cast<std::uint32_t>(impl_->topics.size());
  const bool added = impl_->by_name.emplace(info.name, index).second;
  GK_ASSERT(added);  // a topic is registered once
  impl_->infos.push_back(info);
  impl_->topics.push_back({.info = std::move(info)});
}

void Hub::publish(std::string_view topic, std::string_view data) {
  const auto index = impl_->index_of(topic);
  GK_ASSERT(index.has_value());  // publishers and topics are both ours
  auto& state = impl_->topics[*index];
  ++state.seq;
  if (!impl_->is_wanted(state)) return state.replay.add(state.seq, nullptr);
  const net::OutFrame frame = impl_->out(*index, impl_->frame(state, data));
  if (!frame.latest_wins) state.replay.add(state.seq, frame.text);
  std::vector<std::shared_ptr<net::WebSocket>> sockets;
  sockets.reserve(state.subscribers);
  for (const auto& [id, client] : impl_->clients) {
    if (client.subscribed[*index]) sockets.push_back(client.socket);
  }
  for (const auto& socket : sockets) socket->send(frame);
  impl_->published.inc(static_cast<double>(sockets.size()));
}

bool Hub::has_subscribers(std::string_view topic) const {
  const auto index = impl_->index_of(topic);
  return index && impl_->is_wanted(impl_->topics[*index]);
}

std::uint64_t Hub::last_seq(std::string_view topic) const {
  const auto index = impl_->index_of(topic);
  GK_ASSERT(index.has_value());
  return impl_->topics[*index].seq;
}

void Hub::attach(std::shared_ptr<net::WebSocket> socket,
                 std::shared_ptr<const Principal> principal) {
  const std::uint64_t id = ++impl_->last_client;
  socket->on_message = [this, id](std::string_view text) { impl_->on_message(id, text); };
  socket->on_dropped = [this, id](std::uint32_t topic, std::uint64_t from, std::uint64_t to) {
    impl_->on_dropped(id, topic, from, to);
  };
  socket->on_close = [this, id](std::uint16_t) { impl_->remove(id); };
  impl_->clients.emplace(id, Impl::Client{std::move(socket), std::move(principal),
                                          std::vector<bool>(impl_->topics.size(), false)});
}

void Hub::attach_listener(std::shared_ptr<net::WebSocket> socket,
                          std::shared_ptr<const Principal> principal,
                          const std::vector<std::uint32_t>& topics, const Since& since) {
  attach(std::move(socket), std::move(principal));
  impl_->subscribe(impl_->clients.at(impl_->last_client), topics, since);
}

const std::string& Hub::epoch() const { return impl_->epoch; }

Result<std::vector<std::uint32_t>> Hub::find_topics(const std::vector<std::string>& names,
                                                    const Principal& principal) const {
  return impl_->find(names, principal);
}

void Hub::set_command(Command command) { impl_->command = std::move(command); }

void Hub::close_session(std::string_view session_id) {
  impl_->close_where([&](const auto& c) { return c.principal->session_id == session_id; }, kRevoked,
                     "session ended");
}

void Hub::change_holder(std::string_view session_id, std::shared_ptr<const Principal> holder) {
  for (auto& [id, client] : impl_->clients) {
    if (client.principal->session_id == session_id) client.principal = holder;
  }
  impl_->close_where(
      [&](const auto& c) {
        return c.principal->session_id == session_id && !impl_->may_see_all(c);
      },
      kScopeLost, "scope lost");
}

void Hub::close_all(std::uint16_t code, std::string_view reason) {
  impl_->close_where([](const auto&) { return true; }, code, reason);
}

std::size_t Hub::clients() const { return impl_->clients.size(); }
const std::vector<TopicInfo>& Hub::topics() const { return impl_->infos; }

}  // namespace gk::api
