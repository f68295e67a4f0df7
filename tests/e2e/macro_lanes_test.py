"""An external macro gets no lane from the moment that it is cancelled, however it asks."""
import contextlib
import pathlib
import subprocess
import sys
import unittest

from gk import Browser, Daemon, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Asks for the lane under each name that it is told, and says what came of it.
ASKER = """
import sys
sys.path.insert(0, sys.argv[1])
from gamekeeper_lanes import LaneError, PacketMutex
mutexes = {}
for line in sys.stdin:
    actor = line.strip()
    try:
        mutex = mutexes.setdefault(actor, PacketMutex(actor, path=sys.argv[2]))
        mutex.acquire()
        mutex.release()
        print("granted", flush=True)
    except LaneError as e:
        print(e.kind, flush=True)
"""


@contextlib.contextmanager
def asker(daemon):
    process = subprocess.Popen([sys.executable, "-c", ASKER, str(ROOT / "examples" / "python"),
                                str(daemon.data / "lanes.sock")],
                               text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    def ask(actor):
        process.stdin.write(actor + "\n")
        process.stdin.flush()
        return process.stdout.readline().strip()
    try:
        yield ask
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def script(daemon):
    """A program with a token of its own."""
    made = daemon.admin.post("/api/auth/tokens", {"name": "bot", "scopes": ["macros:run", "macros:read", "locks:use"]})
    assert made.status == 201, made
    return Browser(daemon, bearer=made.json["token"])


def quick(daemon):
    assert daemon.admin.ask("PUT", "/api/locks/character", {"spacing_s": 0}).status in (200, 201)


def over_http(browser, actor):
    answer = browser.post("/api/locks/character/acquire", {"actor": actor, "timeout_s": 5})
    if answer.status == 200:
        released = browser.post("/api/locks/character/release", {"token": answer.json["token"]})
        assert released.status == 200, released
    return answer.status


def start(browser, macro_id):
    answer = browser.post("/api/macro-safety/start", {"macro_id": macro_id, "macro_name": macro_id})
    assert answer.status == 201, answer


def cancelled(daemon, macro_id):
    items = daemon.admin.get("/api/macro-safety/cancellations").json["items"]
    return [i for i in items if i["macro_id"] == macro_id]


def brief(daemon, macro_id="heal"):
    made = daemon.admin.post("/api/macro-safety/profiles", {"macro_id": macro_id, "max_duration": 1})
    assert made.status == 201, made


class Cancelled(unittest.TestCase):
    def test_over_http_and_the_socket_under_every_name(self):
        with Daemon(config="[macros]\nquarantine_s = 1\n") as daemon, asker(daemon) as ask:
            quick(daemon)
            brief(daemon)
            bot = script(daemon)
            start(bot, "heal")
            # While it runs it gets its lanes: the control of what follows.
            self.assertEqual([over_http(bot, "heal"), ask("heal")], [200, "granted"])
            wait_for("the cancellation", lambda: cancelled(daemon, "heal"))
            self.assertEqual([over_http(bot, "heal"), over_http(bot, "fisher")], [403, 403])
            self.assertEqual([ask("heal"), ask("fisher")], ["forbidden", "forbidden"])
            # Others are not concerned, but for the name.
            other = script(daemon)
            self.assertEqual([over_http(other, "fisher"), over_http(other, "heal")], [200, 403])
            wait_for("the end of the back-off",
                     lambda: bot.post("/api/macro-safety/start", {"macro_id": "heal"}).status == 201)
            self.assertEqual([over_http(bot, "heal"), ask("heal")], [200, "granted"])

    def test_what_it_holds_is_free_at_once_and_what_it_waits_for_is_over(self):
        with Daemon() as daemon:
            quick(daemon)
            brief(daemon)
            bot = script(daemon)
            start(bot, "heal")
            held = bot.post("/api/locks/character/acquire", {"actor": "heal", "lease_s": 30})
            self.assertEqual(held.status, 200, held)
            token = {"token": held.json["token"]}
            self.assertEqual(bot.post("/api/locks/character/check", token).json, {"valid": True})
            wait_for("the cancellation", lambda: cancelled(daemon, "heal"))
            self.assertEqual(bot.post("/api/locks/character/check", token).json, {"valid": False})
            self.assertEqual(bot.post("/api/locks/character/renew", token).status, 409)
            self.assertEqual(over_http(daemon.admin, "trainer"), 200)

    def test_a_macro_in_quarantine_gets_none_after_a_restart_of_the_daemon(self):
        with Daemon(config="[macros]\nquarantine_s = 3600\n") as daemon:
            quick(daemon)
            brief(daemon)
            bot = script(daemon)
            self.assertEqual(over_http(bot, "heal"), 200)
            start(bot, "heal")
            wait_for("the cancellation", lambda: cancelled(daemon, "heal"))
            daemon.stop()
            daemon.start()
            bot.daemon = daemon
            self.assertEqual(bot.post("/api/macro-safety/start", {"macro_id": "heal"}).status, 409)
            self.assertEqual(over_http(bot, "heal"), 403)
            self.assertEqual(over_http(bot, "fisher"), 200)


class StopAll(unittest.TestCase):
    def test_an_emergency_stop_refuses_all_of_them(self):
        with Daemon() as daemon, asker(daemon) as ask:
            quick(daemon)
            bot = script(daemon)
            for macro_id in ("heal", "buff"):
                start(bot, macro_id)
                self.assertEqual(over_http(bot, macro_id), 200)
            self.assertEqual(ask("heal"), "granted")
            self.assertEqual(daemon.admin.post("/api/macro-safety/stop-all").json["stopped"], 2)
            self.assertEqual([over_http(bot, "heal"), over_http(bot, "buff"), over_http(bot, "x")], [403] * 3)
            self.assertEqual([ask("heal"), ask("x")], ["forbidden"] * 2)

    def test_a_stop_refuses_the_name_only(self):
        with Daemon() as daemon:
            quick(daemon)
            bot = script(daemon)
            start(bot, "heal")
            self.assertEqual(over_http(bot, "heal"), 200)
            self.assertEqual(bot.post("/api/macro-safety/stop/heal").status, 200)
            self.assertEqual([over_http(bot, "heal"), over_http(bot, "fisher")], [403, 200])

    def test_other_macros_of_the_program_go_on(self):
        with Daemon() as daemon:
            quick(daemon)
            brief(daemon)
            bot = script(daemon)
            start(bot, "heal")
            start(bot, "travel")
            self.assertEqual([over_http(bot, "heal"), over_http(bot, "travel")], [200, 200])
            wait_for("the cancellation", lambda: cancelled(daemon, "heal"))
            self.assertEqual([over_http(bot, "heal"), over_http(bot, "travel")], [403, 200])


class Names(unittest.TestCase):
    """Who may only run macros does not block somebody else's lanes by a macro of that name."""

    def test_a_module_keeps_its_name(self):
        with Daemon() as daemon:
            quick(daemon)
            bot, other = script(daemon), script(daemon)
            self.assertEqual(over_http(other, "fisher"), 200)
            refused = bot.post("/api/macro-safety/start", {"macro_id": "fisher"})
            self.assertEqual(refused.status, 409, refused)
            self.assertIn("a module of the lanes", refused.json["detail"])
            self.assertEqual(bot.post("/api/macro-safety/stop/fisher").status, 404)
            self.assertEqual(over_http(other, "fisher"), 200)
            # The control: with the right to it the name is taken, and its stop blocks the module.
            start(daemon.admin, "fisher")
            self.assertEqual(daemon.admin.post("/api/macro-safety/stop/fisher").status, 200)
            self.assertEqual(over_http(other, "fisher"), 403)

    def test_a_name_that_somebody_uses_is_not_taken(self):
        with Daemon() as daemon:
            quick(daemon)
            bot, other = script(daemon), script(daemon)
            held = other.post("/api/locks/character/acquire", {"actor": "alone", "lease_s": 30})
            self.assertEqual(held.status, 200, held)
            refused = bot.post("/api/macro-safety/start", {"macro_id": "alone"})
            self.assertEqual(refused.status, 409, refused)
            self.assertIn("somebody else uses lanes", refused.json["detail"])
            # Its own program may: that is what registers.
            start(other, "alone")


if __name__ == "__main__":
    unittest.main()
