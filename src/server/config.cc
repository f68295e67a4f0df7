#include "server/config.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <variant>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "server/config_complaints.h"
#include "settings/toml.h"

namespace gk::server {
namespace {

struct NumberSetting {
  double Config::* member;
  double min, max;
};
struct BoolSetting {
  bool Config::* member;
};
struct TextSetting {
  std::string Config::* member;
  Complaint (*complaint)(std::string_view text) = nullptr;  ///< Null: any text will do.
};
struct ListSetting {
  std::vector<std::string> Config::* member;
  Complaint (*complaint)(std::string_view item) = nullptr;  ///< Of one of them.
};
/// One of a few words.
struct ChoiceSetting {
  std::vector<std::string_view> words;
  std::function<void(Config&, std::size_t)> set;
  std::function<std::size_t(const Config&)> get;
  std::size_t fallback;  // Index of the default.
};

struct Setting {
  std::string_view key;
  std::variant<NumberSetting, BoolSetting, TextSetting, ListSetting, ChoiceSetting> kind;
  std::string_view meaning;
};

// LONG: a table, one entry a setting.
const std::vector<Setting>& settings() {
  static const std::vector<Setting> kSettings = {
      {"listen", TextSetting{&Config::listen, complaint_of_listen},
       "Address and port of the web server"},
      {"allow_hosts", ListSetting{&Config::allow_hosts, complaint_of_host},
       "Further host names that are served"},
      {"allow_origins", ListSetting{&Config::allow_origins, complaint_of_origin},
       "Further origins whose pages may use the API: read (CORS), change state, open sockets"},
      {"behind_proxy", BoolSetting{&Config::behind_proxy},
       "A proxy with TLS stands before this server: any address, Secure cookies, HSTS"},
      {"proxy_addresses", ListSetting{&Config::proxy_addresses, complaint_of_address},
       "Addresses of that proxy: the last X-Forwarded-For entry of their requests is the client"},
      {"insecure_http", BoolSetting{&Config::insecure_http},
       "Serve plain HTTP on another address than loopback: passwords can be read on the way"},
      {"tls.certificate", TextSetting{&Config::tls_certificate, complaint_of_path},
       "PEM file of the certificate and its chain: the web server then speaks TLS; empty is off. A "
       "changed file holds for new connections within seconds"},
      {"tls.key", TextSetting{&Config::tls_key, complaint_of_path},
       "PEM file of its private key, of mode 0600 or 0400; macros cannot read it"},
      {"log.level",
       ChoiceSetting{{"debug", "info", "warn", "error"},
                     [](Config& c, std::size_t i) { c.log_level = static_cast<LogLevel>(i); },
                     [](const Config& c) { return static_cast<std::size_t>(c.log_level); },
                     1},
       "Least severe line that the terminal shows"},
      {"log.format",
       ChoiceSetting{{"json", "text"},
                     [](Config& c, std::size_t i) { c.log_format = static_cast<LogFormat>(i); },
                     [](const Config& c) { return static_cast<std::size_t>(c.log_format); },
                     1},
       "Form of the terminal's lines; the file is JSON always"},
      {"log.requests", BoolSetting{&Config::log_requests}, "One line a request in the log file"},
      {"log.max_file_mb", NumberSetting{&Config::log_max_file_mb, 1, 1024}, "MB; then rotate"},
      {"log.max_files", NumberSetting{&Config::log_max_files, 1, 100}, "Rotated files kept"},
      {"monitor.interval_s", NumberSetting{&Config::monitor_interval_s, 0.1, 60},
       "Seconds between two samples while no macro runs (10 Hz then)"},
      {"monitor.history_size", NumberSetting{&Config::monitor_history_size, 10, 10000},
       "Snapshots kept for decisions"},
      {"monitor.latency_targets",
       ListSetting{&Config::monitor_latency_targets, complaint_of_target},
       "Paths whose latency is measured, such as gateway=192.168.1.1 or peer=203.0.113.7:443; with "
       "a "
       "port, by TCP connect where no echo comes back"},
      {"metrics.public", BoolSetting{&Config::metrics_public},
       "GET /metrics from loopback without a credential"},
      {"http.max_connections", NumberSetting{&Config::http_max_connections, 16, 65536},
       "Connections at once; the newest is refused"},
      {"http.max_per_address", NumberSetting{&Config::http_max_per_address, 1, 65536},
       "Connections at once from one address; raise it for load tests only"},
      {"store.linger_us", NumberSetting{&Config::store_linger_us, 0, 10000},
       "Microseconds that a commit waits for company"},
      {"store.flush_ms", NumberSetting{&Config::store_flush_ms, 10, 10000},
       "Milliseconds after which state that is written behind goes to disk"},
      {"retention.history_days", NumberSetting{&Config::retention_history_days, 1, 3650},
       "Days that aggregates of measurements are kept"},
      {"retention.client_hours", NumberSetting{&Config::retention_client_hours, 1, 8760},
       "Hours that single measurements about clients and processes are kept"},
      {"retention.player_days", NumberSetting{&Config::retention_player_days, 0, 3650},
       "Days that reviews and learned habits of players are kept; 0: until they are deleted"},
      {"backups.schedule", TextSetting{&Config::backups_schedule, complaint_of_cron},
       "When backups are made by themselves, five fields as in cron, such as 30 4 * * *; empty is "
       "never"},
      {"backups.time_zone", TextSetting{&Config::backups_time_zone, complaint_of_zone},
       "Time zone of that schedule, such as Europe/Berlin"},
      {"backups.keep", NumberSetting{&Config::backups_keep, 1, 100},
       "Backups of the schedule that are kept; the oldest goes when a newer one is whole"},
      {"macros.confinement",
       ChoiceSetting{{"auto", "namespace", "session"},
                     [](Config& c, std::size_t i) {
                       c.macros_confinement = static_cast<Config::MacroConfinement>(i);
                     },
                     [](const Config& c) { return static_cast<std::size_t>(c.macros_confinement); },
                     0},
       "How process macros are kept apart: auto takes the strongest that the system allows, "
       "namespace runs none without, session shares the daemon's view of the files"},
      {"macros.culprit_demand_weight", NumberSetting{&Config::macros_culprit_demand_weight, 0, 10},
       "Weight of a macro's share of all CPU demand in its culprit score"},
      {"macros.culprit_command_weight",
       NumberSetting{&Config::macros_culprit_command_weight, 0, 10},
       "Weight of its share of the commands, times how far the game slowed, in that score"},
      {"macros.culprit_threshold", NumberSetting{&Config::macros_culprit_threshold, 0.05, 1},
       "Least culprit score of a macro that is stopped for a machine-wide signal"},
      {"macros.culprit_margin", NumberSetting{&Config::macros_culprit_margin, 1, 100},
       "Least ratio of the culprit's score to the next macro's"},
      {"macros.dry_run", BoolSetting{&Config::macros_dry_run},
       "Record what the rules decide and act on nothing; stopping by hand still works"},
      {"macros.max_processes", NumberSetting{&Config::macros_max_processes, 1, 4096},
       "Processes at once of a macro that the daemon starts; more cancels it at once. The kernel "
       "refuses forks, threads counted, beyond four times as many (256 at least) where it can"},
      {"macros.quarantine_s", NumberSetting{&Config::macros_quarantine_s, 0, 3600},
       "Seconds before a macro that was cancelled may start again, doubled each time; 0 is off"},
      {"notices.allow_private", ListSetting{&Config::notices_allow_private, complaint_of_network},
       "Private networks that notices may be sent to, such as 192.168.1.0/24; also allows http "
       "there"},
      {"notices.ca_file", TextSetting{&Config::notices_ca_file},
       "PEM file of the certificates that receivers may have; empty is the system's"},
      {"referee.udp_listen", TextSetting{&Config::referee_udp_listen, complaint_of_udp_listen},
       "Address and port where game servers with a key may send movements; empty is off"},
      {"referee.unix_socket", BoolSetting{&Config::referee_unix_socket},
       "Take movements on movement.sock in the data folder"},
      {"referee.allow_uids", ListSetting{&Config::referee_allow_uids, complaint_of_uid},
       "User numbers that may send to movement.sock, besides root and the daemon's own"},
      {"referee.max_players", NumberSetting{&Config::referee_max_players, 16, 65536},
       "Players in the referee's table; the longest idle loses"},
  };
  return kSettings;
}

/// What SettingsRoom hands to running rooms; the others are read at the start.
bool is_live(std::string_view key) {
  static constexpr auto kLive = std::to_array<std::string_view>({
      "allow_hosts",
      "allow_origins",
      "log.level",
      "log.format",
      "log.requests",
      "monitor.interval_s",
      "macros.culprit_demand_weight",
      "macros.culprit_command_weight",
      "macros.culprit_threshold",
      "macros.culprit_margin",
  });
  return std::find(kLive.begin(), kLive.end(), key) != kLive.end();
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string out;
  for (const auto word : words) out += (out.empty() ? "\"" : ", \"") + std::string(word) + "\"";
  return out;
}

/// "a string", "an integer".
std::string type_text(const toml::node& node) {
  std::ostringstream out;
  out << node.type();
  const std::string name = out.str();
  return (name.find_first_of("aio") == 0 ? "an " : "a ") + name;
}

/// Applies one value; a message when it does not fit.
std::optional<std::string> apply(const NumberSetting& s, const toml::node& node, Config& config) {
  const auto value = node.value<double>();
  const std::string range = format_number(s.min) + " to " + format_number(s.max);
  if (!value || node.is_boolean())
    return "expected a number from " + range + ", got " + type_text(node);
  if (!(*value >= s.min && *value <= s.max)) {
    return "expected a number from " + range + ", got " + format_number(*value);
  }
  config.*s.member = *value;
  return std::nullopt;
}

std::optional<std::string> apply(const BoolSetting& s, const toml::node& node, Config& config) {
  const auto* value = node.as_boolean();
  if (value == nullptr) return "expected true or false, got " + type_text(node);
  config.*s.member = value->get();
  return std::nullopt;
}

std::optional<std::string> apply(const TextSetting& s, const toml::node& node, Config& config) {
  const auto* value = node.as_string();
  if (value == nullptr) return "expected a string, got " + type_text(node);
  if (s.complaint != nullptr) {
    if (auto wrong = s.complaint(value->get())) return wrong;
  }
  config.*s.member = value->get();
  return std::nullopt;
}

std::optional<std::string> apply(const ListSetting& s, const toml::node& node, Config& config) {
  const auto* list = node.as_array();
  if (list == nullptr || list->size() > 64) return "expected an array of at most 64 strings";
  std::vector<std::string> out;
  for (const auto& item : *list) {
    if (!item.is_string()) return "expected an array of strings, got " + type_text(item) + " in it";
    out.push_back(item.as_string()->get());
    if (s.complaint == nullptr) continue;
    if (auto wrong = s.complaint(out.back())) return wrong;
  }
  config.*s.member = std::move(out);
  return std::nullopt;
}

std::optional<std::string> apply(const ChoiceSetting& s, const toml::node& node, Config& config) {
  const auto* value = node.as_string();
  const auto it =
      value == nullptr ? s.words.end() : std::find(s.words.begin(), s.words.end(), value->get());
  if (value == nullptr) return "expected one of " + joined(s.words) + ", got " + type_text(node);
  if (it == s.words.end()) {
    return "expected one of " + joined(s.words) + ", got \"" + value->get() + "\"";
  }
  s.set(config, static_cast<std::size_t>(it - s.words.begin()));
  return std::nullopt;
}

const Setting* find_setting(std::string_view key) {
  const auto& all = settings();
  const auto it = std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.key == key; });
  return it == all.end() ? nullptr : &*it;
}

