"""kill -9 while clients write: what was acknowledged over HTTP is there after the next start.

An oracle of its own keeps what each client was told. A client has one request under way at a time,
so after a kill its resource holds either the last acknowledged value or the one under way. Rounds:
GK_KILL_ROUNDS (100; by hand 2,000).
"""
import http.client
import json
import os
import random
import shutil
import threading
import time
import unittest

from gk import DEADLINE, Daemon

ROUNDS = int(os.environ.get("GK_KILL_ROUNDS", "100"))
SCOPES = ["locks:read", "macros:read", "metrics:read", "health:read", "tasks:read", "users:read",
          "audit:read", "anticheat:read", "dashboard:read", "locks:use"]


class Resource:
    """Something that one client writes: its path, the body for a number, and the number of an answer."""

    def __init__(self, path, body, number):
        self.path, self.body, self.number = path, body, number
        self.acknowledged, self.under_way, self.counter = None, None, 0


def resources():
    def role_of(n):
        return {"scopes": [s for i, s in enumerate(SCOPES) if n >> i & 1]}

    def number_of(role):
        return sum(1 << SCOPES.index(s) for s in role["scopes"])

    return [Resource("/api/auth/preferences", lambda n: {"n": n}, lambda a: a["n"]),
            Resource("/api/macro-safety/profiles/heal", lambda n: {"max_duration": 1 + n % 3000},
                     lambda a: a["max_duration"] - 1),
            Resource("/api/macro-safety/profiles/fish", lambda n: {"max_duration": 1 + n % 3000},
                     lambda a: a["max_duration"] - 1),
            Resource("/api/roles/helper", lambda n: role_of(1 + n % 1023), number_of),
            Resource("/api/locks/oracle", lambda n: {"lease_s": 1 + n % 50},
                     lambda a: a["options"]["lease_s"] - 1)]


class Client(threading.Thread):
    def __init__(self, daemon, cookie, resource, acknowledged):
        super().__init__(daemon=True)
        self.port, self.cookie, self.resource, self.acknowledged = daemon.port, cookie, resource, acknowledged
        self.refusal = None

    def run(self):
        r = self.resource
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            while True:
                r.counter += 1
                body = r.body(r.counter)
                r.under_way = body
                connection.request("PUT", r.path, json.dumps(body), {
                    "Content-Type": "application/json", "Cookie": self.cookie, "X-Gamekeeper-Csrf": "1",
                    "Origin": f"http://127.0.0.1:{self.port}"})
                answer = connection.getresponse()
                text = answer.read()
                if answer.status not in (200, 201):
                    self.refusal = (answer.status, text)
                    return
                r.acknowledged, r.under_way = body, None
                self.acknowledged.release()
        except (OSError, http.client.HTTPException):
            pass  # The daemon is gone.
        finally:
            connection.close()


class Oracle:
    """Writes to a daemon until it is killed, then says what was lost."""

    def __init__(self, daemon, seed=1):
        self.daemon, self.random, self.resources = daemon, random.Random(seed), resources()
        self.acknowledged = 0

    def write_and_kill(self):
        self.write_until(self.kill)
        assert all(c.refusal is None for c in self.clients), [c.refusal for c in self.clients]

    def kill(self):
        self.daemon.process.kill()
        self.daemon.process.wait()

    def write_until(self, end_daemon):
        """Some acknowledged writes, then `end_daemon` in the midst of them."""
        told = threading.Semaphore(0)
        self.clients = [Client(self.daemon, self.daemon.admin.cookie, r, told) for r in self.resources]
        for client in self.clients:
            client.start()
        wanted = self.random.randint(5, 60)
        for _ in range(wanted):
            if not told.acquire(timeout=DEADLINE):
                raise AssertionError([c.refusal for c in self.clients])
        time.sleep(self.random.random() * 0.003)  # not in step with an answer
        end_daemon()
        for client in self.clients:
            client.join(DEADLINE)
        self.acknowledged += wanted

    def lost(self):
        """Paths whose value is neither the last acknowledged nor the one that was under way."""
        lost = []
        for r in self.resources:
            found = self.stored(r)
            allowed = [b for b in (r.acknowledged, r.under_way) if b is not None]
            if r.acknowledged is not None and found not in [self.number_of(r, b) for b in allowed]:
                lost.append((r.path, found, allowed))
            if found is not None and r.under_way is not None:
                r.acknowledged, r.under_way = self.settled(r, found, allowed), None
        return lost

    def stored(self, resource):
        folder, _, name = resource.path.rpartition("/")
        if folder == "/api/roles":  # has no answer for one
            roles = self.daemon.admin.get(folder).json["items"]
            return next((resource.number(r) for r in roles if r["name"] == name), None)
        answer = self.daemon.admin.get(resource.path)
        return resource.number(answer.json) if answer.status == 200 else None

    @staticmethod
    def number_of(resource, body):
        as_answer = {"options": body, **body} if resource.path.startswith("/api/locks/") else body
        return resource.number(as_answer)

    def settled(self, resource, found, allowed):
        return next((b for b in allowed if self.number_of(resource, b) == found), resource.acknowledged)


class KillNine(unittest.TestCase):
    def test_every_acknowledged_write_is_there_after_kill_9(self):
        with Daemon() as daemon:
            oracle = Oracle(daemon)
            for number in range(ROUNDS):
                oracle.write_and_kill()
                daemon.start()
                self.assertEqual(oracle.lost(), [], f"round {number}")
            verified = daemon.admin.get("/api/audit/verify").json
            self.assertTrue(verified["sound"], verified)
            self.assertGreater(oracle.acknowledged, 5 * ROUNDS)
            print(f"{ROUNDS} kills, {oracle.acknowledged} acknowledged writes, 0 lost")

    def test_the_oracle_notices_a_database_that_forgot(self):
        """The negative control: an older copy of the file is put in place of the killed daemon's."""
        with Daemon() as daemon:
            oracle = Oracle(daemon)
            oracle.write_and_kill()
            daemon.start()
            self.assertEqual(oracle.lost(), [])
            daemon.stop()
            copy = daemon.data / "copy.db"
            shutil.copy(daemon.data / "state.db", copy)
            daemon.start()
            oracle.write_and_kill()
            for name in ("state.db-wal", "state.db-shm"):
                (daemon.data / name).unlink(missing_ok=True)
            shutil.copy(copy, daemon.data / "state.db")
            daemon.start()
            self.assertGreater(len(oracle.lost()), 0)


if __name__ == "__main__":
    unittest.main()
