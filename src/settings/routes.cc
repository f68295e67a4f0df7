#include "settings/routes.h"

#include <charconv>

#include "base/try.h"
#include "settings/toml_edit.h"

namespace gk::settings {
namespace {

using api::Call;
using api::Reply;

constexpr std::size_t kMaxComment = 200;  // Source: chosen

std::string etag(const SettingsService& service) {
  return "\"r" + std::to_string(service.revision()) + "\"";
}

void write_keys(JsonWriter& w, std::string_view name, const std::vector<std::string>& keys) {
  w.key(name).begin_array();
  for (const std::string& key : keys) w.value(key);
  w.end_array();
}

void write_complaints(JsonWriter& w, const std::vector<Complaint>& complaints) {
  w.key("complaints").begin_array();
  for (const Complaint& c : complaints) {
    w.begin_object().field("line", c.line).field("key", c.key).field("message", c.message);
    w.end_object();
  }
  w.end_array();
}

void write_outcome(JsonWriter& w, const Outcome& outcome) {
  w.field("revision", outcome.revision);
  w.field("changed", outcome.kind == Outcome::Kind::changed);
  w.key("changes").raw(changes_json(outcome.changes));
  write_keys(w, "restart_required", outcome.restart_required);
}

void write_revision(JsonWriter& w, const Revision& r) {
  w.field("id", r.id).field("at", r.at).field("by", r.author.name).field("cause", r.author.cause);
  w.field("comment", r.author.comment).field("correlation_id", r.author.correlation_id);
  w.field("bytes", r.bytes).key("changes").raw(changes_json(r.changes));
}

std::string present_json(const SettingsService& service, const std::vector<Described>& described) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("revision", service.revision()).field("file", service.file());
  w.field("valid", service.complaints().empty());
  write_complaints(w, service.complaints());
  write_keys(w, "restart_required", service.restart_required());
  w.key("settings").begin_array();
  for (std::size_t i = 0; i < described.size(); ++i) {
    const Described& d = described[i];
    w.begin_object().field("key", d.key).key("value").raw(service.values()[i].json);
    w.field("type", d.type).field("default", d.fallback).field("range", d.range);
    w.field("meaning", d.meaning).field("live", d.live).end_object();
  }
  w.end_array().field("text", service.text()).end_object();
  return out;
}

api::Problem problem_of(const std::vector<Complaint>& complaints) {
  api::Problem problem{.type = "validation",
                       .detail = "the configuration is not valid"};
  for (const Complaint& c : complaints) {
    problem.errors.emplace_back(
        c.key, c.message + (c.line > 0 ? " (line " + std::to_string(c.line) + ")" : ""));
  }
  return problem;
}

Author author_of(const Call& call, std::string cause, std::string comment = {}) {
  return {.user_id = call.principal->user_id,
          .name = call.principal->name,
          .cause = std::move(cause),
          .comment = std::move(comment),
          .correlation_id = call.correlation_id};
}

SettingsService::Done answer(const SettingsService& service, const Reply& reply) {
  return [&service, reply](const Outcome& outcome) {
    if (outcome.kind == Outcome::Kind::failed) return reply.error(outcome.error);
    if (outcome.kind == Outcome::Kind::invalid)
      return reply.problem(problem_of(outcome.complaints));
    net::Response response;
    response.body = outcome_json(outcome);
    response.headers.emplace_back("ETag", etag(service));
    reply.response(std::move(response));
  };
}

api::Problem invalid(const JsonReader& reader) {
  const auto& complaints = reader.complaints();
  return {.type = "validation",
          .detail = complaints[0].first + ": " + complaints[0].second,
          .errors = complaints};
}

void put(SettingsService& service, Call& call, const Reply& reply) {
  JsonReader reader(call.body, "");
  std::string text, comment;
  reader.require("text");
  reader.string("text", text, service.max_text_bytes());
  reader.string("comment", comment, kMaxComment);
  reader.refuse_unknown();
  if (!reader.complaints().empty()) return reply.problem(invalid(reader));
  service.replace(std::move(text), author_of(call, "put", std::move(comment)),
                  answer(service, reply));
}

/// The text in force with the keys of `set` changed; all complaints at once.
Result<std::string> edited(const SettingsService& service, const JsonValue& set) {
  std::string text = service.text();
  for (const auto& [key, value] : set.as_object()) {
    const auto& values = service.values();
    const bool known = std::any_of(values.begin(), values.end(),
                                   [&k = key](const Value& v) { return v.key == k; });
    if (!known) return Error{Errc::invalid_argument, "set: there is no key \"" + key + "\""};
    GK_TRY(text, set_in_toml(text, key, value));
  }
  return text;
}

void patch(SettingsService& service, Call& call, const Reply& reply) {
  JsonReader reader(call.body, "");
  std::string comment;
  const JsonValue* set = reader.member("set");
  reader.string("comment", comment, kMaxComment);
  if (set == nullptr || !set->is_object() || set->as_object().empty()) {
    reader.complain("set", "expected an object of keys and values, null to remove a key");
  }
  reader.refuse_unknown();
  if (!reader.complaints().empty()) return reply.problem(invalid(reader));
  auto text = edited(service, *set);
  if (!text) return reply.error(text.error());
  service.replace(std::move(*text), author_of(call, "patch", std::move(comment)),
                  answer(service, reply));
}

void check(const SettingsService& service, Call& call, const Reply& reply) {
  JsonReader reader(call.body, "");
  std::string text;
  reader.require("text");
  reader.string("text", text, service.max_text_bytes());
  reader.refuse_unknown();
  if (!reader.complaints().empty()) return reply.problem(invalid(reader));
  const Outcome outcome = service.preview(text);
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("valid", outcome.kind != Outcome::Kind::invalid);
  write_complaints(w, outcome.complaints);
  w.key("changes").raw(changes_json(outcome.changes));
  write_keys(w, "restart_required", outcome.restart_required);
  w.end_object();
  reply.json(std::move(out));
}

void list_revisions(const SettingsService& service, const Reply& reply) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("items").begin_array();
  const auto& all = service.revisions();
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    w.begin_object();
    write_revision(w, *it);
    w.end_object();
  }
  w.end_array().key("next_cursor").null().end_object();
  reply.json(std::move(out));
}

