#!/usr/bin/env python3
"""Does what docs/guide.md and docs/api.md say, command by command, and provokes each message of the
guide's last table. A page that promises what is not so must be found."""
import json
import pathlib
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
from gk import BIN, PASSWORD, Daemon  # noqa: E402
from shell_page import ROOT, blocks, free_port, holds, run_page  # noqa: E402

PORT = [("5000", socket.SOCK_STREAM)]


class Page(unittest.TestCase):
    def test_the_first_example_of_the_readme_works(self):
        text = (ROOT / "README.md").read_text()
        command, said = re.search(r"```\nbuild/release/bin/(gamekeeper macro run .*)\n```\n\n```\n(.*)\n```", text).groups()
        with Daemon() as d:
            words = shlex.split(command)[1:]
            done = subprocess.run([str(BIN / "gamekeeper"), "--data", str(d.data), *words], text=True,
                                  capture_output=True, timeout=60)
        self.assertTrue(holds(re.sub(r"\d+\.\d", "…", said), done.stdout + done.stderr), done)

    @unittest.skipUnless(shutil.which("curl"), "needs curl")
    def test_the_guide_does_what_it_says(self):
        text = (ROOT / "docs/guide.md").read_text()
        self.assertGreaterEqual(len(blocks(text)), 10)
        self.assertGreaterEqual(sum(1 for _, promised in blocks(text) if promised), 8)
        run_page(text, PORT)

    @unittest.skipUnless(shutil.which("curl"), "needs curl")
    def test_the_examples_of_the_api_page_work(self):
        text = (ROOT / "docs/api.md").read_text()
        self.assertGreaterEqual(len(blocks(text)), 4)
        run_page(text, PORT, more_env={"EXAMPLES": str(ROOT / "examples")})


class Control(unittest.TestCase):
    """Pages that are wrong."""

    def test_a_broken_promise_and_a_failing_command_are_found(self):
        run_page("```sh\necho one two\n```\n\n```\none …\n```\n")
        for wrong in ("```sh\necho one\n```\n\n```\ntwo\n```\n", "```sh\nfalse\n```\n",
                      "```sh\necho b; echo a\n```\n\n```\na\nb\n```\n"):
            with self.assertRaises(AssertionError, msg=wrong):
                run_page(wrong)
        self.assertFalse(holds("a … c", "a b\nc\n"))  # … stays in its line


class Messages(unittest.TestCase):
    def provoke(self, folder):
        """Everything that goes wrong in the table, as one text."""
        said = []

        def daemon(*options):
            done = subprocess.run([str(BIN / "gamekeeperd"), *options], text=True, capture_output=True, timeout=60)
            self.assertNotIn(done.returncode, (0, -6, -11), done)
            said.append(done.stdout + done.stderr)

        def cli(data, *arguments, stdin=""):
            done = subprocess.run([str(BIN / "gamekeeper"), "--data", str(data), *arguments], text=True,
                                  input=stdin, capture_output=True, timeout=60)
            self.assertNotEqual(done.returncode, 10, done)  # 10 is a fault of ours
            said.append(done.stdout + done.stderr)

        cli(folder / "nothing", "status")
        daemon("--data", str(folder / "open"), "--listen", "0.0.0.0:" + free_port())
        (folder / "wrong.toml").write_text("[monitor]\nintervl = 2\n")
        daemon("--data", str(folder / "a"), "--config", str(folder / "wrong.toml"))
        with Daemon(setup=False) as d:
            cli(d.data, "setup", "--username", "ada", stdin="short\n")
            cli(d.data, "setup", "--username", "ada", "--code", "AAAA-BBBB", stdin=PASSWORD + "\n")
            d.setup()
            cli(d.data, "setup", stdin=PASSWORD + "\n")
            daemon("--data", str(folder / "b"), "--listen", f"127.0.0.1:{d.port}")
            daemon("--data", str(d.data), "--listen", "127.0.0.1:0")
            said.append(d.anonymous().get("/api/health/live", headers={"Host": "elsewhere.example"}).body.decode())
            cli(d.data, "status")
            cli(d.data, "macro", "run", "--id", "busy", "--level", "dangerous", "--",
                "sh", "-c", "while :; do :; done")
            cli(d.data, "macro", "run", "--id", "busy", "--", "sleep", "1")
            d.stop()
            for file in d.data.glob("state.db*"):
                file.unlink()
            daemon("--data", str(d.data), "--listen", "127.0.0.1:0")
        return "\n".join(said)

    def test_the_table_of_outcomes_has_all_of_the_api(self):
        def lists(value):
            if isinstance(value, dict):
                value = list(value.values())
            return [value] + [found for inner in value for found in lists(inner)] if isinstance(value, list) else []
        outcomes = next(words for words in lists(json.loads((ROOT / "docs/openapi.json").read_text()))
                        if "killed" in words)
        table = (ROOT / "docs/guide.md").read_text().split("| Outcome | Means |")[1].split("\n\n")[0]
        self.assertEqual(set(re.findall(r"`(\w+)`", re.sub(r"(?m)\|[^|]*\|$", "|", table))), set(outcomes))

    def test_each_message_of_the_table_is_one_that_is_said(self):
        table = (ROOT / "docs/guide.md").read_text().split("## When something goes wrong")[1]
        messages = re.findall(r"(?m)^\| `([^`]+)` \|", table)
        self.assertGreaterEqual(len(messages), 12)
        with tempfile.TemporaryDirectory(prefix="gk-guide-") as folder:
            said = self.provoke(pathlib.Path(folder))
        self.assertNotIn("no such message of ours", said)
        for message in messages:
            with self.subTest(message):
                self.assertIn(message, said)


if __name__ == "__main__":
    unittest.main()
