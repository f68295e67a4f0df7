"""scene.py: what the demo plays with: a real OpenTTD server, a daemon of its own, a greedy macro."""
import json
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tests/games"))
from peers import OpenTtd, game_state, wait_for, wait_state  # noqa: E402
from gk import Daemon  # noqa: E402
from ttd_days import Days  # noqa: E402

GAME = "openttd"
DAY_MS = 2220  # A day of the game on time: 74 ticks of 30 ms.
RATE = 500     # What the macro asks for, commands a second.


def free_or_any(port):
    """`port` when nobody has it, else 0: any."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return port
        except OSError:
            return 0


class Scene:
    """Everything lives in folders of its own and is gone at the end."""

    def __init__(self, port):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gk-demo-"))
        self.peer = OpenTtd()
        self.peer.password = secrets.token_hex(8)
        self.peer.prepare()
        self.daemon = Daemon(setup=False, port=free_or_any(port))
        self.user, self.password = "demo", secrets.token_urlsafe(12)
        self.days = None

    def __enter__(self):
        try:
            self.peer.start()
            self.daemon.start()
            self._set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.days:
            self.days.close()
        self.daemon.stop()
        shutil.rmtree(self.daemon.data, ignore_errors=True)
        self.peer.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.daemon.port}/"

    def _set_up(self):
        self.admin = self.daemon.anonymous()
        code = (self.daemon.data / "setup-code").read_text().strip()
        self._made("/api/setup", {"code": code, "username": self.user, "password": self.password})
        self._made("/api/games", self.peer.settings(GAME))
        wait_state(self.admin, GAME, "ready", 40)
        token = self._made("/api/auth/tokens", {"name": "greedy macro",
                                                "scopes": ["games:send", "macros:run"]})
        self._keep("token", token["token"])
        self._keep("password", self.peer.password)
        for macro_id, name in (("greedy", "Greedy macro"), ("greedy-burning", "Greedy macro that burns a core")):
            self._made("/api/macro-safety/profiles", {
                "macro_id": macro_id, "name": name, "safety_level": "risky",
                # Off, so that the lane's pace alone stands between the macro and the game.
                "patterns": [{"matcher": matcher, "action": "off"}
                             for matcher in ("commands", "identical_commands", "errors")]})

    def _made(self, path, body):
        answer = self.admin.post(path, body)
        assert answer.status in (200, 201), (path, answer)
        return answer.json

    def _keep(self, name, text):
        path = self.folder / name
        path.touch(0o600)
        path.write_text(text)

    def watch_days(self):
        """Begins to measure days anew; returns when one has begun."""
        if self.days:
            self.days.close()
        self.days = Days(self.peer)
        wait_for("a day of the game", lambda: self.days.last, 30)

    def longest_day_ms(self):
        return max([*self.days.gaps, self.days.stalled_ms()])

    def link(self):
        """State of Gamekeeper's own link, its reason, and the clock that it measures."""
        game = game_state(self.admin, GAME)
        return game["state"], game["reason"], game["health"]["tick_ratio"]

    def restart_game(self):
        self.peer.stop()
        self.peer.start()
        self._made(f"/api/games/{GAME}/connect", {})
        wait_state(self.admin, GAME, "ready", 40)

    def command(self, report, *how):
        return [sys.executable, str(HERE / "greedy.py"), "--report", str(report), "--rate", str(RATE), *how]

    def flood_directly(self):
        """The macro beside Gamekeeper, straight into the game."""
        report = self.folder / "direct.json"
        program = subprocess.Popen(
            self.command(report, "--direct", str(self.peer.port), str(self.folder / "password")),
            stdin=subprocess.DEVNULL)
        return program, Report(report)

    def flood_through(self, macro_id, *more):
        """The same macro as one of Gamekeeper's, sending through the game's lane."""
        report = self.folder / f"{macro_id}.json"
        self._made("/api/macro-safety/start", {
            "macro_id": macro_id, "game": GAME,
            "command": [os.path.realpath(sys.executable), *self.command(
                report, "--through", str(self.daemon.port), str(self.folder / "token"), GAME, macro_id,
                *more)[1:]]})
        return Report(report)

    def stop_macro(self, macro_id):
        assert self._made(f"/api/macro-safety/stop/{macro_id}", {})["stopped"]

    def cancellation(self, macro_id):
        """The newest event about that macro; None while there is none."""
        items = self.admin.get("/api/macro-safety/cancellations?limit=10").json["items"]
        return next((e for e in items if e["macro_id"] == macro_id and e["gone_ms"] is not None), None)

    def evidence(self, event):
        def complete():
            answer = self.admin.get(f"/api/macro-safety/cancellations/{event['id']}/evidence")
            return answer.json if answer.status == 200 and answer.json["series"] else None
        return wait_for("the evidence", complete)


class Report:
    """What the macro says of itself, from a moment on."""

    def __init__(self, path):
        self.path = path
        wait_for("the macro to begin", lambda: path.exists() and self.read()["asked"] > 0)
        self.begin()

    def read(self):
        return json.loads(self.path.read_text())

    def begin(self):
        self.start, self.began = self.read(), time.monotonic()

    def rate(self, what):
        return (self.read()[what] - self.start[what]) / max(0.1, time.monotonic() - self.began)
