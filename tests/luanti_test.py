#!/usr/bin/env python3
"""luanti_test.py: the mod examples/luanti/gamekeeper_referee inside a real minetestserver.

The server runs headless on loopback; the mod tests/luanti/gk_probe checks core.lua with fakes and
plays a scripted player through the whole mod. The daemon is a stub first, which answers as
POST /api/movement/declare and /validate do and is strict about members; then, with GK_BIN, a real
gamekeeperd behind a bridge that knows its session. Exit code 77 (skipped) without minetestserver.
"""
import http.server
import json
import math
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOKEN = "probe-token"
SERVER = shutil.which("minetestserver") or "/usr/games/minetestserver"


class Daemon(http.server.BaseHTTPRequestHandler):
    """Refuses steps beyond 5 m; keeps the place of each player; insists on order and token."""
    protocol_version = "HTTP/1.1"
    places, declared, problems, bridge = {}, [], [], None

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.problems.append("no token")
        if self.headers.get("Content-Type") != "application/json":
            self.problems.append("content type " + str(self.headers.get("Content-Type")))
        if self.path == "/api/movement/declare":
            self.declared.extend(body["items"])
            reply = {"items": [self.declare(item) for item in body["items"]]}
            reply = self.bridge(self.path, body) if self.bridge else reply
        elif self.bridge:
            reply = self.bridge(self.path, body)
        elif self.path == "/api/movement/validate":
            session = body.get("session")
            if session and not (session["max_speed"] == 4 and session["nominal_ms"] == 50
                                and abs(session["gravity"] - 19.62) < 0.01):
                self.problems.append(f"session {session}")
            if not session and any(item["player"] not in self.places for item in body["items"]):
                self.problems.append("a first movement without limits")
            reply = {"items": [self.judge(item) for item in body["items"]]}
        else:
            self.problems.append("path " + self.path)
            reply = {}
        text = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def declare(self, item):
        known = {"player", "type", "server_ms", "x", "y", "z", "vx", "vy", "vz", "session", "on"}
        if not set(item) <= known:
            self.problems.append(f"unknown members in {item}")
        return {"player": item["player"], "applied": item["player"] in self.places}

    def judge(self, item):
        known = {"player", "mode", "seq", "server_ms", "x", "y", "z", "ground"}
        if not (set(item) <= known and isinstance(item["seq"], int)
                and isinstance(item.get("ground", True), bool)):
            self.problems.append(f"members of {item}")
        player, at = item["player"], [item["x"], item["y"], item["z"]]
        if not any(d["player"] == player and d["type"] == "leave" for d in self.declared):
            self.problems.append("a seat was taken before the old one was left")
        before = self.places.get(player)
        if before and item["seq"] <= before[0]:
            self.problems.append(f"sequence {item['seq']} after {before[0]}")
        if before and item["server_ms"] < before[1]:
            self.problems.append("server time ran back")
        valid = not before or math.dist(at, before[2]) <= 5
        self.places[player] = (item["seq"], item["server_ms"], at if valid else before[2])
        back = None if valid else dict(zip("xyz", before[2]))
        return {"player": player, "seq": item["seq"], "valid": valid, "set_back_to": back}


def prepare(folder, port, game_port):
    world = folder / "world"
    (world / "worldmods").mkdir(parents=True)
    shutil.copytree(ROOT / "examples/luanti/gamekeeper_referee", world / "worldmods/gamekeeper_referee")
    shutil.copytree(ROOT / "tests/luanti/gk_probe", world / "worldmods/gk_probe")
    (world / "world.mt").write_text("gameid = devtest\nbackend = dummy\nplayer_backend = dummy\n"
                                    "auth_backend = files\n")
    (folder / "minetest.conf").write_text(
        "secure.http_mods = gamekeeper_referee\n"
        f"gamekeeper_referee.url = http://127.0.0.1:{port}\n"
        f"gamekeeper_referee.token = {TOKEN}\n"
        f"bind_address = 127.0.0.1\nport = {game_port}\nserver_announce = false\n"
        "mg_name = singlenode\nname = nobody\ndedicated_server_step = 0.05\n")
    return world


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def play():
    """Runs the server once; returns what went wrong, and its log."""
    stub = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Daemon)
    threading.Thread(target=stub.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="gk-luanti-") as name:
        folder = pathlib.Path(name)
        world = prepare(folder, stub.server_address[1], free_udp_port())
        run = subprocess.run(
            [SERVER, "--config", str(folder / "minetest.conf"), "--world", str(world),
             "--gameid", "devtest", "--logfile", str(folder / "log.txt")],
            env={**os.environ, "HOME": name}, capture_output=True, text=True, timeout=90)
        text = run.stdout + run.stderr
        log = folder / "log.txt"
        text += log.read_text() if log.exists() else ""
    stub.shutdown()
    problems = list(dict.fromkeys(Daemon.problems))
    if "GK_PROBE OK" not in text:
        problems.append("the probe did not end well")
    if any(d["type"] == "teleport" for d in Daemon.declared):
        problems.append("a set-back was declared as a teleport")
    return problems, text


def play_with_daemon():
    sys.path.insert(0, str(ROOT / "tests" / "e2e"))
    from gk import Daemon as Gamekeeper

    def bridge(path, body):
        answer = daemon.admin.post(path, body)
        if answer.status != 200:
            Daemon.problems.append(f"{path}: {answer.status} {answer.body[:300]}")
        return answer.json

    with Gamekeeper() as daemon:
        Daemon.bridge, Daemon.declared = staticmethod(bridge), []
        problems, text = play()
        answer = daemon.admin.get("/api/movement/verdicts?only=rejected")
        verdicts = answer.json.get("items", [])
        # One jump; reports that were under way before the set-back arrived are refused with it.
        if not 1 <= len(verdicts) <= 5 or {v["rule"] for v in verdicts} != {"teleport"}:
            problems.append(f"the daemon's verdicts: {verdicts}")
    return problems, text


def main():
    if not os.access(SERVER, os.X_OK):
        print("minetestserver is not installed: skipped")
        return 77
    runs = [("stub", play)] + ([("daemon", play_with_daemon)] if os.environ.get("GK_BIN") else [])
    for name, run in runs:
        problems, text = run()
        if problems:
            print(text[-6000:])
            print("\n".join(problems))
            return 1
        print(f"{name}: {len(Daemon.declared)} declarations, good")
    return 0


if __name__ == "__main__":
    sys.exit(main())
