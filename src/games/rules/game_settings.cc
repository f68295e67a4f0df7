#include "games/rules/game_settings.h"

#include <algorithm>
#include <charconv>

#include "base/json_writer.h"
#include "base/utf8.h"

namespace gk::games {
namespace {

constexpr std::size_t kMaxEntries = 100, kMaxEntry = 200, kMaxOption = 4096;  // Source: chosen

bool is_entry(const JsonValue& value) {
  return value.is_string() && !value.as_string().empty() && value.as_string().size() <= kMaxEntry;
}

void read_list(JsonReader& reader, std::string_view key, std::vector<std::string>& out) {
  const JsonValue* list = reader.member(key);
  if (list == nullptr || list->is_null()) return;
  if (!list->is_array() || list->as_array().size() > kMaxEntries ||
      !std::all_of(list->as_array().begin(), list->as_array().end(), is_entry)) {
    return reader.complain(key, "expected at most 100 texts of 1 to 200 bytes");
  }
  out.clear();
  for (const JsonValue& entry : list->as_array()) out.push_back(entry.as_string());
}

std::optional<std::int64_t> milliseconds(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value < 1 || value > 60'000) return std::nullopt;
  return value;
}

std::string option_fault(const KindOption& option, const std::string& value) {
  using Type = KindOption::Type;
  if (value.size() > kMaxOption) return "longer than 4096 bytes";
  if (!is_utf8(value) || value.find('\0') != std::string::npos) return "not plain text";
  if (option.type == Type::milliseconds && !milliseconds(value)) {
    return "expected a whole number of milliseconds from 1 to 60000";
  }
  if (option.type == Type::path && !value.empty() && !value.starts_with('/')) {
    return "expected an absolute path";
  }
  constexpr std::string_view kText = "{text}";  // Source: game_kind.h, GameKind::say
  const std::size_t text = value.find(kText);
  if (option.type == Type::words && !value.empty() &&
      (text == std::string::npos || value.find(kText, text + 1) != std::string::npos)) {
    return "expected a command with {text} in it once, such as say {text}";
  }
  if (option.type != Type::lines && value.find('\n') != std::string::npos) {
    return "expected one line";
  }
  return {};
}

void read_options(JsonReader& reader, const GameKind& kind, GameSettings& out) {
  const JsonValue* options = reader.member("options");
  if (options == nullptr || options->is_null()) return;
  if (!options->is_object()) return reader.complain("options", "expected an object of texts");
  for (const auto& [key, value] : options->as_object()) {
    const auto known = std::find_if(kind.options.begin(), kind.options.end(),
                                    [&](const KindOption& o) { return o.name == key; });
    const std::string path = "options." + key;
    if (known == kind.options.end()) {
      reader.complain(path, "a game of kind " + std::string(kind.name) + " has no such option");
    } else if (value.is_null()) {
      out.options.erase(key);
    } else if (!value.is_string()) {
      reader.complain(path, std::string("expected text, got ") + value.type_name());
    } else if (std::string fault = option_fault(*known, value.as_string()); !fault.empty()) {
      reader.complain(path, std::move(fault));
    } else {
      out.options[key] = value.as_string();
    }
  }
}

void take_defaults(const GameKind& kind, GameSettings& out) {
  out.port = kind.port;
  out.rate_per_s = kind.rate_per_s;
  out.burst = kind.burst;
  out.in_flight = kind.in_flight;
  out.dangerous.assign(kind.dangerous.begin(), kind.dangerous.end());
  out.queries.assign(kind.queries.begin(), kind.queries.end());
}

// What must be there for the link to be able to connect at all.
void check_place(JsonReader& reader, const GameKind& kind, const GameSettings& out) {
  const bool network = kind.transport == Transport::tcp || kind.transport == Transport::udp;
  if (network && out.port == 0) reader.complain("port", "expected 1 to 65535");
  if (network && out.host.empty()) reader.complain("host", "expected a name or address");
  if (kind.transport == Transport::process && out.option("program").empty()) {
    reader.complain("options.program", "expected an absolute path");
  }
  if (kind.transport == Transport::world && out.option("world").empty()) {
    reader.complain("options.world", "expected the absolute path of a world folder");
  }
}

bool is_host(std::string_view host) {
  return host.size() <= 255 && std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_' || c == ':' || c == '%';
         });
}