bool is_section(std::string_view key) {
  const std::string prefix = std::string(key) + ".";
  const auto& all = settings();
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& s) { return s.key.starts_with(prefix); });
}

std::string known_keys(const std::string& prefix) {
  std::string out;
  for (const auto& s : settings()) {
    if (s.key.starts_with(prefix)) out += (out.empty() ? "" : ", ") + std::string(s.key);
  }
  return out;
}

void read_table(const toml::table& table, const std::string& prefix, const std::string& file,
                ConfigOutcome& outcome) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    const int line = static_cast<int>(node.source().begin.line);
    const Setting* setting = find_setting(key);
    if (setting == nullptr && node.is_table() && is_section(key)) {
      read_table(*node.as_table(), key + ".", file, outcome);
    } else if (setting == nullptr) {
      outcome.complaints.push_back(
          {file, line, key,
           "unknown key; expected one of " + known_keys(is_section(key) ? key : prefix)});
    } else {
      const toml::node& value = node;
      auto message =
          std::visit([&](const auto& s) { return apply(s, value, outcome.config); }, setting->kind);
      if (message) outcome.complaints.push_back({file, line, key, std::move(*message)});
    }
  }
}

/// Those without a section first, each section in one piece.
std::vector<Setting> ordered_settings() {
  std::vector<Setting> out = settings();
  std::stable_partition(out.begin(), out.end(),
                        [](const Setting& s) { return s.key.find('.') == std::string_view::npos; });
  return out;
}

