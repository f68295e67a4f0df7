"""Abuse of the process: storms of signals, SIGTERM under load, and secrets that a log must not hold.

Controls: the daemon with a bug planted by weaken.c, an older database, a log with a secret in it.
"""
import base64
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

from abuse_planted import weakened
from gk import BIN, PASSWORD, Browser, Daemon, WebSocket, alive, wait_for
from storage_kill_test import Oracle
from storage_test import mounts_allowed

ROUNDS = int(os.environ.get("GK_TERM_ROUNDS", "3"))  # of SIGTERM under load; docs/performance.md has 5
HARMLESS = (signal.SIGHUP, signal.SIGUSR2, signal.SIGPIPE, signal.SIGCHLD, signal.SIGWINCH, signal.SIGCONT, signal.SIGURG)


def storm(daemon, count=3000):
    """Sends signals while requests run; complaints."""
    chance, wrong = random.Random(1), []
    sent = threading.Event()

    def ask():
        worst = 0.0
        while not sent.is_set():
            begin = time.monotonic()
            with contextlib.suppress(OSError, http.client.HTTPException):
                if daemon.anonymous().get("/api/health/live").status != 200:
                    wrong.append("an answer other than 200")
                worst = max(worst, time.monotonic() - begin)
        return worst

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        for number in range(count):
            with contextlib.suppress(ProcessLookupError):
                daemon.signal(chance.choice(HARMLESS))
            if number % 20 == 0:
                time.sleep(0.01)  # Signals that wait are merged.
        sent.set()
        worst = asking.result()
    time.sleep(0.2)
    if daemon.process.poll() is not None:
        return [f"the daemon ended by signal {-daemon.process.returncode}"]
    if worst > 2:
        wrong.append(f"an answer took {worst:.1f} s")
    return wrong


class Signals(unittest.TestCase):
    def test_a_storm_of_signals_costs_nobody_an_answer(self):
        with Daemon() as daemon:
            began = time.monotonic()
            self.assertEqual(storm(daemon), [])
            print(f"3,000 signals in {time.monotonic() - began:.2f} s")
            self.assertEqual(daemon.admin.ask("PUT", "/api/auth/preferences", {"a": 1}).status, 200)
            files = len(list(pathlib.Path(f"/proc/{daemon.process.pid}/fd").iterdir()))
            self.assertLess(files, 100)
            for _ in range(100):
                daemon.signal(signal.SIGTERM)
            self.assertEqual(daemon.process.wait(5), 0, "a hundred SIGTERM are one")

    def test_a_daemon_that_dies_of_hup_is_noticed(self):
        with Daemon(env=weakened("die-of-hup")) as daemon:
            self.assertEqual(storm(daemon, 200), [f"the daemon ended by signal {int(signal.SIGHUP)}"])

    def test_usr2_stops_macros_and_nothing_else(self):
        with Daemon() as daemon:
            started = daemon.admin.post("/api/macro-safety/start", {"macro_id": "dance", "command": ["/bin/sleep", "600"]})
            self.assertEqual(started.status, 201, started)
            pid = wait_for("a process", lambda: next((m.get("pid") for m in daemon.admin.get(
                "/api/macro-safety/active-macros").json["items"] if m.get("pid")), None))
            for _ in range(50):
                daemon.signal(signal.SIGUSR2)
            wait_for("the macro to end", lambda: not alive(pid))
            self.assertEqual(daemon.anonymous().get("/api/health/live").status, 200)


class Load:
    """Everything that keeps a daemon busy: sockets, streams, half requests, a macro."""

    def __init__(self, daemon):
        self.held = [WebSocket(daemon.admin) for _ in range(10)]
        for web in self.held:
            web.subscribe("metric:sample", "macro:started", "health:changed")
        self.raw = [socket.create_connection(("127.0.0.1", daemon.port)) for _ in range(30)]
        for n, s in enumerate(self.raw):
            s.sendall((b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n",
                       b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
                       b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5)[n % 3])
        daemon.admin.post("/api/macro-safety/start", {"macro_id": "dance", "command": ["/bin/sh", "-c", "trap '' TERM; sleep 600"]})

    def close(self):
        for s in self.held + self.raw:
            s.close()


def term_under_load(daemon, oracle):
    """Ends a busy daemon by SIGTERM; complaints: too slow, wrong code, lost writes."""
    load, wrong = Load(daemon), []
    took = []

    def end():
        begin = time.monotonic()
        daemon.signal(signal.SIGTERM)
        try:
            daemon.process.wait(5)
        except subprocess.TimeoutExpired:
            wrong.append("it still runs after 5 s")
            oracle.kill()
        took.append(time.monotonic() - begin)

    oracle.write_until(end)
    load.close()
    if daemon.process.returncode != 0 and not wrong:
        wrong.append(f"it ended with {daemon.process.returncode}")
    # A write that was refused meanwhile was refused in words, not acknowledged.
    wrong += [str(c.refusal) for c in oracle.clients if c.refusal is not None and c.refusal[0] != 503]
    return wrong, took[0]


