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
          "/api/v1/ws-tickets. The channel control is what both sides say besides topics. GET "
          "/api/v1/events?topics=… is the twin as server-sent events.");
  w.end_object().end_object();
}

/// A message that is no frame of a topic: an op of the client, or what the daemon says to it.
struct Control {
  std::string_view name;  ///< The value of `tag`.
  std::string_view tag;   ///< "op": from the client; "type": from the daemon.
  std::string_view summary;
  std::vector<Field> fields;
  std::vector<std::string_view> replies;  ///< To an op: names of messages.
};

// LONG: a table, one entry a message; tests/e2e/events_test.py holds the socket to it.
const std::vector<Control>& controls() {
  static const Field kId{"id", "any", "Chosen by the client, and repeated in the answer"};
  static const Field kTopics{"topics", "string[]", "At most 64 names", true};
  static const std::vector<Control> kControls = {
      {"subscribe",
       "op",
       "Listen to topics: the ack, the state of those that have one, then frames",
       {kId,
        kTopics,
        {"since", "map:integer", "Number of the last frame seen, by topic: what followed is sent"},
        {"epoch", "string", "Of the ack that began the numbers of since"}},
       {"ack", "error"}},
      {"unsubscribe", "op", "Listen no more", {kId, kTopics}, {"ack", "error"}},
      {"command",
       "op",
       "What POST /api/v1/commands does, and its answer",
       {kId,
        {"command", "object", "As the body of POST /api/v1/commands", true},
        {"idempotency_key", "string", "As the header Idempotency-Key"}},
       {"ack", "error"}},
      {"ping", "op", "Stay connected: 40 s of silence close the socket", {kId}, {"pong"}},
      {"ack",
       "type",
       "An op was carried out",
       {kId,
        {"seq", "map:integer", "To subscribe: number of the last frame, by topic"},
        {"epoch", "string", "To subscribe: this life of the daemon"},
        {"status", "integer", "To command: of the HTTP answer"},
        {"data", "object", "To command: its body"}},
       {}},
      {"error",
       "type",
       "An op was refused; the socket stays open",
       {kId,
        {"detail", "string", "What was expected; not to command"},
        {"status", "integer", "To command: of the HTTP answer"},
        {"problem", "object", "To command: its application/problem+json body"}},
       {}},
      {"gap",
       "type",
       "Frames of a topic were lost to this client: read the resource again",
       {{"topic", "string", "", true},
        {"from", "integer", "First number that is missing", true},
        {"to", "integer", "Last one", true}},
       {}},
      {"pong", "type", "The answer to ping", {kId}, {}},
  };
  return kControls;
}

void write_control_channel(JsonWriter& w) {
  w.key("control").begin_object().field("address", "/");
  w.field("description", "Ops of the client, their answers, and gaps").field("x-scope", kAnyone);
  w.key("messages").begin_object();
  for (const Control& control : controls()) {
    w.key(control.name);
    write_reference(w, "components/messages/" + std::string(control.name));
  }
  w.end_object().end_object();
}

void write_control_operation(JsonWriter& w, const Control& control) {
  const bool from_client = control.tag == "op";
  if (!from_client && control.name != "gap") return;  // answers are replies of an operation
  w.key((from_client ? "receive-" : "send-") + std::string(control.name)).begin_object();
  w.field("action", from_client ? "receive" : "send").key("channel");
  write_reference(w, "channels/control");
  w.field("summary", control.summary).key("messages").begin_array();
  write_reference(w, "channels/control/messages/" + std::string(control.name));
  w.end_array();
  if (from_client) {
    w.key("reply").begin_object().key("channel");
    write_reference(w, "channels/control");
    w.key("messages").begin_array();
    for (const auto reply : control.replies) {
      write_reference(w, "channels/control/messages/" + std::string(reply));
    }
    w.end_array().end_object();
  }
  w.end_object();
}

void write_control_message(JsonWriter& w, const Control& control) {
  w.key(control.name).begin_object().field("name", control.name);
  w.field("summary", control.summary).key("payload").begin_object().field("type", "object");
  w.key("required").begin_array().value(control.tag);
  for (const Field& field : control.fields) {
    if (field.required) w.value(field.name);
  }
  w.end_array().key("properties").begin_object();
  w.key(control.tag).begin_object().field("const", control.name).end_object();
  for (const Field& field : control.fields) {
    w.key(field.name).begin_object();
    write_type(w, field.type, false);
    if (!field.description.empty()) w.field("description", field.description);
    w.end_object();
  }
  w.end_object();
  // The daemon may say more one day; what it is told must be known to it.
  if (control.tag == "op") w.field("additionalProperties", false);
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

std::vector<std::string_view> op_members(std::string_view op) {
  std::vector<std::string_view> out;
  for (const Control& control : controls()) {
    if (control.tag != "op" || control.name != op) continue;
    out.push_back(control.tag);
    for (const Field& field : control.fields) out.push_back(field.name);
  }
  return out;
}

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
  write_control_channel(w);
  for (const auto& [name, topic] : by_name) write_channel(w, *topic);
  w.end_object().key("operations").begin_object();
  for (const Control& control : controls()) write_control_operation(w, control);
  for (const auto& [name, topic] : by_name) write_operation(w, *topic);
  w.end_object().key("components").begin_object().key("messages").begin_object();
  for (const Control& control : controls()) write_control_message(w, control);
  for (const auto& [name, topic] : by_name) write_message(w, *topic);
  w.end_object().key("schemas").begin_object();
  for (const auto& name : needed) write_schema(w, *all.at(name));
  w.end_object().end_object().end_object();
  return out;
}

}  // namespace gk::api