std::string json_value(const Setting& setting, const Config& config) {
  std::string out;
  JsonWriter w(out);
  if (const auto* number = std::get_if<NumberSetting>(&setting.kind)) {
    w.value(config.*number->member);
  } else if (const auto* flag = std::get_if<BoolSetting>(&setting.kind)) {
    w.value(config.*flag->member);
  } else if (const auto* words = std::get_if<TextSetting>(&setting.kind)) {
    w.value(config.*words->member);
  } else if (const auto* choice = std::get_if<ChoiceSetting>(&setting.kind)) {
    w.value(choice->words[choice->get(config)]);
  } else {
    w.begin_array();
    for (const auto& item : config.*std::get<ListSetting>(setting.kind).member) w.value(item);
    w.end_array();
  }
  return out;
}

void write_json_schema(JsonWriter& w, const Setting& setting) {
  w.begin_object();
  if (const auto* number = std::get_if<NumberSetting>(&setting.kind)) {
    w.field("type", "number").field("minimum", number->min).field("maximum", number->max);
  } else if (std::holds_alternative<BoolSetting>(setting.kind)) {
    w.field("type", "boolean");
  } else if (std::holds_alternative<TextSetting>(setting.kind)) {
    w.field("type", "string");
  } else if (const auto* choice = std::get_if<ChoiceSetting>(&setting.kind)) {
    w.field("type", "string").key("enum").begin_array();
    for (const auto word : choice->words) w.value(word);
    w.end_array();
  } else {
    w.field("type", "array").field("maxItems", 64).key("items").begin_object();
    w.field("type", "string").end_object();
  }
  w.key("default").raw(json_value(setting, Config{}));
  w.field("description", setting.meaning).field("x-live", is_live(setting.key)).end_object();
}

