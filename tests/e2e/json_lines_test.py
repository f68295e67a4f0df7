#!/usr/bin/env python3
"""json_lines_test.py: programs that ask on their standard output, honest ones and liars, in a real
daemon with a real link to a text game."""
import pathlib
import sys
import time
import unittest

sys.dont_write_bytecode = True
from gk import Daemon, wait_for  # noqa: E402

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "macros"
CONFIG = "[macros]\nquarantine_s = 0\n"
# Answers a command with itself; "join NAME" is also news, "count" says how many commands came.
GAME = """import sys, threading
print("Done!", flush=True)
count = 0
for line in iter(sys.stdin.readline, ""):
    line = line.strip()
    if line.startswith("echo "): print(line[5:], flush=True); continue
    if line == "uptime": print("up for 3 hours", flush=True); continue
    if line == "count": print("count", count, flush=True); continue
    count += 1
    if line.startswith("join "):
        news = f"*** {line[5:]} has joined"
        threading.Timer(0.2, print, [news], {"flush": True}).start()
    else: print("did:", line, flush=True)
"""


class Arena:
    """A daemon with the game above behind a link."""

    def __enter__(self):
        self.daemon = Daemon(config=CONFIG).__enter__()
        script = pathlib.Path(self.daemon.data).parent / f"arena-{time.monotonic_ns()}.py"
        script.write_text(GAME)
        self.script = script
        answer = self.daemon.admin.post("/api/games", {
            "name": "arena", "kind": "stdio",
            "options": {"program": sys.executable, "arguments": f"-u\n{script}", "sentinel": "echo {nonce}",
                        "ready_line": "Done!", "directory": str(script.parent)}})
        assert answer.status == 201, answer
        wait_for("the link", lambda: self.admin.get("/api/games/arena").json["state"] == "ready")
        return self

    def __exit__(self, *failure):
        self.daemon.__exit__(*failure)
        self.script.unlink()

    @property
    def admin(self):
        return self.daemon.admin

    def start(self, name, program, status=201, **more):
        command = [sys.executable, "-u", "-c", program] if isinstance(program, str) else [str(program)]
        answer = self.admin.post("/api/macro-safety/start", {
            "macro_id": name, "command": command, "game": "arena", "protocol": "json-lines", **more})
        assert answer.status == status, answer
        return answer

    def command(self, text):
        return self.admin.post("/api/games/arena/commands", {"command": text}).json["text"]

    def output(self, name):
        answer = self.admin.get(f"/api/macro-safety/output/{name}")
        return answer.json["output"] if answer.status == 200 else ""

    def running(self):
        return {i["macro_id"]: i for i in self.admin.get("/api/macro-safety/active-macros").json["items"]}

    def cancelled(self, name):
        return [e for e in self.admin.get("/api/macro-safety/cancellations").json["items"] if e["macro_id"] == name]


HELPERS = """import json, sys, time
def put(**x): print(json.dumps(x), flush=True)
def get(): return json.loads(sys.stdin.readline())
"""


