"""Lanes for HTTP callers and other processes: one inside, whoever dies or hangs loses it."""
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from gk import Daemon, UnixConnection, WebSocket, alive, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples" / "python"))
from gamekeeper_lanes import LaneLost, LaneRefused, LaneTimeout, PacketMutex  # noqa: E402

HOLD = """
import sys, time
sys.path.insert(0, sys.argv[1])
from gamekeeper_lanes import PacketMutex
mutex = PacketMutex("trainer", path=sys.argv[2])
print(mutex.acquire(), flush=True)
if len(sys.argv) > 3:
    import os
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
for line in sys.stdin:
    try:
        mutex.check()
        print("valid", flush=True)
    except Exception as e:
        print(type(e).__name__, flush=True)
"""


def quick(daemon, lane="character", **options):
    options = {"spacing_s": 0, **options}
    answer = daemon.admin.ask("PUT", f"/api/locks/{lane}", options)
    assert answer.status in (200, 201), answer
    return answer


def lane_of(daemon, lane="character"):
    return daemon.admin.get(f"/api/locks/{lane}").json


@contextlib.contextmanager
def holder(daemon, *extra):
    """A process that holds the lane and answers each line with what check() says."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(ROOT / "examples" / "python"),
                                str(daemon.data / "lanes.sock"), *extra],
                               text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        process.token = int(process.stdout.readline())
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


class Rest(unittest.TestCase):
    def test_one_caller_holds_the_lane_and_the_next_one_gets_it(self):
        with Daemon() as daemon:
            quick(daemon)
            first = daemon.admin.post("/api/locks/character/acquire", {"actor": "fisher"})
            self.assertEqual(first.status, 200, first)
            self.assertGreater(first.json["expires_in_s"], 25)
            holder_now = lane_of(daemon)["holder"]
            self.assertEqual((holder_now["actor"], holder_now["kind"], holder_now["token"]), ("fisher", "http", first.json["token"]))
            late = daemon.admin.post("/api/locks/character/acquire", {"actor": "trainer", "timeout_s": 0.1})
            self.assertEqual((late.status, late.json["type"]), (408, "lock-timeout"))
            body = {"token": first.json["token"]}
            self.assertEqual(daemon.admin.post("/api/locks/character/check", body).json, {"valid": True})
            self.assertEqual(daemon.admin.post("/api/locks/character/renew", body).status, 200)
            self.assertEqual(daemon.admin.post("/api/locks/character/release", body).json, {"released": True})
            again = daemon.admin.post("/api/locks/character/release", body)
            self.assertEqual((again.status, again.json["type"]), (409, "conflict"))
            self.assertEqual(daemon.admin.post("/api/locks/character/check", body).json, {"valid": False})
            self.assertEqual(daemon.admin.post("/api/locks/none/acquire", {"actor": "fisher"}).status, 404)
            second = daemon.admin.post("/api/locks/character/acquire", {"actor": "trainer"})
            self.assertGreater(second.json["token"], first.json["token"])
            lane = lane_of(daemon)
            self.assertEqual(lane["counters"]["stale_sends"], 1)
            self.assertEqual(lane["counters"]["timeout"], 1)
            self.assertEqual({f["actor"]: f["granted"] for f in lane["fairness"]}, {"fisher": 1, "trainer": 1})
            self.assertEqual(lane["min_valid_token"], second.json["token"])

    def test_a_client_that_leaves_gives_up_its_ticket(self):
        with Daemon() as daemon:
            quick(daemon)
            held = daemon.admin.post("/api/locks/character/acquire", {"actor": "fisher"}).json
            connection = UnixConnection(str(daemon.data / "gamekeeper.sock"))
            connection.request("POST", "/api/locks/character/acquire", json.dumps({"actor": "trainer"}),
                               {"Content-Type": "application/json"})
            waiting = wait_for("the ticket", lambda: lane_of(daemon)["queue"])
            self.assertEqual(waiting[0]["actor"], "trainer")
            self.assertGreater(waiting[0]["effective_priority"], 79)
            graph = daemon.admin.get("/api/locks/graph").json["waits"]
            self.assertEqual([(w["actor"], w["waits_for_actor"], w["lane"]) for w in graph], [("trainer", "fisher", "character")])
            connection.close()
            wait_for("the ticket to be gone", lambda: not lane_of(daemon)["queue"], 2)
            self.assertEqual(lane_of(daemon)["counters"]["cancelled"], 1)
            daemon.admin.post("/api/locks/character/release", {"token": held["token"]})
            time.sleep(0.05)
            self.assertIsNone(lane_of(daemon)["holder"])

    def test_scopes_owners_and_the_operator(self):
        with Daemon() as daemon:
            quick(daemon)
            viewer, user = daemon.add_user("vera", "viewer"), daemon.add_user("udo", "user")
            self.assertEqual(viewer.get("/api/locks").status, 200)
            self.assertEqual(viewer.post("/api/locks/character/acquire", {"actor": "fisher"}).status, 403)
            self.assertEqual(user.ask("PUT", "/api/locks/character", {"spacing_s": 2}).status, 403)
            held = user.post("/api/locks/character/acquire", {"actor": "fisher"})
            self.assertEqual(held.status, 200, held)
            other = daemon.add_user("olga", "user")
            for verb in ("renew", "release"):
                self.assertEqual(other.post(f"/api/locks/character/{verb}", {"token": held.json["token"]}).status, 403)
            self.assertEqual(user.post("/api/locks/character/revoke", {"reason": "x"}).status, 403)
            self.assertEqual(daemon.admin.post("/api/locks/character/revoke", {"reason": "stuck"}).json, {"revoked": True})
            self.assertEqual(daemon.admin.post("/api/locks/character/revoke", {"reason": "stuck"}).json, {"revoked": False})
            self.assertEqual(user.post("/api/locks/character/renew", {"token": held.json["token"]}).status, 409)
            self.assertEqual(lane_of(daemon)["counters"]["revoked"], 1)

    def test_lanes_and_modules_are_settings_that_survive(self):
        with Daemon() as daemon:
            made = quick(daemon, "boat", lease_s=5, aging_s=0.5, burst=2, queue_max=3, groups=False, rate_per_s=50)
            self.assertEqual(made.status, 201)
            bad = daemon.admin.ask("PUT", "/api/locks/boat", {"lease_s": 0, "burst": 99, "colour": "red"})
            self.assertEqual(bad.status, 400)
            self.assertEqual({e["path"].strip("/.") for e in bad.json["errors"]}, {"lease_s", "burst", "colour"})
            stale = daemon.admin.ask("PUT", "/api/locks/boat", {"lease_s": 6}, headers={"If-Match": '"0"'})
            self.assertEqual(stale.status, 412)
            changed = daemon.admin.ask("PUT", "/api/locks/boat", {"lease_s": 6}, headers={"If-Match": made.headers["ETag"]})
            self.assertEqual((changed.status, changed.json["options"]["lease_s"], changed.json["options"]["burst"]), (200, 6, 2))
            module = {"group": None, "priority": 77, "rate_per_s": 2, "burst": 3, "uids": [4711], "programs": ["/usr/bin/fisher"]}
            answer = daemon.admin.ask("PUT", "/api/lock-modules/fisher", module)
            self.assertEqual((answer.status, answer.json["source"]), (200, "custom"))
            self.assertEqual(daemon.admin.ask("PUT", "/api/lock-modules/fisher", {"priority": 256}).status, 400)
            self.forget_modules(daemon)
            token = daemon.admin.post("/api/locks/boat/acquire", {"actor": "eater"}).json["token"]
            busy = daemon.admin.ask("DELETE", "/api/locks/boat")
            self.assertEqual((busy.status, busy.json["type"]), (409, "conflict"))
            daemon.admin.post("/api/locks/boat/release", {"token": token})
            daemon.stop()
            daemon.start()
            daemon.admin = daemon.anonymous()
            daemon.admin.login("admin")
            boat = lane_of(daemon, "boat")
            self.assertEqual(boat["options"], {**made.json["options"], "lease_s": 6})
            fisher = daemon.admin.get("/api/lock-modules/fisher").json
            self.assertEqual({k: fisher[k] for k in module}, module)
            last = daemon.admin.post("/api/locks/boat/acquire", {"actor": "eater"}).json["token"]
            self.assertGreater(last, token)
            daemon.admin.post("/api/locks/boat/release", {"token": last})
            self.assertEqual(daemon.admin.ask("DELETE", "/api/locks/boat").status, 200)
            self.assertEqual(daemon.admin.get("/api/locks/boat").status, 404)
            quick(daemon, "boat")
            self.assertGreater(daemon.admin.post("/api/locks/boat/acquire", {"actor": "eater"}).json["token"], last)

    def forget_modules(self, daemon):
        """Makes modules and deletes them, over HTTP and on the command line."""
        self.assertEqual(daemon.admin.ask("DELETE", "/api/lock-modules/nobody").status, 404)
        unchanged = daemon.admin.ask("DELETE", "/api/lock-modules/trainer")
        self.assertEqual((unchanged.status, unchanged.json["type"]), (409, "conflict"))
        self.assertEqual(daemon.cli("module", "set", "painter", "--priority", "90", "--group", "art").returncode, 0)
        made = daemon.admin.get("/api/lock-modules/painter")
        self.assertEqual((made.json["priority"], made.json["group"], made.json["source"]), (90, "art", "custom"))
        self.assertIn("painter", daemon.cli("module", "list").stdout)
        stale = daemon.admin.ask("DELETE", "/api/lock-modules/painter", headers={"If-Match": '"0"'})
        self.assertEqual((stale.status, stale.json["type"]), (412, "precondition-failed"))
        held = daemon.admin.post("/api/locks/boat/acquire", {"actor": "painter"}).json["token"]
        busy = daemon.cli("module", "delete", "painter")
        self.assertNotEqual(busy.returncode, 0)
        self.assertIn("holds a lane", busy.stderr)
        daemon.admin.post("/api/locks/boat/release", {"token": held})
        user = daemon.add_user("ursula", "user")
        self.assertEqual(user.ask("DELETE", "/api/lock-modules/painter").status, 403)
        self.assertEqual(daemon.cli("module", "delete", "painter").returncode, 0)
        self.assertEqual(daemon.admin.get("/api/lock-modules/painter").status, 404)
        daemon.admin.ask("PUT", "/api/lock-modules/eater", {"priority": 99})
        again = daemon.admin.ask("DELETE", "/api/lock-modules/eater").json
        self.assertEqual(again, {"name": "eater", "deleted": True, "default_again": True})
        self.assertEqual(daemon.admin.get("/api/lock-modules/eater").json["priority"], 20)

    def test_topics_tell_grants_timeouts_and_the_state(self):
        with Daemon() as daemon:
            quick(daemon)
            watcher = WebSocket(daemon.admin)
            watcher.subscribe("lock:granted", "lock:timeout", "lock:updated")
            self.assertEqual(watcher.wait_type("lock:updated")["data"]["items"][0]["lane"], "character")
            held = daemon.admin.post("/api/locks/character/acquire", {"actor": "fisher"}).json
            granted = watcher.wait_type("lock:granted")["data"]
            self.assertEqual((granted["actor"], granted["token"]), ("fisher", held["token"]))
            self.assertEqual(watcher.wait_type("lock:updated")["data"]["items"][0]["holder"]["actor"], "fisher")
            daemon.admin.post("/api/locks/character/acquire", {"actor": "trainer", "timeout_s": 0.05})
            self.assertEqual(watcher.wait_type("lock:timeout")["data"]["actor"], "trainer")
            begin, frames = time.monotonic(), 0
            done = threading.Event()

            def churn():
                token = held["token"]
                while not done.is_set():
                    daemon.admin.post("/api/locks/character/renew", {"token": token})
            worker = threading.Thread(target=churn)
            worker.start()
            while time.monotonic() < begin + 2:
                frames += watcher.wait_type("lock:updated") is not None
            done.set()
            worker.join()
            self.assertLessEqual(frames, 10)
            self.assertGreaterEqual(frames, 4)


class Sockets(unittest.TestCase):
    def packet(self, daemon):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sock.settimeout(5)
        sock.connect(str(daemon.data / "lanes.sock"))
        return contextlib.closing(sock)

    def test_the_mutex_of_the_readme_works(self):
        with Daemon() as daemon:
            self.assertEqual((daemon.data / "lanes.sock").stat().st_mode & 0o777, 0o660)
            path = str(daemon.data / "lanes.sock")
            quick(daemon)
            with PacketMutex("fisher", path=path) as grant:
                grant.check()
                shown = lane_of(daemon)["holder"]
                self.assertEqual((shown["kind"], shown["pid"], shown["uid"]), ("socket", os.getpid(), os.geteuid()))
                with self.assertRaises(LaneTimeout), PacketMutex("trainer", path=path, timeout=0.05):
                    self.fail("the body ran without the lane")
                self.assertGreater(grant.renew(), 25)
            self.assertIsNone(lane_of(daemon)["holder"])
            with self.assertRaises(LaneRefused) as refused, PacketMutex("fisher", lane="none", path=path):
                pass
            self.assertEqual(refused.exception.kind, "not-found")

    def test_who_lies_about_itself_is_refused(self):
        with Daemon() as daemon:
            path = str(daemon.data / "lanes.sock")
            quick(daemon)
            daemon.admin.ask("PUT", "/api/lock-modules/fisher", {"programs": ["/bin/false"]})
            daemon.admin.ask("PUT", "/api/lock-modules/trainer", {"uids": [os.geteuid() + 1]})
            daemon.admin.ask("PUT", "/api/lock-modules/eater", {"programs": [os.path.realpath(sys.executable)]})
            for liar in ("fisher", "trainer"):
                with self.assertRaises(LaneRefused) as refused, PacketMutex(liar, path=path):
                    self.fail("the body ran")
                self.assertEqual(refused.exception.kind, "forbidden")
            with PacketMutex(path=path):  # named by the one module that names this program
                self.assertEqual(lane_of(daemon)["holder"]["actor"], "eater")
            user = daemon.add_user("udo", "user")
            self.assertEqual(user.post("/api/locks/character/acquire", {"actor": "eater"}).status, 403)

    def test_a_child_that_inherited_the_connection_is_somebody_else(self):
        with Daemon() as daemon, self.packet(daemon) as sock:
            quick(daemon)
            ask = json.dumps({"op": "acquire", "id": 1, "lane": "character", "actor": "fisher"}).encode()
            child = os.fork()
            if child == 0:
                sock.send(ask)
                os._exit(0)
            os.waitpid(child, 0)
            answer = json.loads(sock.recv(4096))
            self.assertEqual((answer["ok"], answer["error"]), (False, "forbidden"))
            sock.send(ask)
            self.assertTrue(json.loads(sock.recv(4096))["ok"])

    def test_packets_are_bounded_and_checked(self):
        with Daemon() as daemon, self.packet(daemon) as sock:
            for packet, error in ((b"{", "validation"), (b"[]", "validation"), (b"", "validation"),
                                  (b'{"op":"fly","id":7}', "validation"),
                                  (b'{"op":"acquire","id":1,"lane":"character","actor":"fisher","pid":1}', "validation"),
                                  (b'{"op":"release","lane":"character","token":99999999}', "conflict"),
                                  (b'{"op":"acquire","lane":7}', "validation"),
                                  (b'{"a":1,"a":2}', "validation"),
                                  (b'{"op":"' + b"x" * 5000, "rate-limited")):
                sock.send(packet)
                answer = json.loads(sock.recv(4096))
                self.assertEqual((answer["ok"], answer["error"]), (False, error), packet[:60])
            # One that never reads is closed and costs nothing more.
            with self.packet(daemon) as deaf:
                deaf.settimeout(0.5)
                with contextlib.suppress(OSError):
                    for _ in range(100_000):
                        deaf.send(b'{"op":"status","lane":"character"}')
            sock.send(b'{"op":"status","id":3,"lane":"character"}')
            self.assertEqual(json.loads(sock.recv(4096))["id"], 3)

    def test_clients_are_bounded(self):
        with Daemon() as daemon, contextlib.ExitStack() as stack:
            for _ in range(128):
                stack.enter_context(self.packet(daemon))
            with self.packet(daemon) as extra:
                self.assertEqual(extra.recv(10), b"")

    def test_a_killed_holder_frees_the_lane_at_once_even_when_a_child_keeps_the_connection(self):
        for extra in ((), ("fork",)):
            with self.subTest(extra=extra), Daemon() as daemon, holder(daemon, *extra) as process:
                quick(daemon)
                mutex = PacketMutex("fisher", path=str(daemon.data / "lanes.sock"))
                got = []
                waiter = threading.Thread(target=lambda: got.append((mutex.acquire(), time.monotonic())))
                waiter.start()
                wait_for("the waiter", lambda: lane_of(daemon)["queue"])
                killed = time.monotonic()
                process.kill()
                waiter.join(10)
                self.assertGreater(got[0][0], process.token)
                self.assertLess(got[0][1] - killed, 0.5)

    def test_a_stopped_holder_loses_the_lane_at_the_end_of_its_lease(self):
        with Daemon() as daemon:
            quick(daemon, lease_s=0.5)
            with holder(daemon) as process:
                begin = time.monotonic()
                os.kill(process.pid, signal.SIGSTOP)
                with PacketMutex("fisher", path=str(daemon.data / "lanes.sock")) as grant:
                    waited = time.monotonic() - begin
                    self.assertGreater(waited, 0.2)
                    self.assertLess(waited, 2)
                    os.kill(process.pid, signal.SIGCONT)
                    process.stdin.write("\n")
                    process.stdin.flush()
                    self.assertEqual(process.stdout.readline(), "LaneLost\n")
                    grant.check()
            self.assertEqual(lane_of(daemon)["counters"]["expired"], 1)


MACRO = """
import json, os, signal, sys, time
sys.path.insert(0, sys.argv[1])
from gamekeeper_lanes import LaneError, PacketMutex
out = open(sys.argv[2], "w", buffering=1)

