"""Naughty strings on every page of the dashboard: shown as text, and nothing wider than a phone.

They come in by every field that a page shows: names and descriptions, notes and comments, lines of a
game, a browser's name. web/e2e/text.mjs looks in a real Chromium and has the controls: the same pages
with text nodes that are parsed as HTML and with lines that do not break must be complained about.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from abuse_text_test import NAUGHTY, PLAIN
from gk import PASSWORD, Browser, Daemon, wait_for

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "games"))
from fakes import FakeServer  # noqa: E402

WEB = pathlib.Path(__file__).resolve().parents[2] / "web"
# A page may join spaces and knows no unassigned characters; what reads alike is enough here.
TEXTS = ["W" * 60, *(t for t in NAUGHTY if (not t.isascii() or "<" in t or "&" in t) and len(t.encode()) <= 64 and t == t.strip())]


class Talker(FakeServer):
    """A game of lines that says all of it to whoever connects."""
    kind = "mud"

    def talk(self, connection):
        connection.sendall("".join(f"{t}\r\n" for t in TEXTS if t.isprintable()).encode())
        while connection.recv(4096):
            pass


class Filled:
    """A daemon with texts in all that a page shows: `shown` has the texts of each path."""

    def __init__(self, daemon, talker):
        self.admin, self.daemon, self.shown = daemon.admin, daemon, {}
        self.macros(daemon)
        self.people()
        self.rooms()
        self.games(talker)
        for page in ("/explore", "/logs", "/logs/audit", "/locks", "/tasks", "/settings/users", "/settings/notices", "/settings/backups"):
            self.shown.setdefault(page, [])  # Names of these are of letters and digits, or older lines went.

    def put(self, pages, method, path, body, text, need=True):
        """Stores `text`; what is taken must be on `pages`. `need`: what is plain must be taken."""
        answer = self.admin.ask(method, path, body)
        assert answer.status < 300 or answer.status in (400, 422) and not (need and text in PLAIN), (path, body, answer)
        if answer.status >= 300:
            return None
        for page in pages:
            self.shown.setdefault(page, []).append(text)
        return answer.json if answer.body[:1] == b"{" else {}

    def macros(self, daemon):
        for n, text in enumerate(TEXTS):
            self.put(["/macro-safety"], "POST", "/api/macro-safety/profiles", {
                "macro_id": f"p{n}", "name": text, "category": text, "description": text, "max_duration": 1 if n < 4 else 600,
                "windows": [{"name": text, "cron": "0 4 * * *", "duration_s": 60}] if n < 6 else []}, text)
            self.put(["/macro-safety"], "POST", "/api/macro-safety/start", {"macro_id": f"p{n}" if n < 4 else f"m{n}", "macro_name": text}, text)
            if n % 3 == 0:  # A library shows all of a few.
                steps = {"name": f"s{n}", "description": text, "category": text, "author": text, "actions": [{"type": "say", "command": text, "parameters": {"to": "log"}}]}
                self.put(["/library"], "PUT", f"/api/macro-scripts/s{n}", {"kind": "steps", "steps": steps}, text)
        self.ended = wait_for("four macros that ran too long", lambda: (found := [
            one for one in self.admin.get("/api/macro-safety/cancellations").json["items"] if one["macro_id"].startswith("p")]) and len(found) > 3 and found)
        self.shown["/cancellations"] = self.shown["/"] = self.shown["/trends"] = [one["macro_name"] for one in self.ended]
        for one in self.ended:
            if one["macro_name"] in ("W" * 60, "<img src=x onerror=window.pwned=1>"):
                self.shown[f"/cancellations/{one['id']}"] = [one["macro_name"]]
        self.shown["/macro-safety"] = [t for t in self.shown["/macro-safety"] if t in TEXTS[4:]] + TEXTS[:4]

    def people(self):
        for n, text in enumerate(TEXTS):
            if n < 20:
                self.put(["/settings/tokens"], "POST", "/api/auth/tokens", {"name": text, "scopes": ["macros:read"]}, text)
            self.put(["/sessions"], "POST", "/api/sessions", {"character_name": text}, text)
            self.put(["/sessions"], "PUT", f"/api/modes/m{n}", {"description": text, "macros": [{"macro_id": "x", "macro_name": text}]}, text)
        for text in TEXTS[:6]:
            self.comment(text)
        other = Browser(self.daemon)
        other.ask("POST", "/api/auth/login", {"username": "admin", "password": PASSWORD}, headers={"User-Agent": "<svg/onload=window.pwned=1> 1"})
        self.shown["/settings"] = ["<svg/onload=window.pwned=1>"]

    def comment(self, text):
        self.seconds = getattr(self, "seconds", 1) + 0.01

        def taken():
            etag = self.admin.get("/api/config").headers["ETag"]
            body = {"set": {"monitor.interval_s": self.seconds}, "comment": text}
            return (answer := self.admin.ask("PATCH", "/api/config", body, headers={"If-Match": etag})).status != 412 and answer

        if wait_for("a change of the configuration", taken).status < 300:
            self.shown.setdefault("/settings/configuration", []).append(text)

    def rooms(self):
        for n, text in enumerate(TEXTS):
            graph = self.put(["/tasks"], "POST", "/api/task-graphs", {"name": text, "tasks": [{"id": "a", "action": {"type": "sleep", "seconds": 0}}]}, text, False)
            if graph and n in (0, 2):
                self.shown[f"/tasks/{graph['id']}"] = [text]
            self.put([], "POST", "/api/movement/validate", {"items": [{"player": text, "seq": 1, "client_ms": 50, "server_ms": 50, "x": 0, "y": 0}]}, text, False)
            self.put([], "POST", "/api/samples", {"samples": [{"signal": "fps", "value": 60, "subject": text}]}, text, False)
            self.put([], "PUT", "/api/lock-modules/knight", {"group": text, "priority": 9}, text, False)
        self.put([], "PUT", "/api/locks/knight", {}, "")
        players = [one["player"] for one in self.admin.get("/api/movement/players?limit=1000").json["items"]]
        self.shown["/referee"] = players
        self.shown["/explore"] = wait_for("series of most texts", lambda: (found := self.subjects()) and len(found) > 15 and found)
        self.shown["/locks/knight"] = []

    def subjects(self):
        series = {one["subject"] for one in self.admin.get("/api/metrics/series-list?limit=1000").json["items"]}
        return [t for t in TEXTS if t in series]

    def games(self, talker):
        assert self.admin.post("/api/games", talker.settings("mud", password="", enabled=True, options={"framing": "quiet"}, allow=TEXTS[:4])).status < 300
        lines = wait_for("the lines of a game", lambda: (found := self.admin.get("/api/games/mud/history").json["items"]) and len(found) > 9 and found)
        said = json.dumps(lines, ensure_ascii=False)
        self.shown["/games"], self.shown["/games/mud"] = [], [t for t in TEXTS if json.dumps(t, ensure_ascii=False)[1:-1] in said]


@unittest.skipUnless((WEB / "node_modules").exists() and shutil.which("chromium"), "no dashboard build or no Chromium")
class Shown(unittest.TestCase):
    def test_every_page_shows_them_as_text_and_pages_that_do_not_are_noticed(self):
        with Talker() as talker, Daemon() as daemon:
            filled = Filled(daemon, talker)
            done = subprocess.run(["node", "e2e/text.mjs"], cwd=WEB, text=True, capture_output=True, timeout=240, input=json.dumps(filled.shown),
                                  env={**os.environ, "BASE_URL": f"http://127.0.0.1:{daemon.port}", "GK_COOKIE": filled.admin.cookie})
            print(done.stdout)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertGreater(sum(len(texts) for texts in filled.shown.values()), 200)


if __name__ == "__main__":
    unittest.main()
