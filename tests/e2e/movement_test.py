"""Game servers report movement over datagrams, HTTP and WebSocket; cheats are set back and reviewed."""
import hashlib
import json
import os
import socket
import struct
import unittest

from gk import DEADLINE, Daemon, WebSocket, wait_for

HELLO, MOVES, EVENTS, WELCOME, VERDICTS, REFUSED = 1, 2, 3, 129, 130, 131
JOIN, TELEPORT, SPEED_EFFECT, KNOCKBACK, RTT, TICK = 1, 3, 4, 5, 9, 10
REJECTED, UNKNOWN_PLAYER = 1, 5
TAG, SESSION, REPLAY = 10, 11, 12
SPEED = 5.0  # of the generator's players, units/s


class Sender:
    """What a game server would write, from docs/referee-ingest.md alone."""

    def __init__(self, sock, source=0, key=None):
        self.sock, self.source, self.key = sock, source, key
        self.session, self.sequence = 0, 0
        self.sock.settimeout(DEADLINE)

    def frame(self, kind, payload=b"", base_us=None, sequence=None, key=None, session=None):
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        flags = (1 if self.key else 0) | (2 if base_us is not None else 0)
        out = struct.pack("<4sBBHIIQQq", b"GKM1", 1, kind, flags, self.source, 0,
                          self.session if session is None else session, sequence, base_us or 0) + payload
        if self.key:
            out += hashlib.blake2b(out, digest_size=16, key=key or self.key).digest()
        return out

    def send(self, kind, payload=b"", **kw):
        self.sock.send(self.frame(kind, payload, **kw))

    def receive(self):
        """(kind, payload) of the next answer."""
        data = self.sock.recv(65536)
        end = -16 if self.key else None
        return data[5], data[40:end]

    def hello(self):
        self.send(HELLO)
        data = self.sock.recv(65536)
        while data[5] != WELCOME:
            data = self.sock.recv(65536)
        tag = hashlib.blake2b(data[:-16], digest_size=16, key=self.key).digest()
        assert tag == data[-16:], "the answer's tag"
        self.session, self.sequence = struct.unpack_from("<Q", data, 16)[0], 0

    def join(self, handle, name, **kw):
        profile = struct.pack("<IfffffffI", 0, SPEED, 0, 0, 0, 1, 0.6, 0.3, 50_000)
        body = profile + struct.pack("<fff", 0, 0, 0) + name.encode()
        self.send(EVENTS, struct.pack("<BBHIi", JOIN, 0, 12 + len(body), handle, 0) + body, **kw)

    @staticmethod
    def move(handle, sequence, client_us, x, y, offset_us=0):
        return struct.pack("<IIqfffI", handle, sequence, client_us, x, y, 0, offset_us | 1 << 24 | 1 << 25)

    def verdicts(self, payload):
        return [struct.unpack_from("<IIBBBBffffI", payload, at) for at in range(0, len(payload), 32)]


def unix_sender(daemon, name):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(str(daemon.data / name))
    sock.connect(str(daemon.data / "movement.sock"))
    return Sender(sock)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def trace(daemon, kind, seconds=40):
    """The lines of one generated player's trace, without its first and last."""
    done = daemon.cli("referee", "generate", "--class", kind, "--seconds", str(seconds), "--seed", "11")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["vmax"] == SPEED, lines[0]
    return lines[1:-1]


def moves_of(lines):
    return sum(line["k"] == "m" for line in lines)


def event_of(line, handle):
    """The record of an events frame for a line that is no movement; empty when there is none."""
    kind, body = None, b""
    if line["k"] == "t":
        kind, body = RTT, struct.pack("<I", int(line["rtt"] * 1000))
    elif line["k"] == "o":
        kind, body = TICK, struct.pack("<I", int(line["over"] * 1000))
    elif line["k"] == "x" and line["type"] == "teleport":
        kind, body = TELEPORT, struct.pack("<fff", line["x"], line["y"], line.get("z", 0))
    elif line["k"] == "x" and line["type"] == "speed":
        kind, body = SPEED_EFFECT, struct.pack("<fI", line["mul"], int(line["dur"] * 1000))
    elif line["k"] == "x" and line["type"] == "knock":
        kind, body = KNOCKBACK, struct.pack("<ffff", line["vx"], line["vy"], line.get("vz", 0), line.get("decel", 0))
    return struct.pack("<BBHIi", kind, 0, 12 + len(body), handle, 0) + body if kind else b""


