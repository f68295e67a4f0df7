// json.h: reads JSON from outside, strictly, into a small value type.
//
// Strict means: UTF-8 checked, depth and size bounded, duplicate keys refused, the keys
// "__proto__", "constructor" and "prototype" refused, numbers exact (from_chars). Parsing is
// Boost.JSON's; the value type is ours, because Boost.JSON keeps the last of duplicate keys and
// reads some numbers inexactly, and because a handler that includes it compiles slowly.
// Writing is json_writer.h.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gamekeeper/result.h"

namespace gk {

/// Limits of one document. Source of depth and body size: platform specification, HTTP rules.
struct JsonLimits {
  std::size_t max_depth = 32;        ///< Nested arrays and objects. [1, 64]
  std::size_t max_bytes = 1 << 20;   ///< Of text.
  std::size_t max_values = 100'000;  ///< Values of any kind in the document.
};

/// One JSON value. Objects keep the order of their keys.
/// Thread: compatible (a value).
class JsonValue {
 public:
  using Array = std::vector<JsonValue>;
  using Member = std::pair<std::string, JsonValue>;
  using Object = std::vector<Member>;

  JsonValue() = default;
  JsonValue(std::nullptr_t) {}                                // NOLINT
  JsonValue(bool value) : state_(value) {}                    // NOLINT
  JsonValue(std::int64_t value) : state_(value) {}            // NOLINT
  JsonValue(double value) : state_(value) {}                  // NOLINT
  JsonValue(std::string value) : state_(std::move(value)) {}  // NOLINT
  JsonValue(Array value) : state_(std::move(value)) {}        // NOLINT
  JsonValue(Object value) : state_(std::move(value)) {}       // NOLINT

  bool is_null() const { return state_.index() == 0; }
  bool is_bool() const { return state_.index() == 1; }
  bool is_int() const { return state_.index() == 2; }
  bool is_number() const { return state_.index() == 2 || state_.index() == 3; }
  bool is_string() const { return state_.index() == 4; }
  bool is_array() const { return state_.index() == 5; }
  bool is_object() const { return state_.index() == 6; }
  /// "null", "boolean", "number", "string", "array" or "object", for error messages.
  const char* type_name() const;

  /// Require: the matching is_…() holds (assert otherwise).
  bool as_bool() const;
  std::int64_t as_int() const;
  double as_number() const;  ///< Also of an integer.
  const std::string& as_string() const;
  const Array& as_array() const;
  const Object& as_object() const;

  /// Member `key` of an object; null pointer when absent or when this is no object.
  const JsonValue* find(std::string_view key) const;

  friend bool operator==(const JsonValue&, const JsonValue&) = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> state_;
};

/// Reads one JSON document.
/// Errors: invalid_argument (malformed, with byte offset; duplicate or forbidden key; not UTF-8),
///         resource_exhausted (deeper, longer or with more values than `limits`).
/// Cost: O(n), allocates.
Result<JsonValue> parse_json(std::string_view text, const JsonLimits& limits = {});

/// Reads typed members of an object and collects *all* complaints, each with its path, so that a
/// caller can report every error of a body or file at once.
/// Thread: compatible.
class JsonReader {
 public:
  /// Requires: `object` outlives the reader. A non-object is one complaint.
  JsonReader(const JsonValue& object, std::string path);

  /// Optional members: absent or null leaves `out` alone; another type or range is a complaint.
  void string(std::string_view key, std::string& out, std::size_t max_bytes = 4096);
  void number(std::string_view key, double& out, double min, double max);
  void integer(std::string_view key, std::int64_t& out, std::int64_t min, std::int64_t max);
  void boolean(std::string_view key, bool& out);
  /// The raw member, marked as known; null pointer when absent.
  const JsonValue* member(std::string_view key);
  /// Absent is a complaint.
  void require(std::string_view key);
  /// Adds a complaint about `key`.
  void complain(std::string_view key, std::string message);
  /// Every key that was not asked for is a complaint ("unknown key; expected one of …").
  void refuse_unknown();

  const std::vector<std::pair<std::string, std::string>>& complaints() const { return complaints_; }
  /// All complaints as one invalid_argument error, or success.
  Result<void> result() const;

 private:
  const JsonValue* typed(std::string_view key, const char* expected, bool (JsonValue::*is)() const);
  std::string at(std::string_view key) const;

  const JsonValue* object_;
  std::string path_;
  std::vector<std::string> known_;
  std::vector<std::pair<std::string, std::string>> complaints_;  // path, message
};

}  // namespace gk
