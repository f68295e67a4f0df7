#!/usr/bin/env python3
"""demo_test.py: the demo of ./run --demo, with short phases: its figures, and that nothing stays.

The phase without Gamekeeper is the control of the phase with it: the same macro, the same server.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))
from gk import pids_of, wait_for  # noqa: E402

DAY_MS, LONGEST_DAY_MS, LEAST_PASSED = 2220, 2260, 100


def start(folder, *options):
    """The demo in a session of its own; its output in a file."""
    out = open(pathlib.Path(folder) / "out.txt", "w+")
    program = subprocess.Popen(
        [sys.executable, "-B", str(ROOT / "tools/demo/demo.py"), "--port", "0", *options], stdout=out,
        stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
    return program, lambda: (pathlib.Path(folder) / "out.txt").read_text()


class Demo(unittest.TestCase):
    def nothing_is_left(self, text):
        folders = re.search(r"  (/\S+) and (/\S+), gone when this ends", text).groups()
        for folder in folders:
            self.assertFalse(pathlib.Path(folder).exists(), folder)
            self.assertEqual(pids_of(folder), [])

    def test_shows_what_the_lane_is_worth(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "figures.json"
            program, text = start(folder, "--phase-seconds", "12", "--figures", str(file))
            self.assertEqual(program.wait(150), 0, text())
            print(text())
            out = json.loads(file.read_text())
            self.nothing_is_left(text())
        bare, kept, burning = out["without"], out["with"], out["burning"]
        self.assertGreater(bare["asked_per_s"], 400)
        self.assertGreater(bare["longest_day_ms"], 4 * DAY_MS, "the control: the clock stands")
        self.assertGreater(kept["asked_per_s"], 300)
        self.assertGreaterEqual(kept["passed_per_s"], LEAST_PASSED)
        self.assertGreaterEqual(kept["days"], 4)
        self.assertLessEqual(kept["longest_day_ms"], LONGEST_DAY_MS)
        self.assertRegex(burning["reason"], r"^Performance threshold exceeded: cpu_usage \d+(\.\d+)? > 80$")
        self.assertGreater(burning["samples"], 100)
        self.assertLess(burning["gone_ms"], 1000)

    def test_ends_at_once_and_leaves_nothing_when_it_is_interrupted(self):
        with tempfile.TemporaryDirectory() as folder:
            program, text = start(folder)
            wait_for("the flood", lambda: " asked " in text())
            os.killpg(program.pid, signal.SIGINT)  # as Ctrl-C of a terminal does
            self.assertEqual(program.wait(20), 130, text())
            self.nothing_is_left(text())


if __name__ == "__main__":
    unittest.main()
