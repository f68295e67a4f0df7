#include "logs/rules/log_query.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/clock.h"
#include "base/json.h"

namespace gk::logs {
namespace {

// Source: base/log.h, LogLevel in its order
constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warn", "error"};

std::string_view text_of(const JsonValue& line, std::string_view key) {
  const JsonValue* value = line.find(key);
  return value != nullptr && value->is_string() ? std::string_view(value->as_string()) : "";
}

bool contains_text(std::string_view line, std::string_view text) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(line.begin(), line.end(), text.begin(), text.end(), same) != line.end();
}

bool is_event(std::string_view event, std::string_view wanted) {
  if (!wanted.ends_with('*')) return event == wanted;
  return event.starts_with(wanted.substr(0, wanted.size() - 1));
}

}  // namespace

std::optional<LogLevel> level_of(std::string_view name) {
  const auto found = std::find(kLevels.begin(), kLevels.end(), name);
  if (found == kLevels.end()) return std::nullopt;
  return static_cast<LogLevel>(found - kLevels.begin());
}

bool LogQuery::wants(std::string_view line) const {
  // Cheap looks first: parsing is most of the cost.
  if (!correlation_id.empty() && line.find(correlation_id) == line.npos) return false;
  if (!text.empty() && !contains_text(line, text)) return false;
  const auto parsed = parse_json(line);
  if (!parsed || !parsed->is_object()) return false;
  const auto its_level = level_of(text_of(*parsed, "level"));
  if (!its_level || *its_level < level) return false;
  if (!event.empty() && !is_event(text_of(*parsed, "event"), event)) return false;
  if (!correlation_id.empty() && text_of(*parsed, "correlation_id") != correlation_id) return false;
  if (!since && !until) return true;
  const auto at = parse_rfc3339(text_of(*parsed, "ts"));
  return at && (!since || *at >= *since) && (!until || *at <= *until);
}

}  // namespace gk::logs
