#!/usr/bin/env python3
"""logs_test.py: the log of a real daemon: pages, filters, the story of a request, the tail."""
import json
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


if __name__ == "__main__":
    unittest.main()
