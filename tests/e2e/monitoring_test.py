#!/usr/bin/env python3
"""packaging/prometheus and packaging/grafana against a daemon that was used: a real Prometheus scrapes
with an API token, promtool judges the exposition, the rules fire, and every name is a metric."""
import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True
from gk import Daemon, wait_for  # noqa: E402
from shell_page import ROOT, free_port  # noqa: E402

SAMPLES = ROOT / "packaging/prometheus"
DASHBOARD = ROOT / "packaging/grafana/gamekeeper.json"


def run(*command, stdin=""):
    return subprocess.run(command, text=True, capture_output=True, input=stdin, timeout=60)


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed")


def token_of(daemon):
    done = daemon.cli("token", "create", "admin", "--name", "prometheus", "--scope", "metrics:read", "--days", "1")
    assert done.returncode == 0, done
    return done.stdout.strip(), re.search(r"id is ([\w-]+)", done.stderr)[1]


def use(daemon):
    """What an ordinary day brings: a log-in that fails, a macro that is cancelled."""
    daemon.anonymous().login("nobody", "wrong password here")
    daemon.admin.get("/api/users")
    done = daemon.cli("macro", "run", "--id", "busy", "--level", "dangerous", "--",
                      sys.executable, "-c", "while True: pass")
    assert "was cancelled" in done.stdout, done


def exposition(daemon, token):
    return daemon.anonymous().get("/metrics", headers={"Authorization": f"Bearer {token}"}).body.decode()


def unknown_names(expressions, text):
    """Names in `expressions` that no sample of the exposition has."""
    known = set(re.findall(r"(?m)^(gamekeeper_\w+?)[{ ]", text))
    return {name for expression in expressions for name in re.findall(r"gamekeeper_\w+", expression)} - known


def dashboard_expressions():
    return [t["expr"] for p in json.loads(DASHBOARD.read_text())["panels"] for t in p.get("targets", [])]


class Names(unittest.TestCase):
    def test_every_metric_of_dashboard_and_rules_is_one_of_a_used_daemon(self):
        rules = re.findall(r"(?m)^ *expr: (.*)$", (SAMPLES / "gamekeeper_rules.yml").read_text())
        self.assertGreaterEqual(len(rules), 8)
        with Daemon() as daemon:
            use(daemon)
            text = exposition(daemon, token_of(daemon)[0])
        every = dashboard_expressions() + rules
        self.assertGreater(len(every), 20)
        self.assertEqual(unknown_names(every, text), set())
        planted = [e.replace("gamekeeper_load1", "gamekeeper_load_1") for e in every + ["gamekeeper_load1"]]
        self.assertEqual(unknown_names(planted, text), {"gamekeeper_load_1"})
        # A label's value that a rule compares with must exist: a misspelt one never fires, or always.
        compared = re.findall(r'(result|mode)!?="(\w+)"', " ".join(rules))
        self.assertEqual(len(compared), 2)
        for label, value in compared:
            self.assertTrue(f'{label}="{value}"' in text, (label, value))
        self.assertFalse('result="ok"' in text)

    @needs("promtool")
    def test_promtool_finds_no_fault_in_the_exposition(self):
        with Daemon() as daemon:
            use(daemon)
            text = exposition(daemon, token_of(daemon)[0])
        self.assertGreater(text.count("# TYPE gamekeeper_"), 80)
        done = run("promtool", "check", "metrics", stdin=text)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        bad = run("promtool", "check", "metrics", stdin=text.replace("# HELP gamekeeper_load1 Load", "# HELP gamekeeper_load1", 1)
                  + "# TYPE camelCase counter\ncamelCase 1\n")
        self.assertNotEqual(bad.stdout + bad.stderr, "")