def tell(what, work):
    try:
        work()
        out.write(what + " ok\\n")
    except LaneError as e:
        out.write(what + " " + e.kind + "\\n")
    except OSError as e:
        out.write(what + " " + type(e).__name__ + "\\n")

def once(**options):
    with PacketMutex(**options):
        pass
"""


class Macros(unittest.TestCase):
    """Process macros act over the connection that the daemon gave them, as themselves only."""

    @contextlib.contextmanager
    def macro(self, daemon, macro_id, body):
        """A process macro that runs `body`; yields a function: the lines that it has told."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="gk-lanes-macro-"))
        told = folder / "told"
        try:
            answer = daemon.admin.post("/api/macro-safety/start", {
                "macro_id": macro_id, "safety_level": "safe",
                "command": [sys.executable, "-c", MACRO + body, str(ROOT / "examples" / "python"), str(told)]})
            self.assertEqual(answer.status, 201, answer)
            yield lambda: told.read_text().splitlines() if told.exists() else []
        finally:
            daemon.admin.post(f"/api/macro-safety/stop/{macro_id}")
            shutil.rmtree(folder, ignore_errors=True)

    def test_a_macro_is_who_the_daemon_started_and_nobody_else(self):
        body = """
tell("nameless", lambda: once())
tell("own", lambda: once(actor="fisher"))
tell("lie", lambda: once(actor="runemaker"))
tell("path", lambda: once(actor="runemaker", path=LANES))
tell("unknown lane", lambda: once(lane="none"))
mutex = PacketMutex()
mutex.acquire()
out.write("holds\\n")
time.sleep(600)
"""
        with Daemon() as daemon:
            quick(daemon)
            path = daemon.data / "lanes.sock"
            with self.macro(daemon, "fisher", body.replace("LANES", repr(str(path)))) as told:
                wait_for("the macro to hold the lane", lambda: "holds" in told())
                lines = told()
                self.assertEqual(lines[:3], ["nameless ok", "own ok", "lie forbidden"])
                if daemon.admin.get("/api/health/dependencies").json["status"] != "degraded":
                    self.assertIn(lines[3], ("path FileNotFoundError", "path PermissionError", "path ConnectionRefusedError"))
                self.assertEqual(lines[4], "unknown lane not-found")
                holder_now = lane_of(daemon)["holder"]
                self.assertEqual((holder_now["actor"], holder_now["kind"]), ("fisher", "child"))
                got = []
                waiter = threading.Thread(target=lambda: got.append(daemon.admin.post(
                    "/api/locks/character/acquire", {"actor": "trainer"})))
                waiter.start()
                wait_for("the waiter", lambda: lane_of(daemon)["queue"])
                begin = time.monotonic()
                self.assertTrue(daemon.admin.post("/api/macro-safety/stop/fisher").json["stopped"])
                waiter.join(10)
                self.assertLess(time.monotonic() - begin, 2)
                self.assertEqual(got[0].status, 200)
                self.assertGreater(got[0].json["token"], holder_now["token"])
                check = daemon.admin.post("/api/locks/character/check", {"token": holder_now["token"]})
                self.assertEqual(check.json, {"valid": False})

    def test_what_a_macro_leaves_behind_is_free(self):
        body = """
def interrupted(*_):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, interrupted)
signal.setitimer(signal.ITIMER_REAL, 0.3)
try:
    once()
except KeyboardInterrupt:
    out.write("gave up\\n")
while not os.path.exists(sys.argv[2] + ".go"):
    time.sleep(0.02)
mutex = PacketMutex()
mutex.acquire()
mutex.close()
out.write("closed\\n")
tell("again", lambda: once())
mutex.acquire()
out.write("holds\\n")
mutex._socket.detach()
os.closerange(3, 64)
time.sleep(600)
"""
        with Daemon() as daemon:
            quick(daemon)
            held = daemon.admin.post("/api/locks/character/acquire", {"actor": "trainer"}).json
            with self.macro(daemon, "fisher", body) as told:
                wait_for("the request to be given up", lambda: "gave up" in told())
                self.assertEqual(lane_of(daemon)["queue"], [])
                daemon.admin.post("/api/locks/character/release", {"token": held["token"]})
                folder = next(pathlib.Path(tempfile.gettempdir()).glob("gk-lanes-macro-*/told")).parent
                (folder / "told.go").touch()
                wait_for("all its steps", lambda: "holds" in told())
                self.assertEqual(told(), ["gave up", "closed", "again ok", "holds"])
                # Its descriptors are closed and it lives: the supervisor keeps no copy.
                wait_for("the lane to be free", lambda: lane_of(daemon)["holder"] is None, 2)
                self.assertIn("fisher", [m["macro_id"] for m in daemon.admin.get("/api/macro-safety/active-macros").json["items"]])

    def test_a_module_for_other_programs_is_not_for_a_macro_of_its_name(self):
        with Daemon() as daemon:
            quick(daemon)
            for programs, result in (["/bin/false"], "try forbidden"), ([sys.executable], "try ok"):
                daemon.admin.ask("PUT", "/api/lock-modules/fisher", {"programs": programs})
                with self.macro(daemon, "fisher", 'tell("try", lambda: once())\ntime.sleep(600)\n') as told:
                    wait_for("its word", told)
                    self.assertEqual(told(), [result])


