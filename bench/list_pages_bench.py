"""list_pages_bench.py: what a page of 100 rows of a list of 1,000,000 costs: the audit.

Usage: GK_BIN=build/release/bin python3 bench/list_pages_bench.py [ROWS]
Fills the audit of a daemon's folder, starts the daemon, and asks for pages over one kept connection of
the Unix socket: the newest, pages at random places, and the story of one request. Latencies include
this program's HTTP client.
"""
import json
import os
import pathlib
import random
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))
from gk import Daemon, UnixConnection  # noqa: E402

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
PAGES = 2_000


def fill(path, rows):
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous=OFF")
    first = database.execute("SELECT coalesce(max(seq), 0) FROM audit").fetchone()[0] + 1
    made = ((first + i, 1_700_000_000_000_000 + i, f"u{i % 50}", f"user{i % 50}", "user.change", f"target{i % 997}",
             '{"role":"user"}', '{"role":"admin"}', f"corr-{i}", b"\0" * 32, b"\1" * 32) for i in range(rows))
    with database:
        database.executemany("INSERT INTO audit VALUES (?,?,?,?,?,?,?,?,?,?,?)", made)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def measure(what, connection, paths):
    times = []
    for path, least in paths:
        begin = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        times.append((time.perf_counter() - begin) * 1e3)
        assert answer.status == 200, body
        assert len(json.loads(body)["items"]) >= least, path
    times.sort()
    n = len(times)
    print(f"{what:38} p50 {times[n // 2]:7.2f} ms  p99 {times[n * 99 // 100]:7.2f} ms  max {times[-1]:7.2f} ms  n={n}")


def main():
    pick = random.Random(7)
    with Daemon() as daemon:
        daemon.stop()
        begin = time.perf_counter()
        fill(daemon.data / "state.db", ROWS)
        size = os.path.getsize(daemon.data / "state.db") / 1e6
        print(f"{ROWS} rows written in {time.perf_counter() - begin:.1f} s, {size:.0f} MB")
        daemon.start()
        connection = UnixConnection(str(daemon.data / "gamekeeper.sock"))
        connection.request("GET", "/api/audit?limit=1")
        connection.getresponse().read()
        count = PAGES if "--slow" not in sys.argv else 50
        measure("the newest 100", connection, [("/api/audit?limit=100", 100)] * count)
        cursors = [pick.randrange(1000, ROWS) for _ in range(count)]
        measure("100 from a random place", connection, [(f"/api/audit?limit=100&cursor={c}", 100) for c in cursors])
        if "--slow" not in sys.argv:
            ids = [pick.randrange(ROWS) for _ in range(count)]
            measure("all rows of one request", connection, [(f"/api/audit?correlation_id=corr-{i}", 1) for i in ids])
        last = [(f"/api/audit?limit=100&actor=user{i % 50}", 100) for i in range(200)]
        measure("100 of one user of 50", connection, last)


if __name__ == "__main__":
    main()
