#!/usr/bin/env python3
"""external_test.py PROGRAM: a program that registers its macro through libgamekeeper is told of its
end, finds a daemon that was restarted, and takes its macro back; one that does not listen is found out.
"""
import pathlib
import subprocess
import sys
import threading
import time
import unittest

sys.dont_write_bytecode = True
from gk import Daemon, wait_for  # noqa: E402

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else ""


class Example:
    """The example program; `lines` grows as it prints, each with the time it came."""

    def __init__(self, daemon, *options):
        socket = pathlib.Path(daemon.data) / "gamekeeper.sock"
        self.process = subprocess.Popen([PROGRAM, str(socket), "heal", *options], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.lines = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append((time.monotonic(), line.strip()))

    def said(self, start):
        return next((line for line in self.lines if line[1].startswith(start)), None)

    def __enter__(self):
        wait_for("the macro", lambda: self.said("running"))
        return self

    def __exit__(self, *failure):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()


def active(daemon):
    return [m["macro_id"] for m in daemon.admin.get("/api/macro-safety/active-macros").json["items"]]


class External(unittest.TestCase):
    def test_a_cancellation_and_an_emergency_stop_are_told_within_100_ms(self):
        with Daemon() as daemon:
            late = []
            for _ in range(20):
                with Example(daemon) as example:
                    self.assertEqual(active(daemon), ["heal"])
                    begun = time.monotonic()
                    self.assertEqual(daemon.admin.post("/api/macro-safety/stop/heal").status, 200)
                    told = wait_for("the end", lambda: example.said("stopped"))
                    late.append(told[0] - begun)
                    self.assertEqual(example.process.wait(5), 0)
            self.assertLess(sorted(late)[len(late) // 2], 0.1, late)
            with Example(daemon) as example:
                daemon.admin.post("/api/macro-safety/stop-all")
                wait_for("the end", lambda: example.said("stopped") or example.said("cancelled"))

    def test_a_breach_is_told_with_its_reason(self):
        with Daemon() as daemon:
            profile = daemon.admin.get("/api/macro-safety/profiles/heal").json
            profile["max_duration"] = 1
            answer = daemon.admin.ask("PUT", "/api/macro-safety/profiles/heal", profile)
            self.assertIn(answer.status, (200, 201), answer)
            with Example(daemon) as example:
                told = wait_for("the cancellation", lambda: example.said("cancelled"), 10)
                self.assertRegex(told[1], r"^cancelled Duration exceeded: \d+ s > 1 s$")
            item = daemon.admin.get("/api/macro-safety/cancellations?limit=1").json["items"][0]
            self.assertEqual(item["macro_id"], "heal")

    def test_a_program_that_leaves_takes_its_macro_back_and_lives(self):
        with Daemon() as daemon:
            for options in ((), ("--process",)):
                with Example(daemon, *options) as example:
                    self.assertEqual(active(daemon), ["heal"])
                    example.process.stdin.close()
                    self.assertEqual(example.process.wait(5), 0, "it must not be signalled")
                    wait_for("its end", lambda: active(daemon) == [])

    def test_a_process_that_is_cancelled_is_signalled(self):
        with Daemon() as daemon:
            with Example(daemon, "--process") as example:
                daemon.admin.post("/api/macro-safety/stop/heal")
                self.assertLess(example.process.wait(5), 1)

    def test_a_daemon_that_died_and_comes_back_watches_it_again(self):
        with Daemon() as daemon:
            with Example(daemon) as example:
                daemon.process.kill()
                daemon.process.wait()
                wait_for("the loss", lambda: example.said("unwatched"))
                self.assertIsNone(example.process.poll(), "what that means is its own decision")
                daemon.start()
                wait_for("the macro again", lambda: active(daemon) == ["heal"], 15)
                wait_for("the news", lambda: [text for _, text in example.lines[-1:]] == ["running"])
                daemon.stop()
                wait_for("the end", lambda: example.said("cancelled The daemon stops"))

    def test_a_refusal_says_why(self):
        with Daemon() as daemon:
            with Example(daemon):
                second = subprocess.run([PROGRAM, str(pathlib.Path(daemon.data) / "gamekeeper.sock"), "heal"],
                                        text=True, capture_output=True, timeout=10)
                self.assertEqual(second.returncode, 1)
                self.assertIn("heal", second.stderr)
            nobody = subprocess.run([PROGRAM, "/nowhere/gamekeeper.sock", "heal"], text=True,
                                    capture_output=True, timeout=10)
            self.assertIn("unavailable: no daemon answers at /nowhere/gamekeeper.sock", nobody.stderr)


if __name__ == "__main__":
    unittest.main()
