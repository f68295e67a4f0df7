#include "base/json.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>
#include <charconv>
#include <cmath>

#include "base/assert.h"
#include "base/json_writer.h"

namespace gk {
namespace {

namespace bj = boost::json;

constexpr std::size_t kMaxStringBytes = 16U << 20;  // Source: chosen; imports are at most 16 MiB

/// Builds JsonValue from SAX events. Numbers are kept as text until whole, then read exactly.
struct Builder {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = 1024;
  static constexpr std::size_t max_string_size = kMaxStringBytes;

  struct Frame {
    bool is_object = false;
    JsonValue::Array array;
    JsonValue::Object object;
    std::string key;
  };

  JsonLimits limits;
  std::vector<Frame> frames;
  JsonValue root;
  std::string text;  // Of the key, string or number in progress.
  std::size_t values = 0;
  std::optional<Error> refused;

  bool refuse(bj::error_code& ec, Errc code, std::string message) {
    refused = Error{code, std::move(message)};
    ec = bj::error::exception;  // Any error ends the parse; `refused` says why.
    return false;
  }

  bool add(JsonValue value, bj::error_code& ec) {
    if (++values > limits.max_values) {
      return refuse(ec, Errc::resource_exhausted,
                    "more than " + std::to_string(limits.max_values) + " JSON values");
    }
    if (frames.empty()) {
      root = std::move(value);
    } else if (frames.back().is_object) {
      frames.back().object.emplace_back(std::move(frames.back().key), std::move(value));
    } else {
      frames.back().array.push_back(std::move(value));
    }
    return true;
  }

  bool check_key(bj::error_code& ec) {
    if (text == "__proto__" || text == "constructor" || text == "prototype") {
      return refuse(ec, Errc::invalid_argument, "key \"" + text + "\" is not allowed");
    }
    const auto& members = frames.back().object;
    const bool duplicate =
        std::any_of(members.begin(), members.end(), [&](const auto& m) { return m.first == text; });
    if (duplicate) return refuse(ec, Errc::invalid_argument, "duplicate key \"" + text + "\"");
    // A long object is searched linearly above; this bounds the quadratic cost.
    if (members.size() >= 4096) {
      return refuse(ec, Errc::resource_exhausted, "more than 4096 keys in one object");
    }
    return true;
  }

  bool on_document_begin(bj::error_code&) { return true; }
  bool on_document_end(bj::error_code&) { return true; }
  bool on_object_begin(bj::error_code&) {
    frames.push_back({.is_object = true, .array = {}, .object = {}, .key = {}});
    return true;
  }
  bool on_object_end(std::size_t, bj::error_code& ec) {
    JsonValue value(std::move(frames.back().object));
    frames.pop_back();
    return add(std::move(value), ec);
  }
  bool on_array_begin(bj::error_code&) {
    frames.push_back({});
    return true;
  }
  bool on_array_end(std::size_t, bj::error_code& ec) {
    JsonValue value(std::move(frames.back().array));
    frames.pop_back();
    return add(std::move(value), ec);
  }
  bool on_key_part(bj::string_view s, std::size_t, bj::error_code&) {
    text.append(s.data(), s.size());
    return true;
  }
  bool on_key(bj::string_view s, std::size_t, bj::error_code& ec) {
    text.append(s.data(), s.size());
    if (!check_key(ec)) return false;
    frames.back().key = std::exchange(text, {});
    return true;
  }
  bool on_string_part(bj::string_view s, std::size_t, bj::error_code&) {
    text.append(s.data(), s.size());
    return true;
  }
  bool on_string(bj::string_view s, std::size_t, bj::error_code& ec) {
    text.append(s.data(), s.size());
    return add(JsonValue(std::exchange(text, {})), ec);
  }
  bool on_number_part(bj::string_view s, bj::error_code&) {
    text.append(s.data(), s.size());
    return true;
  }
  bool finish_number(bj::string_view s, bj::error_code& ec) {
    text.append(s.data(), s.size());
    const std::string digits = std::exchange(text, {});
    const char* const begin = digits.data();
    const char* const end = begin + digits.size();
    std::int64_t integer = 0;
    if (const auto [p, e] = std::from_chars(begin, end, integer); e == std::errc() && p == end) {
      return add(JsonValue(integer), ec);
    }
    double real = 0;
    const auto [p, e] = std::from_chars(begin, end, real);
    if (p != end || (e != std::errc() && e != std::errc::result_out_of_range)) {
      return refuse(ec, Errc::invalid_argument, "malformed number " + digits.substr(0, 40));
    }
    if (e == std::errc::result_out_of_range || !std::isfinite(real)) {
      return refuse(ec, Errc::invalid_argument, "number out of range " + digits.substr(0, 40));
    }
    return add(JsonValue(real), ec);
  }
  bool on_int64(std::int64_t, bj::string_view s, bj::error_code& ec) {
    return finish_number(s, ec);
  }
  bool on_uint64(std::uint64_t, bj::string_view s, bj::error_code& ec) {
    return finish_number(s, ec);
  }
  bool on_double(double, bj::string_view s, bj::error_code& ec) { return finish_number(s, ec); }
  bool on_bool(bool value, bj::error_code& ec) { return add(JsonValue(value), ec); }
  bool on_null(bj::error_code& ec) { return add(JsonValue(), ec); }
  bool on_comment_part(bj::string_view, bj::error_code&) { return true; }
  bool on_comment(bj::string_view, bj::error_code&) { return true; }
};

/// The line too where there are several: bytes of a file are hard to count.
std::string place_of(std::string_view text, std::size_t offset) {
  const auto lines = std::count(text.begin(), text.begin() + std::ptrdiff_t(offset), '\n');
  return " at byte " + std::to_string(offset) +
         (lines == 0 ? "" : ", line " + std::to_string(lines + 1));
}

Error parse_error(const Builder& builder, const bj::error_code& ec, const std::string& where,
                  const JsonLimits& limits) {
  if (builder.refused) return {builder.refused->code, builder.refused->message + where};
  if (ec == bj::error::too_deep) {
    return {Errc::resource_exhausted,
            "JSON nested deeper than " + std::to_string(limits.max_depth) + " levels" + where};
  }
  return {Errc::invalid_argument, "malformed JSON: " + ec.message() + where};
}

}  // namespace

Result<JsonValue> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Error{Errc::resource_exhausted, "JSON of " + std::to_string(text.size()) +
                                               " bytes; at most " +
                                               std::to_string(limits.max_bytes)};
  }
  bj::parse_options options;
  options.max_depth = limits.max_depth;
  bj::basic_parser<Builder> parser(options);
  parser.handler().limits = limits;
  bj::error_code ec;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
  if (ec) return parse_error(parser.handler(), ec, place_of(text, used), limits);
  if (used < text.size()) {
    return Error{Errc::invalid_argument,
                 "malformed JSON: text after the document" + place_of(text, used)};
  }
  return std::move(parser.handler().root);
}