class Rules(unittest.TestCase):
    CASES = [("GamekeeperDown", 'up{job="gamekeeper"}', "1 0x9", "5m"),
             ("GamekeeperHealthCheckFailed", 'gamekeeper_health_status{check="disk"}', "1 0x9", "5m"),
             ("GamekeeperCannotSave", 'gamekeeper_store_failing{store="state"}', "0 1x9", "5m"),
             ("GamekeeperConfigurationWrong", "gamekeeper_config_valid", "1 0x9", "5m"),
             ("GamekeeperUnconfined", 'gamekeeper_macros_confinement{mode="namespace"}', "0x20", "15m"),
             ("GamekeeperCancelsOften", "gamekeeper_macro_cancellations_total", "0+2x20", "15m"),
             ("GamekeeperLoginsRefused", 'gamekeeper_accounts_logins_total{result="wrong"}', "0+20x20", "15m"),
             ("GamekeeperSamplerLate", "gamekeeper_sampler_missed_ticks_total", "0+30x20", "15m")]

    @needs("promtool")
    def test_each_rule_fires_on_its_fault_and_is_silent_without(self):
        named = re.findall(r"alert: (\w+)", (SAMPLES / "gamekeeper_rules.yml").read_text())
        self.assertEqual([c[0] for c in self.CASES], named)
        for alert, series, values, at in self.CASES:
            quiet = "1x20" if "up" in series or "valid" in series or "health" in series or "confinement" in series else "0x20"
            with self.subTest(alert):
                self.assertTrue(self.fires(alert, series, values, at))
                self.assertFalse(self.fires(alert, series, quiet, at))

    def fires(self, alert, series, values, at):
        with tempfile.TemporaryDirectory() as folder:
            case = pathlib.Path(folder) / "case.yml"
            # `exp_alerts: []` is true only when nothing fires: the tool then says so.
            case.write_text(json.dumps({"rule_files": [str(SAMPLES / "gamekeeper_rules.yml")], "evaluation_interval": "15s",
                                        "tests": [{"interval": "1m", "input_series": [{"series": series, "values": values}],
                                                   "alert_rule_test": [{"eval_time": at, "alertname": alert, "exp_alerts": []}]}]}))
            done = run("promtool", "test", "rules", str(case))
        said = done.stdout + done.stderr
        assert done.returncode == 0 or "got:[" in re.sub(r"\s", "", said), said
        return done.returncode != 0


class Scrape(unittest.TestCase):
    @needs("prometheus")
    def test_a_real_prometheus_scrapes_with_a_token_until_it_is_revoked(self):
        with Daemon() as daemon, tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            token, token_id = token_of(daemon)
            (folder / "gamekeeper.token").write_text(token)
            shutil.copy(SAMPLES / "gamekeeper_rules.yml", folder)
            config = folder / "prometheus.yml"
            config.write_text((SAMPLES / "prometheus.yml").read_text().replace("/etc/prometheus/", f"{folder}/")
                              .replace("127.0.0.1:5000", f"127.0.0.1:{daemon.port}").replace("15s", "1s"))
            checked = run("promtool", "check", "config", str(config))
            self.assertEqual(checked.returncode, 0, checked)
            port = free_port()
            server = subprocess.Popen(["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/db",
                                       f"--web.listen-address=127.0.0.1:{port}"],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

            def value_of(query):
                with contextlib.suppress(OSError, ValueError, IndexError):
                    url = f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(query)}"
                    return float(json.load(urllib.request.urlopen(url, timeout=5))["data"]["result"][0]["value"][1])
                return None
            try:
                wait_for("a scrape", lambda: value_of('up{job="gamekeeper"}') == 1.0, 30)
                wait_for("a value", lambda: value_of("gamekeeper_memory_usage_percent"))
                self.assertEqual(daemon.cli("token", "revoke", token_id).returncode, 0)
                wait_for("a scrape that is refused", lambda: value_of('up{job="gamekeeper"}') == 0.0, 30)
            finally:
                server.terminate()
                server.wait()


if __name__ == "__main__":
    unittest.main()
