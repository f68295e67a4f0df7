#include "api/hub.h"

#include <algorithm>
#include <unordered_map>

#include "base/assert.h"
#include "base/json.h"
#include "base/json_writer.h"

namespace gk::api {
namespace {

constexpr std::size_t kMaxTopicsPerMessage = 64;  // Source: chosen; more than there are topics
constexpr std::uint16_t kRevoked = 4401;          // Source: platform specification, WebSocket
constexpr std::uint16_t kScopeLost = 4403;        // Source: as above

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
  };

  net::Loop& loop;
  const Clock& clock;
  Counter published;
  std::vector<TopicInfo> infos;
  std::vector<TopicState> topics;
  std::unordered_map<std::string_view, std::uint32_t> by_name;
  std::unordered_map<std::uint64_t, Client> clients;
  std::uint64_t last_client = 0;

  Impl(net::Loop& l, const Clock& c, Metrics& metrics)
      : loop(l),
        clock(c),
        published(metrics.counter("gamekeeper_websocket_frames_published_total",
                                  "Frames given to subscribers")) {}

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
    w.end_object().end_object();
    tell(client, std::move(text));
  }

  Result<std::vector<std::uint32_t>> topics_of(const JsonValue& message, const Client& client) {
    const JsonValue* list = message.find("topics");
    if (list == nullptr || !list->is_array() || list->as_array().size() > kMaxTopicsPerMessage) {
      return Error{Errc::invalid_argument, "topics: expected an array of at most 64 topic names"};
    }
    std::vector<std::uint32_t> indexes;
    for (const JsonValue& item : list->as_array()) {
      if (!item.is_string()) return Error{Errc::invalid_argument, "topics: expected strings"};
      const auto index = index_of(item.as_string());
      if (!index) return Error{Errc::not_found, "there is no topic \"" + item.as_string() + "\""};
      const auto& info = topics[*index].info;
      if (!client.principal->has_scope(info.scope)) {
        return Error{Errc::permission_denied, "the topic " + item.as_string() +
                                                  " needs the scope " + std::string(info.scope)};
      }
      indexes.push_back(*index);
    }
    return indexes;
  }

  void subscribe(Client& client, const std::vector<std::uint32_t>& indexes) {
    for (const std::uint32_t index : indexes) {
      TopicState& topic = topics[index];
      if (!client.subscribed[index]) ++topic.subscribers;
      client.subscribed[index] = true;
      const std::string state = topic.info.snapshot ? topic.info.snapshot() : "";
      if (!state.empty()) client.socket->send(out(index, frame(topic, state)));
    }
  }

  void unsubscribe(Client& client, const std::vector<std::uint32_t>& indexes) {
    for (const std::uint32_t index : indexes) {
      if (client.subscribed[index]) --topics[index].subscribers;
      client.subscribed[index] = false;
    }
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
    if (name == "ping") return answer(client, "pong", request_id);
    if (name != "subscribe" && name != "unsubscribe") {
      return answer(client, "error", request_id,
                    "op: expected \"subscribe\", \"unsubscribe\" or \"ping\"");
    }
    const auto indexes = topics_of(*message, client);
    if (!indexes) return answer(client, "error", request_id, indexes.error().message);
    if (name == "unsubscribe") {
      answer(client, "ack", request_id);
      return unsubscribe(client, *indexes);
    }
    acknowledge(client, request_id, *indexes);
    subscribe(client, *indexes);
  }

  void on_dropped(std::uint64_t id, std::uint32_t topic, std::uint64_t from, std::uint64_t to) {
    const auto it = clients.find(id);
    if (it == clients.end() || topic == 0) return;
    std::string text;
    JsonWriter w(text);
    w.begin_object().field("type", "gap").field("topic", topics[topic - 1].info.name);
    w.field("from", from).field("to", to).end_object();
    tell(it->second, std::move(text));
  }

  void remove(std::uint64_t id) {
    const auto it = clients.find(id);
    if (it == clients.end()) return;
    for (std::size_t i = 0; i < topics.size(); ++i) {
      if (it->second.subscribed[i]) --topics[i].subscribers;
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
  if (state.subscribers == 0) return;
  const net::OutFrame frame = impl_->out(*index, impl_->frame(state, data));
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
  return index && impl_->topics[*index].subscribers > 0;
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
