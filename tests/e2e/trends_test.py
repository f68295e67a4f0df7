#!/usr/bin/env python3
"""trends_test.py: trend reports of a real daemon: days of several zones, a restart on each of them,
kill -9, and the table of the CLI."""
import datetime
import json
import os
import pathlib
import signal
import sqlite3
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
from gk import Daemon, UnixConnection, wait_for  # noqa: E402

LIBRARY = next(iter(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
FLUSH_S = 10  # TalliesOptions::flush_every: what kill -9 may cost
UTC = datetime.timezone.utc


class Local:
    """An administrator on the daemon's socket: no session that ends when the clock moves."""

    def __init__(self, daemon):
        self.path = str(daemon.data / "gamekeeper.sock")

    def ask(self, method, path, body=None):
        connection = UnixConnection(self.path)
        connection.request(method, "/api" + path, json.dumps(body) if body is not None else None,
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text)

    def trends(self, query=""):
        status, report = self.ask("GET", "/macro-safety/trends?" + query)
        assert status == 200, report
        return report

    def start(self, macro_id):
        status, answer = self.ask("POST", "/macro-safety/start",
                                  {"macro_id": macro_id, "macro_name": macro_id.title()})
        assert status == 201, answer

    def stop(self, macro_id):
        status, answer = self.ask("POST", f"/macro-safety/stop/{macro_id}")
        assert status == 200, answer


def macro_of(report, macro_id):
    return next(m for m in report["macros"] if m["macro_id"] == macro_id)


class Trends(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="gk-trends-")
        self.addCleanup(folder.cleanup)
        self.data = pathlib.Path(folder.name)

    def daemon(self, days_ago=0, hours=0):
        env = {}
        if days_ago:
            at = datetime.datetime.now(UTC) - datetime.timedelta(days=days_ago)
            at = at.replace(hour=hours, minute=20)
            offset = int((at - datetime.datetime.now(UTC)).total_seconds())
            env = {"LD_PRELOAD": str(LIBRARY), "FAKETIME": f"{offset:+d}s", "FAKETIME_NO_CACHE": "1",
                   "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        return Daemon(data=self.data, env=env, setup=False, config="[monitor]\ninterval_s = 0.1\n")

    @unittest.skipUnless(LIBRARY, "needs libfaketime (package faketime)")
    def test_each_day_of_a_zone_has_what_ran_on_it(self):
        for runs, days_ago in enumerate((4, 3, 2, 1), start=1):
            with self.daemon(days_ago, hours=20) as daemon:  # 20:20 UTC: the next day in Kathmandu
                local = Local(daemon)
                for _ in range(runs):
                    local.start("heal")
                    local.stop("heal")
        with self.daemon() as daemon:
            local = Local(daemon)
            here = macro_of(local.trends("days=5&time_zone=UTC"), "heal")
            self.assertEqual([d and d["runs"] for d in here["days"]], [1, 2, 3, 4, None])
            self.assertEqual(here["macro_name"], "Heal")
            self.assertIn(here["trend"]["run_time_s"]["direction"], ("falling", "steady", "rising"))
            there = local.trends("days=6&time_zone=Asia/Kathmandu")
            runs = dict(zip(there["days"], macro_of(there, "heal")["days"]))
            report = local.trends("days=5&time_zone=UTC")
            for day, tally in zip(report["days"], macro_of(report, "heal")["days"]):
                if tally is None:
                    continue
                later = (datetime.date.fromisoformat(day) + datetime.timedelta(days=1)).isoformat()
                self.assertEqual(runs[later]["runs"], tally["runs"], f"20:20 UTC of {day}")
            self.assertEqual(local.trends("days=5&macro_id=dance")["macros"], [])
            self.assertTrue(all(share > 0 for share in local.trends("days=5")["daemon_ran"]))
            # A planted hole: the day is missed when its rows are gone.
            with sqlite3.connect(self.data / "telemetry.db", timeout=20) as db:
                quarter = int(time.time()) // 900 - 96
                db.execute("DELETE FROM macro_tally WHERE quarter BETWEEN ? AND ?",
                           (quarter - 96, quarter + 48))
            self.assertNotEqual([d and d["runs"] for d in macro_of(
                local.trends("days=5&time_zone=UTC"), "heal")["days"]], [1, 2, 3, 4, None])

    @unittest.skipUnless(LIBRARY, "needs libfaketime (package faketime)")
    def test_a_day_without_the_daemon_is_not_one_without_a_macro(self):
        for days_ago, runs in ((3, True), (1, False)):  # Two days ago it did not run.
            with self.daemon(days_ago) as daemon:
                local = Local(daemon)
                if runs:
                    local.start("heal")
                    local.stop("heal")
        with self.daemon() as daemon:
            report = Local(daemon).trends("days=5&time_zone=UTC")
            self.assertEqual([share and share > 0 for share in report["daemon_ran"]],
                             [None, True, 0, True, True])
            self.assertEqual([d is None for d in macro_of(report, "heal")["days"]],
                             [True, False, True, True, True])
            table = daemon.cli("macro", "trends", "--days", "5", "--time-zone", "UTC").stdout
            self.assertIn("·█×··", table)
            one = daemon.cli("macro", "trends", "--macro", "heal", "--days", "5", "--time-zone", "UTC").stdout
            self.assertEqual(one.count("the daemon did not run"), 1, one)
            # The control: without its rows the daemon of yesterday was not there either.
            with sqlite3.connect(self.data / "telemetry.db", timeout=20) as db:
                db.execute("DELETE FROM macro_tally WHERE macro_id = '' AND quarter / 96 = ?",
                           (int(time.time()) // 86400 - 1,))
            self.assertEqual(Local(daemon).trends("days=5&time_zone=UTC")["daemon_ran"][3], 0)

    def test_kill_9_costs_at_most_what_was_not_written_yet(self):
        with self.daemon() as daemon:
            local = Local(daemon)
            local.start("heal")
            told = macro_of(local.trends("days=1"), "heal")["days"][0]  # Told is written.
            begun = time.monotonic()
            wait_for("the macro to run longer than a write takes to come",
                     lambda: time.monotonic() - begun > FLUSH_S + 3)
            ran = time.monotonic() - begun
            os.kill(daemon.process.pid, signal.SIGKILL)
            daemon.process.wait()
        with self.daemon() as daemon:
            report = Local(daemon).trends("days=2")
            left = [d for d in macro_of(report, "heal")["days"] if d]
            self.assertEqual(sum(d["runs"] for d in left), 1)
            seconds = sum(d["run_time_s"] for d in left)
            self.assertGreaterEqual(seconds, told["run_time_s"])
            self.assertGreaterEqual(seconds, ran - FLUSH_S - 1)
            self.assertLessEqual(seconds, ran + told["run_time_s"] + 1)

    def test_says_what_it_expected(self):
        with self.daemon() as daemon:
            local = Local(daemon)
            for query, path, message in (
                    ("days=0", "days", "from 1 to 30"), ("days=31", "days", "from 1 to 30"),
                    ("days=two", "days", "from 1 to 30"), ("days=", "days", "from 1 to 30"),
                    ("time_zone=Mars/Base", "time_zone", 'no "Mars/Base"'),
                    ("time_zone=../../etc/passwd", "time_zone", "IANA time zone"),
                    ("macro_id=A%20b", "macro_id", "expected a-z"),
                    ("game=" + "x" * 65, "game", "at most 64")):
                status, problem = local.ask("GET", "/macro-safety/trends?" + query)
                self.assertEqual((status, problem["errors"][0]["path"]), (400, path), problem)
                self.assertIn(message, problem["errors"][0]["message"])

    def test_the_table_fits_80_columns(self):
        with self.daemon() as daemon:
            local = Local(daemon)
            local.start("a-macro-with-a-long-name-for-its-kind")
            wait_for("samples", lambda: "cpu_usage" in [
                m["metric"] for m in local.trends("days=1")["metrics"]])
            table = daemon.cli("macro", "trends", "--days", "30", "--time-zone", "Europe/Berlin").stdout
            self.assertIn("a-macro-with", table)
            self.assertIn("cpu_usage", table)
            self.assertIn("Europe/Berlin", table)
            self.assertLessEqual(max(len(line) for line in table.splitlines()), 80, table)
            one = daemon.cli("macro", "trends", "--macro", "a-macro-with-a-long-name-for-its-kind").stdout
            self.assertIn("RAN FOR", one)
            self.assertIn("did not run", daemon.cli("macro", "trends", "--macro", "nobody").stdout)
            self.assertLessEqual(max(len(line) for line in one.splitlines()), 80, one)


if __name__ == "__main__":
    unittest.main()