class JsonLines(unittest.TestCase):
    def test_it_sends_keeps_reads_and_ends(self):
        with Arena() as arena:
            program = HELPERS + ("put(id=1, send='dig'); print('got', get()['reply'])\n"
                                 "put(id=2, state_get='n'); n = (get()['reply'] or 0) + 1\n"
                                 "put(id=3, state_set='n', value=n); get()\n"
                                 "put(id=4, metrics=True); print('tick' if isinstance(get()['reply'], dict) else 'none', n)\n"
                                 "put(log='a line for people')\nput(id=5, send='x\\ny'); print(get()['error']['code'])\n")
            arena.start("digger", program)
            wait_for("its end", lambda: "digger" not in arena.running())
            self.assertIn("got did: dig", arena.output("digger"))
            self.assertIn("tick 1", arena.output("digger"))
            self.assertIn("invalid_argument", arena.output("digger"))
            log = [line["text"] for line in arena.admin.get("/api/macro-scripts/digger/log").json["lines"]]
            self.assertIn("a line for people", log)
            self.assertIn("> dig", log)
            arena.start("digger", program)
            wait_for("its second end", lambda: "tick 2" in arena.output("digger"))

    def test_the_examples_do_what_they_say(self):
        with Arena() as arena:
            arena.start("uptime", EXAMPLES / "uptime.sh")
            wait_for("the answer", lambda: "up for 3 hours" in arena.output("uptime"))
            arena.start("greeter", EXAMPLES / "greeter.py")
            wait_for("the greeter", lambda: "greeting starts" in arena.output("greeter"))
            arena.command("join lena")
            log = "/api/macro-scripts/greeter/log"
            wait_for("the greeting", lambda: any("Welcome, lena, guest number 1" in line["text"]
                                                 for line in arena.admin.get(log).json["lines"]))
            self.assertEqual(arena.admin.post("/api/macro-safety/stop/greeter").status, 200)

    def test_it_hears_of_a_pause_and_of_its_end(self):
        with Arena() as arena:
            arena.start("hears", HELPERS + "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                        "print('ready')\nwhile True: print('event', get()['event'])\n")
            wait_for("it", lambda: "ready" in arena.output("hears"))
            if arena.running()["hears"].get("confinement") == "session":
                self.skipTest("only a namespace can be paused")
            arena.admin.post("/api/macro-safety/pause/hears")
            arena.admin.post("/api/macro-safety/resume/hears")
            wait_for("both", lambda: "event paused" in arena.output("hears") and "event resumed" in arena.output("hears"))
            arena.admin.post("/api/macro-safety/stop/hears")
            wait_for("its end", lambda: "hears" not in arena.running())

    def test_who_floods_is_cancelled_and_nothing_is_written_afterwards(self):
        with Arena() as arena:
            flood = HELPERS + "i = 0\nwhile True:\n  i += 1\n  put(id=i % 7, send=f'dig {i}')\n"
            arena.start("flood", flood, safety_level="dangerous")
            event = wait_for("its cancellation", lambda: arena.cancelled("flood"))[0]
            self.assertEqual(event["outcome"], "killed", event)
            wait_for("its end", lambda: "flood" not in arena.running())
            count = arena.command("count")
            time.sleep(0.5)
            self.assertEqual(arena.command("count"), count)

    def test_garbage_is_answered_counted_and_the_daemon_stays_quick(self):
        with Arena() as arena:
            arena.start("one", HELPERS + "print('{nonsense')\nprint('seen', get())\ntime.sleep(60)\n")
            wait_for("its answer", lambda: "invalid_argument" in arena.output("one"))
            self.assertIn("{nonsense", arena.output("one"))
            arena.start("garbage", "import sys\nwhile True: sys.stdout.write('{' * 5000 + '\\n')\n", safety_level="dangerous")
            begin = time.monotonic()
            self.assertEqual(arena.admin.get("/api/macro-safety/status").status, 200)
            self.assertLess(time.monotonic() - begin, 2)
            wait_for("its cancellation", lambda: arena.cancelled("garbage"))
            self.assertIn("one", arena.running(), "the innocent one goes on")

    def test_the_command_line_starts_them(self):
        with Arena() as arena:
            run = arena.daemon.cli("macro", "run", "--id", "cli", "--game", "arena", "--args", '{"n": 4}', "--json-lines", "--",
                                   sys.executable, "-u", "-c", HELPERS + "import os\nput(id=1, send='dig')\n"
                                   "print(get()['reply'], json.loads(os.environ['GAMEKEEPER_MACRO_ARGS'])['n'])\n")
            self.assertEqual(run.returncode, 0, run)
            self.assertIn("did: dig 4", arena.output("cli"))

    def test_what_cannot_be_is_refused(self):
        with Arena() as arena:
            self.assertIn("json-lines", str(arena.start("a", "pass", 400, protocol="xml").json))
            self.assertIn("nowhere", str(arena.start("a", "pass", 404, game="nowhere").json))
            missing = arena.start("a", pathlib.Path("/nonexistent/program"), 400)
            self.assertIn("/nonexistent/program", str(missing.json))
            arena.start("a", "print('plain')")  # The name is free after a failed start.
            wait_for("its end", lambda: "plain" in arena.output("a") and "a" not in arena.running())
            answer = arena.admin.post("/api/macro-safety/start", {"macro_id": "b", "protocol": "json-lines"})
            self.assertEqual(answer.status, 400, answer)


if __name__ == "__main__":
    unittest.main()
