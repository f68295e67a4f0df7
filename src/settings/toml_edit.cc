#include "settings/toml_edit.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include "base/json_writer.h"
#include "base/try.h"
#include "settings/toml.h"

namespace gk::settings {
namespace {

std::string in_quotes(std::string_view text) {
  std::string out;
  append_json_string(out, text);  // JSON's escapes are TOML's, for text that is UTF-8.
  return out;
}

Result<std::string> toml_value(std::string_view key, const JsonValue& value) {
  if (value.is_bool()) return std::string(value.as_bool() ? "true" : "false");
  if (value.is_int()) return std::to_string(value.as_int());
  if (value.is_number()) return format_number(value.as_number());
  if (value.is_string()) return in_quotes(value.as_string());
  const bool list =
      value.is_array() && std::all_of(value.as_array().begin(), value.as_array().end(),
                                      [](const JsonValue& item) { return item.is_string(); });
  if (!list) {
    return Error{Errc::invalid_argument,
                 std::string(key) +
                     ": expected a boolean, number, string or array of strings, or "
                     "null to remove it"};
  }
  std::string out = "[";
  for (const JsonValue& item : value.as_array()) {
    out += (out.size() > 1 ? ", " : "") + in_quotes(item.as_string());
  }
  return out + "]";
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

/// "[section]" in its plain form; empty for another line.
std::string_view header_of(std::string_view line) {
  const std::string_view text = trimmed(line.substr(0, line.find('#')));
  if (!text.starts_with('[') || text.starts_with("[[") || !text.ends_with(']')) return {};
  return trimmed(text.substr(1, text.size() - 2));
}

bool is_header(std::string_view line) { return trimmed(line).starts_with('['); }

/// Replaces what is from `from` to `to` (lines and columns from 1, `to` behind the last) by `with`.
Result<void> replace_region(std::vector<std::string>& lines, const toml::source_region& at,
                            std::string_view with) {
  const std::size_t first = at.begin.line - 1, last = at.end.line - 1;
  if (first >= lines.size() || last >= lines.size()) {
    return Error{Errc::failed_precondition, "the place of the value is not known"};
  }
  const std::string head = lines[first].substr(0, at.begin.column - 1);
  const std::string tail =
      lines[last].substr(std::min<std::size_t>(at.end.column - 1, lines[last].size()));
  lines[first] = head + std::string(with) + tail;
  lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(first) + 1,
              lines.begin() + static_cast<std::ptrdiff_t>(last) + 1);
  return {};
}

void insert_key(std::vector<std::string>& lines, std::string_view section,
                const std::string& line) {
  if (section.empty()) {
    const auto first = std::find_if(lines.begin(), lines.end(), is_header);
    lines.insert(first, line);
    return;
  }
  auto at = std::find_if(lines.begin(), lines.end(),
                         [&](const std::string& l) { return header_of(l) == section; });
  if (at == lines.end()) {
    if (!lines.empty() && !trimmed(lines.back()).empty()) lines.emplace_back();
    lines.push_back("[" + std::string(section) + "]");
    lines.push_back(line);
    return;
  }
  auto end = std::find_if(at + 1, lines.end(), is_header);
  while (end != at + 1 && trimmed(*(end - 1)).empty()) --end;
  lines.insert(end, line);
}

std::string text_of(const toml::table& table) {
  std::ostringstream out;
  out << table;
  return out.str();
}

/// The table with the one change, made on the tree: what the edited text must read as.
void change_tree(toml::table& table, std::string_view section, std::string_view name,
                 const toml::node* value) {
  toml::table* at = &table;
  if (!section.empty()) {
    if (table.get_as<toml::table>(section) == nullptr) {
      if (value == nullptr) return;
      table.insert(section, toml::table{});
    }
    at = table.get_as<toml::table>(section);
  }
  if (at == nullptr) return;
  if (value == nullptr) {
    at->erase(name);
  } else {
    value->visit([&](const auto& concrete) { at->insert_or_assign(name, concrete); });
  }
}

/// Changes `text`; whether it now reads as it should is checked by the caller.
Result<std::string> edit(std::string_view text, const toml::table& table, std::string_view section,
                         std::string_view name, const std::string* value) {
  auto lines = lines_of(text);
  const toml::table* holder = section.empty() ? &table : table.get_as<toml::table>(section);
  const toml::node* present = holder == nullptr ? nullptr : holder->get(name);
  const std::string line = value == nullptr ? "" : std::string(name) + " = " + *value;
  if (present == nullptr) {
    if (value == nullptr) return std::string(text);
    insert_key(lines, section, line);
  } else if (value != nullptr) {
    GK_CHECK_OK(replace_region(lines, present->source(), *value));
  } else {
    const auto& at = present->source();
    const auto first = lines.begin() + static_cast<std::ptrdiff_t>(at.begin.line) - 1;
    lines.erase(first, lines.begin() + static_cast<std::ptrdiff_t>(at.end.line));
  }
  return joined(lines);
}

}  // namespace

Result<std::string> set_in_toml(std::string_view text, std::string_view key,
                                const JsonValue& value) {
  const std::size_t dot = key.rfind('.');
  const std::string_view section = dot == std::string_view::npos ? "" : key.substr(0, dot);
  const std::string_view name = dot == std::string_view::npos ? key : key.substr(dot + 1);
  std::optional<std::string> literal;
  if (!value.is_null()) {
    GK_TRY(auto written, toml_value(key, value));
    literal = std::move(written);
  }
  try {
    const toml::table before = toml::parse(text);
    toml::table wanted = before;
    const toml::table probe = literal ? toml::parse("x = " + *literal) : toml::table{};
    change_tree(wanted, section, name, probe.get("x"));
    GK_TRY(auto out, edit(text, before, section, name, literal ? &*literal : nullptr));
    const toml::table after = toml::parse(out);
    // An empty section that a removal leaves behind is no difference.
    toml::table left = after;
    if (auto* table = left.get_as<toml::table>(section); table != nullptr && table->empty()) {
      left.erase(section);
    }
    if (auto* table = wanted.get_as<toml::table>(section); table != nullptr && table->empty()) {
      wanted.erase(section);
    }
    if (text_of(left) == text_of(wanted)) return out;
  } catch (const toml::parse_error& e) {
    return Error{Errc::invalid_argument, "not TOML: " + std::string(e.description())};
  } catch (const TomlAssertion& e) {
    return Error{Errc::invalid_argument, "not TOML: " + std::string(e.expression)};
  }
  return Error{Errc::failed_precondition,
               std::string(key) +
                   " is written in a way that cannot be changed from here; change "
                   "the text itself"};
}

}  // namespace gk::settings
