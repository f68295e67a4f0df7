#include "macros/scripts/json_lines.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/json_writer.h"
#include "macros/scripts/json_lines_mutant.h"

namespace gk::macros::json_lines {
namespace {

constexpr std::size_t kMaxText = 4096;  // Of a log line, a notice, a line. Source: lua_protocol.cc
constexpr std::size_t kMaxCommand = 16'384;       // Source: lua_protocol.cc
constexpr std::size_t kMaxKey = 128;              // Source: ScriptMemory
constexpr std::size_t kMaxShown = 256;            // Of a bad line. Source: chosen
constexpr std::size_t kMaxReply = 256 * 1024;     // As half a frame of Lua's protocol
constexpr std::int64_t kMaxId = (1LL << 32) - 1;  // Source: chosen; Lua's ids
constexpr double kWait = 30, kMaxWait = 600;      // Source: lua_api.cc
constexpr std::array<std::string_view, 8> kWishes = {"send",      "say",       "log",     "notify",
                                                     "state_get", "state_set", "metrics", "listen"};

/// The wish that a request names; empty with a complaint when it names none or several.
std::string_view wish_of(const JsonValue& object, JsonReader& reader) {
  std::string_view found;
  for (const std::string_view wish : kWishes) {
    if (object.find(wish) == nullptr) continue;
    if (!found.empty()) {
      reader.complain(wish, "expected one wish a line; " + std::string(found) + " is there, too");
      return {};
    }
    found = wish;
  }
  if (found.empty()) {
    reader.complain("",
                    "expected one of send, say, log, notify, state_get, state_set, metrics, "
                    "listen");
  }
  return found;
}

std::string text_of(JsonReader& reader, std::string_view key, std::size_t most) {
  std::string out;
  const JsonValue* value = reader.member(key);
  if (value == nullptr || !value->is_string()) {
    reader.complain(key, "expected a string");
    return out;
  }
  reader.string(key, out, most);
  return out;
}

/// A member that says true, or with `may_be_false` also false.
bool flag_of(JsonReader& reader, std::string_view key, bool may_be_false) {
  const JsonValue* value = reader.member(key);
  const bool fits = value->is_bool() && (may_be_false || value->as_bool());
  if (!fits) reader.complain(key, may_be_false ? "expected true or false" : "expected true");
  return fits && value->as_bool();
}

lua::Message send_of(JsonReader& reader, std::string_view wish) {
  lua::Send send;
  send.chat = wish == "say";
  send.timeout_s = kWait;
  reader.number("timeout_s", send.timeout_s, 0.001, kMaxWait);
  send.command = text_of(reader, wish, kMaxCommand);
  return send;
}

lua::Message set_of(JsonReader& reader) {
  lua::StateSet set;
  set.key = text_of(reader, "state_set", kMaxKey);
  if (const JsonValue* value = reader.member("value")) set.value = *value;
  return set;
}

Line read(const JsonValue& object, std::string_view text) {
  JsonReader reader(object, "");
  std::int64_t number = -1;
  reader.integer("id", number, 0, kMaxId);
  const bool has_id = number >= 0 && reader.complaints().empty();
  const auto id = has_id ? std::optional(static_cast<std::uint32_t>(number)) : std::nullopt;
  const std::string_view wish = wish_of(object, reader);
  std::optional<Line> out;
  if (wish == "send" || wish == "say") out = Request{id, send_of(reader, wish)};
  if (wish == "log") out = Request{id, lua::LogText{text_of(reader, wish, kMaxText)}};
  if (wish == "notify") out = Request{id, lua::Notify{text_of(reader, wish, kMaxText)}};
  if (wish == "state_get") out = Request{id, lua::StateGet{0, text_of(reader, wish, kMaxKey)}};
  if (wish == "state_set") out = Request{id, set_of(reader)};
  if (wish == "metrics" && flag_of(reader, wish, false)) out = Request{id, lua::MetricsAsked{}};
  if (wish == "listen") out = Listen{id, flag_of(reader, wish, true)};
  if (wish == "state_get" || wish == "state_set" || wish == "metrics") reader.require("id");
  reader.refuse_unknown();
  if (out && reader.complaints().empty()) return std::move(*out);
  return Bad{id, reader.result().error().message, std::string(text.substr(0, kMaxShown))};
}

std::string finished(std::string line) { return line += '\n'; }

}  // namespace

std::optional<Line> Reader::too_long() {
  const std::string_view all = std::string_view(buffer_).substr(taken_);
  const bool as_request = all.starts_with('{');
  std::string shown(all.substr(0, kMaxShown));
  std::string whole = as_request ? std::string() : std::string(all);
  buffer_.clear();
  taken_ = 0;
  skipping_ = true;
  if (!as_request) return Plain{std::move(whole)};
  return Bad{
      {}, "expected a line of at most " + std::to_string(kMaxLine) + " bytes", std::move(shown)};
}

std::optional<Line> Reader::next() {
  for (;;) {
    const std::size_t end = buffer_.find('\n', taken_);
    if (end == std::string::npos) {
      if (skipping_) {
        buffer_.clear();
        taken_ = 0;
      } else if (buffered() > kMaxLine && !GK_JSON_LINES_MUTANT(lines_without_end)) {
        return too_long();
      } else if (taken_ > 0) {
        buffer_.erase(0, std::exchange(taken_, 0));
      }
      return std::nullopt;
    }
    std::string line = buffer_.substr(taken_, end - taken_);
    if (!skipping_ && line.size() > kMaxLine) {
      std::string later = buffer_.substr(end);  // too_long() passes over the end of this line next.
      buffer_.resize(end);
      auto out = too_long();
      buffer_ = std::move(later);
      return out;
    }
    taken_ = end + 1;
    if (std::exchange(skipping_, false)) continue;
    if (line.ends_with('\r')) line.pop_back();
    if (!line.starts_with('{')) return Plain{std::move(line)};
    const auto value = parse_json(line, {.max_depth = lua::kMaxDepth, .max_bytes = kMaxLine});
    if (!value) return Bad{{}, value.error().message, line.substr(0, kMaxShown)};
    return read(*value, line);
  }
}

std::string Reader::rest() {
  std::string out = skipping_ ? std::string() : buffer_.substr(taken_);
  buffer_.clear();
  taken_ = 0;
  return out;
}

std::string reply_line(std::uint32_t id, const JsonValue& reply) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("id", id).key("reply");
  if (reply.is_string()) {
    w.value(std::string_view(reply.as_string()).substr(0, kMaxReply));
  } else {
    w.value(reply);
  }
  w.end_object();
  return finished(std::move(out));
}

std::string error_line(std::optional<std::uint32_t> id, const Error& error) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("id", id).key("error").begin_object();
  w.field("code", errc_name(error.code)).field("message", error.message);
  w.end_object().end_object();
  return finished(std::move(out));
}

std::string event_line(std::string_view event) {
  std::string out;
  JsonWriter(out).begin_object().field("event", event).end_object();
  return finished(std::move(out));
}

std::string game_line(std::string_view text) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("event", "line").field("text", text.substr(0, kMaxText)).end_object();
  return finished(std::move(out));
}

}  // namespace gk::macros::json_lines
