#include "base/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/assert.h"
#include "base/clock.h"
#include "base/utf8.h"

namespace gk {
namespace {

void append_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  std::array<char, 32> text{};
  // Plain digits for the magnitudes people read; the shortest form beyond.
  const bool plain = value == 0 || (std::fabs(value) >= 1e-6 && std::fabs(value) < 1e15);
  const auto result =
      plain ? std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed)
            : std::to_chars(text.data(), text.data() + text.size(), value);
  out.append(text.data(), result.ptr);
}

bool needs_escape(unsigned char c) { return c < 0x20 || c == '"' || c == '\\' || c >= 0x7f; }

/// Of the basic plane.
void append_code(std::string& out, std::uint32_t code) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(code >> shift) & 15];
}

void append_control(std::string& out, unsigned char c) {
  switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    default: append_code(out, c);
  }
}

}  // namespace

std::string format_number(double value) {
  std::string out;
  append_number(out, value);
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t i = 0;
  while (i < text.size()) {
    std::size_t plain = i;
    while (plain < text.size() && !needs_escape(static_cast<unsigned char>(text[plain]))) ++plain;
    out.append(text, i, plain - i);
    i = plain;
    if (i == text.size()) break;
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      append_control(out, c);
      ++i;
    } else if (const std::size_t n = utf8_sequence_length(text.substr(i)); n > 0) {
      // Escaped, so that a log or an answer that is shown in a terminal shows what it holds.
      const auto control = n <= 3 ? display_control(text.substr(i, n)) : std::nullopt;
      if (control) {
        append_code(out, *control);
      } else {
        out.append(text, i, n);
      }
      i += n;
    } else {
      out += "\xEF\xBF\xBD";
      ++i;
    }
  }
  out += '"';
}

void JsonWriter::separate() {
  if (needs_comma_) out_ += ',';
  needs_comma_ = true;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  needs_comma_ = false;
  ++depth_;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  GK_DEBUG_ASSERT(depth_ > 0);
  --depth_;
  out_ += bracket;
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_ += ':';
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  append_json_string(out_, text);
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  separate();
  append_number(out_, number);
  return *this;
}

JsonWriter& JsonWriter::value(bool flag) { return raw(flag ? "true" : "false"); }
JsonWriter& JsonWriter::null() { return raw("null"); }
JsonWriter& JsonWriter::value(WallTime time) { return value(std::string_view(rfc3339(time))); }

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

JsonWriter& JsonWriter::value(const JsonValue& tree) {
  if (tree.is_null()) return null();
  if (tree.is_bool()) return value(tree.as_bool());
  if (tree.is_int()) return value(tree.as_int());
  if (tree.is_number()) return value(tree.as_number());
  if (tree.is_string()) return value(std::string_view(tree.as_string()));
  if (tree.is_array()) {
    begin_array();
    for (const auto& item : tree.as_array()) value(item);
    return end_array();
  }
  begin_object();
  for (const auto& [name, member] : tree.as_object()) key(name).value(member);
  return end_object();
}

std::string to_json(const JsonValue& value) {
  std::string out;
  JsonWriter(out).value(value);
  return out;
}

}  // namespace gk
