// config.h: the daemon's configuration: one TOML file, checked whole against a table of settings.
// All complaints are reported at once, each with file, line, key and allowed range.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk::server {

/// Every setting with its default. docs/configuration.md is generated from the same table
/// (`gamekeeperd --print config`).
struct Config {
  std::string listen = "127.0.0.1:5000";
  std::vector<std::string> allow_hosts;
  std::vector<std::string> allow_origins;
  bool behind_proxy = false;
  std::vector<std::string> proxy_addresses = {"127.0.0.1", "::1"};
  bool insecure_http = false;
  std::string tls_certificate, tls_key;  ///< Both or neither.
  bool speaks_tls() const { return !tls_certificate.empty(); }
  /// Browsers reach us by TLS, of our own or of the proxy in front.
  bool under_tls() const { return speaks_tls() || behind_proxy; }

  LogLevel log_level = LogLevel::info;  ///< Of the terminal; the file keeps requests too.
  LogFormat log_format = LogFormat::text;
  double log_max_file_mb = 16;
  double log_max_files = 5;
  bool log_requests = true;  ///< One line a request, in the file.

  double monitor_interval_s = 1.0;
  double monitor_history_size = 100;
  std::vector<std::string> monitor_latency_targets;  ///< monitor/rules/latency_target.h
  bool metrics_public = false;

  double http_max_connections = 1024;
  double http_max_per_address = 64;

  double store_linger_us = 0;
  double store_flush_ms = 100;

  double retention_history_days = 30;
  double retention_client_hours = 24;
  double retention_player_days = 0;  ///< 0: until deleted.

  // Of the culprit score; the defaults are those of macros/rules/culprit.h.
  double macros_culprit_demand_weight = 1.0;
  double macros_culprit_command_weight = 1.0;
  double macros_culprit_threshold = 0.40;
  double macros_culprit_margin = 1.50;
  bool macros_dry_run = false;
  double macros_max_processes = 64;  ///< The default of macros/rules/macro_watch.h.
  double macros_quarantine_s = 10;   ///< First back-off; 0: no quarantine.
  enum class MacroConfinement : std::uint8_t { automatic, namespaces, session };
  MacroConfinement macros_confinement = MacroConfinement::automatic;

  std::string backups_schedule;  ///< Five fields as in cron; empty: none.
  std::string backups_time_zone = "UTC";
  double backups_keep = 7;

  std::vector<std::string> notices_allow_private;  ///< Networks that receivers may be in.
  std::string notices_ca_file;                     ///< Empty: the system's certificates.

  std::string referee_udp_listen;  ///< Empty: no UDP ingest.
  bool referee_unix_socket = true;
  std::vector<std::string> referee_allow_uids;  ///< Decimal; besides 0 and the daemon's own.
  double referee_max_players = 4096;
};

/// One complaint about a configuration.
struct ConfigComplaint {
  std::string file;
  int line = 0;         ///< 0 when the file as a whole is meant.
  std::string key;      ///< "monitor.interval_s"
  std::string message;  ///< Expected, with range, and what came.
};

/// "file:line: key: message", one a line.
std::string describe(const std::vector<ConfigComplaint>& complaints);

struct ConfigOutcome {
  Config config;
  std::vector<ConfigComplaint> complaints;  ///< Empty: the configuration is valid.
  std::string text;                         ///< That was read; empty without a file.
};

/// Reads TOML text; `file` is for messages only. Unknown keys are complaints.
ConfigOutcome parse_config(std::string_view text, const std::string& file);

/// Reads a file. A missing file is a complaint only when `must_exist`.
ConfigOutcome load_config(const std::filesystem::path& file, bool must_exist);

/// One setting in words.
struct SettingText {
  std::string key, type, fallback, range, meaning;
  bool live = false;  ///< A change takes effect without a restart.
};
/// All settings, those without a section first, each section in one piece.
std::vector<SettingText> setting_texts();

/// The values of all settings as JSON, in the order of setting_texts().
std::vector<std::pair<std::string, std::string>> config_values(const Config& config);

/// JSON Schema (2020-12) of the file as an object: sections are objects.
std::string config_json_schema();

/// Settings as Markdown: key, type, default, range, meaning.
std::string config_schema_markdown();

/// Complaint when `config.listen` is reachable from elsewhere without protection.
/// Another address than loopback needs TLS files, --behind-proxy or --insecure-http.
Result<void> check_exposure(const Config& config);
/// Whether `config.listen` is an address of loopback.
bool is_loopback(const Config& config);
/// Who can reach `address`, as bound, and what protects that way. One line for people.
std::string exposure_text(const Config& config, const std::string& address);

}  // namespace gk::server