def replay(sender, handle, lines):
    """Sends a trace with the server's receive times in it, up to ten movements a frame."""
    waiting, base = [], 0

    def flush():
        if waiting:
            sender.send(MOVES, b"".join(waiting), base_us=base)
            waiting.clear()

    for line in lines:
        at = int(line["r"] * 1000)
        if line["k"] == "m":
            if not waiting:
                base = at
            waiting.append(Sender.move(handle, line["s"], int(line["c"] * 1000), line["x"], line["y"], at - base))
            if len(waiting) == 10:
                flush()
        elif record := event_of(line, handle):
            flush()
            sender.send(EVENTS, record, base_us=at)
    flush()


def stats(daemon):
    return daemon.admin.get("/api/movement/stats").json


def refused(daemon, player):
    return daemon.admin.get(f"/api/movement/verdicts?only=rejected&limit=1000&player={player}").json["items"]


class Datagrams(unittest.TestCase):
    def test_honest_play_is_left_alone_and_a_cheat_is_set_back_over_a_unix_socket(self):
        with Daemon() as daemon:
            self.assertEqual((daemon.data / "movement.sock").stat().st_mode & 0o777, 0o660)
            watcher = WebSocket(daemon.admin)
            watcher.subscribe("movement:rejected", "movement:updated")
            sender = unix_sender(daemon, "game")
            honest, cheat = trace(daemon, "honest"), trace(daemon, "speed-2")
            sender.join(1, "alice", base_us=0)
            sender.join(2, "mallory", base_us=0)
            replay(sender, 1, honest)
            wait_for("all of alice's play", lambda: stats(daemon)["events"] == moves_of(honest))
            self.assertEqual(stats(daemon)["rejections_by_rule"], {})
            sender.sock.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                sender.receive()
            sender.sock.settimeout(DEADLINE)
            replay(sender, 2, cheat)
            kind, payload = sender.receive()
            self.assertEqual(kind, VERDICTS)
            handle, sequence, outcome, rule, *_, x, y, z, _ = sender.verdicts(payload)[0]
            self.assertEqual((handle, outcome), (2, REJECTED))
            told = watcher.wait_type("movement:rejected")["data"]
            self.assertEqual(told["player"], "local:mallory")
            self.assertIn("sentence", told["explanation"])
            wait_for("all of mallory's play", lambda: stats(daemon)["events"] == moves_of(honest) + moves_of(cheat))
            items = refused(daemon, "local:mallory")
            self.assertGreater(len(items), 10)
            by_seq = {item["seq"]: item for item in items}
            self.assertAlmostEqual(by_seq[sequence]["set_back_to"]["x"], x, places=3)
            self.assertEqual(refused(daemon, "local:alice"), [])
            self.assertEqual(daemon.admin.get("/api/movement/verdicts/" + items[0]["id"]).json, items[0])
            worst = watcher.wait_type("movement:updated")["data"]
            self.assertIn("stats", worst)
            player = daemon.admin.get("/api/movement/players/local:mallory").json
            self.assertEqual(player["state"], "review")
            self.assertTrue(any(not p["accepted"] for p in player["path"]))
            metrics = daemon.cli("metrics", "--prometheus").stdout
            self.assertIn("gamekeeper_referee_rejections_total{rule=", metrics)
            self.assertIn("gamekeeper_referee_events_total", metrics)
            daemon.stop()
            self.assertEqual(list(daemon.data.glob("*.sock")), [], "a clean stop leaves no socket")

    def test_an_unknown_player_and_a_broken_frame_are_answered_and_granted_nothing(self):
        with Daemon() as daemon:
            sender = unix_sender(daemon, "game")
            sender.send(MOVES, Sender.move(9, 1, 0, 0, 0))
            self.assertEqual(sender.verdicts(sender.receive()[1])[0][2], UNKNOWN_PLAYER)
            sender.send(MOVES, b"x" * 33)
            self.assertEqual(sender.receive()[0], REFUSED)
            for junk in (b"", b"GKM1", os.urandom(60), b"\0" * 65000):
                sender.sock.send(junk)
            sender.join(9, "bob")
            sender.send(MOVES, Sender.move(9, 1, 0, float("nan"), 0) + Sender.move(9, 2, 50_000, 0, 0))
            wait_for("the movements", lambda: stats(daemon)["events"] == 2)
            counted = stats(daemon)
            self.assertEqual(counted["order"]["invalid"], 1)
            self.assertGreaterEqual(sum(counted["ingest"]["refused"].values()), 4)

    def test_forged_replayed_and_foreign_udp_frames_are_refused(self):
        port = free_port()
        with Daemon(config=f'[referee]\nudp_listen = "127.0.0.1:{port}"\n') as daemon:
            answer = daemon.admin.post("/api/movement/sources", {"name": "arena", "address": "127.0.0.1"})
            self.assertEqual(answer.status, 201, answer)
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.connect(("127.0.0.1", port))
            sender = Sender(sock, answer.json["number"], bytes.fromhex(answer.json["key"]))
            sender.hello()
            sender.join(1, "bob", base_us=0)
            honest = trace(daemon, "honest", 10)
            replay(sender, 1, honest)
            wait_for("the play", lambda: stats(daemon)["events"] == moves_of(honest))
            good = sender.frame(MOVES, Sender.move(1, 99_999, 99_000_000, 0, 0))
            wrong_key = sender.frame(MOVES, Sender.move(1, 99_998, 99_000_000, 0, 0), key=b"k" * 32)
            for frame in (wrong_key, good[:-1] + bytes([good[-1] ^ 1]), good, good):
                sock.send(frame)
            other = Sender(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), sender.source, sender.key)
            other.sock.bind(("127.0.0.2", 0))
            other.sock.connect(("127.0.0.1", port))
            other.session = sender.session
            other.send(MOVES, Sender.move(1, 100_001, 99_000_000, 0, 0), sequence=77_777)
            counted = wait_for("the refusals", lambda: sum(stats(daemon)["ingest"]["refused"].values()) >= 4
                               and stats(daemon))
            self.assertEqual(counted["ingest"]["refused"], {"tag": 2, "replay": 1, "address": 1})
            self.assertEqual(counted["events"], moves_of(honest) + 1, "only the good one was judged")
            self.assertEqual(daemon.admin.get("/api/movement/players").json["items"][0]["player"], "arena:bob")
            # After a restart the old session is worth nothing, and hello makes a new one.
            recorded = sender.frame(MOVES, Sender.move(1, 100_002, 99_500_000, 0, 0))
            daemon.stop()
            daemon.start()
            daemon.admin.login("admin")
            sock.send(recorded)
            kind, payload = sender.receive()
            while kind == VERDICTS:  # Of what was sent before the restart.
                kind, payload = sender.receive()
            self.assertEqual((kind, payload[0]), (REFUSED, SESSION))
            sender.hello()
            sender.join(1, "bob", base_us=0)
            sender.send(MOVES, Sender.move(1, 1, 0, 0, 0))
            wait_for("the first movement", lambda: stats(daemon)["events"] == 1)
            self.assertEqual(daemon.admin.ask("DELETE", "/api/movement/sources/arena").status, 204)
            before = stats(daemon)["ingest"]["refused"].get("source", 0)
            sender.send(MOVES, Sender.move(1, 2, 50_000, 0, 0))
            wait_for("the refusal", lambda: stats(daemon)["ingest"]["refused"].get("source", 0) > before)