class Resource:
    """What the lane guards: one thread, so what it sees has an order. Asks the daemon about each
    act (unless `fence` is off), and keeps the oracle."""

    def __init__(self, daemon, path, fence=True):
        self.daemon, self.fence = daemon, fence
        self.killed, self.entered, self.inside = set(), {}, {}
        self.newest = self.grants = self.acts = self.refused = 0
        self.overlaps, self.stale, self.doubles = [], [], []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        self.listener.listen(128)
        self.check = PacketMutex("checker", lane="guarded", path=str(daemon.data / "lanes.sock"))
        if fence:
            self.check._connect()
        self.stopping = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        import selectors
        import struct
        selector = selectors.DefaultSelector()
        selector.register(self.listener, selectors.EVENT_READ)
        while not self.stopping:
            for key, _ in selector.select(0.05):
                if key.fileobj is self.listener:
                    client, _ = self.listener.accept()
                    pid = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
                    selector.register(client, selectors.EVENT_READ, pid)
                    continue
                with contextlib.suppress(OSError):
                    packet = key.fileobj.recv(256)
                    if packet:
                        what, token, number = json.loads(packet)
                        key.fileobj.send(b"1" if self.see(what, token, (key.data, number)) else b"0")
                        continue
                selector.unregister(key.fileobj)
                key.fileobj.close()
        selector.close()
        self.listener.close()
        self.check.close()

    def see(self, what, token, who):
        if who[0] in self.killed:
            return False  # Sent before its end, read after somebody else's entry: it does nothing any more.
        if what == "in":
            self.grants += 1
            if token in self.entered:
                self.doubles.append((token, self.entered[token], who))
            self.entered[token] = who
            self.overlaps += [(other, who) for other in self.inside if other[0] not in self.killed]
            self.inside[who] = token
            self.newest = max(self.newest, token)
            return True
        if what == "out":
            self.inside.pop(who, None)
            return True
        if self.fence:
            answer = self.check._call({"op": "send-check", "lane": "guarded", "token": token}, 10)
            if not answer["valid"]:
                self.refused += 1
                self.inside.pop(who, None)
                return False
        self.acts += 1
        if token < self.newest:
            self.stale.append((token, self.newest))
        return True

    def stop(self):
        self.stopping = True
        self.thread.join()


