#!/usr/bin/env python3
"""audit_test.py: what people do leaves a row in the audit, and one id tells its story."""
import json
import signal
import sys
import unittest

sys.dont_write_bytecode = True
from gk import Daemon, wait_for  # noqa: E402

SECRET = "hunter2-of-the-game"
GAME = {"name": "arena", "kind": "source", "host": "127.0.0.1", "port": 9, "enabled": False, "password": SECRET}
LUA = {"kind": "lua", "source": "-- name: nap\nsleep(30)"}
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

# (action, target, method, path, body). A target of None: an id that the daemon gives.
ACTS = [
    ("game.create", "arena", "POST", "/games", GAME),
    ("game.change", "arena", "PUT", "/games/arena", dict(GAME, port=10)),
    ("game.disconnect", "arena", "POST", "/games/arena/disconnect", None),
    ("game.connect", "arena", "POST", "/games/arena/connect", None),
    ("game.delete", "arena", "DELETE", "/games/arena", None),
    ("profile.create", "heal", "POST", "/macro-safety/profiles", {"macro_id": "heal", "name": "Heal", "max_duration": 60}),
    ("profile.change", "heal", "PUT", "/macro-safety/profiles/heal", {"max_duration": 90}),
    ("profile.delete", "heal", "DELETE", "/macro-safety/profiles/heal", None),
    ("script.save", "nap", "PUT", "/macro-scripts/nap", LUA),
    ("script.disable", "nap", "POST", "/macro-scripts/nap/disable", None),
    ("script.enable", "nap", "POST", "/macro-scripts/nap/enable", None),
    ("macro.start", "heal", "POST", "/macro-safety/start", {"macro_id": "heal", "command": ["/bin/sleep", "600"]}),
    ("macro.pause", "heal", "POST", "/macro-safety/pause/heal", None),
    ("macro.resume", "heal", "POST", "/macro-safety/resume/heal", None),
    ("macro.stop", "heal", "POST", "/macro-safety/stop/heal", None),
    ("macro.stop_all", "", "POST", "/macro-safety/stop-all", None),
    ("script.delete", "nap", "DELETE", "/macro-scripts/nap", None),
    ("mode.change", "farm", "PUT", "/modes/farm", {"description": "x", "macros": [{"macro_id": "heal"}]}),
    ("session.create", None, "POST", "/sessions", {"character_name": "Vera"}),
    ("mode.delete", "farm", "DELETE", "/modes/farm", None),
    ("command.run", None, "POST", "/commands", {"type": "diagnostics", "action": "run"}),
    ("lane.change", "speech", "PUT", "/locks/speech", {"spacing_s": 2}),
    ("lane.delete", "speech", "DELETE", "/locks/speech", None),
    ("module.change", "healer", "PUT", "/lock-modules/healer", {"priority": 5}),
    ("module.delete", "healer", "DELETE", "/lock-modules/healer", None),
    ("source.create", "arena", "POST", "/movement/sources", {"name": "arena", "address": "127.0.0.1"}),
    ("source.delete", "arena", "DELETE", "/movement/sources/arena", None),
]


def rows_of(daemon, correlation):
    return [row for row in daemon.admin.get("/api/audit?limit=500").json["items"]
            if row["correlation_id"] == correlation]


def missing(expected, rows):
    """Those of `expected`, (action, target) pairs, that no row has."""
    have = [(row["action"], row["target"]) for row in rows]
    return [(action, target) for action, target in expected
            if not any(action == a and target in (None, t) for a, t in have)]


