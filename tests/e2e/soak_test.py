"""Nothing grows: memory and descriptors of a daemon under mixed load, by a straight line through samples.

Usage: GK_SOAK_SECONDS=24 (by hand 1800). The first third is warming up and does not count.
"""
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import threading
import time
import unittest

from abuse_planted import weakened
from gk import PASSWORD, Browser, Daemon, WebSocket

SECONDS = float(os.environ.get("GK_SOAK_SECONDS", "24"))
READS = ("/api/overview", "/api/health", "/api/macro-safety/performance", "/api/macro-safety/profiles", "/api/users", "/api/audit?limit=20",
         "/api/metrics", "/metrics", "/api/sessions", "/api/locks", "/api/logs?limit=20", "/api/metrics/series?name=cpu_usage", "/", "/api/nothing")


def fit(points):
    """(slope, its standard error) of y over x, by least squares."""
    n = len(points)
    mx, my = (sum(p[i] for p in points) / n for i in (0, 1))
    sxx = sum((x - mx) ** 2 for x, _ in points)
    slope = sum((x - mx) * (y - my) for x, y in points) / sxx
    rest = sum((y - my - slope * (x - mx)) ** 2 for x, y in points)
    return slope, (rest / (n - 2) / sxx) ** 0.5


# What a straight line may rise by over the counted time: a page cache of SQLite, a history that fills.
ALLOWED = {"rss_kb": 2048, "descriptors": 3}


def growth(samples):
    """{what: rise over the counted time} of that which grows more than noise and allowance."""
    grown = {}
    for what, allowed in ALLOWED.items():
        points = [(t, s[what]) for t, s in samples]
        slope, error = fit(points)
        rise = slope * (points[-1][0] - points[0][0])
        if rise > allowed and slope > 3 * error:
            grown[what] = round(rise)
    return grown


def look(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {"rss_kb": int(re.search(r"VmRSS:\s+(\d+)", status)[1]), "descriptors": len(os.listdir(f"/proc/{pid}/fd"))}


class Load:
    """Readers, writers, sockets, log-ins and macros, until stop()."""

    def __init__(self, daemon):
        self.daemon, self.ended, self.requests, self.wrong = daemon, threading.Event(), 0, []
        jobs = (self.read, self.read, self.write, self.sockets, self.macros, self.abuse)
        self.threads = [threading.Thread(target=self.repeat, args=(job, n), daemon=True) for n, job in enumerate(jobs)]
        for thread in self.threads:
            thread.start()

    def repeat(self, job, seed):
        chance, browser = random.Random(seed), Browser(self.daemon)
        browser.cookie = self.daemon.admin.cookie
        while not self.ended.is_set():
            try:
                job(browser, chance)
            except (OSError, http.client.HTTPException) as error:
                self.wrong.append(repr(error))
            self.requests += 1

    def expect(self, answer, *statuses):
        if answer.status not in statuses:
            self.wrong.append(repr(answer))

    def read(self, browser, chance):
        self.expect(browser.get(chance.choice(READS)), 200, 404, 503)  # 503: its health says "busy"
        time.sleep(0.002)

    def write(self, browser, chance):
        n = chance.randrange(1000)
        self.expect(browser.ask("PUT", "/api/auth/preferences", {"n": n}), 200)
        self.expect(browser.ask("PUT", f"/api/macro-safety/profiles/p{n % 5}", {"max_duration": 1 + n}), 200, 201)
        self.expect(browser.post("/api/samples", {"samples": [{"signal": "fps", "value": n % 60 + 1}]}), 200, 429)
        time.sleep(0.01)

    def sockets(self, browser, chance):
        web = WebSocket(browser)
        web.subscribe("metric:sample", "macro:started", "health:changed")
        web.wait_type("ack")
        if chance.random() < 0.3:
            web.send(b"\xff")  # not text: the server ends it
        web.close()
        time.sleep(0.02)

    def macros(self, browser, chance):
        name = f"m{chance.randrange(3)}"
        self.expect(browser.post("/api/macro-safety/start", {"macro_id": name, **({"command": ["/bin/sleep", "60"]} if chance.random() < 0.3 else {})}),
                    201, 409, 423, 429)
        time.sleep(0.05)
        self.expect(browser.post(f"/api/macro-safety/stop/{name}"), 200, 202, 204, 404, 409)

    def abuse(self, browser, chance):
        kind = chance.randrange(3)
        if kind == 0:
            self.expect(Browser(self.daemon, source="127.0.0.66").login("admin", "a wrong pass phrase"), 401, 429)
        elif kind == 1:
            self.expect(browser.post("/api/users", '{"a":1,"a":2}'), 400)
        else:
            self.expect(browser.get("/api/health", headers={"Host": "evil.example"}), 421)
        time.sleep(0.1)

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(20)


def soak(daemon, seconds):
    """(samples of the counted time, load)"""
    load, samples, began = Load(daemon), [], time.monotonic()
    while (at := time.monotonic() - began) < seconds:
        if at > seconds / 3:
            samples.append((at, look(daemon.process.pid)))
        time.sleep(0.25)
    load.stop()
    return samples, load


class Soak(unittest.TestCase):
    def test_memory_and_descriptors_do_not_grow(self):
        with Daemon(config='[log]\nformat = "json"\n') as daemon:
            samples, load = soak(daemon, SECONDS)
            for what in ALLOWED:
                slope, error = fit([(t, s[what]) for t, s in samples])
                print(f"{what}: {samples[0][1][what]} to {samples[-1][1][what]}, slope {slope * 60:+.2f} a minute (standard error {error * 60:.2f})")
            print(f"{load.requests} rounds in {SECONDS:g} s, {len(load.wrong)} wrong")
            self.assertEqual(growth(samples), {})
            self.assertEqual(load.wrong[:5], [])
            self.assertGreater(load.requests, SECONDS * 50)
            cookie = daemon.admin.cookie.split("=", 1)[1]
            daemon.stop()
            for line in daemon.log_text().splitlines():
                with contextlib.suppress(ValueError):  # a line that was cut by rotation
                    self.assertNotEqual(json.loads(line)["level"], "error", line)
            for secret in (PASSWORD, cookie):
                self.assertNotIn(secret, daemon.log_text())

    def test_a_daemon_that_leaks_is_noticed(self):
        with Daemon(env=weakened("leak")) as daemon:
            self.assertEqual(set(growth(soak(daemon, 9)[0])), set(ALLOWED))

    def test_noise_is_no_growth(self):
        chance = random.Random(1)
        flat = [(n / 4, {"rss_kb": 20_000 + chance.randrange(3000), "descriptors": 40 + chance.randrange(8)}) for n in range(100)]
        self.assertEqual(growth(flat), {})


if __name__ == "__main__":
    unittest.main()
