// json_writer.h: appends JSON to a string: exact numbers, escaped text, no intermediate tree.
// Boost.JSON 1.81 prints NaN and 6.325E1; this writes null and 63.25.

#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "gamekeeper/time.h"

namespace gk {

/// The shortest text that reads back as the same double; "null" for NaN and infinities.
std::string format_number(double value);

/// Appends `text` as a JSON string with quotes. Invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Appends one JSON document to a string.
/// Requires: calls in document order (key before value inside an object); a debug build asserts
///           the balance of begin and end.
/// Thread: compatible.  Cost: amortised O(length), no allocation beyond the string's.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(double number);
  JsonWriter& value(bool flag);
  JsonWriter& value(std::integral auto number) {
    separate();
    out_ += std::to_string(number);
    return *this;
  }
  JsonWriter& value(WallTime time);  ///< RFC 3339.
  JsonWriter& value(const JsonValue& tree);
  JsonWriter& null();
  /// Text that is JSON already.
  JsonWriter& raw(std::string_view json);

  template <typename T>
  JsonWriter& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : null();
  }
  template <typename T>
  JsonWriter& field(std::string_view name, const T& v) {
    return key(name).value(v);
  }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string& out_;
  bool needs_comma_ = false;
  int depth_ = 0;
};

/// The document of `value` as a string.
std::string to_json(const JsonValue& value);

}  // namespace gk