class SilentNameServer:
    """Where /etc/resolv.conf of `program`, a daemon, points to. Use as a context manager."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="gk-names-")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.9.9.9", 53))
        self.socket.settimeout(10)
        file, program = (pathlib.Path(self.folder.name) / name for name in ("resolv.conf", "daemon"))
        file.write_text("nameserver 127.9.9.9\n")
        program.write_text(f"#!/bin/sh\nexec unshare --mount sh -ec 'mount --bind {file} /etc/resolv.conf\n"
                           f"exec \"$0\" \"$@\"' {BIN}/gamekeeperd \"$@\"\n")
        program.chmod(0o755)
        self.program = str(program)
        return self

    def asked(self):
        return self.socket.recv(4096)

    def __exit__(self, *failure):
        self.socket.close()
        self.folder.cleanup()


class Term(unittest.TestCase):
    def test_term_under_load_ends_within_5_s_and_loses_nothing(self):
        with Daemon() as daemon:
            oracle, times = Oracle(daemon), []
            for number in range(ROUNDS):
                wrong, took = term_under_load(daemon, oracle)
                self.assertEqual(wrong, [], f"round {number}")
                times.append(took)
                daemon.start()
                self.assertEqual(oracle.lost(), [], f"round {number}")
            self.assertEqual(daemon.cli("db", "check", "--full").returncode, 0)
            print(f"{ROUNDS} SIGTERM under load: {min(times):.2f} to {max(times):.2f} s, {oracle.acknowledged} acknowledged writes, 0 lost")

    @unittest.skipUnless(mounts_allowed(), "binds /etc/resolv.conf in a namespace of its own")
    def test_a_name_server_that_does_not_answer_holds_up_neither_the_end_nor_other_games(self):
        with SilentNameServer() as names, socket.create_server(("127.0.0.1", 0)) as near:
            with Daemon(program=names.program) as daemon:
                for name, host, port in (("far", "mud.example.org", 4201), ("near", "127.0.0.1", near.getsockname()[1])):
                    answer = daemon.admin.post("/api/games", {"name": name, "kind": "mud", "host": host, "port": port})
                    self.assertEqual(answer.status, 201, answer)
                    if name == "far":
                        self.assertIn(b"mud", names.asked())
                near.settimeout(2)
                near.accept()[0].close()
                states = {game["name"]: game["state"] for game in daemon.admin.get("/api/games").json["items"]}
                self.assertEqual(states["far"], "connecting", "the name is being looked up still")
                begin = time.monotonic()
                daemon.signal(signal.SIGTERM)
                self.assertEqual(daemon.process.wait(30), 0)
                self.assertLess(time.monotonic() - begin, 5)

    def test_a_daemon_that_is_deaf_to_term_is_noticed(self):
        with Daemon(env=weakened("deaf-to-term")) as daemon:
            self.assertEqual(term_under_load(daemon, Oracle(daemon))[0], ["it still runs after 5 s"])

    def test_a_write_that_was_forgotten_is_noticed(self):
        with Daemon() as daemon:
            oracle = Oracle(daemon)
            self.assertEqual(term_under_load(daemon, oracle)[0], [])
            copy = daemon.data / "copy.db"
            shutil.copy(daemon.data / "state.db", copy)
            daemon.start()
            self.assertEqual(oracle.lost(), [])
            self.assertEqual(term_under_load(daemon, oracle)[0], [])
            shutil.copy(copy, daemon.data / "state.db")
            daemon.start()
            self.assertNotEqual(oracle.lost(), [])


def shapes(secret):
    """How a secret could stand in a log: as it is, escaped, encoded, or a part that is still one."""
    raw = secret.encode()
    forms = {secret, json.dumps(secret)[1:-1], urllib.parse.quote(secret), urllib.parse.quote_plus(secret), raw.hex(),
             base64.b64encode(raw).decode().rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("=")}
    if len(secret) >= 24:  # Half of a token is as good as a hint.
        forms |= {secret[:len(secret) // 2], secret[len(secret) // 2:]}
    return forms


def leaks(texts, secrets):
    """(place, what) for each secret that is found."""
    return sorted({(place, name) for place, text in texts.items() for name, secret in secrets.items()
                   for form in shapes(secret) if form in text})


class Secrets(unittest.TestCase):
    def use_them_all(self, daemon, secrets):
        """One run that uses every kind of secret, rightly and wrongly, at the most talkative level."""
        admin = daemon.admin
        admin.login("admin")
        secrets["session"] = admin.cookie.split("=", 1)[1]
        secrets["wrong password"] = "a wrong pass phrase of mine"
        daemon.anonymous().login("admin", secrets["wrong password"])
        pair = daemon.token_login("admin")
        secrets["access token"], secrets["refresh token"] = pair["access_token"].split(".")[2], pair["refresh_token"]
        daemon.anonymous().post("/api/auth/refresh", {"refresh_token": pair["refresh_token"]})
        daemon.anonymous().post("/api/auth/verify", {"token": pair["access_token"]})
        Browser(daemon, bearer=pair["access_token"]).get("/api/users")
        Browser(daemon, bearer=pair["access_token"] + "x").get("/api/users")
        made = admin.post("/api/auth/tokens", {"name": "script", "scopes": ["users:read"]}).json
        secrets["API token"] = made["token"]
        Browser(daemon, bearer=made["token"]).get("/api/users")
        secrets["ticket"] = admin.post("/api/ws-tickets").json["ticket"]
        WebSocket(daemon.anonymous(), "/api/v1/ws?ticket=" + secrets["ticket"]).close()
        admin.get("/api/users?ticket=" + secrets["ticket"] + "&token=" + made["token"])
        secrets["new password"] = "eleven turnips owed to kestrel"
        admin.post("/api/auth/password", {"current_password": PASSWORD, "new_password": secrets["new password"]})
        begun = admin.post("/api/auth/2fa", {"current_password": secrets["new password"]}).json
        secrets["authenticator"] = begun["secret"]
        secrets["console password"] = "rcon-4711-swordfish"
        game = admin.post("/api/games", {"name": "arena", "kind": "source", "host": "127.0.0.1", "port": 9,
                                         "password": secrets["console password"]})
        admin.post("/api/games/arena/connect")
        secrets["receiver"] = "hmac-key-8842-marmalade"
        hook = admin.post("/api/notices/receivers", {"name": "hook", "kind": "webhook", "url": "http://127.0.0.1:9/",
                                                     "secret": secrets["receiver"]})
        self.assertEqual((game.status, hook.status), (201, 201), (game, hook))
        admin.post("/api/notices/receivers/hook/test")
        # Broken requests are what a careless program quotes in its complaint.
        admin.post("/api/users", '{"username":"eve","password":"' + secrets["new password"] + '"')
        admin.post("/api/users", {"username": "eve", "role": "viewer", "passwort": secrets["new password"], "password": secrets["new password"]})
        daemon.anonymous().get("/api/nothing", headers={"Authorization": "Basic " + base64.b64encode(b"admin:" + PASSWORD.encode()).decode()})
        with contextlib.closing(socket.create_connection(("127.0.0.1", daemon.port), 5)) as s:
            s.sendall(f"GET /x HTTP/1.1\r\nHost: localhost\r\nCookie: {admin.cookie}\r\nAuthorization: Bearer {made['token']}\r\nBad\r\n\r\n".encode())
            s.recv(65536)

    def test_no_secret_of_a_run_is_in_its_logs_or_its_database(self):
        daemon = Daemon(config='[log]\nlevel = "debug"\n[notices]\nallow_private = ["127.0.0.0/8"]\n', setup=False)
        with daemon:
            secrets = {"password": PASSWORD, "setup code": (daemon.data / "setup-code").read_text().strip()}
            daemon.admin = daemon.setup()
            self.use_them_all(daemon, secrets)
            for name in ("status", "logs"):
                daemon.cli(name)
            daemon.stop()
            daemon.start()
            daemon.stop()
            self.assertEqual(len(secrets), 12)
            log = daemon.log_text()
            for path in ("/api/auth/login", "/api/games", "/api/notices/receivers"):
                self.assertIn(path, log, "the run is in the log")
            texts = {"log": log, "terminal": "".join(daemon.lines)}
            for file in daemon.data.glob("*.db*"):
                texts[file.name] = file.read_bytes().decode("latin-1")
            self.assertEqual(leaks(texts, secrets), [])
            self.control(texts, secrets)

    def control(self, texts, secrets):
        """The same log with each secret written into it in each way must be complained about."""
        for name, secret in secrets.items():
            for form in shapes(secret):
                spoiled = {"log": texts["log"] + f'\n{{"event":"x","detail":"{form}"}}\n'}
                self.assertIn(("log", name), leaks(spoiled, {name: secret}), (name, form))


if __name__ == "__main__":
    unittest.main()