const char* JsonValue::type_name() const {
  static constexpr const char* kNames[] = {"null",   "boolean", "number", "number",
                                           "string", "array",   "object"};
  return kNames[state_.index()];
}

bool JsonValue::as_bool() const {
  GK_ASSERT(is_bool());
  return std::get<bool>(state_);
}
std::int64_t JsonValue::as_int() const {
  GK_ASSERT(is_int());
  return std::get<std::int64_t>(state_);
}
double JsonValue::as_number() const {
  GK_ASSERT(is_number());
  if (const auto* integer = std::get_if<std::int64_t>(&state_)) return double(*integer);
  return std::get<double>(state_);
}
const std::string& JsonValue::as_string() const {
  GK_ASSERT(is_string());
  return std::get<std::string>(state_);
}
const JsonValue::Array& JsonValue::as_array() const {
  GK_ASSERT(is_array());
  return std::get<Array>(state_);
}
const JsonValue::Object& JsonValue::as_object() const {
  GK_ASSERT(is_object());
  return std::get<Object>(state_);
}

const JsonValue* JsonValue::find(std::string_view key) const {
  const auto* object = std::get_if<Object>(&state_);
  if (object == nullptr) return nullptr;
  for (const auto& [name, value] : *object) {
    if (name == key) return &value;
  }
  return nullptr;
}

JsonReader::JsonReader(const JsonValue& object, std::string path)
    : object_(&object), path_(std::move(path)) {
  if (!object.is_object()) {
    complaints_.emplace_back(path_.empty() ? "." : path_,
                             std::string("expected an object, got ") + object.type_name());
  }
}

std::string JsonReader::at(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

const JsonValue* JsonReader::member(std::string_view key) {
  known_.emplace_back(key);
  return object_->find(key);
}

void JsonReader::complain(std::string_view key, std::string message) {
  complaints_.emplace_back(at(key), std::move(message));
}

const JsonValue* JsonReader::typed(std::string_view key, const char* expected,
                                   bool (JsonValue::*is)() const) {
  const JsonValue* value = member(key);
  if (value == nullptr || value->is_null()) return nullptr;
  if ((value->*is)()) return value;
  complain(key, std::string("expected ") + expected + ", got " + value->type_name());
  return nullptr;
}

void JsonReader::string(std::string_view key, std::string& out, std::size_t max_bytes) {
  const JsonValue* value = typed(key, "a string", &JsonValue::is_string);
  if (value == nullptr) return;
  if (value->as_string().size() > max_bytes) {
    complain(key, "longer than " + std::to_string(max_bytes) + " bytes");
    return;
  }
  out = value->as_string();
}

void JsonReader::number(std::string_view key, double& out, double min, double max) {
  const JsonValue* value = typed(key, "a number", &JsonValue::is_number);
  if (value == nullptr) return;
  const double number = value->as_number();
  if (!(number >= min && number <= max)) {
    complain(key, "expected a number from " + format_number(min) + " to " + format_number(max) +
                      ", got " + format_number(number));
    return;
  }
  out = number;
}

void JsonReader::integer(std::string_view key, std::int64_t& out, std::int64_t min,
                         std::int64_t max) {
  const JsonValue* value = typed(key, "a whole number", &JsonValue::is_int);
  if (value == nullptr) return;
  if (value->as_int() < min || value->as_int() > max) {
    complain(key, "expected a whole number from " + std::to_string(min) + " to " +
                      std::to_string(max) + ", got " + std::to_string(value->as_int()));
    return;
  }
  out = value->as_int();
}

void JsonReader::boolean(std::string_view key, bool& out) {
  if (const JsonValue* value = typed(key, "true or false", &JsonValue::is_bool)) {
    out = value->as_bool();
  }
}

void JsonReader::require(std::string_view key) {
  const JsonValue* value = object_->find(key);
  if (object_->is_object() && (value == nullptr || value->is_null())) complain(key, "is required");
}

void JsonReader::refuse_unknown() {
  if (!object_->is_object()) return;
  for (const auto& [name, value] : object_->as_object()) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    std::string expected;
    for (const auto& known : known_) expected += (expected.empty() ? "" : ", ") + known;
    complain(name, "unknown key; expected one of " + expected);
  }
}

Result<void> JsonReader::result() const {
  if (complaints_.empty()) return {};
  std::string message;
  for (const auto& [path, text] : complaints_) {
    message += (message.empty() ? "" : "; ") + path + ": " + text;
  }
  return Error{Errc::invalid_argument, std::move(message)};
}

}  // namespace gk
