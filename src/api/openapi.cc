#include "api/openapi.h"

#include <algorithm>
#include <map>

#include "api/json_schema.h"
#include "base/assert.h"

namespace gk::api {
namespace {

std::string lower_name(net::Method method) {
  std::string name = net::method_name(method);
  for (char& c : name) c = static_cast<char>(c - 'A' + 'a');
  return name;
}

void write_content(JsonWriter& w, std::string_view media, std::string_view schema) {
  w.key("content").begin_object().key(media).begin_object().key("schema").begin_object();
  w.field("$ref", "#/components/schemas/" + std::string(schema));
  w.end_object().end_object().end_object();
}

struct Parameter {
  std::string_view name, in, type, description;
  bool required = false;
};

void write_parameter(JsonWriter& w, const Parameter& parameter) {
  w.begin_object().field("name", parameter.name).field("in", parameter.in);
  if (parameter.required) w.field("required", true);
  w.key("schema").begin_object().field("type", parameter.type).end_object();
  if (!parameter.description.empty()) w.field("description", parameter.description);
  w.end_object();
}

/// `read`: the GET route of the same path, or null.
std::vector<Parameter> parameters_of(const Route& route, const Route* read) {
  std::vector<Parameter> out;
  const std::string_view path = route.path;
  for (std::size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{', at + 1)) {
    out.push_back({path.substr(at + 1, path.find('}', at) - at - 1), "path", "string", "", true});
  }
  if (!route.list_key.empty()) {
    out.push_back({"limit", "query", "integer", "Items a page, 1 to 1000", false});
    out.push_back({"cursor", "query", "string", "next_cursor of the page before", false});
  }
  const Versions versions = read == nullptr ? Versions::none : read->versions;
  if (versions != Versions::none && route.method == net::Method::get) {
    out.push_back({"If-None-Match", "header", "string", "304 when this is the ETag still", false});
  } else if (versions != Versions::none && route.method != net::Method::post) {
    out.push_back({"If-Match", "header", "string", "412 unless this is the ETag still",
                   versions == Versions::required});
  }
  if (route.method == net::Method::post && route.scope != kOpen) {
    out.push_back({"Idempotency-Key", "header", "string",
                   "Carried out once within 24 h; the answer is given again", false});
  }
  return out;
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
  if (!route.request.empty()) {
    w.key("requestBody").begin_object();
    write_content(w, "application/json", route.request);
    w.end_object();
  }
  w.key("responses").begin_object().key("200").begin_object().field("description", "Done");
  if (!route.response.empty()) write_content(w, "application/json", route.response);
  w.end_object().key("default").begin_object().field("description", "Refused or failed");
  write_content(w, "application/problem+json", "Problem");
  w.end_object().end_object().end_object();
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
  w.begin_object().key("cookie").begin_array().end_array().end_object();
  w.begin_object().key("bearer").begin_array().end_array().end_object().end_array();
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
  w.key("cookie").begin_object().field("type", "apiKey").field("in", "cookie");
  w.field("name", "gamekeeper_session").end_object();
  w.key("bearer").begin_object().field("type", "http").field("scheme", "bearer").end_object();
  w.end_object().key("schemas").begin_object();
  write_problem_schema(w);
  for (const Schema& schema : schemas) write_schema(w, schema);
  w.end_object().end_object().end_object();
  return out;
}

}  // namespace gk::api
