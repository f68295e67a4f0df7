#!/usr/bin/env python3
"""logs_test.py: the log of a real daemon: pages, filters, the story of a request, the tail."""
import json
import re
import socket
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from gk import BIN, PASSWORD, Daemon, WebSocket, wait_for  # noqa: E402

NAUGHTY = "evil\r\n{\"level\":\"error\"}\x1b[31m\u202egnp.exe"


class Logs(unittest.TestCase):
    def test_pages_filters_and_the_story_of_a_request(self):
        with Daemon() as daemon:
            made = daemon.admin.post("/api/users", {"username": "vera", "password": PASSWORD, "role": "viewer"})
            story_of = made.headers["X-Correlation-Id"]
            story = wait_for("the story", lambda: daemon.admin.get(f"/api/logs/story/{story_of}").json["items"])
            self.assertTrue(all(line["correlation_id"] == story_of for line in story))
            self.assertIn("user.create", json.dumps(story))
            lines, cursor = [], ""
            while True:
                page = daemon.admin.get(f"/api/logs?limit=3&cursor={cursor}").json
                lines += page["items"]
                cursor = page["next_cursor"]
                if not cursor:
                    break
            self.assertGreater(len(lines), 5)
            self.assertEqual([line["ts"] for line in lines], sorted((line["ts"] for line in lines), reverse=True))
            self.assertEqual(len({json.dumps(line) for line in lines}), len(lines), "a line came twice")
            found = daemon.admin.get("/api/logs?event=daemon.*&level=info&q=READY").json["items"]
            self.assertEqual({line["event"] for line in found}, {"daemon.ready"})
            self.assertEqual(daemon.admin.get("/api/logs?level=error").json["items"], [])

    def test_a_line_reaches_the_file_within_seconds_though_nothing_follows(self):
        with Daemon(setup=False) as daemon:
            wait_for("the last line of the start", lambda: "daemon.ready" in daemon.log_text(), 4)

    def test_bad_questions_are_told_what_is_expected(self):
        with Daemon() as daemon:
            for query, field in (("level=loud", "level"), ("limit=0", "limit"), ("cursor=../../etc", "cursor"),
                                 ("since=yesterday", "since"), ("cursor=1-1&after=", "after"), ("q=" + "x" * 201, "q")):
                answer = daemon.admin.get(f"/api/logs?{query}")
                self.assertEqual(answer.status, 400, query)
                self.assertIn(field, [error["path"] for error in answer.json["errors"]], query)

    def test_only_who_may_reads_it(self):
        with Daemon() as daemon:
            viewer = daemon.add_user("vera", "viewer")
            self.assertEqual(viewer.get("/api/logs").status, 403)
            self.assertEqual(daemon.anonymous().get("/api/logs").status, 401)

    def test_what_outsiders_write_stays_one_line_and_text(self):
        with Daemon() as daemon:
            daemon.anonymous().login(NAUGHTY, "wrong password")
            daemon.admin.post("/api/macro-safety/start", {"macro_id": "heal", "macro_name": NAUGHTY})
            items = daemon.admin.get("/api/logs?limit=1000").json["items"]
            self.assertTrue(all(line["level"] != "error" for line in items), items)
            done = daemon.cli("logs", "-n", "1000")  # more than there is
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            out = done.stdout
            self.assertIn("login", out)
            for bad in ("\x1b", "\u202e", "\r"):
                self.assertNotIn(bad, out)

    def test_the_tail_comes_by_socket_and_by_the_command_line(self):
        with Daemon() as daemon:
            socket = WebSocket(daemon.admin)
            socket.send({"op": "subscribe", "topics": ["log:line"]})
            process = subprocess.Popen([str(BIN / "gamekeeper"), "--data", str(daemon.data), "logs", "-f", "-n", "1"],
                                       text=True, stdout=subprocess.PIPE)
            try:
                def told():
                    daemon.anonymous().login("nobody", "wrong password")
                    frame = socket.receive()
                    return isinstance(frame, dict) and frame.get("topic") == "log:line" and "login" in frame["data"]["event"]
                wait_for("a line by the socket", told)
                text = ""
                while "login_failed" not in text:
                    text = process.stdout.readline()
                    self.assertTrue(text, "the tail ended")
            finally:
                process.kill()
                process.wait()
                process.stdout.close()