/// The revision that the path names; null after an answer.
const Revision* named_revision(const SettingsService& service, const Call& call,
                               const Reply& reply) {
  const std::string& text = call.param("id");
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  const auto& all = service.revisions();
  const auto it =
      std::find_if(all.begin(), all.end(), [&](const Revision& r) { return r.id == id; });
  if (error == std::errc() && end == text.data() + text.size() && it != all.end()) return &*it;
  reply.error({Errc::not_found, "there is no revision " + text + "; the newest 50 are kept"});
  return nullptr;
}

void one_revision(SettingsService& service, Call& call, const Reply& reply) {
  const Revision* revision = named_revision(service, call, reply);
  if (revision == nullptr) return;
  service.text_of_revision(revision->id, [r = *revision, reply](Result<std::string> text) {
    if (!text) return reply.error(text.error());
    std::string out;
    JsonWriter w(out);
    w.begin_object();
    write_revision(w, r);
    w.field("text", *text).end_object();
    reply.json(std::move(out));
  });
}

void restore(SettingsService& service, Call& call, const Reply& reply) {
  const Revision* revision = named_revision(service, call, reply);
  if (revision == nullptr) return;
  JsonReader reader(call.body, "");
  std::string comment = "revision " + std::to_string(revision->id);
  reader.string("comment", comment, kMaxComment);
  reader.refuse_unknown();
  if (!reader.complaints().empty()) return reply.problem(invalid(reader));
  service.restore_revision(revision->id, author_of(call, "restore", std::move(comment)),
                           answer(service, reply));
}

// LONG: a table, one entry a schema.
void add_schemas(api::Router& router) {
  router.add_schema(
      {"ConfigComplaint",
       {{"line", "integer", "0: the file as a whole", true},
        {"key", "string", "", true},
        {"message", "string", "What was expected, with range, and what came", true}}});
  router.add_schema({"ConfigSetting",
                     {{"key", "string", "section.name", true},
                      {"value", "any", "That the file asks for, or the default", true},
                      {"type", "string", "", true},
                      {"default", "string", "As TOML", true},
                      {"range", "string", "", true},
                      {"meaning", "string", "", true},
                      {"live", "boolean", "A change takes effect at once", true}}});
  router.add_schema(
      {"ConfigChange",
       {{"key", "string", "", true}, {"before", "any", "", true}, {"after", "any", "", true}}});
  router.add_schema(
      {"Configuration",
       {{"revision", "integer", "Also in the ETag", true},
        {"file", "string", "", true},
        {"valid", "boolean", "False: the file on disk is wrong, the text holds", true},
        {"complaints", "#ConfigComplaint[]", "About the file on disk", true},
        {"restart_required", "string[]", "Keys that wait for the next start", true},
        {"settings", "#ConfigSetting[]", "", true},
        {"text", "string", "TOML in force", true}}});
  router.add_schema(
      {"ConfigOutcome",
       {{"revision", "integer", "That holds now", true},
        {"changed", "boolean", "", true},
        {"changes", "#ConfigChange[]", "", true},
        {"restart_required", "string[]", "Keys that wait for the next start", true}}});
  router.add_schema({"ConfigPut",
                     {{"text", "string", "TOML, at most 64 KiB", true},
                      {"comment", "string", "At most 200 bytes"}}});
  router.add_schema({"ConfigPatch",
                     {{"set", "object", "Key and value; null removes a key", true},
                      {"comment", "string", "At most 200 bytes"}}});
  router.add_schema({"ConfigText", {{"text", "string", "TOML, at most 64 KiB", true}}});
  router.add_schema({"ConfigVerdict",
                     {{"valid", "boolean", "", true},
                      {"complaints", "#ConfigComplaint[]", "All of them", true},
                      {"changes", "#ConfigChange[]", "That it would make", true},
                      {"restart_required", "string[]", "", true}}});
  router.add_schema({"ConfigComment", {{"comment", "string", "At most 200 bytes"}}});
  router.add_schema({"ConfigRevision",
                     {{"id", "integer", "", true},
                      {"at", "time", "", true},
                      {"by", "string", "", true},
                      {"cause", "start|file|signal|reload|command|put|patch|restore", "", true},
                      {"comment", "string", "", true},
                      {"correlation_id", "string", "", true},
                      {"bytes", "integer", "Of the text", true},
                      {"changes", "#ConfigChange[]", "Against the revision before", true},
                      {"text", "string", "In the answer for one revision"}}});
  router.add_schema({"ConfigRevisionList",
                     {{"items", "#ConfigRevision[]", "Newest first, 50 at most", true},
                      {"next_cursor", "string", "", true, true}}});
  router.add_schema({"ConfigChanged",
                     {{"revision", "integer", "", true},
                      {"changed", "boolean", "", true},
                      {"changes", "#ConfigChange[]", "", true},
                      {"restart_required", "string[]", "", true},
                      {"valid", "boolean", "False: the new file is wrong, the old one holds", true},
                      {"complaints", "#ConfigComplaint[]", "", true},
                      {"by", "string", "", true},
                      {"cause", "string", "", true},
                      {"at", "time", "", true}}});
}