class Sockets(unittest.TestCase):
    def test_binary_frames_travel_over_a_websocket_with_the_scope(self):
        with Daemon() as daemon:
            stranger = daemon.add_user("viewer1", "viewer")
            self.assertEqual(WebSocket(stranger, protocol="gamekeeper.movement.v1").status, 403)
            game = WebSocket(daemon.admin, protocol="gamekeeper.movement.v1")
            self.assertEqual(game.status, 101)
            maker = Sender(game.sock)
            maker.send = lambda kind, payload=b"", **kw: game.send_binary(maker.frame(kind, payload, **kw))
            maker.join(4, "eve", base_us=0)
            maker.send(MOVES, Sender.move(4, 1, 0, 0, 0) + Sender.move(4, 2, 50_000, 900, 0, 50_000), base_us=0)
            answer = game.receive()
            self.assertEqual(answer[5], VERDICTS)
            self.assertEqual(maker.verdicts(answer[40:])[0][:3], (4, 2, REJECTED))
            self.assertEqual(len(refused(daemon, "ws-admin:eve")), 1)
            plain = WebSocket(daemon.admin)
            plain.send_binary(b"GKM1")
            self.assertEqual(plain.receive(), ("close", 1003), "the JSON protocol has no binary frames")


class Operators(unittest.TestCase):
    def test_reviews_and_options_survive_a_restart_and_are_decided_by_api_and_cli(self):
        with Daemon() as daemon:
            sender = unix_sender(daemon, "game")
            cheat = trace(daemon, "speed-3")
            for handle, name in ((1, "mallory"), (2, "trudy")):
                sender.join(handle, name, base_us=0)
                replay(sender, handle, cheat)
            reviews = lambda: daemon.admin.get("/api/movement/review?state=open").json["items"]
            wait_for("two reviews", lambda: len(reviews()) == 2)
            options = daemon.admin.get("/api/movement/options")
            put = lambda body, tag: daemon.admin.ask("PUT", "/api/movement/options", body, headers={"If-Match": tag})
            changed = put({"mode": "shadow", "slack_s": 0.2}, options.headers["ETag"])
            self.assertEqual(changed.status, 200, changed)
            self.assertEqual(put({"mode": "bounded"}, options.headers["ETag"]).status, 412)
            before = {r["player"]: r for r in reviews()}
            daemon.stop()
            daemon.start()
            daemon.admin.login("admin")
            after = {r["player"]: r for r in reviews()}
            self.assertEqual(set(after), {"local:mallory", "local:trudy"})
            for player in after:
                self.assertEqual(after[player]["id"], before[player]["id"])
                self.assertTrue(after[player]["path"])
            kept = daemon.admin.get("/api/movement/options").json
            self.assertEqual((kept["mode"], kept["slack_s"]), ("shadow", 0.2))
            self.assertEqual(daemon.admin.get("/api/movement/options/history").json["items"][0]["by"], "admin")
            first, second = after["local:mallory"]["id"], after["local:trudy"]["id"]
            self.assertIn(first, daemon.cli("referee", "review").stdout)
            done = daemon.cli("referee", "accept", first, "--note", "three times the speed")
            self.assertEqual(done.returncode, 0, done.stderr)
            answer = daemon.admin.post(f"/api/movement/review/{second}/dismiss", {"note": "a test"})
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(daemon.admin.post(f"/api/movement/review/{second}/accept").status, 409)
            self.assertEqual(daemon.cli("referee", "accept", first).returncode, 4)
            self.assertEqual(stats(daemon)["false_positive_ratio"], 0.5)
            self.assertEqual(reviews(), [])
            # Shadow: judged and told, but nobody is set back.
            sender = unix_sender(daemon, "game2")
            sender.join(1, "oscar", base_us=0)
            replay(sender, 1, cheat)
            wait_for("the paper refusals", lambda: refused(daemon, "local:oscar"))
            self.assertTrue(all(v["shadow"] and v["set_back_to"] is None for v in refused(daemon, "local:oscar")))
            sender.sock.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                sender.receive()

    def test_http_judges_a_batch_and_forgets_a_player(self):
        with Daemon() as daemon:
            report = lambda s, x: {"player": "bob", "seq": s, "client_ms": 50 * s, "server_ms": 50 * s, "x": x, "y": 0}
            items = [report(s, 0.2 * s) for s in range(1, 40)] + [report(40, 400)]
            answer = daemon.admin.post("/api/movement/validate", {"items": items, "session": {"max_speed": SPEED}})
            self.assertEqual(answer.status, 200, answer)
            verdicts = answer.json["items"]
            self.assertTrue(all(v["valid"] for v in verdicts[:-1]))
            self.assertFalse(verdicts[-1]["valid"])
            self.assertAlmostEqual(verdicts[-1]["set_back_to"]["x"], 7.8, places=4)
            self.assertGreater(len(daemon.admin.get("/api/movement/players/bob/data").json["verdicts"]), 0)
            self.assertEqual(daemon.admin.ask("DELETE", "/api/movement/players/bob/data").status, 204)
            self.assertEqual(daemon.admin.get("/api/movement/players/bob/data").status, 404)

    def test_a_recording_replays_and_a_pasted_trace_is_judged(self):
        with Daemon() as daemon:
            self.assertEqual(daemon.cli("referee", "record", "start", "friday").returncode, 0)
            sender = unix_sender(daemon, "game")
            cheat = trace(daemon, "speed-2", 20)
            sender.join(1, "mallory", base_us=0)
            replay(sender, 1, cheat)
            wait_for("the play", lambda: stats(daemon)["events"] == moves_of(cheat))
            count = daemon.admin.get("/api/movement/players/local:mallory").json["rejected"]
            done = daemon.cli("referee", "record", "stop")
            self.assertIn("stopped", done.stdout, done)
            file = daemon.data / "movement" / "friday.jsonl"
            session = json.loads(daemon.cli("referee", "replay", str(file)).stdout)
            self.assertEqual((session["id"], session["rejected"]), ("local:mallory", count))
            pasted = daemon.admin.post("/api/movement/replay?events=1", file.read_text(),
                                       headers={"Content-Type": "application/x-ndjson"})
            self.assertEqual(pasted.status, 200, pasted)
            self.assertEqual(pasted.json["sessions"][0]["rejected"], count)
            self.assertEqual(len(pasted.json["events"]), count)
            self.assertTrue(any(not p["accepted"] for p in pasted.json["paths"][0]["path"]))
            self.assertIn("local:mallory", daemon.cli("referee", "players").stdout)


if __name__ == "__main__":
    unittest.main()
