#include "cli/profile_text.h"

#include <ostream>

#include "base/json_writer.h"
#include "base/utf8.h"

namespace gk::cli {
namespace {

/// Of a scalar or, in a change of an override file, of any field.
std::string value_text(const JsonValue* value) {
  if (value == nullptr || value->is_null()) return "-";
  return value->is_string() ? printable(value->as_string()) : to_json(*value);
}

/// "night: 0 22 * * * (Europe/Berlin) for 8 h 0 min; max_duration 60, cpu_usage_max 40".
std::string window_text(const JsonValue& window) {
  const std::string name = text_of(window, "name"), cron = text_of(window, "cron");
  std::string out = (name == cron ? "" : name + ": ") + cron + " (" + text_of(window, "time_zone") +
                    ") for " + human_duration(number_of(window, "duration_s").value_or(0));
  const char* between = "; ";
  const auto add = [&](const std::string& key, const JsonValue& value) {
    out += between + key + " " + value_text(&value);
    between = ", ";
  };
  for (const auto& [key, value] : window.as_object()) {
    if (key == "safety_level" || key == "max_duration" || key == "auto_cancel_enabled") {
      add(key, value);
    }
    if (key != "thresholds" || !value.is_object()) continue;
    for (const auto& [limit, most] : value.as_object()) add(limit, most);
  }
  return out;
}

/// "pause at 20 in 5 s".
std::string pattern_text(const JsonValue& pattern) {
  return text_of(pattern, "action") + " at " + text_of(pattern, "count") + " in " +
         text_of(pattern, "window") + " s";
}

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(const JsonValue& profile) {
  Rows rows;
  for (const auto& [key, value] : profile.as_object()) {
    if (key == "windows" || key == "patterns" || key == "etag") continue;
    if (!value.is_object()) {
      rows.push_back({key, value_text(&value)});
      continue;
    }
    for (const auto& [name, limit] : value.as_object()) rows.push_back({name, value_text(&limit)});
  }
  for (const JsonValue& pattern : list_of(profile, "patterns")) {
    rows.push_back({text_of(pattern, "matcher"), pattern_text(pattern)});
  }
  for (const JsonValue& window : list_of(profile, "windows")) {
    if (window.is_object()) rows.push_back({"window", window_text(window)});
  }
  return rows;
}

}  // namespace

int print_profile(Context& context, const JsonValue& profile) {
  if (!profile.is_object()) {
    return context.fail(Error{Errc::internal, "expected a profile, the daemon sent another thing"});
  }
  Rows rows = rows_of(profile);
  if (!list_of(profile, "windows").empty()) {
    const auto ahead =
        context.get("/macro-safety/profiles/" + text_of(profile, "macro_id") + "/windows/next?n=5");
    if (!ahead) return context.fail(ahead.error());
    const std::string open = text_of(*ahead, "open");
    rows.push_back({"open now", open == "-" ? "none" : open});
    for (const JsonValue& start : list_of(*ahead, "next")) {
      rows.push_back({"opens", text_of(start, "from") + " to " + text_of(start, "to") + "  " +
                                   text_of(start, "window")});
    }
  }
  print_table(context.out(), {"FIELD", "VALUE"}, rows);
  return 0;
}

void print_changes(std::ostream& out, const JsonValue& override_file) {
  Rows rows;
  for (const auto& [part, word] : {std::pair{"applied", "holds"}, std::pair{"pending", "waits"}}) {
    for (const JsonValue& change : list_of(override_file, part)) {
      rows.push_back({word, text_of(change, "macro_id"), text_of(change, "field"),
                      value_text(change.find("from")), value_text(change.find("to")),
                      text_of(change, "loosens") == "true" ? "loosens" : "tightens"});
    }
  }
  if (!rows.empty()) print_table(out, {"STATE", "MACRO", "FIELD", "FROM", "TO", "EFFECT"}, rows);
}

}  // namespace gk::cli