void write_list(JsonWriter& w, std::string_view key, const std::vector<std::string>& list) {
  w.key(key).begin_array();
  for (const std::string& entry : list) w.value(entry);
  w.end_array();
}

}  // namespace

bool is_game_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::string GameSettings::option(std::string_view wanted) const {
  const auto found = options.find(std::string(wanted));
  if (found != options.end()) return found->second;
  for (const KindOption& known : kind_of().options) {
    if (known.name == wanted) return std::string(known.fallback);
  }
  return {};
}

std::string GameSettings::say_words() const {
  std::string own = option("say");
  return own.empty() ? std::string(kind_of().say) : own;
}

Nanos GameSettings::option_ms(std::string_view wanted) const {
  return Millis(milliseconds(option(wanted)).value_or(1));
}

GameSettings read_settings(const JsonValue& body, const std::string& name, const GameSettings& base,
                           Complaints& complaints) {
  GameSettings out = base;
  out.name = name;
  JsonReader reader(body, "");
  std::string echoed = name, kind_name = base.kind;
  reader.string("name", echoed, 64);
  if (echoed != name) reader.complain("name", "expected \"" + name + "\" as in the path");
  if (base.kind.empty()) reader.require("kind");
  reader.string("kind", kind_name, 32);
  const GameKind* kind = find_kind(kind_name);
  if (kind == nullptr) {
    std::string known;
    for (const GameKind& k : game_kinds()) known += " " + std::string(k.name);
    if (!kind_name.empty()) reader.complain("kind", "expected one of" + known);
    complaints.insert(complaints.end(), reader.complaints().begin(), reader.complaints().end());
    return out;
  }
  if (!base.kind.empty() && kind_name != base.kind) {
    reader.complain("kind", "a game keeps its kind; remove it and add another");
  }
  if (base.kind.empty()) take_defaults(*kind, out);
  out.kind = kind_name;
  reader.string("host", out.host, 255);
  if (!is_host(out.host)) reader.complain("host", "expected a host name or an IP address");
  reader.integer("port", out.port, 0, 65'535);
  reader.boolean("enabled", out.enabled);
  read_options(reader, *kind, out);
  // A slower pace than one in ten seconds would outlast the lease of the lane.
  reader.number("rate_per_s", out.rate_per_s, 0.1, 1000);
  reader.integer("burst", out.burst, 1, 1000);
  reader.boolean("adaptive_pace", out.adaptive_pace);
  reader.integer("in_flight", out.in_flight, 1, kind->max_in_flight);
  reader.integer("reply_timeout_ms", out.reply_timeout_ms, 100, 15'000);
  reader.integer("output_limit", out.output_limit, 1024, 1 << 20);
  read_list(reader, "allow", out.allow);
  read_list(reader, "dangerous", out.dangerous);
  read_list(reader, "queries", out.queries);
  read_list(reader, "users", out.users);
  read_list(reader, "roles", out.roles);
  (void)reader.member("password");
  for (const std::string_view shown : {"state", "reason", "has_password", "health", "etag"}) {
    (void)reader.member(shown);  // What GET shows may be sent back.
  }
  check_place(reader, *kind, out);
  reader.refuse_unknown();
  complaints.insert(complaints.end(), reader.complaints().begin(), reader.complaints().end());
  return out;
}

void write_settings(JsonWriter& w, const GameSettings& s) {
  w.field("name", s.name).field("kind", s.kind).field("host", s.host).field("port", s.port);
  w.field("enabled", s.enabled).key("options").begin_object();
  for (const auto& [key, value] : s.options) w.field(key, value);
  w.end_object().field("rate_per_s", s.rate_per_s).field("burst", s.burst);
  w.field("adaptive_pace", s.adaptive_pace).field("in_flight", s.in_flight);
  w.field("reply_timeout_ms", s.reply_timeout_ms);
  w.field("output_limit", s.output_limit);
  write_list(w, "allow", s.allow);
  write_list(w, "dangerous", s.dangerous);
  write_list(w, "queries", s.queries);
  write_list(w, "users", s.users);
  write_list(w, "roles", s.roles);
}

std::string settings_json(const GameSettings& settings) {
  std::string out;
  JsonWriter w(out);
  w.begin_object();
  write_settings(w, settings);
  w.end_object();
  return out;
}

}  // namespace gk::games
