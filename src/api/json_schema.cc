#include "api/json_schema.h"

#include <algorithm>

namespace gk::api {
namespace {

void write_type(JsonWriter& w, std::string_view type, bool nullable) {
  if (type.ends_with("[]")) {
    w.field("type", "array").key("items").begin_object();
    type.remove_suffix(2);
    const bool some_null = type.ends_with("?");
    if (some_null) type.remove_suffix(1);
    write_type(w, type, some_null);
    w.end_object();
  } else if (type.starts_with("#")) {
    const std::string ref = "#/components/schemas/" + std::string(type.substr(1));
    if (!nullable) {
      w.field("$ref", ref);
    } else {
      w.key("anyOf").begin_array().begin_object().field("$ref", ref).end_object();
      w.begin_object().field("type", "null").end_object().end_array();
    }
  } else if (type == "point") {
    w.field("type", "array").key("prefixItems");
    w.raw(R"([{"type":"number"},{"type":["number","null"]}],"minItems":2,"maxItems":2)");
  } else if (type == "any") {
    // No constraint: an empty schema.
  } else if (type == "time") {
    w.key("type");
    nullable ? w.raw(R"(["string","null"])") : w.value("string");
    w.field("format", "date-time");
  } else if (type.find('|') != std::string_view::npos) {
    w.field("type", "string").key("enum").begin_array();
    while (!type.empty()) {
      const std::size_t end = std::min(type.find('|'), type.size());
      w.value(type.substr(0, end));
      type.remove_prefix(std::min(end + 1, type.size()));
    }
    w.end_array();
  } else if (type.starts_with("map:")) {
    w.field("type", "object").key("additionalProperties").begin_object();
    write_type(w, type.substr(4), false);
    w.end_object();
  } else {
    w.key("type");
    if (nullable) {
      w.begin_array().value(type).value("null").end_array();
    } else {
      w.value(type);
    }
  }
}

}  // namespace

void write_schema(JsonWriter& w, const Schema& schema) {
  w.key(schema.name).begin_object().field("type", "object").key("properties").begin_object();
  for (const Field& field : schema.fields) {
    w.key(field.name).begin_object();
    write_type(w, field.type, field.nullable);
    if (!field.description.empty()) w.field("description", field.description);
    w.end_object();
  }
  w.end_object();
  if (std::any_of(schema.fields.begin(), schema.fields.end(),
                  [](const Field& f) { return f.required; })) {
    w.key("required").begin_array();
    for (const Field& field : schema.fields) {
      if (field.required) w.value(field.name);
    }
    w.end_array();
  }
  w.end_object();
}

}  // namespace gk::api
