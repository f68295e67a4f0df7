#include "server/config.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "macros/rules/macro_watch.h"
#include "server/options.h"

namespace gk::server {
namespace {

TEST(ParseConfig, TakesValuesFromSectionsAndKeepsOtherDefaults) {
  const auto outcome = parse_config("listen = \"127.0.0.1:0\"\n[monitor]\ninterval_s = 0.5\n", "f");
  EXPECT_TRUE(outcome.complaints.empty());
  EXPECT_EQ(outcome.config.listen, "127.0.0.1:0");
  EXPECT_EQ(outcome.config.monitor_interval_s, 0.5);
  EXPECT_EQ(outcome.config.monitor_history_size, 100);
}

TEST(ParseConfig, NamesWhatIsWrongWithoutTurningOrColouringTheTerminal) {
  const auto outcome =
      parse_config("\"a\u202eb\" = 1\n[log]\nlevel = \"\\u001b[31m\"\n", "gk.toml");
  const std::string text = describe(outcome.complaints);
  EXPECT_NE(text.find("gk.toml:1: a\\u{202e}b: unknown key"), std::string::npos) << text;
  EXPECT_NE(text.find("\\x1b[31m"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
}

TEST(ParseConfig, ReportsAllComplaintsWithLineKeyAndRange) {
  const auto outcome = parse_config(
      "listen = 5\nnonsense = 1\n[monitor]\ninterval_s = 0.05\nhistory = 3\n[log]\nlevel = "
      "\"loud\"\n",
      "gk.toml");
  EXPECT_EQ(describe(outcome.complaints),
            "gk.toml:1: listen: expected a string, got an integer\n"
            "gk.toml:2: nonsense: unknown key; expected one of listen, allow_hosts, allow_origins, "
            "behind_proxy, proxy_addresses, insecure_http, tls.certificate, tls.key, log.level, "
            "log.format, log.requests, "
            "log.max_file_mb, "
            "log.max_files, monitor.interval_s, monitor.history_size, monitor.latency_targets, "
            "metrics.public, "
            "http.max_connections, http.max_per_address, store.linger_us, store.flush_ms, "
            "retention.history_days, retention.client_hours, retention.player_days, "
            "backups.schedule, backups.time_zone, backups.keep, "
            "macros.confinement, macros.culprit_demand_weight, macros.culprit_command_weight, "
            "macros.culprit_threshold, macros.culprit_margin, macros.dry_run, "
            "macros.max_processes, macros.quarantine_s, notices.allow_private, notices.ca_file, "
            "referee.udp_listen, referee.unix_socket, referee.allow_uids, referee.max_players\n"
            "gk.toml:4: monitor.interval_s: expected a number from 0.1 to 60, got 0.05\n"
            "gk.toml:5: monitor.history: unknown key; expected one of monitor.interval_s, "
            "monitor.history_size, monitor.latency_targets\n"
            "gk.toml:7: log.level: expected one of \"debug\", \"info\", \"warn\", \"error\", got "
            "\"loud\"\n");
}

TEST(ParseConfig, TakesOriginsOnlyAsABrowserSendsThem) {
  const auto complaints = [](const std::string& origin) {
    return parse_config("allow_origins = [\"" + origin + "\"]\n", "f").complaints.size();
  };
  for (const char* good : {"https://panel.example", "http://[::1]:8080", "https://a.example:80"}) {
    EXPECT_EQ(complaints(good), 0U) << good;
  }
  for (const char* bad : {"*", "https://*", "https://*.example", "panel.example", "null", "",
                          "https://panel.example/", "https://panel.example:443", "http://a:80",
                          "https://u@panel.example", "ftp://panel.example", "https://"}) {
    EXPECT_EQ(complaints(bad), 1U) << bad;
  }
}

TEST(ParseConfig, RefusesTextsThatWouldSilentlyLetNobodyIn) {
  const auto complaint = [](const std::string& section, const std::string& line) {
    const auto outcome = parse_config(section + "\n" + line + "\n", "f");
    return outcome.complaints.empty() ? "" : describe(outcome.complaints);
  };
  EXPECT_EQ(complaint("", "listen = \"127.0.0.1:99999\""),
            "f:2: listen: expected ADDRESS:PORT such as 127.0.0.1:5000 or [::1]:5000, got "
            "\"127.0.0.1:99999\"\n");
  EXPECT_EQ(complaint("", "allow_hosts = [\"ok.example\", \"http://x\"]"),
            "f:2: allow_hosts: expected a host name or address without scheme and port, such as "
            "gamekeeper.example, got \"http://x\"\n");
  EXPECT_EQ(complaint("", "allow_hosts = [\"::1\", \"a_b.Example\", \"192.0.2.7\"]"), "");
  EXPECT_NE(complaint("", "allow_hosts = [\"a.example:5000\"]"), "");
  EXPECT_EQ(complaint("", "proxy_addresses = [\"proxy\"]"),
            "f:2: proxy_addresses: expected a numeric address such as 192.0.2.1 or 2001:db8::1, "
            "got \"proxy\"\n");
  EXPECT_EQ(complaint("", "proxy_addresses = [\"0:0::1\"]"),
            "f:2: proxy_addresses: expected the address as ::1, got \"0:0::1\"\n");
  EXPECT_EQ(complaint("[notices]", "allow_private = [\"192.168.1.0/24\"]"), "");
  EXPECT_NE(complaint("[notices]", "allow_private = [\"300.1.1.1/8\"]"), "");
  EXPECT_EQ(complaint("[referee]", "udp_listen = \"x\"").rfind("f:2: referee.udp_listen: ", 0), 0U);
  EXPECT_EQ(complaint("[referee]", "udp_listen = \"\""), "");
  EXPECT_EQ(complaint("[referee]", "allow_uids = [\"1000\", \"bob\"]"),
            "f:2: referee.allow_uids: expected the number of a user, such as 1000 (`id -u NAME` "
            "tells it), got \"bob\"\n");
}

TEST(EffectiveConfig, ChecksTheCommandLineAsItChecksTheFile) {
  Options options;
  options.data_dir = "/nonexistent";
  options.listen = "anywhere";
  options.allow_hosts = {"a b"};
  options.allow_origins = {"panel.example"};
  const std::string said = describe(effective_config(options).complaints);
  EXPECT_NE(said.find("command line: --listen: expected ADDRESS:PORT"), std::string::npos) << said;
  EXPECT_NE(said.find("command line: --allow-host: expected a host name"), std::string::npos);
  EXPECT_NE(said.find("command line: --allow-origin: expected an origin"), std::string::npos);
  EXPECT_EQ(said.find("plain HTTP"), std::string::npos) << "what is no address exposes nothing";
}

TEST(Config, TheDefaultsOfMacrosAreThoseOfTheRules) {
  const Config config;
  const macros::CulpritSettings rules;
  EXPECT_EQ(config.macros_culprit_demand_weight, rules.demand_weight);
  EXPECT_EQ(config.macros_culprit_command_weight, rules.command_weight);
  EXPECT_EQ(config.macros_culprit_threshold, rules.threshold);
  EXPECT_EQ(config.macros_culprit_margin, rules.margin);
  EXPECT_EQ(config.macros_max_processes, macros::WatchSettings().max_processes);
}

TEST(ParseConfig, SaysWhereTheTextIsNotToml) {
  const auto outcome = parse_config("listen = \n", "gk.toml");
  ASSERT_EQ(outcome.complaints.size(), 1U);
  EXPECT_EQ(outcome.complaints[0].line, 1);
}

TEST(ParseConfig, SaysWhereATableHasNoName) {
  // toml++ takes for granted that it has one.
  for (const char* text : {"listen = \"a\"\n[+h", "\n[\x02\n", "# x\n  [ $x]\n"}) {
    const auto outcome = parse_config(text, "gk.toml");
    ASSERT_EQ(outcome.complaints.size(), 1U) << text;
    EXPECT_EQ(outcome.complaints[0].line, 2) << text;
    EXPECT_NE(outcome.complaints[0].message.find("not TOML"), std::string::npos);
  }
}

TEST(ParseConfig, RefusesATrueWhereANumberBelongs) {
  EXPECT_EQ(parse_config("[monitor]\ninterval_s = true\n", "f").complaints.size(), 1U);
  EXPECT_EQ(parse_config("[monitor]\ninterval_s = nan\n", "f").complaints.size(), 1U);
}

TEST(LoadConfig, MissesAFileOnlyWhenItMustExist) {
  EXPECT_TRUE(load_config("/nonexistent/gk.toml", false).complaints.empty());
  EXPECT_EQ(describe(load_config("/nonexistent/gk.toml", true).complaints),
            "/nonexistent/gk.toml: cannot be read: No such file or directory\n");
}

TEST(LoadConfig, TakesNoFolderForAnEmptyFile) {
  EXPECT_EQ(describe(load_config("/tmp", true).complaints),
            "/tmp: cannot be read: it is a folder, expected a file\n");
}

TEST(CheckExposure, AsksForConsentBeyondLoopback) {
  EXPECT_TRUE(check_exposure({}));
  EXPECT_FALSE(check_exposure({.listen = "0.0.0.0:5000"}));
  EXPECT_TRUE(check_exposure({.listen = "0.0.0.0:5000", .behind_proxy = true}));
  EXPECT_TRUE(check_exposure({.listen = "0.0.0.0:5000", .tls_certificate = "/c", .tls_key = "/k"}));
}

TEST(ConfigSchema, ListsEveryKeyWithItsDefault) {
  EXPECT_NE(config_schema_markdown().find(
                "| `monitor.interval_s` | number | `1` | 0.1 to 60 | at once |"),
            std::string::npos);
}

TEST(ConfigSchema, HasEachSectionInOnePiece) {
  std::vector<std::string> sections;
  for (const auto& s : setting_texts()) {
    const auto section =
        s.key.substr(0, s.key.find('.') == std::string::npos ? 0 : s.key.find('.'));
    if (sections.empty() || sections.back() != section) sections.push_back(section);
  }
  auto unique = sections;
  std::sort(unique.begin(), unique.end());
  EXPECT_EQ(std::unique(unique.begin(), unique.end()), unique.end());
}

TEST(ExposureText, SaysWhoReachesWhatAndHow) {
  EXPECT_EQ(exposure_text({.tls_certificate = "/c", .tls_key = "/k"}, "0.0.0.0:5000"),
            "Exposed: log-in, dashboard and API to whoever reaches any address of this machine on "
            "port 5000, by TLS");
  EXPECT_EQ(exposure_text({.insecure_http = true}, "192.0.2.1:80"),
            "Exposed: log-in, dashboard and API to whoever reaches 192.0.2.1:80, by plain HTTP: "
            "passwords can be read on the way");
  EXPECT_NE(exposure_text({.behind_proxy = true}, "[::]:5000").find("only the proxy"),
            std::string::npos);
}

TEST(ConfigFile, WantsAbsolutePathsOfTlsFiles) {
  EXPECT_TRUE(parse_config("[tls]\ncertificate = \"/etc/c.pem\"\nkey = \"/etc/k.pem\"", "f")
                  .complaints.empty());
  const auto outcome = parse_config("[tls]\ncertificate = \"c.pem\"", "f");
  ASSERT_EQ(outcome.complaints.size(), 1u);
  EXPECT_EQ(outcome.complaints[0].key, "tls.certificate");
  EXPECT_EQ(outcome.complaints[0].line, 2);
}

}  // namespace
}  // namespace gk::server
