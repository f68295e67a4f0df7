#!/usr/bin/env python3
"""tools/check_layers.py finds what it is there for: each fault in a small tree of its own."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[1] / "tools/check_layers.py"
LAYERS = "gamekeeper:\nbase: gamekeeper\ngames/rules: gamekeeper base\narbiter/rules: gamekeeper base\nnet: gamekeeper base\n"


def check(files, layers=LAYERS):
    """(exit code, what it said) of a tree of `files`: path and text."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {"src/LAYERS": layers, **files}.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([sys.executable, str(TOOL), folder], capture_output=True, text=True)
        return done.returncode, done.stdout


class Layers(unittest.TestCase):
    def test_a_sound_tree_passes(self):
        code, said = check({"src/base/a.h": "#include <mutex>\n", "src/games/rules/b.cc": '#include "base/a.h"\n'})
        self.assertEqual(code, 0, said)

    def test_a_layer_above_is_refused(self):
        code, said = check({"src/base/a.cc": '#include "net/b.h"\n', "src/net/b.h": ""})
        self.assertEqual((code, "src/base/a.cc:1: base may not include net (net/b.h)" in said), (1, True), said)

    def test_a_cycle_in_the_list_is_refused(self):
        code, said = check({}, "base: net\nnet: base\n")
        self.assertEqual((code, "base may not list net" in said), (1, True), said)

    def test_asio_is_refused_outside_net(self):
        code, said = check({"src/base/a.cc": "#include <boost/asio/post.hpp>\n"})
        self.assertEqual((code, "by src/net only" in said), (1, True), said)

    def test_threads_are_refused_where_no_race_is_looked_for(self):
        for name in ("src/games/rules/a.cc", "src/games/rules/a_test.cc", "tests/arbiter/a.cc"):
            code, said = check({name: "#include <thread>\n"})
            self.assertEqual((code, f"{name}:1:" in said and "one thread" in said), (1, True), said)

    def test_the_ring_of_the_trace_may_be_read_by_another_thread(self):
        code, said = check({"src/arbiter/rules/trace.h": "#include <atomic>\n"})
        self.assertEqual(code, 0, said)


if __name__ == "__main__":
    unittest.main()