struct Described {
  std::string type, fallback, range;
};

Described describe(const Setting& setting) {
  const Config defaults;
  if (const auto* s = std::get_if<NumberSetting>(&setting.kind)) {
    return {"number", format_number(defaults.*s->member),
            format_number(s->min) + " to " + format_number(s->max)};
  }
  if (const auto* s = std::get_if<BoolSetting>(&setting.kind)) {
    return {"boolean", defaults.*s->member ? "true" : "false", "true, false"};
  }
  if (const auto* s = std::get_if<TextSetting>(&setting.kind)) {
    return {"string", "\"" + defaults.*s->member + "\"", ""};
  }
  if (const auto* s = std::get_if<ChoiceSetting>(&setting.kind)) {
    return {"string", "\"" + std::string(s->words[s->fallback]) + "\"", joined(s->words)};
  }
  std::string list;
  for (const auto& item : defaults.*std::get<ListSetting>(setting.kind).member) {
    list += (list.empty() ? "\"" : ", \"") + item + "\"";
  }
  return {"array of strings", "[" + list + "]", "at most 64"};
}

}  // namespace

std::string describe(const std::vector<ConfigComplaint>& complaints) {
  std::string out;
  for (const auto& c : complaints) {
    out += c.file;
    if (c.line > 0) out += ":" + std::to_string(c.line);
    if (!c.key.empty()) out += ": " + printable(c.key);
    out += ": " + printable(c.message) + "\n";
  }
  return out;
}

namespace {
/// The first line that opens a table with something that no name begins with; 0: none.
int line_of_bad_table(std::string_view text) {
  int line = 1;
  for (std::size_t at = 0; at < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view row = text.substr(at, end - at);
    const std::size_t open = row.find_first_not_of(" \t");
    if (open != std::string_view::npos && row[open] == '[') {
      const std::size_t name = row.find_first_not_of(" \t[", open);
      const auto c = name == std::string_view::npos ? ' ' : row[name];
      if (std::isalnum(static_cast<unsigned char>(c)) == 0 &&
          std::string_view("-_\"'").find(c) == std::string_view::npos) {
        return line;
      }
    }
    at = end + 1;
  }
  return 0;
}
}  // namespace

