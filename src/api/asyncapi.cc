#include "api/asyncapi.h"

#include <algorithm>
#include <map>
#include <set>

#include "api/json_schema.h"
#include "base/assert.h"

namespace gk::api {
namespace {

constexpr std::string_view kServer = "gamekeeper";

std::string title_of(std::string_view topic) {
  std::string name(topic);
  std::replace(name.begin(), name.end(), ':', '-');
  return name;
}

/// The schemas that `name` needs, itself included.
void collect(const std::map<std::string_view, const Schema*>& all, std::string_view name,
             std::set<std::string_view>& needed) {
  const auto it = all.find(name);
  GK_ASSERT(it != all.end());  // a topic or field names a schema that nobody registered
  if (!needed.insert(it->first).second) return;
  for (const Field& field : it->second->fields) {
    std::string_view type = field.type;
    if (type.starts_with("map:")) type.remove_prefix(4);
    while (type.ends_with("[]")) type.remove_suffix(2);
    if (type.starts_with("#")) collect(all, type.substr(1), needed);
  }
}

void write_reference(JsonWriter& w, const std::string& target) {
  w.begin_object().field("$ref", "#/" + target).end_object();
}

void write_server(JsonWriter& w) {
  w.key("servers").begin_object().key(kServer).begin_object();
  w.field("host", "127.0.0.1:5000").field("pathname", "/api/v1/ws").field("protocol", "ws");
  w.field("description",
          "Subprotocol gamekeeper.v1.json. By cookie and Origin, bearer token, or a ticket of POST "
          "/api/v1/ws-tickets. Send {op: subscribe | unsubscribe | command | ping, topics, since, "
          "id}. GET "
          "/api/v1/events?topics=… is the twin as server-sent events.");
  w.end_object().end_object();
}

void write_channel(JsonWriter& w, const TopicInfo& topic) {
  const std::string name = title_of(topic.name);
  w.key(name).begin_object().field("address", topic.name).field("description", topic.summary);
  w.field("x-scope", topic.scope);
  w.field("x-delivery", topic.delivery == Delivery::every ? "every" : "latest-wins");
  w.field("x-snapshot", static_cast<bool>(topic.snapshot));
  w.key("messages").begin_object().key(name);
  write_reference(w, "components/messages/" + name);
  w.end_object().end_object();
}

void write_operation(JsonWriter& w, const TopicInfo& topic) {
  const std::string name = title_of(topic.name);
  w.key("send-" + name).begin_object().field("action", "send").key("channel");
  write_reference(w, "channels/" + name);
  w.end_object();
}

void write_message(JsonWriter& w, const TopicInfo& topic) {
  w.key(title_of(topic.name)).begin_object().field("name", topic.name).key("payload");
  w.begin_object().field("type", "object").key("required");
  w.raw(R"(["type","topic","seq","ts","data"])").key("properties").begin_object();
  for (const auto* name : {"type", "topic"}) {
    w.key(name).begin_object().field("const", topic.name).end_object();
  }
  w.key("seq").begin_object().field("type", "integer");
  w.field("description", "Of the topic; a step of more than one is a gap").end_object();
  w.key("ts").begin_object().field("type", "string").field("format", "date-time").end_object();
  w.key("data");
  if (topic.schema.empty()) {
    w.raw(R"({"type":"object"})");
  } else {
    write_reference(w, "components/schemas/" + std::string(topic.schema));
  }
  w.end_object().end_object().end_object();
}

}  // namespace

std::string asyncapi_document(const std::vector<TopicInfo>& topics,
                              const std::vector<Schema>& schemas, std::string_view version) {
  std::map<std::string_view, const TopicInfo*> by_name;
  for (const TopicInfo& topic : topics) by_name.emplace(topic.name, &topic);
  std::map<std::string_view, const Schema*> all;
  for (const Schema& schema : schemas) all.emplace(schema.name, &schema);
  std::set<std::string_view> needed;
  for (const auto& [name, topic] : by_name) {
    if (!topic->schema.empty()) collect(all, topic->schema, needed);
  }

  std::string out;
  JsonWriter w(out);
  w.begin_object().field("asyncapi", "3.0.0").key("info").begin_object();
  w.field("title", "Gamekeeper").field("version", version).end_object();
  write_server(w);
  w.key("channels").begin_object();
  for (const auto& [name, topic] : by_name) write_channel(w, *topic);
  w.end_object().key("operations").begin_object();
  for (const auto& [name, topic] : by_name) write_operation(w, *topic);
  w.end_object().key("components").begin_object().key("messages").begin_object();
  for (const auto& [name, topic] : by_name) write_message(w, *topic);
  w.end_object().key("schemas").begin_object();
  for (const auto& name : needed) write_schema(w, *all.at(name));
  w.end_object().end_object().end_object();
  return out;
}

}  // namespace gk::api
