#!/usr/bin/env python3
"""rcon_test.py: Source RCON, Quake 3 rcon and a program's stdio, and servers with bad manners."""
import pathlib
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
from fakes import Hostile, QuakeServer, SourceServer  # noqa: E402
from peers import add, game_state, send, wait_for, wait_state  # noqa: E402
from gk import Daemon  # noqa: E402


def memory_mb(daemon):
    text = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1000


def source(admin, name, **how):
    with SourceServer(**how) as server:
        add(admin, server.settings(name))
        wait_state(admin, name, "ready")
        assert send(admin, name, "hello world").json["text"] == "hello world"
        assert send(admin, name, "nothing").json["text"] == ""
        lines = send(admin, name, "lines 2000").json
        assert lines["text"] == "\n".join(f"line {n} ä" for n in range(2000)), lines["text"][:200]
        assert not lines["truncated"]
        assert send(admin, name, "after").json["text"] == "after", "the next answer is its own"
        assert send(admin, name, "say a; quit").status == 400
        assert send(admin, name, "/stop").status == 409
    wait_state(admin, name, "waiting")
    assert admin.ask("DELETE", f"/api/games/{name}").status == 204


def pipelined(admin):
    with SourceServer() as server:
        add(admin, server.settings("pipe", in_flight=8, rate_per_s=1000, burst=100))
        wait_state(admin, "pipe", "ready")
        answers = {}
        threads = [threading.Thread(target=lambda n=n: answers.update(
            {n: send(admin, "pipe", f"n{n}").json["text"]})) for n in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == {n: f"n{n}" for n in range(24)}, answers
        assert admin.ask("DELETE", "/api/games/pipe").status == 204


def flood(daemon, admin):
    with SourceServer() as server:
        add(admin, server.settings("flood"))
        wait_state(admin, "flood", "ready")
        before = memory_mb(daemon)
        answer = send(admin, "flood", "flood 10000000")
        assert answer.status == 200 and answer.json["truncated"], answer
        assert len(answer.json["text"]) <= 65536
        assert send(admin, "flood", "after").json["text"] == "after"
        grown = memory_mb(daemon) - before
        print(f"10 MB answer: {len(answer.json['text'])} bytes kept, {grown:.1f} MB more memory")
        assert grown < 20
        assert admin.ask("DELETE", "/api/games/flood").status == 204


def wrong_password(admin):
    with SourceServer() as server:
        add(admin, server.settings("bad", password="wrong"))
        state = wait_state(admin, "bad", "failed")
        assert "wrong password" in state["reason"], state
        tries = server.accepted
        time.sleep(2.5)  # Longer than the first retries would take: what must not happen.
        assert server.accepted == tries == 1, "no retry"
        assert admin.ask("DELETE", "/api/games/bad").status == 204


def bad_manners(daemon, admin):
    garbage = bytes(range(256)) * 64
    cases = [("source", garbage, "not the protocol"), ("source", b"\x0a\0", None),
             ("openttd", garbage, "not the protocol"), ("openttd", b"\x05", None),
             ("openttd", b"\x03\0\x65", "banned"), ("openttd", b"\x04\0\x66\x06", "secure handshake"),
             ("openttd", b"\x03\0\x80", "secure handshake"), ("openttd", b"\0\0\0", "not the protocol"),
             ("teeworlds", garbage + b"\n", "not the protocol"), ("teeworlds", b"Enter pass", None),
             ("teeworlds", b"You have been banned for 5 minutes\n", "ban"),
             ("mud", b"\xff\xfb\xff\xff\xfa" + garbage, None), ("mud", b"x" * 10_000_000, None)]
    for number, (kind, greeting, reason) in enumerate(cases):
        with Hostile(kind, greeting) as server:
            name = f"rude{number}"
            add(admin, server.settings(name))
            wait_for("the link to hear it", lambda: server.accepted)
            if reason:
                wait_for(f"{kind}: {reason}", lambda: reason in game_state(admin, name)["reason"])
            state = game_state(admin, name)
            assert state["state"] != "ready", (kind, greeting[:20], state)
            assert server.accepted <= 2, "no retry storm"
            assert admin.ask("DELETE", f"/api/games/{name}").status == 204
    assert daemon.process.poll() is None and memory_mb(daemon) < 200
    print(f"{len(cases)} servers with bad manners, the daemon has {memory_mb(daemon):.0f} MB")


def gone(admin):
    """Nobody listens: tries with growing pauses."""
    with Hostile("source", b"", close=True) as server:
        add(admin, server.settings("closing"))
        wait_for("a second try", lambda: server.accepted >= 2)
        time.sleep(2)
        assert server.accepted <= 4, server.accepted
        history = admin.get("/api/games/closing/history").json["items"]
        assert len(history) <= 2, "the same reason is said once"
        assert admin.ask("DELETE", "/api/games/closing").status == 204


def quake(admin):
    with QuakeServer() as server:
        add(admin, server.settings("quake", rate_per_s=100, burst=50, reply_timeout_ms=600))
        wait_state(admin, "quake", "ready")
        assert send(admin, "quake", "status").json["text"] == "red status continued\nlast"
        late = send(admin, "quake", "lost")
        assert late.status == 408, late
        tries = server.refused
        add(admin, server.settings("qbad", password="wrong"))
        assert "Bad rconpassword" in wait_state(admin, "qbad", "failed")["reason"]
        assert send(admin, "qbad", "status").status == 409, "no command is sent to find that out"
        time.sleep(2.5)  # Longer than the first retries would take: what must not happen.
        assert server.refused == tries + 1, "no retry"
    for name in ("quake", "qbad"):
        assert admin.ask("DELETE", f"/api/games/{name}").status == 204


def program(daemon, admin):
    with tempfile.TemporaryDirectory(prefix="gk-stdio-") as folder:
        script = pathlib.Path(folder) / "server.py"
        script.write_text(
            "import os, sys\nprint('booting', flush=True)\nprint('Done!', flush=True)\n"
            "for line in sys.stdin:\n    line = line.strip()\n"
            "    if line == 'die': sys.exit(3)\n"
            "    if line.startswith('read '):\n"
            "        try: print(len(os.listdir(line[5:])), flush=True)\n"
            "        except OSError as e: print('refused', flush=True)\n"
            "    else: print(line.removeprefix('echo '), flush=True)\n")
        options = {"program": sys.executable, "arguments": f"-u\n{script}", "sentinel": "echo {nonce}",
                   "ready_line": "Done!", "directory": folder}
        answer = admin.post("/api/games", {"name": "prog", "kind": "stdio", "options": options})
        assert answer.status == 201, answer
        wait_state(admin, "prog", "ready")
        assert send(admin, "prog", "echo one").json["text"] == "one"
        secret = send(admin, "prog", f"read {daemon.data}").json["text"]
        assert secret in ("refused", "0"), f"the program can list the data folder: {secret}"
        lost = send(admin, "prog", "die")
        assert lost.status == 503 and "unknown" in lost.json["detail"], lost
        wait_for("the program to run again", lambda: game_state(admin, "prog")["state"] == "ready")
        assert send(admin, "prog", "echo two").json["text"] == "two"
        user = daemon.add_user("paul", "user")
        refused = user.post("/api/games", {"name": "own", "kind": "stdio", "options": options})
        assert refused.status == 403, "starting programs is an administrator's right"
        assert admin.ask("DELETE", "/api/games/prog").status == 204
        bad = {**options, "program": "/nonexistent"}
        admin.post("/api/games", {"name": "none", "kind": "stdio", "options": bad})
        wait_for("the reason", lambda: game_state(admin, "none")["reason"] ==
                 "cannot start the program: exec: No such file or directory")
        assert admin.ask("DELETE", "/api/games/none").status == 204


def command_line(daemon, admin):
    """Add, send, console and remove, as an operator would."""
    with SourceServer() as server:
        added = daemon.cli("game", "add", "cli", "source", "--port", str(server.port), "--password",
                           input=server.password + "\n")
        assert added.returncode == 0 and "added cli" in added.stdout, added
        wait_state(admin, "cli", "ready")
        assert daemon.cli("game", "send", "cli", "hello", "you").stdout == "hello you\n"
        refused = daemon.cli("game", "send", "cli", "stop")
        assert refused.returncode != 0 and "--confirmed" in refused.stderr, refused
        assert "true" not in refused.stderr, refused
        assert daemon.cli("game", "send", "cli", "--confirmed", "stop").stdout == "stop\n"
        console = daemon.cli("game", "console", "cli", input="one\nstop\n!stop\n")
        assert console.returncode == 0 and "one" in console.stdout, console
        assert "dangerous" in console.stderr and console.stdout.count("stop") >= 2, console
        shown = daemon.cli("game", "show", "cli").stdout
        assert "rconpw" not in shown and not set('{}[]"') & set(shown), shown
        assert any(line.split() == ["has_password", "yes"] for line in shown.splitlines()), shown
        assert "in_flight" in shown and "pace_per_s" in shown and "\nroles" in shown, shown
        assert daemon.cli("game", "disconnect", "cli").stdout == "cli: stopped\n"
        assert daemon.cli("game", "connect", "cli").returncode == 0
        assert daemon.cli("game", "remove", "cli").stdout == "removed cli\n"
        assert daemon.cli("game", "show", "cli").returncode != 0


def settings(admin):
    base = {"name": "x", "kind": "source", "port": 1}
    for change in ({"kind": "doom"}, {"port": 70000}, {"name": "X"}, {"rate_per_s": 0},
                   {"options": {"nosuch": "1"}}, {"in_flight": 9}, {"host": "a b"}, {"extra": 1},
                   {"password": "a\nb"}, {"allow": [""]}, {"output_limit": 1}):
        answer = admin.post("/api/games", {**base, **change})
        assert answer.status == 400 and answer.json["errors"], (change, answer)
    assert admin.get("/api/games").json["items"] == [], "nothing was half applied"


def main():
    with Daemon() as daemon:
        admin = daemon.admin
        settings(admin)
        source(admin, "source")
        source(admin, "minecraft", minecraft=True)
        source(admin, "drip", drip=True)
        pipelined(admin)
        flood(daemon, admin)
        wrong_password(admin)
        bad_manners(daemon, admin)
        gone(admin)
        quake(admin)
        program(daemon, admin)
        command_line(daemon, admin)
    print("ok")


if __name__ == "__main__":
    main()