class Audit(unittest.TestCase):
    def test_each_act_of_a_person_leaves_one_row_without_secrets(self):
        with Daemon() as daemon:
            gone = []
            for action, target, method, path, body in ACTS:
                answer = daemon.admin.ask(method, "/api" + path, body)
                self.assertLess(answer.status, 300, f"{method} {path}: {answer}")
                rows = wait_for(f"the row of {action}",
                                lambda: rows_of(daemon, answer.headers["X-Correlation-Id"]))
                self.assertEqual(len(rows), 1, rows)
                if missing([(action, target)], rows):
                    gone.append((action, target, rows))
                self.assertEqual(rows[0]["actor"], "admin")
            self.assertEqual(gone, [])
            rows = daemon.admin.get("/api/audit?limit=500").json["items"]
            key = daemon.admin.post("/api/movement/sources", {"name": "other", "address": "127.0.0.2"}).json["key"]
            text = json.dumps(daemon.admin.get("/api/audit?limit=500").json)
            self.assertNotIn(SECRET, text)
            self.assertNotIn(key, text)
            change = next(row for row in rows if row["action"] == "game.change")
            self.assertEqual((change["before"]["port"], change["after"]["port"]), (9, 10))
            deleted = next(row for row in rows if row["action"] == "game.delete")
            self.assertEqual((deleted["before"]["port"], deleted["after"]), (10, None))
            # Negative control: an act whose row is left out is noticed.
            fewer = [row for row in rows if row["action"] != "macro.pause"]
            self.assertEqual(missing([(a, t) for a, t, *_ in ACTS], fewer), [("macro.pause", "heal")])
            self.assertEqual(daemon.cli("audit", "verify").returncode, 0)

    def test_what_was_refused_leaves_none(self):
        with Daemon() as daemon:
            viewer = daemon.add_user("vera", "viewer")
            for who, status in ((viewer, 403), (daemon.admin, 404)):
                answer = who.ask("DELETE", "/api/games/none")
                self.assertEqual(answer.status, status)
                self.assertEqual(rows_of(daemon, answer.headers["X-Correlation-Id"]), [])

    def test_an_emergency_stop_has_its_row_however_it_came(self):
        with Daemon() as daemon:
            daemon.admin.post("/api/macro-safety/start", {"macro_id": "heal"})
            daemon.signal(signal.SIGUSR2)
            row = wait_for("the row of the signal", lambda: daemon.admin.get(
                "/api/audit?action=macro.emergency_stop").json["items"])[0]
            self.assertEqual((row["actor"], row["after"]), ("SIGUSR2", {"stopped": 1}))
            done = daemon.admin.post("/api/commands", {"type": "emergency", "action": "stop"})
            row = wait_for("the row of the command",
                           lambda: rows_of(daemon, done.headers["X-Correlation-Id"]))[0]
            self.assertEqual(row["after"], {"type": "emergency", "action": "stop"})


class Story(unittest.TestCase):
    def test_one_id_tells_of_request_command_macro_and_its_end(self):
        with Daemon() as daemon:
            answer = daemon.admin.ask("POST", "/api/commands",
                                      {"type": "macro", "action": "start", "macro_id": "heal"}, {"traceparent": TRACE})
            self.assertEqual(answer.status, 202, answer)
            correlation = answer.headers["X-Correlation-Id"]
            self.assertEqual(correlation, TRACE.split("-")[1])
            wait_for("the macro", lambda: daemon.admin.get("/api/macro-safety/active-macros").json["items"])
            daemon.admin.post("/api/macro-safety/stop-all")
            wanted = {"http.request", "command.run", "command.ended", "macros.started", "macros.cancelled",
                      "accounts.audit"}

            def told():
                items = daemon.admin.get(f"/api/logs/story/{correlation}").json["items"]
                return wanted <= {line["event"] for line in items} and items
            story = wait_for("the story", told)
            cancelled = next(line for line in story if line["event"] == "macros.cancelled")
            self.assertIsNone(cancelled["decision_ms"])
            # Negative control: without its end the story is not whole.
            self.assertFalse(wanted <= {line["event"] for line in story if line["event"] != "macros.cancelled"})

    def test_each_step_of_a_request_names_it_and_each_health_check_its_name(self):
        with Daemon() as daemon:
            daemon.anonymous().login("admin", "wrong")
            daemon.admin.post("/api/commands", {"type": "diagnostics", "action": "run"})

            def lines(event):
                return [json.loads(line) for line in daemon.log_text().splitlines()
                        if f'"{event}"' in line and line.endswith("}")]
            verified = wait_for("the step", lambda: lines("accounts.verify_password"))
            self.assertTrue(all(line["correlation_id"] for line in verified), verified)
            checks = wait_for("health checks", lambda: lines("health.check"))
            self.assertGreater(len({line["message"] for line in checks}), 3)


if __name__ == "__main__":
    unittest.main()
