#!/usr/bin/env python3
"""What ./test builds under the sanitizers with: tools/unity_groups.py keeps apart what would clash,
and tools/leftover.sh gives way to everything else and can be ended."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TOOLS = pathlib.Path(__file__).resolve().parents[1] / "tools"
HELPER = "namespace gk {\nnamespace {\n\nint helper(int x) {\n  return x;\n}\n\n}  // namespace\n}  // namespace gk\n"


def groups(*texts, size=8):
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder) / f"{number}.cc" for number in range(len(texts))]
        for path, text in zip(paths, texts):
            path.write_text(text)
        command = [sys.executable, "-B", TOOLS / "unity_groups.py", str(size), *paths]
        return [int(n) for n in subprocess.check_output(command, text=True).split(";")]


class Groups(unittest.TestCase):
    def test_sources_that_share_no_name_go_together(self):
        self.assertEqual(groups(HELPER, "int other();\n", "int third();\n"), [0, 0, 0])

    def test_two_helpers_of_one_name_are_kept_apart(self):
        self.assertEqual(groups(HELPER, HELPER, "int other();\n"), [0, 1, 0])

    def test_a_mention_of_another_sources_helper_is_kept_apart(self):
        self.assertEqual(groups(HELPER, "int f(int helper) {\n  return helper;\n}\n"), [0, 1])
        self.assertEqual(groups("int f(int helper) {\n  return helper;\n}\n", HELPER), [0, 1])

    def test_a_second_helper_behind_the_first_counts(self):
        second = HELPER.replace("}  // namespace\n}", "constexpr int kMost = 3;\n\n}  // namespace\n}")
        self.assertEqual(groups(second, "int f() {\n  return kMost;\n}\n"), [0, 1])

    def test_comments_and_texts_mention_nothing(self):
        self.assertEqual(groups(HELPER, '// helper\nconst char* f() {\n  return "helper";\n}\n'), [0, 0])

    def test_a_name_taken_from_a_namespace_twice_is_no_clash(self):
        self.assertEqual(groups("using std::chrono::hours;\n", "using std::chrono::hours;\n"), [0, 0])

    def test_macros_types_and_aliases_count(self):
        for line in ("#define LIMIT 3", "struct LIMIT {};", "using LIMIT = int;", "static int LIMIT = 3;"):
            self.assertEqual(groups(line + "\n", "int x = LIMIT;\n"), [0, 1], line)

    def test_no_group_is_larger_than_asked(self):
        self.assertEqual(groups(*["int x();\n"] * 5, size=2), [0, 0, 1, 1, 2])


class Leftover(unittest.TestCase):
    def start(self):
        running = subprocess.Popen([TOOLS / "leftover.sh", "sh", "-c", "sleep 600; true"])
        self.addCleanup(running.wait)
        self.addCleanup(self.end, running.pid)
        deadline = time.monotonic() + 10
        while self.children(running.pid) == [] or os.sched_getscheduler(running.pid) != os.SCHED_IDLE:
            self.assertLess(time.monotonic(), deadline, "never became idle")
            time.sleep(0.01)
        return running

    def end(self, group):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)

    def children(self, pid):
        return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

    def test_a_command_is_idle_in_a_session_of_the_least_weight(self):
        pid = self.start().pid
        self.assertEqual(os.getsid(pid), pid)
        self.assertEqual(os.sched_getscheduler(int(self.children(pid)[0])), os.SCHED_IDLE)
        group = pathlib.Path(f"/proc/{pid}/autogroup")
        if group.exists() and group.read_text():
            self.assertIn("nice 19", group.read_text())

    def test_its_group_ends_as_a_whole(self):
        running = self.start()
        (child,) = self.children(running.pid)
        os.killpg(running.pid, signal.SIGTERM)
        self.assertEqual(running.wait(10), -signal.SIGTERM)
        deadline = time.monotonic() + 10
        while os.path.exists(f"/proc/{child}") and "Z" not in pathlib.Path(f"/proc/{child}/stat").read_text().split()[2]:
            self.assertLess(time.monotonic(), deadline, "the child outlived its group")
            time.sleep(0.01)

    def test_it_needs_no_ps(self):
        with tempfile.TemporaryDirectory() as folder:
            for tool in ("bash", "sh", "setsid", "chrt", "env"):
                (pathlib.Path(folder) / tool).symlink_to(shutil.which(tool))
            done = subprocess.run([TOOLS / "leftover.sh", "sh", "-c", "exit 7"], env={"PATH": folder}, timeout=20)
            self.assertEqual(done.returncode, 7)

    def test_the_exit_code_is_the_commands(self):
        self.assertEqual(subprocess.run([TOOLS / "leftover.sh", "sh", "-c", "exit 7"]).returncode, 7)


if __name__ == "__main__":
    unittest.main()
