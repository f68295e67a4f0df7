#!/usr/bin/env python3
"""The negative control of tools/check_docs.py: a page that names a test or a command that is not there is noticed."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
SPOILED = {  # what stands in docs/abuse.md, and what is put there
    "a file": ("`abuse_http_test.py` Smuggling", "`abuse_smtp_test.py` Smuggling", "no such test: abuse_smtp_test.py"),
    "a class": ("`abuse_http_test.py` Smuggling", "`abuse_http_test.py` Smugglers", "has no Smugglers"),
    "a second class": ("WriterFaultTest, WriterSyscallTest |", "WriterFaultTest, WriterMagicTest |", "has no WriterMagicTest"),
    "a case": ("WriterFaultTest.AcknowledgingBefore", "WriterFaultTest.ForgettingBefore", "has no WriterFaultTest.ForgettingBefore"),
    "a case of a file in another column": ("KillNine.test_the_oracle", "KillNine.test_no_oracle", "no file of the row has KillNine.test_no"),
    "a fuzz program": ("`fuzz/json_fuzz.cc`", "`fuzz/yaml_fuzz.cc`", "no such test: fuzz/yaml_fuzz.cc"),
    "a row without a test": ("`abuse_process_test.py` Signals |", "by hand |", "names no test"),
}
COMMANDS = {  # the same in docs/performance.md: what a row says that it was measured with
    "a program": ("`bench/macros_trends_bench`", "`bench/macros_moods_bench`", "no such command: bench/macros_moods_bench"),
    "a script": ("`tests/lua/figures.py 100`", "`tests/lua/numbers.py 100`", "no such command: tests/lua/numbers.py"),
    "a subcommand": ("`daemon_bench.py external`", "`daemon_bench.py internal`", "daemon_bench.py knows no internal"),
    "an option": ("`openttd_pace.py --busy`", "`openttd_pace.py --lazy`", "openttd_pace.py knows no --lazy"),
    "an option of the row above": ("| `--load 2`, which", "| `--burden 2`, which", "--burden is no option of the command above"),
    "a variable": ("GK_SOAK_SECONDS=600", "GK_BATH_SECONDS=600", "no variable GK_BATH_SECONDS"),
    "a suite": ("`store/writer_crash_test.cc` WriterKill,", "`store/writer_crash_test.cc` WriterSpare,", "has no WriterSpare"),
    "a row without a command": ("| `bench/scripts_bench` |", "| by hand |", "the row names no command: steps"),
}


class NamedTests(unittest.TestCase):
    def complaints(self, before="", after="", page="docs/abuse.md"):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for entry in ROOT.iterdir():
                if entry.name not in ("docs", "build", ".git"):
                    (root / entry.name).symlink_to(entry)
            shutil.copytree(ROOT / "docs", root / "docs")
            page = root / page
            self.assertEqual(page.read_text().count(before) if before else 1, 1, before)
            page.write_text(page.read_text().replace(before, after) if before else page.read_text())
            done = subprocess.run([sys.executable, "-B", str(ROOT / "tools/check_docs.py"), folder], text=True, capture_output=True)
            return done.stdout

    def test_the_pages_as_they_are(self):
        self.assertIn("documents: 0 problems", self.complaints())

    def test_each_spoiled_name_is_noticed(self):
        for what, (before, after, complaint) in SPOILED.items():
            with self.subTest(what):
                self.assertIn(complaint, self.complaints(before, after))

    def test_a_metric_that_is_not_listed_or_not_made_is_noticed(self):
        for before, after, complaint in (
                ("| `gamekeeper_loop_lag_seconds` |", "| loop_lag_seconds |", "lacks gamekeeper_loop_lag_seconds of src/net/server.cc"),
                ("| `gamekeeper_mode_executions_total` |", "| mode_executions_total |", "lacks gamekeeper_mode_executions_total of"),
                ("| `gamekeeper_loop_lag_seconds` |", "| `gamekeeper_moon_phase` |", "no source makes gamekeeper_moon_phase")):
            with self.subTest(complaint):
                self.assertIn(complaint, self.complaints(before, after, "docs/metrics.md"))

    def test_each_spoiled_command_is_noticed(self):
        for what, (before, after, complaint) in COMMANDS.items():
            with self.subTest(what):
                self.assertIn(complaint, self.complaints(before, after, "docs/performance.md"))


if __name__ == "__main__":
    unittest.main()