ConfigOutcome parse_config(std::string_view text, const std::string& file) {
  ConfigOutcome outcome;
  outcome.text = text;
  try {
    const toml::table table = toml::parse(text, file);
    read_table(table, "", file, outcome);
    std::stable_sort(outcome.complaints.begin(), outcome.complaints.end(),
                     [](const auto& a, const auto& b) { return a.line < b.line; });
  } catch (const toml::parse_error& e) {
    outcome.complaints.push_back({file, static_cast<int>(e.source().begin.line), "",
                                  "not TOML: " + std::string(e.description())});
  } catch (const settings::TomlAssertion&) {
    outcome.complaints.push_back(
        {file, line_of_bad_table(text), "", "not TOML: expected the name of a table or a key"});
  }
  return outcome;
}

ConfigOutcome load_config(const std::filesystem::path& file, bool must_exist) {
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(file, ignored);
  std::ifstream in(file, std::ios::binary);
  const int failed = errno;
  if (folder || !in) {
    ConfigOutcome outcome;
    if (must_exist || std::filesystem::exists(file, ignored)) {
      const std::string why =
          folder ? "it is a folder, expected a file" : std::string(std::strerror(failed));
      outcome.complaints.push_back({file.string(), 0, "", "cannot be read: " + why});
    }
    return outcome;
  }
  std::ostringstream text;
  text << in.rdbuf();
  return parse_config(text.str(), file.string());
}

std::vector<SettingText> setting_texts() {
  std::vector<SettingText> out;
  for (const Setting& setting : ordered_settings()) {
    Described d = describe(setting);
    out.push_back({std::string(setting.key), std::move(d.type), std::move(d.fallback),
                   std::move(d.range), std::string(setting.meaning), is_live(setting.key)});
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> config_values(const Config& config) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Setting& setting : ordered_settings()) {
    out.emplace_back(setting.key, json_value(setting, config));
  }
  return out;
}

std::string config_json_schema() {
  std::map<std::string_view, std::vector<Setting>> sections;
  for (const Setting& setting : settings()) {
    const std::size_t dot = setting.key.find('.');
    sections[dot == std::string_view::npos ? "" : setting.key.substr(0, dot)].push_back(setting);
  }
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("$schema", "https://json-schema.org/draft/2020-12/schema");
  w.field("title", "gamekeeper.toml").field("type", "object");
  w.field("additionalProperties", false).key("properties").begin_object();
  for (const auto& [name, members] : sections) {
    if (!name.empty()) {
      w.key(name).begin_object().field("type", "object");
      w.field("additionalProperties", false).key("properties").begin_object();
    }
    for (const Setting& setting : members) {
      w.key(name.empty() ? setting.key : setting.key.substr(name.size() + 1));
      write_json_schema(w, setting);
    }
    if (!name.empty()) w.end_object().end_object();
  }
  w.end_object().end_object();
  return out;
}

std::string config_schema_markdown() {
  std::string out =
      "| Key | Type | Default | Range | Change | Meaning |\n"
      "| --- | --- | --- | --- | --- | --- |\n";
  for (const SettingText& s : setting_texts()) {
    out += "| `" + s.key + "` | " + s.type + " | `" + s.fallback + "` | " + s.range + " | " +
           (s.live ? "at once" : "restart") + " | " + s.meaning + " |\n";
  }
  return out;
}

bool is_loopback(const Config& config) {
  return config.listen.starts_with("127.") || config.listen.starts_with("[::1]:") ||
         config.listen.starts_with("localhost:");
}

std::string exposure_text(const Config& config, const std::string& address) {
  const bool all = address.starts_with("0.0.0.0:") || address.starts_with("[::]:");
  const std::string who =
      "Exposed: log-in, dashboard and API to whoever reaches " +
      (all ? "any address of this machine on port " + address.substr(address.rfind(':') + 1)
           : address);
  if (config.speaks_tls()) return who + ", by TLS";
  if (config.behind_proxy) return who + ", by plain HTTP; only the proxy should";
  return who + ", by plain HTTP: passwords can be read on the way";
}

Result<void> check_exposure(const Config& config) {
  if (is_loopback(config) || config.under_tls() || config.insecure_http) return {};
  return Error{Errc::invalid_argument,
               "listening on " + config.listen +
                   " would send passwords over plain HTTP: give a certificate with --tls-cert and "
                   "--tls-key, put a proxy with TLS before it and say --behind-proxy, or accept "
                   "the risk with --insecure-http"};
}

}  // namespace gk::server
