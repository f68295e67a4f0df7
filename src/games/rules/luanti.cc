#include "games/rules/luanti.h"

#include "base/json.h"

namespace gk::games {
namespace {

using Kind = Event::Kind;
constexpr JsonLimits kLimits{.max_depth = 8, .max_bytes = 2U << 20};  // Source: the mod's bounds.

std::int64_t whole(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.find(key);
  // The mod's JSON writes whole numbers as such or as 1.0.
  if (value == nullptr || !value->is_number()) return -1;
  const double number = value->as_number();
  return number >= 0 && number < 9e15 ? static_cast<std::int64_t>(number) : -1;
}
std::string text(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}
const JsonValue::Array& items(const JsonValue& object, std::string_view key) {
  static const JsonValue::Array kNone;
  const JsonValue* value = object.find(key);
  return value != nullptr && value->is_array() ? value->as_array() : kNone;
}

}  // namespace

void LuantiConversation::bytes(std::string_view content, Output& out) {
  const auto file = parse_json(content, kLimits);
  if (!file || whole(*file, "version") != 1) {
    return out.add(Kind::broken, 0,
                   file ? "the file of the mod gamekeeper_link has another version than 1"
                        : "the file of the mod gamekeeper_link: " + file.error().message);
  }
  const std::int64_t seq = whole(*file, "seq");
  const std::string boot = text(*file, "boot");
  if (!boot_.empty() && boot != boot_) return out.add(Kind::broken, 0, "the server was restarted");
  if (boot_.empty()) {
    boot_ = boot;
    on_lines(*file, false, out);
  }
  if (seq <= seq_) return;
  const bool first = seq_ == 0;
  seq_ = seq;
  if (first) return;  // Perhaps of a server that is gone: only a newer one proves that it runs.
  if (!ready_) on_first(*file, out);
  on_replies(*file, out);
  on_lines(*file, true, out);
  const JsonValue* step = file->find("step");
  const JsonValue* mean = step == nullptr ? nullptr : step->find("mean_s");
  if (mean != nullptr && mean->is_number() && mean->as_number() > 0) {
    out.add(Kind::step, 0, {}, mean->as_number());
  }
}

void LuantiConversation::on_first(const JsonValue& file, Output& out) {
  ready_ = true;
  for (const JsonValue& name : items(file, "commands")) {
    if (name.is_string()) out.add(Kind::known, 0, clean_line(name.as_string()));
  }
  out.add(Kind::ready);
}

void LuantiConversation::on_replies(const JsonValue& file, Output& out) {
  if (text(file, "session") != session_) return;
  for (const JsonValue& reply : items(file, "replies")) {
    const auto id = static_cast<CommandId>(whole(reply, "id"));
    if (asked_.erase(id) == 0) continue;
    const std::string all = text(reply, "text");
    std::string_view rest = all;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      out.add(Kind::reply, id, clean_line(rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    out.add(Kind::reply_end, id);
  }
}

void LuantiConversation::on_lines(const JsonValue& file, bool tell, Output& out) {
  for (const JsonValue& line : items(file, "lines")) {
    const std::int64_t number = whole(line, "n");
    if (number <= line_) continue;
    line_ = number;
    if (tell) out.add(Kind::line, 0, clean_line(text(line, "text")));
  }
}

void LuantiConversation::send(CommandId id, std::string_view command, Output& out) {
  asked_.insert(id);
  out.write(session_ + " " + std::to_string(id) + " " + std::string(command) + "\n");
}

}  // namespace gk::games
