"""A macro that forks without end is cancelled with a reason that says so, and nothing of it stays.

The bomb doubles as the known one of the shell does, and bounds itself for the machine's sake: each
fork costs one of CAP tokens in a pipe. `abuse_bomb_test.py --figures` prints what docs/performance.md
says.
"""
import os
import shutil
import statistics
import sys
import threading
import time
import unittest

from gk import Daemon, pids_of, wait_for

CAP = 600
LIMIT = 64
ROUNDS = 20
# Not "dangerous": on a busy machine its CPU may convict a slow bomb before its processes do.
LEVELS = ("safe", "risky")
FIGURES = "--figures" in sys.argv


def bomb(marker):
    return [sys.executable, "-c", (
        "import os, time\n"
        "r, w = os.pipe()\n"
        f"os.write(w, b'x' * {CAP})\n"
        "os.close(w)\n"
        "while os.read(r, 1):\n"
        "    try: os.fork()\n"
        "    except OSError: pass\n"
        f"time.sleep(600)  # {marker}")]


class Pulse:
    """Asks the daemon all the time; knows the slowest answer in seconds."""

    def __init__(self, daemon):
        self.daemon, self.slowest, self.answers, self.over = daemon, 0.0, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.wait(0.02):
            begin = time.monotonic()
            if self.daemon.admin.get("/api/macro-safety/active-macros").status == 200:
                self.answers += 1
                self.slowest = max(self.slowest, time.monotonic() - begin)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def configured(limit=LIMIT):
    return f"[macros]\nquarantine_s = 0\nmax_processes = {limit}\n"


class ForkBomb(unittest.TestCase):
    def explode(self, daemon, marker, level, deadline=10.0):
        """Starts one bomb; returns its event after all of it is gone, and the seconds until it was known."""
        before = {e["id"] for e in self.events(daemon)}
        begin = time.monotonic()
        started = daemon.admin.post("/api/macro-safety/start", {
            "macro_id": "bomb", "safety_level": level, "command": bomb(marker)})
        self.assertEqual(started.status, 201, started)
        new = wait_for("the cancellation of the bomb", lambda: [
            e for e in self.events(daemon) if e["id"] not in before], deadline)
        took = time.monotonic() - begin
        self.assertEqual(new[0]["rule"], "processes", new)
        self.assertRegex(new[0]["cancellation_reason"], rf"^Process limit exceeded: \d+ > {LIMIT}$")
        count = int(new[0]["cancellation_reason"].split()[3])
        self.assertGreater(count, LIMIT)
        self.assertEqual(new[0]["outcome"], "killed", new)
        if daemon.admin.get("/api/macro-safety/status").json["confinement"] == "namespace":
            self.assertEqual(pids_of(marker), [], "none of it is left once it is said to be gone")
        # Without a namespace all have been sent SIGKILL by then, and some have not had their turn yet.
        wait_for("all of it to be gone", lambda: not pids_of(marker), 2)
        return new[0], count, took

    @staticmethod
    def events(daemon):
        return daemon.admin.get("/api/macro-safety/cancellations").json["items"]

    def test_twenty_bombs_are_cancelled_and_gone_while_the_api_answers(self):
        marker = f"gk-bomb-{os.getpid()}"
        gone, seen, known = [], [], []
        with Daemon(config=configured()) as daemon, Pulse(daemon) as pulse:
            for number in range(ROUNDS):
                event, count, took = self.explode(daemon, marker, LEVELS[number % len(LEVELS)])
                gone.append(event["gone_ms"])
                seen.append(count)
                known.append(took * 1000)
            evidence = daemon.admin.get(f"/api/macro-safety/cancellations/{event['id']}/evidence").json
        self.assertEqual(evidence["rule"]["measured"], "processes")
        points = next(s for s in evidence["series"] if s["signal"] == "processes")["points"]
        self.assertGreater(max(value for _, value in points if value is not None), LIMIT)
        self.assertLess(max(gone), 1000, gone)
        self.assertGreater(pulse.answers, ROUNDS)
        self.assertLess(pulse.slowest, 2.0, "the API answers meanwhile")
        if FIGURES:
            for name, values in (("decision to gone, ms", gone), ("processes seen", seen), ("start to known, ms", known)):
                print(f"{name}: p50 {statistics.median(values):.1f}, max {max(values):.1f}, n {len(values)}")
            print(f"slowest of {pulse.answers} answers: {1000 * pulse.slowest:.0f} ms")

    def test_control_with_the_limit_out_of_reach_the_same_check_fails(self):
        marker = f"gk-bomb-control-{os.getpid()}"
        with Daemon(config=configured(limit=4096)) as daemon:
            with self.assertRaisesRegex(AssertionError, "the cancellation of the bomb"):
                self.explode(daemon, marker, "safe", deadline=2.0)
            wait_for("the whole bomb", lambda: len(pids_of(marker)) > CAP // 2)
            self.assertTrue(daemon.admin.post("/api/macro-safety/stop/bomb").json["stopped"])
            wait_for("all of it to be gone", lambda: not pids_of(marker), 5)

    def test_a_program_within_the_limit_runs_on(self):
        marker = f"3{os.getpid()}"
        shell = f"for i in $(seq {LIMIT - 2}); do sleep {marker} & done; wait"
        with Daemon(config=configured()) as daemon:
            daemon.admin.post("/api/macro-safety/start", {
                "macro_id": "many", "safety_level": "safe", "command": [shutil.which("sh"), "-c", shell]})
            wait_for("its processes", lambda: len(pids_of(marker)) >= LIMIT - 2)
            time.sleep(0.5)  # five more samples
            self.assertNotIn("processes", [e["rule"] for e in self.events(daemon)])


if __name__ == "__main__":
    sys.argv = [word for word in sys.argv if word != "--figures"]
    unittest.main()