class Crowd(unittest.TestCase):
    """16 processes of 4 threads each, some killed and some stopped at random, for some seconds;
    GK_CROWD_SECONDS=60 by hand."""

    @staticmethod
    def go_on(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def run_crowd(self, seconds, lease, signals, mode="lock", fence=True):
        with Daemon() as daemon:
            quick(daemon, "guarded", lease_s=lease, queue_max=512)
            path = str(daemon.data / "resource.sock")
            resource = Resource(daemon, path, fence)
            chance, processes, seed, counts = random.Random(7), [], 0, {}

            def start():
                nonlocal seed
                seed += 1
                return subprocess.Popen([sys.executable, str(ROOT / "tests/e2e/lane_holder.py"), str(daemon.data / "lanes.sock"),
                                         path, "guarded", "4", mode, str(seed)], stderr=subprocess.DEVNULL)
            try:
                processes = [start() for _ in range(16)]
                wait_for("the first grant", lambda: resource.grants)
                end = time.monotonic() + float(os.environ.get("GK_CROWD_SECONDS", seconds))
                while time.monotonic() < end:
                    time.sleep(chance.random() * 0.15)
                    # Often whoever is inside: that is where it hurts.
                    inside = [w[0] for w in list(resource.inside) if w[0] not in resource.killed]
                    pids = [p.pid for p in processes]
                    pid = inside[0] if inside and inside[0] in pids and chance.random() < 0.7 else chance.choice(pids)
                    what = chance.choice(signals)
                    counts[what] = counts.get(what, 0) + 1
                    if what == signal.SIGKILL:
                        resource.killed.add(pid)
                        victim = next(p for p in processes if p.pid == pid)
                        victim.kill()
                        victim.wait()
                        processes.remove(victim)
                        processes.append(start())
                    else:
                        os.kill(pid, signal.SIGSTOP)
                        threading.Timer(lease * (0.5 + 2 * chance.random()), self.go_on, (pid,)).start()
                counters = lane_of(daemon, "guarded")["counters"]
            finally:
                resource.killed.update(p.pid for p in processes)
                for process in processes:
                    process.kill()
                    process.wait()
                time.sleep(lease * 3 if signal.SIGSTOP in signals else 0)  # The timers' last shots.
                resource.stop()
            print(f"\n  {mode}, fence {fence}: {resource.grants} grants, {resource.acts} acts, {resource.refused} refused, "
                  f"kills and stops {[(k.name, v) for k, v in counts.items()]}, overlaps {len(resource.overlaps)}, "
                  f"stale accepted {len(resource.stale)}, daemon {counters}", file=sys.stderr)
            return resource, counters

    def test_with_random_kills_at_most_one_is_inside(self):
        resource, _ = self.run_crowd(6, 30, [signal.SIGKILL])
        self.assertEqual((resource.overlaps, resource.stale, resource.doubles), ([], [], []))
        self.assertGreater(resource.grants, 15)
        self.assertGreater(len(resource.killed), 25)

    def test_with_random_stops_no_stale_act_is_accepted(self):
        resource, counters = self.run_crowd(8, 0.3, [signal.SIGKILL, signal.SIGSTOP])
        self.assertEqual((resource.stale, resource.doubles), ([], []))
        self.assertGreater(resource.grants, 15)
        self.assertGreater(counters["expired"], 0, "no lease ended: the test showed nothing")
        self.assertGreater(resource.refused, 0, "nobody came back late: the test showed nothing")

    def test_the_oracle_sees_overlaps_when_nobody_asks_for_the_lane(self):
        resource, _ = self.run_crowd(1.5, 30, [signal.SIGKILL], mode="none", fence=False)
        self.assertGreater(len(resource.overlaps), 0)

    def test_the_oracle_sees_stale_acts_when_tokens_are_not_checked(self):
        resource, _ = self.run_crowd(5, 0.2, [signal.SIGSTOP], fence=False)
        self.assertGreater(len(resource.stale), 0)


class KilledDaemon(unittest.TestCase):
    def kill_and_restart(self, daemon, between=lambda: None):
        daemon.signal(signal.SIGKILL)
        daemon.process.wait()
        between()
        daemon.start()
        daemon.admin = daemon.anonymous()
        daemon.admin.login("admin")

    def newest_token(self, daemon, grants):
        token = 0
        mutex = PacketMutex("fisher", path=str(daemon.data / "lanes.sock"))
        for _ in range(grants):
            with mutex:
                token = mutex.token
        return token

    def test_no_token_comes_back_after_kill_9(self):
        with Daemon() as daemon:
            quick(daemon)
            newest = 0
            for grants in (1, 50, 7):
                token = self.newest_token(daemon, grants)
                self.assertGreater(token, newest)
                newest = token
                mutex = PacketMutex("fisher", path=str(daemon.data / "lanes.sock"))
                live = mutex.acquire()
                self.kill_and_restart(daemon)
                check = daemon.admin.post("/api/locks/character/check", {"token": live})
                self.assertEqual(check.json, {"valid": False}, "a token of the last life is valid")
                self.assertGreaterEqual(lane_of(daemon)["min_valid_token"], live + 1)
                with self.assertRaises((LaneLost, OSError)):
                    mutex.release()
                mutex.close()
                newest = live

    def test_a_lost_ceiling_would_be_seen(self):
        """The planted bug: the ceiling is not on disk when the daemon dies."""
        with Daemon() as daemon:
            quick(daemon)
            token = self.newest_token(daemon, 5)

            def forget():
                with contextlib.closing(sqlite3.connect(daemon.data / "state.db")) as db, db:
                    db.execute("UPDATE arbiter_lanes SET token_ceiling = 0")
            self.kill_and_restart(daemon, forget)
            self.assertLessEqual(self.newest_token(daemon, 1), token)


class BadInput(unittest.TestCase):
    """Each is a typed refusal with its problem type, and nothing is left of it."""

    def assert_untouched(self, daemon, modules, queue=0):
        lane = lane_of(daemon)
        self.assertEqual(len(lane["queue"]), queue)
        self.assertEqual(daemon.admin.get("/api/lock-modules").json, modules)
        self.assertEqual([i["lane"] for i in daemon.admin.get("/api/locks").json["items"]], ["character"])

    def test_over_http(self):
        with Daemon() as daemon:
            quick(daemon, queue_max=1)
            modules = daemon.admin.get("/api/lock-modules").json
            acquire = "/api/locks/character/acquire"
            for method, path, body, expected in (
                    ("POST", "/api/locks/none/acquire", {"actor": "fisher"}, (404, "not-found")),
                    ("POST", "/api/locks/none/release", {"token": 1}, (404, "not-found")),
                    ("POST", "/api/locks/none/revoke", {"reason": "x"}, (404, "not-found")),
                    ("DELETE", "/api/locks/none", None, (404, "not-found")),
                    ("POST", acquire, {}, (400, "validation")),
                    ("POST", acquire, {"actor": "No Name"}, (400, "validation")),
                    ("POST", acquire, {"actor": "f" * 65}, (400, "validation")),
                    ("POST", acquire, {"actor": "fisher", "timeout_s": 0}, (400, "validation")),
                    ("POST", acquire, {"actor": "fisher", "timeout_s": -5}, (400, "validation")),
                    ("POST", acquire, {"actor": "fisher", "timeout_s": 31}, (400, "validation")),
                    ("POST", acquire, {"actor": "fisher", "lease_s": -1}, (400, "validation")),
                    ("POST", acquire, {"actor": "fisher", "priority": 255}, (400, "validation")),
                    ("POST", "/api/locks/character/release", {"token": -1}, (400, "validation")),
                    ("POST", "/api/locks/character/release", {"token": 99}, (409, "conflict")),
                    ("POST", "/api/locks/character/renew", {"token": 99}, (409, "conflict")),
                    ("PUT", "/api/lock-modules/fisher", {"priority": 256}, (400, "validation")),
                    ("PUT", "/api/lock-modules/fisher", {"priority": -1}, (400, "validation")),
                    ("PUT", "/api/lock-modules/fisher", {"priority": "high"}, (400, "validation")),
                    ("PUT", "/api/lock-modules/No Name".replace(" ", "%20"), {"priority": 1}, (400, "validation")),
                    ("PUT", "/api/locks/UPPER", {}, (400, "validation"))):
                with self.subTest(path=path, body=body):
                    answer = daemon.admin.ask(method, path, body)
                    self.assertEqual((answer.status, answer.json["type"]), expected, answer)
                    self.assertTrue(answer.json["detail"] or answer.json["errors"])
                    self.assert_untouched(daemon, modules)
            held = daemon.admin.post(acquire, {"actor": "fisher"}).json
            waiting = threading.Thread(target=lambda: daemon.admin.post(acquire, {"actor": "trainer", "timeout_s": 2}))
            waiting.start()
            wait_for("the queue to be full", lambda: lane_of(daemon)["queue"])
            full = daemon.admin.post(acquire, {"actor": "eater"})
            self.assertEqual((full.status, full.json["type"]), (429, "rate-limited"))
            self.assert_untouched(daemon, modules, queue=1)
            body = {"token": held["token"]}
            self.assertEqual(daemon.admin.post("/api/locks/character/release", body).status, 200)
            waiting.join()
            twice = daemon.admin.post("/api/locks/character/release", body)
            self.assertEqual((twice.status, twice.json["type"]), (409, "conflict"))
            self.assertEqual(daemon.admin.post("/api/locks/character/check", body).json, {"valid": False})
            self.assertEqual(lane_of(daemon)["holder"]["actor"], "trainer", "the stale token ended nothing")

    def test_over_the_socket(self):
        with Daemon() as daemon, Sockets.packet(self, daemon) as sock:
            quick(daemon, queue_max=1)
            modules = daemon.admin.get("/api/lock-modules").json

            def ask(**message):
                sock.send(json.dumps({"id": 1, "lane": "character", **message}).encode())
                return json.loads(sock.recv(4096))
            for message, error in (({"op": "acquire", "lane": "none", "actor": "fisher"}, "not-found"),
                                   ({"op": "acquire", "actor": "No Name"}, "validation"),
                                   ({"op": "acquire", "actor": "fisher", "timeout_s": 0}, "validation"),
                                   ({"op": "acquire", "actor": "fisher", "timeout_s": -1}, "validation"),
                                   ({"op": "acquire", "actor": "fisher", "priority": 255}, "validation"),
                                   ({"op": "acquire", "actor": "fisher", "uid": 0}, "validation"),
                                   ({"op": "renew", "token": 99}, "conflict"),
                                   ({"op": "release", "token": 99}, "conflict"),
                                   ({"op": "cancel", "lane": None, "wait": 7}, "validation"),
                                   ({"op": "release", "lane": "none", "token": 1}, "not-found")):
                with self.subTest(message=message):
                    answer = ask(**message)
                    self.assertEqual((answer["ok"], answer["error"]), (False, error))
                    self.assertTrue(answer["detail"])
                    self.assert_untouched(daemon, modules)
            held = ask(op="acquire", actor="fisher")
            self.assertTrue(held["ok"])
            sock.send(json.dumps({"op": "acquire", "id": 2, "lane": "character", "actor": "trainer"}).encode())
            wait_for("the queue to be full", lambda: lane_of(daemon)["queue"])
            self.assertEqual(ask(op="acquire", id=3, actor="eater")["error"], "rate-limited")
            self.assertTrue(ask(op="release", id=4, token=held["token"])["ok"])
            self.assertTrue(json.loads(sock.recv(4096))["ok"], "the one that waited")
            self.assertEqual(ask(op="release", id=5, token=held["token"])["error"], "conflict")
            self.assertEqual(lane_of(daemon)["holder"]["actor"], "trainer")


class CommandLine(unittest.TestCase):
    def test_lock_runs_a_command_under_the_lane(self):
        with Daemon() as daemon:
            quick(daemon)
            done = daemon.cli("lock", "character", "--actor", "fisher", "--", "sh", "-c", 'echo "token $GAMEKEEPER_TOKEN"; exit 7')
            self.assertEqual(done.returncode, 7, done)
            self.assertRegex(done.stdout, r"^token \d+$")
            self.assertIsNone(lane_of(daemon)["holder"])
            self.assertEqual(daemon.cli("lock", "none", "--actor", "fisher", "--", "true").returncode, 3)
            with PacketMutex("trainer", path=str(daemon.data / "lanes.sock")):
                late = daemon.cli("lock", "character", "--actor", "fisher", "--timeout", "0.1", "--", "touch", str(daemon.data / "ran"))
            self.assertEqual(late.returncode, 7, late)
            self.assertFalse((daemon.data / "ran").exists(), "the command ran without the lane")

    def test_lock_renews_and_kills_the_command_when_the_lane_is_lost(self):
        with Daemon() as daemon:
            quick(daemon, lease_s=0.4)
            held = daemon.cli("lock", "character", "--actor", "fisher", "--", "sleep", "1.2")
            self.assertEqual(held.returncode, 0, held)
            marker = f"{3600 + os.getpid()}.5"
            process = subprocess.Popen([str(pathlib.Path(os.environ.get("GK_BIN", "build/release/bin")).resolve() / "gamekeeper"),
                                        "--data", str(daemon.data), "lock", "character", "--actor", "fisher", "--", "sleep", marker],
                                       stderr=subprocess.PIPE, text=True)
            wait_for("the lane to be held", lambda: lane_of(daemon)["holder"])
            daemon.admin.post("/api/locks/character/revoke", {"reason": "test"})
            self.assertEqual(process.wait(10), 6)
            self.assertIn("lost", process.stderr.read())
            process.stderr.close()

    def test_lanes_and_trace_print(self):
        with Daemon() as daemon:
            quick(daemon)
            with PacketMutex("fisher", path=str(daemon.data / "lanes.sock")):
                shown = daemon.cli("lanes")
                self.assertEqual(shown.returncode, 0, shown)
                self.assertRegex(shown.stdout, r"character +fisher")
                self.assertEqual(json.loads(daemon.cli("lanes", "character", "--json").stdout)["holder"]["actor"], "fisher")
            trace = daemon.cli("trace", "character")
            self.assertRegex(trace.stdout, r"granted +fisher")
            replay = daemon.cli("trace", "character", "--replay")
            self.assertEqual(replay.returncode, 0, replay)
            self.assertIn("0 breaches", replay.stdout)


if __name__ == "__main__":
    unittest.main()
