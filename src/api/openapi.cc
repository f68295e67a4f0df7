#include "api/openapi.h"

#include <algorithm>
#include <map>

#include "api/json_schema.h"
#include "base/assert.h"

namespace gk::api {
namespace {

constexpr int kMaxImportBytes = 16 << 20;  // Source: net::ServerLimits::max_import_bytes

std::string lower_name(net::Method method) {
  std::string name = net::method_name(method);
  for (char& c : name) c = static_cast<char>(c - 'A' + 'a');
  return name;
}

void write_schema_content(JsonWriter& w, std::string_view media, std::string_view schema) {
  w.key(media).begin_object().key("schema").begin_object();
  w.field("$ref", "#/components/schemas/" + std::string(schema));
  w.end_object().end_object();
}

void write_text_content(JsonWriter& w, std::string_view media) {
  w.key(media).begin_object().key("schema").begin_object().field("type", "string");
  w.end_object().end_object();
}

/// A parameter, and where it stands.
struct Parameter {
  std::string_view in;
  Field field;
};

void write_parameter(JsonWriter& w, const Parameter& parameter) {
  const Field& field = parameter.field;
  w.begin_object().field("name", field.name).field("in", parameter.in);
  if (field.required) w.field("required", true);
  w.key("schema").begin_object();
  write_type(w, field.type, false);
  w.end_object();
  if (!field.description.empty()) w.field("description", field.description);
  w.end_object();
}

/// `read`: the GET route of the same path, or null.
std::vector<Parameter> parameters_of(const Route& route, const Route* read) {
  std::vector<Parameter> out;
  const std::string_view path = route.path;
  for (std::size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{', at + 1)) {
    const auto name = path.substr(at + 1, path.find('}', at) - at - 1);
    out.push_back({"path", {name, "string", "", true}});
  }
  for (const Field& field : route.query) out.push_back({"query", field});
  const Versions versions = read == nullptr ? Versions::none : read->versions;
  if (versions != Versions::none && route.method == net::Method::get) {
    out.push_back({"header", {"If-None-Match", "string", "304 when this is the ETag still"}});
  } else if (versions != Versions::none && route.method != net::Method::post) {
    out.push_back({"header",
                   {"If-Match", "string", "412 unless this is the ETag still",
                    versions == Versions::required}});
  }
  if (route.method == net::Method::post && route.scope != kOpen) {
    out.push_back(
        {"header",
         {"Idempotency-Key", "string", "Carried out once within 24 h; the answer is given again"}});
  }
  return out;
}

std::string_view meaning_of(int status) {
  switch (status) {
    case 201: return "Created";
    case 202: return "Taken; the result follows";
    case 204: return "Done, without a body";
    case 304: return "Not changed";
    case 503: return "Not well; the body says why";
    default: return "Done";
  }
}

void write_answer(JsonWriter& w, const Route& route, int status) {
  w.key(std::to_string(status)).begin_object().field("description", meaning_of(status));
  const bool has_body = status != 204 && status != 304;
  if (has_body && !(route.response.empty() && route.media.empty())) {
    w.key("content").begin_object();
    if (!route.response.empty()) write_schema_content(w, "application/json", route.response);
    if (!route.media.empty()) write_text_content(w, route.media);
    w.end_object();
  }
  w.end_object();
}

void write_responses(JsonWriter& w, const Route& route) {
  w.key("responses").begin_object();
  for (const int status : route.answers) write_answer(w, route, status);
  if (route.versions != Versions::none && route.method == net::Method::get) {
    write_answer(w, route, 304);
  }
  w.key("default").begin_object().field("description", "Refused or failed").key("content");
  w.begin_object();
  write_schema_content(w, "application/problem+json", "Problem");
  w.end_object().end_object().end_object();
}

void write_operation(JsonWriter& w, const Route& route, const Route* read) {
  w.key(lower_name(route.method)).begin_object().field("summary", route.summary);
  w.field("x-scope", route.scope);
  if (route.scope == kOpen) w.key("security").begin_array().end_array();
  if (const auto parameters = parameters_of(route, read); !parameters.empty()) {
    w.key("parameters").begin_array();
    for (const Parameter& parameter : parameters) write_parameter(w, parameter);
    w.end_array();
  }
  if (!route.request.empty() || !route.request_media.empty()) {
    w.key("requestBody").begin_object().key("content").begin_object();
    if (!route.request.empty()) write_schema_content(w, "application/json", route.request);
    if (!route.request_media.empty()) write_text_content(w, route.request_media);
    w.end_object().end_object();
  }
  if (route.body == net::BodySize::import) w.field("x-max-body-bytes", kMaxImportBytes);
  write_responses(w, route);
  w.end_object();
}

void write_cookie(JsonWriter& w, std::string_view way, std::string_view name,
                  std::string_view where) {
  w.key(way).begin_object().field("type", "apiKey").field("in", "cookie").field("name", name);
  w.field("description", where).end_object();
}

void write_problem_schema(JsonWriter& w) {
  const Schema item{"ProblemItem",
                    {{"path", "string", "Where in the body", true},
                     {"message", "string", "What was expected", true}}};
  const Schema problem{"Problem",
                       {{"type", "string", "Stable name of the kind, see docs/errors.md", true},
                        {"title", "string", "", true},
                        {"status", "integer", "", true},
                        {"detail", "string", "What was expected, what came, where", true},
                        {"instance", "string", "The path", true},
                        {"correlation_id", "string", "Also in the log", true},
                        {"errors", "#ProblemItem[]", "One an invalid field", false}}};
  write_schema(w, item);
  write_schema(w, problem);
}

}  // namespace

std::string openapi_document(const std::vector<Route>& routes, const std::vector<Schema>& schemas,
                             std::string_view version) {
  std::map<std::string, std::map<std::string, const Route*>> paths;
  for (const Route& route : routes) {
    const std::string path = (route.literal ? "" : "/api/v1") + std::string(route.path);
    paths[path][lower_name(route.method)] = &route;
  }
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("openapi", "3.1.0").key("info").begin_object();
  w.field("title", "Gamekeeper").field("version", version).end_object();
  w.key("security").begin_array();
  for (const auto* way : {"cookie", "plain_cookie", "bearer"}) {
    w.begin_object().key(way).begin_array().end_array().end_object();
  }
  w.end_array();
  w.key("paths").begin_object();
  for (const auto& [path, methods] : paths) {
    w.key(path).begin_object();
    const auto read = methods.find("get");
    for (const auto& [name, route] : methods) {
      write_operation(w, *route, read == methods.end() ? nullptr : read->second);
    }
    w.end_object();
  }
  w.end_object().key("components").begin_object().key("securitySchemes").begin_object();
  write_cookie(w, "cookie", "__Host-gamekeeper", "Under TLS and on loopback addresses");
  write_cookie(w, "plain_cookie", "gamekeeper_session", "Over plain HTTP elsewhere");
  w.key("bearer").begin_object().field("type", "http").field("scheme", "bearer").end_object();
  w.end_object().key("schemas").begin_object();
  write_problem_schema(w);
  for (const Schema& schema : schemas) write_schema(w, schema);
  w.end_object().end_object().end_object();
  return out;
}

}  // namespace gk::api