void add_revisions(api::Router& router, SettingsService& service) {
  using net::Method;
  router.add({Method::get, "/config/revisions", "config:read",
              "What held before, and who changed it", "", "ConfigRevisionList",
              [&service](Call&, const Reply& reply) { list_revisions(service, reply); }});
  router.page_list("/config/revisions", "id");
  router.add({Method::get, "/config/revisions/{id}", "config:read", "One revision with its text",
              "", "ConfigRevision",
              [&service](Call& call, const Reply& reply) { one_revision(service, call, reply); }});
  router.add({Method::post, "/config/revisions/{id}/restore", "config:write",
              "Put the text of a revision in force again", "ConfigComment", "ConfigOutcome",
              [&service](Call& call, const Reply& reply) { restore(service, call, reply); }});
}

}  // namespace

std::string outcome_json(const Outcome& outcome) {
  std::string out;
  JsonWriter w(out);
  w.begin_object();
  write_outcome(w, outcome);
  w.end_object();
  return out;
}

void add_settings_routes(api::Router& router, SettingsService& service,
                         std::vector<Described> described) {
  using net::Method;
  add_schemas(router);
  const auto words = std::make_shared<const std::vector<Described>>(std::move(described));
  router.add({.method = Method::get,
              .path = "/config",
              .scope = "config:read",
              .summary = "The configuration in force, with its text and all keys",
              .response = "Configuration",
              .handler =
                  [&service, words](Call&, const Reply& reply) {
                    net::Response response;
                    response.body = present_json(service, *words);
                    response.headers.emplace_back("ETag", etag(service));
                    reply.response(std::move(response));
                  },
              .versions = api::Versions::required});
  router.add({Method::put, "/config", "config:write", "Replace the configuration file", "ConfigPut",
              "ConfigOutcome",
              [&service](Call& call, const Reply& reply) { put(service, call, reply); }});
  router.add({Method::patch, "/config", "config:write", "Change single keys of the file",
              "ConfigPatch", "ConfigOutcome",
              [&service](Call& call, const Reply& reply) { patch(service, call, reply); }});
  router.add({Method::post, "/config/check", "config:read",
              "What a text would change, or all that is wrong with it", "ConfigText",
              "ConfigVerdict",
              [&service](Call& call, const Reply& reply) { check(service, call, reply); }});
  router.add({Method::post, "/config/reload", "config:write", "Read the file again", "",
              "ConfigOutcome", [&service](Call& call, const Reply& reply) {
                service.reload(author_of(call, "reload"), answer(service, reply));
              }});
  router.add(
      {Method::get, "/config/schema", "config:read", "JSON Schema of the configuration", "", "",
       [&service](Call&, const Reply& reply) { reply.json(service.schema().json_schema()); }});
  add_revisions(router, service);
}

SettingsTopics::SettingsTopics(api::Hub& hub, SettingsService& service) {
  hub.add_topic({"config:changed",
                 "config:read",
                 "The configuration has changed, or its file is wrong",
                 "ConfigChanged",
                 api::Delivery::every,
                 {}});
  changed_ = service.changed().subscribe([&hub](const ConfigChanged& e) {
    std::string out;
    JsonWriter w(out);
    w.begin_object();
    write_outcome(w, e.outcome);
    w.field("valid", e.valid);
    write_complaints(w, e.outcome.complaints);
    w.field("by", e.author.name).field("cause", e.author.cause).field("at", e.at).end_object();
    hub.publish("config:changed", out);
  });
}

}  // namespace gk::settings
