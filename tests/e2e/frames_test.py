#!/usr/bin/env python3
"""frames_test.py: frame rates of games that count their frames, and of clients that send theirs."""
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
from gk import BIN, Daemon, WebSocket, wait_for  # noqa: E402

SLOTS = 1024
PAGE = 32 + 4 * SLOTS
INTERVAL = 1.0
CONFIG = f"[monitor]\ninterval_s = {INTERVAL}\n"


def subject(daemon, name):
    rows = daemon.admin.get("/api/macro-safety/performance").json["subjects"]
    return next((row for row in rows if row["subject"] == name), None)


def fps_state(daemon, name):
    row = subject(daemon, name)
    return row and row["fps"]["state"]


class Writer:
    """A game in another language, from include/gamekeeper/frame_page.h and docs/frames.md alone."""

    def __init__(self, daemon, name):
        self.memory = os.memfd_create("frames", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.memory, PAGE)
        fcntl.fcntl(self.memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
        self.frames, self.sequence, self.last_ns = 0, 0, time.monotonic_ns()
        os.pwrite(self.memory, struct.pack("<QIIQq", 0x31656D6172666B67, SLOTS, 0, 0, self.last_ns), 0)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.connect(str(daemon.data / "frames.sock"))
        socket.send_fds(self.socket, [b"frames " + name.encode()], [self.memory])
        self.answer = self.socket.recv(512)

    def tick(self):
        now = time.monotonic_ns()
        os.pwrite(self.memory, struct.pack("<I", (now - self.last_ns) // 1000), 32 + 4 * (self.frames % SLOTS))
        self.frames, self.last_ns = self.frames + 1, now
        self.sequence += 2  # Between two readings at the latest: a torn one would not add up.
        os.pwrite(self.memory, struct.pack("<IQq", self.sequence, self.frames, now), 12)

    def play(self, seconds, lie=None):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.tick()
            if lie:
                lie()
            time.sleep(0.02)

    def close(self):
        self.socket.close()
        os.close(self.memory)


class Frames(unittest.TestCase):
    def start_game(self, daemon, *arguments):
        game = subprocess.Popen([BIN / "frame_ticker", daemon.data / "frames.sock", *arguments], stdout=subprocess.PIPE, text=True)
        self.addCleanup(game.wait)
        self.addCleanup(game.kill)
        self.addCleanup(game.stdout.close)
        self.assertEqual(game.stdout.readline().strip(), "the daemon reads the frames")
        return game

    def test_a_game_of_sixty_frames_a_second_is_known_until_it_hangs_or_dies(self):
        with Daemon(config=CONFIG) as daemon:
            def told(state):
                """Waits for a frame of the topic in which the game's rate is so."""
                watcher = WebSocket(daemon.admin)
                self.addCleanup(watcher.close)
                watcher.subscribe("frames:updated")

                def frame():
                    subjects = watcher.wait_type("frames:updated")["data"]["subjects"]
                    return any(row["subject"] == "frames:arena" and row["fps"]["state"] == state for row in subjects)
                wait_for(f"{state}, by the topic", frame, 10)
            game = self.start_game(daemon, "arena", "60", "600")
            told("known")
            wait_for("a known rate", lambda: fps_state(daemon, "frames:arena") == "known", 10)
            time.sleep(2 * INTERVAL)
            row = subject(daemon, "frames:arena")
            self.assertEqual(row["source"], "claim", "a game's own word")
            self.assertAlmostEqual(row["fps"]["value"], 60, delta=2)
            self.assertGreater(row["score"]["value"], 80)
            for command in (("status",), ("top", "--once")):
                self.assertRegex(daemon.cli(*command).stdout, r"\nframes:arena +claimed +(5[89]|6[0-2])(\.\d+)? ")
            game.send_signal(signal.SIGSTOP)
            stopped = time.monotonic()
            wait_for("unknown", lambda: fps_state(daemon, "frames:arena") == "unknown", 10)
            # Two intervals, the next sample after them, and a second for an answer that is kept.
            self.assertLess(time.monotonic() - stopped, 4 * INTERVAL + 1)
            self.assertIn("none for", subject(daemon, "frames:arena")["fps"]["reason"])
            game.send_signal(signal.SIGCONT)
            wait_for("known again", lambda: fps_state(daemon, "frames:arena") == "known", 10)
            issues = daemon.admin.get("/metrics").body.decode()
            self.assertRegex(issues, r'gamekeeper_performance_issues_total\{kind="stutter",severity="high",source="claim"\} [1-9]')
            self.assertRegex(issues, r'gamekeeper_performance_issues_total\{kind="stutter",severity="high",source="server"\} 0')
            game.kill()
            killed = time.monotonic()
            told("unknown")
            wait_for("unknown", lambda: fps_state(daemon, "frames:arena") == "unknown", 10)
            self.assertLess(time.monotonic() - killed, 2 * INTERVAL + 1)
            self.assertRegex(subject(daemon, "frames:arena")["fps"]["reason"], "ended")

    def test_a_game_finds_a_daemon_that_was_restarted(self):
        with Daemon(config=CONFIG) as daemon:
            self.start_game(daemon, "arena", "60", "600")
            daemon.stop()
            daemon.start()
            wait_for("a known rate", lambda: fps_state(daemon, "frames:arena") == "known", 20)

    def test_a_writer_that_lies_is_unknown_and_the_daemon_lives(self):
        with Daemon(config=CONFIG) as daemon:
            honest, liar = Writer(daemon, "honest"), Writer(daemon, "liar")
            self.assertEqual((honest.answer, liar.answer), (b"ok", b"ok"))
            honest.play(2.5)
            wait_for("control: an honest writer is known", lambda: (honest.play(0.3), fps_state(daemon, "frames:honest") == "known")[1], 10)

            def lie():
                liar.frames += 1_000_000
                liar.tick()
                with self.assertRaises(OSError):
                    os.ftruncate(liar.memory, 0)
            honest.play(2.5, lie)
            self.assertEqual(fps_state(daemon, "frames:liar"), "unknown")
            self.assertRegex(subject(daemon, "frames:liar")["fps"]["reason"], "10,000|add up")
            self.assertEqual(fps_state(daemon, "frames:honest"), "known", "nobody else suffers")
            os.pwrite(liar.memory, b"\xff" * PAGE, 0)
            honest.play(2.5)
            self.assertEqual(fps_state(daemon, "frames:liar"), "unknown")
            self.assertRegex(daemon.admin.get("/metrics").body.decode(), r"gamekeeper_frame_lies_total [1-9]")
            for writer in (honest, liar):
                writer.close()

    def moves(self, daemon, player, first, count, step):
        """Verdicts of `count` movements of 50 ms, each of `step` units."""
        items = [{"player": player, "seq": i, "client_ms": 50 * i, "server_ms": 50 * i, "x": step * i, "y": 0}
                 for i in range(first, first + count)]
        answer = daemon.admin.post("/api/movement/validate", {"items": items, "session": {"max_speed": 5}})
        self.assertEqual(answer.status, 200, answer)
        return [one["valid"] for one in answer.json["items"]]

    def test_no_claim_about_frames_excuses_a_cheat(self):
        with Daemon(config=CONFIG) as daemon:
            doubled = 2 * 5 * 0.05
            silent = self.moves(daemon, "silent", 1, 80, doubled)
            self.assertIn(False, silent, "twice the speed is found")
            stalls = [{"signal": "frame_ms", "value": 900, "subject": name} for name in ("loud", "") for _ in range(60)]
            loud = self.moves(daemon, "loud", 1, 5, doubled)
            self.assertEqual(daemon.admin.post("/api/samples", {"samples": stalls}).json, {"accepted": 120})
            game = Writer(daemon, "loud")
            claims = [{"player": "loud", "type": "stutter", "severity": "high", "duration_ms": 900}]
            self.assertEqual(daemon.admin.post("/api/movement/claims", {"items": claims}).status, 200)
            wait_for("the issues", lambda: (row := subject(daemon, "loud")) and row["issues_total"] > 0, 10)
            self.assertTrue(all(issue["source"] == "claim" for issue in subject(daemon, "loud")["issues"]))
            loud += self.moves(daemon, "loud", 6, 75, doubled)
            game.close()
            self.assertEqual(loud, silent, "verdict by verdict")
            # Control: what the game itself declares does excuse the same movements.
            self.moves(daemon, "fast", 1, 1, doubled)
            effect = [{"player": "fast", "type": "speed", "factor": 2, "duration_s": 60, "server_ms": 50}]
            declared = daemon.admin.post("/api/movement/declare", {"items": effect})
            self.assertEqual(declared.status, 200, declared)
            self.assertNotIn(False, self.moves(daemon, "fast", 2, 79, doubled))


if __name__ == "__main__":
    unittest.main()
