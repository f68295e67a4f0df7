"""The wall clock jumps while the daemon runs: leases, sessions, history and the files bear it."""
import contextlib
import datetime
import json
import os
import pathlib
import re
import tempfile
import unittest

from gk import Daemon, UnixConnection, wait_for

LIBRARY = next(iter(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
PERFORMANCE = "/api/macro-safety/performance"


def rss_mb(daemon):
    status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def moved(local):
    """Whether the newest sample is of another time than the machine's."""
    at = datetime.datetime.fromisoformat(local.get(PERFORMANCE)["history"][-1]["at"].replace("Z", "+00:00"))
    return abs((at - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) > 1800


@unittest.skipUnless(LIBRARY, "needs libfaketime (package faketime)")
class Jumps(unittest.TestCase):
    """The civil clock of a running daemon is moved by libfaketime; the monotonic one is not."""

    def daemon(self):
        handle, name = tempfile.mkstemp(prefix="gk-clock-")
        os.close(handle)
        self.clock = pathlib.Path(name)
        self.addCleanup(self.clock.unlink)
        self.clock.write_text("+0s")
        return Daemon(config="[monitor]\ninterval_s = 0.1\n", env={
            "LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self.clock), "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"})

    def jump(self, offset):
        with self.daemon() as daemon:
            local = Local(daemon)
            self.assertIn(local.put("/api/locks/door", {"lease_s": 600, "spacing_s": 0}), (200, 201))
            grant = daemon.admin.post("/api/locks/door/acquire", {"actor": "healer", "timeout_s": 5})
            self.assertEqual(grant.status, 200, grant)
            wait_for("samples", lambda: len(local.get(PERFORMANCE)["history"]) > 5)
            before = rss_mb(daemon)
            for _ in range(3):  # there and back: what is dropped or kept must not pile up
                self.clock.write_text(offset)
                wait_for("samples of the new time", lambda: moved(local))
                self.clock.write_text("+0s")
                wait_for("samples of the old time", lambda: not moved(local))
            self.clock.write_text(offset)
            wait_for("samples of the new time", lambda: moved(local))
            held = local.get("/api/locks/door")["holder"]
            self.assertIsNotNone(held, "a lease runs by the monotonic clock")
            self.assertEqual(held["token"], grant.json["token"])
            self.assertEqual(daemon.anonymous().get("/api/health").status, 200)
            self.assertEqual(daemon.anonymous().login("admin").status, 200, "log-in works at the new time")
            self.assertLess(rss_mb(daemon), before + 16)
            series = local.get("/api/metrics/series?name=cpu_usage")
            self.assertTrue(any(p["value"] is not None for p in series["points"]), "series go on")
            daemon.stop()
            daemon.start()
            self.assertEqual(daemon.anonymous().login("admin").status, 200)
            self.assertEqual(daemon.cli("db", "check", "--full").returncode, 0)

    def test_an_hour_ahead(self):
        self.jump("+1h")

    def test_an_hour_back(self):
        self.jump("-1h")

    def test_a_day_back(self):
        self.jump("-1d")

    def test_ten_years_ahead(self):
        self.jump("+10y")

    def test_sessions_end_when_the_clock_says_so_and_not_when_it_goes_back(self):
        with self.daemon() as daemon:
            self.assertEqual(daemon.admin.get("/api/auth/profile").status, 200)
            self.clock.write_text("-1d")
            wait_for("a session to outlive a clock that went back",
                     lambda: daemon.admin.get("/api/auth/profile").status == 200)
            self.clock.write_text("+13h")
            wait_for("the session to end after 12 h of civil time",
                     lambda: daemon.admin.get("/api/auth/profile").status == 401)
            self.clock.write_text("+0s")
            self.assertEqual(daemon.admin.get("/api/auth/profile").status, 401, "what ended stays ended")


class Local:
    """The local admin over the Unix socket: a session may end with the clock, this does not."""

    def __init__(self, daemon):
        self.path = str(daemon.data / "gamekeeper.sock")

    def ask(self, method, path, body=None):
        with contextlib.closing(UnixConnection(self.path)) as connection:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Content-Type": "application/json", "X-Gamekeeper-Csrf": "1"})
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"null")

    def get(self, path):
        status, answer = self.ask("GET", path)
        assert status == 200, (status, answer)
        return answer

    def put(self, path, body):
        return self.ask("PUT", path, body)[0]


if __name__ == "__main__":
    unittest.main()