# What an operator waits for. docs/logs.md names them.
SPANS = {
    *(f"start.{room}" for room in ("accounts", "monitor", "settings", "lanes", "games", "scripts", "macros",
                                   "operations", "referee", "sessions", "privacy")),
    "store.open_state", "store.migrate", "macros.start", "macros.cancel", "backup.make", "store.open_telemetry", "series.load", "series.save", "health.check",
    "config.read", "config.write", "accounts.verify_password", "accounts.change", "command.run",
    "operation.run", "script.check", "script.save", "script.start", "notice.deliver", "notice.deliver_in_game",
    "game.command", "lane.wait", "macros.simulate", "player.export", "player.delete", "latency.probe"}
# Those of them that a request begins: their line names it.
OF_A_REQUEST = {"macros.start", "command.run", "operation.run", "script.start", "game.command", "lane.wait",
                "macros.simulate", "player.export", "player.delete"}


def missing_spans(text):
    """The SPANS without a line that says how long they took."""
    lines = [json.loads(line) for line in text.splitlines() if '"outcome"' in line and '"duration_ms"' in line and line.endswith("}")]
    return SPANS - {line["event"] for line in lines if line["duration_ms"] >= 0 and line["outcome"]}


def unnamed_spans(text):
    """Those OF_A_REQUEST without a line that names one."""
    lines = [json.loads(line) for line in text.splitlines() if '"duration_ms"' in line and line.endswith("}")]
    return OF_A_REQUEST - {line["event"] for line in lines if line.get("correlation_id")}


class Spans(unittest.TestCase):
    def test_each_step_that_matters_says_how_long_it_took(self):
        with socket.create_server(("127.0.0.1", 0)) as target, \
                Daemon(config='[notices]\nallow_private = ["127.0.0.0/8"]\n[monitor]\nlatency_targets = '
                       f'["here=127.0.0.1:{target.getsockname()[1]}"]\n') as daemon:
            admin = daemon.admin
            admin.post("/api/games", {"name": "echo", "kind": "stdio", "options": {"program": "/bin/cat"}})
            wait_for("the game", lambda: admin.get("/api/games/echo").json["state"] == "ready")
            sent = admin.post("/api/games/echo/commands", {"command": "hello"})
            self.assertEqual(sent.status, 200, sent)
            self.assertEqual(admin.post("/api/macro-safety/simulate", {"macro_id": "heal"}).status, 200)
            admin.get("/api/players/nobody/export")
            admin.ask("DELETE", "/api/players/nobody")
            admin.post("/api/config/reload")
            tag = admin.get("/api/config").headers["ETag"]
            changed = admin.ask("PATCH", "/api/config", {"set": {"monitor.interval_s": 0.5}}, {"If-Match": tag})
            self.assertEqual(changed.status, 200, changed)
            daemon.anonymous().login("admin", PASSWORD)
            for name, receiver in (("hook", {"kind": "webhook", "url": "https://127.0.0.1:9/x", "secret": "s" * 32}),
                                   ("game", {"kind": "game", "game": "none"})):
                admin.ask("PUT", f"/api/notices/receivers/{name}", receiver)
                admin.post(f"/api/notices/receivers/{name}/test")
            admin.post("/api/commands", {"type": "diagnostics", "action": "run"})
            admin.post("/api/operations", {"kind": "transact", "resource": "game", "input": {
                "steps": [{"kind": "setting.set", "input": {"key": "one", "value": "1"}}]}})
            source = {"kind": "lua", "source": "-- name: nap\nsleep(0.01)"}
            admin.post("/api/macro-scripts/validate", source)
            admin.ask("PUT", "/api/macro-scripts/nap", source)
            admin.post("/api/macro-safety/start", {"macro_id": "nap", "script": "nap"})
            admin.post("/api/backups")
            admin.post("/api/macro-safety/start", {"macro_id": "heal"})
            admin.post("/api/macro-safety/stop-all")
            self.assertGreaterEqual(len(SPANS), 35)
            try:  # A delivery takes a while, and the history is saved every ten seconds.
                wait_for("all steps", lambda: not missing_spans(daemon.log_text()), 20)
            except AssertionError as late:
                self.fail(f"{late}; missing: {missing_spans(daemon.log_text())}")
            text = daemon.log_text()
            # Negative control: a step whose line is gone is missed.
            without = "\n".join(line for line in text.splitlines() if "operation.run" not in line)
            self.assertEqual(missing_spans(without), {"operation.run"})
            self.assertEqual(unnamed_spans(text), set())
            # Negative control: a line without its request's id names none.
            stripped = re.sub(r'("event":"operation.run".*)"correlation_id":"[^"]+"', r'\1"correlation_id":""', text)
            self.assertEqual(unnamed_spans(stripped), {"operation.run"})


if __name__ == "__main__":
    unittest.main()
