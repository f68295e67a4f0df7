#include "macros/scripts/lua_protocol.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/try.h"
#include "base/utf8.h"

namespace gk::macros::lua {
namespace {

enum class Kind : std::uint8_t {
  start = 1,
  begin,
  reply,
  value,
  metrics,
  line,
  ready = 64,
  send,
  log,
  notify,
  state_get,
  state_set,
  metrics_asked,
  ended,
  subscribe,
};

constexpr std::size_t kHead = 4;
constexpr std::size_t kMaxText = 4096;  // Of a log line, a notice, a reason. Source: lua_api.cc
constexpr std::size_t kMaxCommand = 16'384;  // Source: lua_api.cc
constexpr std::size_t kMaxKey = 128;         // Source: ScriptMemory

void put(std::string& out, const void* bytes, std::size_t size) {
  out.append(static_cast<const char*>(bytes), size);
}

void put_number(std::string& out, std::uint32_t number) { put(out, &number, sizeof number); }

void put_text(std::string& out, std::string_view text) {
  put_number(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

std::string open(Kind kind) {
  std::string out(kHead, '\0');
  out += static_cast<char>(kind);
  return out;
}

std::string close(std::string frame) {
  const auto length = static_cast<std::uint32_t>(frame.size() - kHead);
  std::memcpy(frame.data(), &length, kHead);
  return frame;
}

void put_value(std::string& out, const JsonValue& value) {
  if (value.is_null()) {
    out += 'n';
  } else if (value.is_bool()) {
    out += value.as_bool() ? 't' : 'f';
  } else if (value.is_number()) {
    const double number = value.as_number();
    out += 'd';
    put(out, &number, sizeof number);
  } else if (value.is_string()) {
    out += 's';
    put_text(out, value.as_string());
  } else if (value.is_array()) {
    out += 'a';
    put_number(out, static_cast<std::uint32_t>(value.as_array().size()));
    for (const JsonValue& item : value.as_array()) put_value(out, item);
  } else {
    out += 'o';
    put_number(out, static_cast<std::uint32_t>(value.as_object().size()));
    for (const auto& [key, item] : value.as_object()) {
      put_text(out, key);
      put_value(out, item);
    }
  }
}

/// Each byte that is no UTF-8 as a question mark.
std::string as_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_sequence_length(text);
    out += length == 0 ? std::string_view("?") : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

/// Reads the fields of one frame. Once something is wrong all that follows is.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}

  std::uint8_t byte() { return take<std::uint8_t>(); }
  std::uint32_t number() { return take<std::uint32_t>(); }
  double real() { return take<double>(); }
  std::string text(std::size_t most) {
    const std::uint32_t size = number();
    if (size > most || size > bytes_.size()) {
      good_ = false;
      return {};
    }
    std::string out(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    // Lua's texts are bytes; what people and JSON read is UTF-8.
    return is_utf8(out) ? out : as_utf8(out);
  }
  JsonValue value(int depth = 0) {
    if (depth > kMaxDepth) good_ = false;
    if (!good_) return {};
    switch (byte()) {
      case 'n': return {};
      case 't': return true;
      case 'f': return false;
      case 'd': return number_value(real());
      case 's': return text(kMaxFrame);
      case 'a': return array(depth);
      case 'o': return object(depth);
      default: good_ = false; return {};
    }
  }
  /// Everything was there, and nothing is left.
  bool good() const { return good_ && bytes_.empty(); }

 private:
  template <typename T>
  T take() {
    T out{};
    if (!good_ || bytes_.size() < sizeof out) {
      good_ = false;
      return out;
    }
    std::memcpy(&out, bytes_.data(), sizeof out);
    bytes_.remove_prefix(sizeof out);
    return out;
  }
  JsonValue number_value(double number) {
    if (!std::isfinite(number)) good_ = false;
    const bool whole = number == std::floor(number) && std::fabs(number) < 9e15;
    return whole ? JsonValue(static_cast<std::int64_t>(number)) : JsonValue(number);
  }
  JsonValue array(int depth) {
    const std::uint32_t count = number();
    JsonValue::Array out;
    // An item takes a byte at least: a lie about the count ends when the bytes do.
    for (std::uint32_t i = 0; i < count && good_; ++i) out.push_back(value(depth + 1));
    return out;
  }
  JsonValue object(int depth) {
    const std::uint32_t count = number();
    JsonValue::Object out;
    for (std::uint32_t i = 0; i < count && good_; ++i) {
      std::string key = text(kMaxText);
      out.emplace_back(std::move(key), value(depth + 1));
    }
    return out;
  }

  std::string_view bytes_;
  bool good_ = true;
};

std::optional<Message> read(Kind kind, Fields& fields) {
  switch (kind) {
    case Kind::ready: {
      const bool worked = fields.byte() != 0;
      return Ready{worked, fields.text(kMaxText)};
    }
    case Kind::send: {
      Send out;
      out.id = fields.number();
      out.chat = fields.byte() != 0;
      out.timeout_s = fields.real();
      out.command = fields.text(kMaxCommand);
      const bool sane = out.timeout_s > 0 && out.timeout_s <= 600;  // Not a number is neither.
      return sane ? std::optional<Message>(std::move(out)) : std::nullopt;
    }
    case Kind::log: return LogText{fields.text(kMaxText)};
    case Kind::notify: return Notify{fields.text(kMaxText)};
    case Kind::state_get: {
      const std::uint32_t id = fields.number();
      return StateGet{id, fields.text(kMaxKey)};
    }
    case Kind::state_set: {
      StateSet out;
      out.id = fields.number();
      out.key = fields.text(kMaxKey);
      out.value = fields.value();
      return out;
    }
    case Kind::metrics_asked: return MetricsAsked{fields.number()};
    case Kind::ended: {
      const bool worked = fields.byte() != 0;
      return Ended{worked, fields.text(kMaxText)};
    }
    case Kind::subscribe: return Subscribed{};
    default: return std::nullopt;
  }
}

}  // namespace

std::string start_frame(bool check_only, std::string_view name, std::string_view source,
                        const JsonValue& args) {
  std::string out = open(Kind::start);
  out += check_only ? '\1' : '\0';
  put_text(out, name);
  put_text(out, source);
  put_value(out, args);
  return close(std::move(out));
}

std::string begin_frame() { return close(open(Kind::begin)); }

std::string reply_frame(std::uint32_t id, bool worked, std::string_view text) {
  std::string out = open(Kind::reply);
  put_number(out, id);
  out += worked ? '\1' : '\0';
  put_text(out, text.substr(0, kMaxFrame / 2));
  return close(std::move(out));
}

std::string value_frame(std::uint32_t id, bool worked, const JsonValue& value) {
  std::string out = open(Kind::value);
  put_number(out, id);
  out += worked ? '\1' : '\0';
  put_value(out, value);
  return close(std::move(out));
}

std::string metrics_frame(std::uint32_t id, const JsonValue& metrics) {
  std::string out = open(Kind::metrics);
  put_number(out, id);
  put_value(out, metrics);
  return close(std::move(out));
}

std::string line_frame(std::string_view text) {
  std::string out = open(Kind::line);
  put_text(out, text.substr(0, kMaxText));
  return close(std::move(out));
}

Result<std::optional<Message>> Reader::next() {
  if (buffered() < kHead) return std::optional<Message>();
  std::uint32_t length = 0;
  std::memcpy(&length, buffer_.data() + taken_, kHead);
  if (length == 0 || length > kMaxFrame) {
    return Error{Errc::invalid_argument, "the worker sent a frame of " + std::to_string(length) +
                                             " bytes; expected 1 to " + std::to_string(kMaxFrame)};
  }
  if (buffered() < kHead + length) return std::optional<Message>();
  const std::string_view frame = std::string_view(buffer_).substr(taken_ + kHead, length);
  const auto kind = static_cast<std::uint8_t>(frame[0]);
  Fields fields(frame.substr(1));
  auto message = read(static_cast<Kind>(kind), fields);
  if (!message || !fields.good()) {
    return Error{Errc::invalid_argument, "the worker sent a frame of kind " + std::to_string(kind) +
                                             " that cannot be read"};
  }
  taken_ += kHead + length;
  if (taken_ > kMaxFrame || buffered() == 0) {
    buffer_.erase(0, taken_);
    taken_ = 0;
  }
  return message;
}

}  // namespace gk::macros::lua
